/** The server owns the answer: whatever happens to the page, every word is there once. */
import { Chat, expect, register, somebody, test, tokens } from '../fixtures';
import type { Gate, Provider } from '../fixtures/provider';

const ALL = tokens(1, 120);

/** Asks for an answer that stops in the middle until its gate is opened, and waits until it is there. */
async function halfway(chat: Chat, provider: Provider, path?: string): Promise<Gate> {
  const gate = provider.gate();
  await chat.open(path);
  await chat.send(`slow ${gate.mark}`);
  await gate.reached();
  return gate;
}

/** The same, with a second tab that shows it. */
async function inTwoTabs(chat: Chat, provider: Provider): Promise<{ gate: Gate; second: Chat }> {
  const gate = await halfway(chat, provider);
  await expect(chat.page).toHaveURL(/\/chat\//);
  const second = new Chat(await chat.page.context().newPage());
  await second.open(chat.page.url());
  return { gate, second };
}

test('a reload in mid-answer', async ({ chat, provider }) => {
  const gate = await halfway(chat, provider);
  await chat.expectWords(tokens(1, 60));
  await chat.reload();
  await chat.expectWords(tokens(1, 60), 'what was there is there at once');
  await expect(chat.stopButton, 'and can be stopped').toBeVisible();
  gate.open();
  await chat.ended();
  await chat.expectWords(ALL);
  await chat.reload();
  await chat.expectWords(ALL);
  expect(provider.asked.filter(it => it.messages.at(-1)!.content.includes(gate.mark)), 'the provider was asked once').toHaveLength(1);
});

test('reloads at any moment of a flowing answer', async ({ chat }) => {
  await chat.open();
  await chat.send('drip');
  for (const seen of ['t020', 't110', 't230']) {
    await expect(chat.answer).toContainText(seen);
    await chat.reload();
  }
  await chat.ended();
  await chat.expectWords(tokens(1, 400));
  await chat.reload();
  await chat.expectWords(tokens(1, 400));
});

test('a second tab shows the same answer to its end', async ({ chat, provider }) => {
  const { gate, second } = await inTwoTabs(chat, provider);
  await second.expectWords(tokens(1, 60));
  gate.open();
  for (const tab of [chat, second]) {
    await tab.ended();
    await tab.expectWords(ALL);
  }
});

test('Stop from the other tab', async ({ chat, provider }) => {
  const { gate, second } = await inTwoTabs(chat, provider);
  await second.stopButton.click();
  await gate.abandoned();
  for (const tab of [chat, second]) {
    await expect(tab.reply.locator('.outcome')).toContainText('Stopped.');
    await tab.expectWords(tokens(1, 60));
    await expect(tab.sendButton).toBeVisible();
  }
});

test('the network is lost and comes back', async ({ chat, provider, context, complaints }) => {
  complaints.allow(/ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_FAILED/);
  const gate = await halfway(chat, provider);
  await chat.expectWords(tokens(1, 60));
  await context.setOffline(true);
  gate.open();
  // The answer ends while nobody hears it.
  await expect.poll(() => provider.asked.length).toBeGreaterThan(0);
  await context.setOffline(false);
  await chat.expectWords(ALL);
  await chat.ended();
});

test('the wire is cut again and again in a flowing answer', async ({ chat, wire, shared, context, provider, complaints }) => {
  test.slow();
  const gate = provider.gate();
  complaints.allow(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|ERR_SOCKET/);
  const line = await wire(shared.url);
  await register(context, line.url, somebody());
  await chat.open(line.url);
  await chat.send(`drip ${gate.mark}`);
  await expect(chat.answer).toContainText('t010');
  line.cut();
  await expect.poll(() => chat.words(), { timeout: 15_000, message: 'the page comes back by itself' }).toEqual(tokens(1, 350));
  line.down();
  await expect.poll(() => line.refused, { timeout: 12_000, message: 'the page tries to come back by itself' }).toBeGreaterThan(0);
  gate.open();
  line.up();
  await expect.poll(() => chat.words(), { timeout: 15_000 }).toEqual(tokens(1, 400));
  await chat.ended();
  await chat.reload();
  await chat.expectWords(tokens(1, 400));
});

test('kill -9 in mid-answer: the text is kept, marked interrupted, and Continue goes on', async ({ serve, context, chat, provider, complaints }) => {
  complaints.allow(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE/);
  const server = await serve();
  await register(context, server.url, somebody());
  const gate = await halfway(chat, provider, server.url);
  await chat.expectWords(tokens(1, 60));
  // The promise itself: at most the last 250 ms may be lost.
  await chat.page.waitForTimeout(250);
  await server.kill();
  await server.start();
  // The page that was open hears of it by itself.
  await expect(chat.reply.locator('.outcome')).toContainText('Interrupted', { timeout: 15_000 });
  await chat.expectWords(tokens(1, 60));
  await chat.reload();
  await expect(chat.reply.locator('.outcome')).toContainText('Interrupted');
  await chat.expectWords(tokens(1, 60));
  gate.open();
  await chat.reply.getByRole('button', { name: 'Continue' }).click();
  await chat.expectWords(ALL);
  await chat.ended();
  await expect(chat.reply.locator('.outcome')).toHaveCount(0);
  await chat.reload();
  await chat.expectWords(ALL);
});

test('kill -9 while the answer flows: what is kept is a beginning, not a jumble', async ({ serve, context, chat, complaints }) => {
  complaints.allow(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE/);
  const server = await serve();
  await register(context, server.url, somebody());
  await chat.open(server.url);
  await chat.send('drip');
  await expect(chat.answer).toContainText('t100');
  await server.kill();
  await server.start();
  await chat.reload();
  await expect(chat.reply.locator('.outcome')).toContainText('Interrupted');
  const kept = await chat.words();
  expect(kept.length).toBeGreaterThan(40);
  expect(kept.slice(0, -1), 'from the first on, none missing').toEqual(tokens(1, kept.length - 1));
});

test('a question is not taken twice while its answer is written', async ({ chat, provider, context, page }) => {
  const gate = await halfway(chat, provider);
  await expect(page).toHaveURL(/\/chat\//);
  const posted = await context.request.post(page.url(), { form: { action: 'send', text: 'fast meanwhile' }, maxRedirects: 0 });
  expect(posted.status()).toBe(409);
  expect(await posted.text(), 'what was typed comes back').toContain('fast meanwhile');
  gate.open();
  await chat.ended();
  await expect(chat.questions).toHaveCount(1);
});
