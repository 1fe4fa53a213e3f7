import { PASSWORD, alive, expect, register, signIn, somebody, test, tokens } from '../fixtures';
import { CODE } from '../fixtures/provider';

test('an answer streams in while it is written', async ({ chat, provider, page }) => {
  const gate = provider.gate();
  await chat.open();
  await chat.send(`slow ${gate.mark}`);
  await expect(chat.questions.locator('.said')).toHaveText(`slow ${gate.mark}`);
  await expect(chat.composer).toHaveValue('');
  await expect(page).toHaveURL(/\/chat\/[0-9a-f-]{36}$/);
  await gate.reached();
  await chat.expectWords(tokens(1, 60), 'what the provider said so far is there before it ends');
  expect(await chat.answer.locator('.block:not(.tail)').count(), 'finished paragraphs are finished').toBeGreaterThanOrEqual(1);
  await expect(chat.answer).toHaveAttribute('aria-busy', 'true');
  await expect(chat.stopButton).toBeVisible();
  gate.open();
  await chat.ended();
  await chat.expectWords(tokens(1, 120));
  await expect(chat.answer).toHaveAttribute('aria-busy', 'false');
  await expect(chat.sendButton).toBeVisible();
});

test('Markdown, code and tables are rendered, before and after the end', async ({ chat, provider, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const gate = provider.gate();
  await chat.open();
  await chat.send(`markdown ${gate.mark}`);
  await gate.reached();
  await expect(chat.answer.getByRole('heading', { name: 'Tides' })).toBeVisible();
  await expect(chat.answer.locator('pre code'), 'a block that is still open is a block already').toContainText('fn main() {');
  gate.open();
  await chat.ended();
  for (const when of ['as it streamed', 'after a reload']) {
    await expect(chat.answer.locator('em'), when).toHaveText('day');
    await expect(chat.answer.locator('strong'), when).toHaveText('force');
    await expect(chat.answer.locator('ul > li'), when).toHaveText(['the Moon', 'the Sun']);
    await expect(chat.answer.locator('table tbody tr'), when).toHaveCount(2);
    await expect(chat.answer.getByRole('cell', { name: '2.2' }), when).toBeVisible();
    await expect(chat.answer.locator('pre code'), when).toHaveText(CODE);
    expect(await chat.answer.locator('pre code span').count(), `${when}: code is highlighted`).toBeGreaterThan(2);
    const link = chat.answer.getByRole('link', { name: 'NOAA' });
    await expect(link, when).toHaveAttribute('href', 'https://example.org/tides');
    await expect(link, when).toHaveAttribute('rel', /noopener/);
    await chat.answer.locator('[data-copy]').click();
    await expect(chat.toasts.filter({ hasText: 'Copied' }).first()).toBeVisible();
    expect(await page.evaluate(() => navigator.clipboard.readText()), `${when}: Copy copies the code as it was written`).toBe(CODE);
    await chat.reload();
  }
  await chat.reply.locator('.message-actions').getByRole('button', { name: 'Copy', exact: true }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText()), { message: 'Copy below the answer copies its Markdown' }).toContain('| Moon | 2.2 |');
});

test('Stop ends the answer, here and at the provider', async ({ chat, provider }) => {
  const gate = provider.gate();
  await chat.open();
  await chat.send(`slow ${gate.mark}`);
  await gate.reached();
  await chat.expectWords(tokens(1, 60));
  await chat.stopButton.click();
  await chat.ended();
  await expect(chat.reply.locator('.outcome')).toContainText('Stopped.');
  await gate.abandoned();
  await chat.reload();
  await chat.expectWords(tokens(1, 60), 'what had arrived is kept');
  await chat.reply.getByRole('button', { name: 'Continue' }).click();
  await expect(chat.reply.locator('.outcome')).toHaveCount(0);
  gate.open();
  await chat.ended();
  await chat.expectWords(tokens(1, 120), 'Continue goes on where it stopped');
  await expect(chat.reply.getByRole('button', { name: 'Continue' })).toHaveCount(0);
});

for (const how of ['the keyboard', 'the mouse'] as const) {
  test(`Esc stops what was sent with ${how}`, async ({ chat, provider, page }) => {
    const gate = provider.gate();
    await chat.open();
    await chat.composer.fill(`slow ${gate.mark}`);
    await (how === 'the mouse' ? chat.sendButton.click() : chat.composer.press('Enter'));
    await gate.reached();
    await expect(chat.stopButton).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(chat.reply.locator('.outcome')).toContainText('Stopped.');
    await gate.abandoned();
  });
}

test('Enter sends, Shift+Enter breaks the line, nothing is not sent', async ({ chat, page }) => {
  await chat.open();
  await chat.composer.press('Enter');
  await chat.composer.pressSequentially('   ');
  await chat.composer.press('Enter');
  await chat.composer.fill('');
  await chat.composer.pressSequentially('fast first line');
  await chat.composer.press('Shift+Enter');
  await chat.composer.pressSequentially('second line');
  await expect(chat.composer).toHaveValue('fast first line\nsecond line');
  await expect(chat.questions).toHaveCount(0);
  await chat.composer.press('Enter');
  await chat.ended();
  await expect(chat.questions).toHaveCount(1);
  expect(await chat.questions.locator('.said').innerText(), 'the line break shows').toBe('fast first line\nsecond line');
  await page.keyboard.type('fast again');
  await expect(chat.composer, 'the composer keeps the keyboard').toHaveValue('fast again');
});

test('Answer again makes an alternative, and one can go to and fro', async ({ chat }) => {
  await chat.open();
  await chat.ask('fast tides');
  await expect(chat.answer).toHaveText('Answer number 1 to: fast tides');
  await chat.reply.getByRole('button', { name: 'Answer again' }).click();
  await expect(chat.reply.locator('.siblings')).toHaveText('2/2');
  await chat.ended();
  await expect(chat.answer).toHaveText('Answer number 2 to: fast tides');
  await expect(chat.reply.getByRole('button', { name: 'Next alternative' })).toBeDisabled();
  await chat.reply.getByRole('button', { name: 'Alternative before' }).click();
  await expect(chat.reply.locator('.siblings')).toHaveText('1/2');
  await expect(chat.answer).toHaveText('Answer number 1 to: fast tides');
  await chat.reload();
  await expect(chat.answer, 'the choice is kept').toHaveText('Answer number 1 to: fast tides');
  await chat.reply.getByRole('button', { name: 'Next alternative' }).click();
  await expect(chat.answer).toHaveText('Answer number 2 to: fast tides');
});

test('a message can be edited and sent again; the old one stays beside it', async ({ chat, page, provider }) => {
  await chat.open();
  await chat.ask('fast rivers');
  await chat.ask('fast lakes');
  const first = chat.questions.first();
  await first.getByRole('button', { name: 'Edit and send again' }).click();
  const field = page.getByRole('textbox', { name: 'Your message' });
  await expect(field).toHaveValue('fast rivers');
  await field.press('Escape');
  await expect(field).toHaveCount(0);
  await first.getByRole('button', { name: 'Edit and send again' }).click();
  await field.fill('fast oceans');
  await first.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(chat.questions).toHaveCount(1);
  await expect(chat.questions.locator('.said')).toHaveText('fast oceans');
  await expect(chat.questions.locator('.siblings')).toHaveText('2/2');
  await chat.ended();
  await expect(chat.answer).toHaveText(/to: fast oceans\s*$/);
  expect(provider.asked.at(-1)!.messages.filter(it => it.role === 'user').map(it => it.content), 'the model is not told of the other branch').toEqual(['fast oceans']);
  await chat.questions.getByRole('button', { name: 'Alternative before' }).click();
  await expect(chat.questions.locator('.said')).toHaveText(['fast rivers', 'fast lakes']);
  await expect(chat.answer).toHaveText(/to: fast lakes\s*$/);
});

test('a message that was deleted comes back with Undo', async ({ chat }) => {
  await chat.open();
  await chat.ask('fast bread');
  await chat.ask('fast butter');
  await chat.reply.getByRole('button', { name: 'Delete' }).click();
  await expect(chat.replies).toHaveCount(1);
  const toast = chat.toasts.filter({ hasText: 'Message deleted' });
  await toast.getByRole('button', { name: 'Undo' }).click();
  await expect(chat.replies).toHaveCount(2);
  await expect(chat.answer).toHaveText(/to: fast butter\s*$/);
  await expect(toast).toHaveCount(0);
  await chat.reply.getByRole('button', { name: 'Delete' }).click();
  await expect(chat.replies).toHaveCount(1);
  await chat.reload();
  await expect(chat.replies, 'without Undo it stays deleted').toHaveCount(1);
});

test('the title comes from the first message, and shows everywhere at once', async ({ chat, page }) => {
  await chat.open();
  await chat.ask('fast What makes the **tides** so regular on some coasts and so irregular on others, by the way?');
  await expect(chat.title).toHaveText(/^fast What makes the tides so regular/);
  const title = await chat.title.innerText();
  expect(title.length).toBeLessThanOrEqual(61);
  await expect(page).toHaveTitle(`${title} · Atrium`);
  await expect(chat.conversations.first().getByRole('link')).toHaveText(title);
  await expect(chat.conversations.first()).toHaveAttribute('aria-current', 'page');
  await chat.reload();
  await expect(page).toHaveTitle(`${title} · Atrium`);
});

test('every answer tells model, tokens and time', async ({ chat }) => {
  await chat.open();
  await chat.ask('usage');
  await expect(chat.reply.locator('.figures')).toHaveText(/^scripted · 7 tokens · \d+(\.\d)? m?s$/);
  await chat.ask('fast without a count');
  await expect(chat.reply.locator('.figures'), 'what was counted here says so').toHaveText(/^scripted · about \d+ tokens · \d+(\.\d)? m?s$/);
});

test('what others write never runs: messages, names, titles, answers', async ({ page, context, shared, chat }) => {
  const bad = '<script>window.pwned = 9</script><img src=x onerror="window.pwned = 10">';
  await context.clearCookies();
  await register(context, shared.url, somebody(bad));
  await chat.open();
  await expect(page.locator('.person-name')).toHaveText(bad);
  await chat.ask(`xss ${bad}`);
  await expect(chat.answer).toContainText('The end of it.');
  for (const when of ['live', 'after a reload']) {
    await expect(chat.questions.locator('.said'), when).toHaveText(`xss ${bad}`);
    await expect(chat.answer.locator('pre code'), when).toContainText('<script>window.pwned = 7</script>');
    await expect(chat.answer.locator('script, iframe, svg:not(.icon), style, [onerror], [onload], [href^="javascript"], [srcdoc]'), when).toHaveCount(0);
    await chat.reload();
  }
  const row = chat.conversations.first();
  await row.hover();
  await row.getByRole('button', { name: 'Rename' }).click();
  await page.getByRole('textbox', { name: 'New title' }).fill(bad);
  await page.getByRole('textbox', { name: 'New title' }).press('Enter');
  await expect(chat.title).toHaveText(bad);
  await expect(row.getByRole('link')).toHaveText(bad);
  await chat.reload();
  await expect(chat.title).toHaveText(bad);
  // Softly, so that a wrong title does not hide what follows.
  await expect.soft(page).toHaveTitle(`${bad} · Atrium`);
  await page.goto('/account');
  await expect(page.locator('.facts')).toContainText(bad);
  await page.goto('/agents/new');
  await alive(page);
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(bad);
  await page.getByLabel('Description').fill(bad);
  await page.getByLabel('Model', { exact: true }).fill('scripted');
  await page.getByRole('button', { name: 'Create agent' }).click();
  await expect(page.locator('.row-title', { hasText: bad })).toBeVisible();
  await chat.open();
  await expect(page.locator('.agent-picker option', { hasText: bad })).toHaveCount(1);
  expect(await page.evaluate(() => (window as { pwned?: number }).pwned), 'nothing ran').toBeUndefined();
});

test('the view follows the answer only while it is at the end', async ({ chat, provider, page }) => {
  const gate = provider.gate();
  await chat.open();
  await chat.send(`long ${gate.mark}`);
  await gate.reached();
  await expect(chat.answer).toContainText('Paragraph 40 of many');
  await expect.poll(() => chat.below(), { message: 'it follows' }).toBeLessThan(48);
  await chat.thread.hover();
  await page.mouse.wheel(0, -900);
  await expect(page.getByRole('button', { name: 'Go to the end' })).toBeVisible();
  await expect.poll(() => chat.below()).toBeGreaterThan(400);
  let at = -1;
  // Until the wheel's smooth movement is over.
  await expect.poll(async () => at === (at = await chat.thread.evaluate(it => it.scrollTop)), { intervals: [150] }).toBe(true);
  gate.open();
  await chat.ended();
  await expect(chat.answer).toContainText('Paragraph 80 of many');
  expect(await chat.thread.evaluate(it => it.scrollTop), 'who reads above is left there').toBe(at);
  await page.getByRole('button', { name: 'Go to the end' }).click();
  await expect.poll(() => chat.below()).toBeLessThan(48);
  await expect(page.getByRole('button', { name: 'Go to the end' })).toHaveCount(0);
});

test('the view follows a long answer to its end, and a reload shows the end', async ({ chat }) => {
  await chat.open();
  await chat.ask('long');
  await expect(chat.answer).toContainText('Paragraph 80 of many');
  await expect.poll(() => chat.below()).toBeLessThan(48);
  await chat.reload();
  await expect.poll(() => chat.below(), { message: 'after a reload' }).toBeLessThan(48);
});

test.describe('a provider that misbehaves', () => {
  for (const [script, says, kept] of [
    ['error401', /did not accept the API key.*Incorrect key provided\./, ''],
    ['busy', /too many requests.*120 s.*Slow down, please\./, ''],
    ['html', /could not be understood/, ''],
    ['empty', /could not be understood|closed before the answer|no answer|empty/i, ''],
    ['half', /closed before the answer was complete/, tokens(1, 10).join(' ')],
    ['garbled', /could not be understood|UTF-8/, 'Before it'],
  ] as const) {
    test(`${script}: the reason stays at the message, the composer stays usable`, async ({ chat }) => {
      await chat.open();
      await chat.ask(script);
      await expect(chat.toasts.filter({ hasText: says })).toBeVisible();
      for (const when of ['live', 'after a reload']) {
        await expect(chat.reply.getByRole('alert'), when).toHaveText(says);
        await expect(chat.answer, when).toHaveText(kept);
        await expect(chat.reply.getByRole('button', { name: 'Continue' }), when).toBeVisible();
        await chat.reload();
      }
      await chat.ask('fast and now?');
      await expect(chat.answer).toHaveText(/^Answer number \d+ to: fast and now\?\s*$/);
    });
  }

  test('half: Continue brings the rest, nothing twice', async ({ chat }) => {
    await chat.open();
    await chat.ask('half');
    await chat.expectWords(tokens(1, 10));
    await chat.reply.getByRole('button', { name: 'Continue' }).click();
    await chat.expectWords(tokens(1, 30));
    await chat.ended();
    await expect(chat.reply.getByRole('alert')).toHaveCount(0);
  });

  test('silent: the page says that it waits, and Stop works', async ({ chat, provider }) => {
    const gate = provider.gate();
    await chat.open();
    await chat.send(`silent ${gate.mark}`);
    await gate.reached();
    await expect(chat.reply.getByRole('status')).toBeVisible();
    await chat.stopButton.click();
    await chat.ended();
    await expect(chat.reply.locator('.outcome')).toContainText('Stopped.');
    await gate.abandoned();
    await chat.ask('fast after silence');
    await expect(chat.answer).toHaveText(/to: fast after silence\s*$/);
  });
});

test('a draft survives a reload, each conversation its own', async ({ chat, page }) => {
  await chat.open();
  await chat.ask('fast one');
  await chat.composer.pressSequentially('half a thought');
  await chat.reload();
  await expect(chat.composer).toHaveValue('half a thought');
  await chat.open('/');
  await expect(chat.composer).toHaveValue('');
  await chat.composer.pressSequentially('another one');
  await chat.conversations.first().getByRole('link').click();
  await alive(page);
  await expect(chat.composer).toHaveValue('half a thought');
  await chat.composer.fill('fast done');
  await chat.composer.press('Enter');
  await chat.ended();
  await chat.reload();
  await expect(chat.composer, 'what was sent is no draft any more').toHaveValue('');
  await chat.open('/');
  await expect(chat.composer).toHaveValue('another one');
});

test('what is typed before the page is alive is not lost', async ({ page, chat }) => {
  let release = () => {};
  const held = new Promise<void>(done => (release = done));
  await page.route('**/assets/*.wasm', async route => {
    await held;
    await route.continue();
  });
  await page.goto('/');
  await chat.composer.pressSequentially('typed early');
  release();
  await alive(page);
  await expect(chat.composer).toHaveValue('typed early');
  await chat.composer.press('End');
  await chat.composer.pressSequentially(' and late');
  await chat.composer.press('Enter');
  await expect(chat.questions.locator('.said')).toHaveText('typed early and late');
});

test('a session that ends in mid-chat costs no word', async ({ chat, page, context, signedIn, complaints }) => {
  complaints.allow(/status of 401/);
  await chat.open();
  await chat.ask('fast before');
  const path = new URL(page.url()).pathname;
  await chat.composer.pressSequentially('fast my long careful question');
  await context.clearCookies();
  await chat.composer.press('Enter');
  const alert = page.locator('.composer').getByRole('alert');
  await expect(alert.getByRole('link', { name: 'Sign in' })).toBeVisible();
  await expect(chat.composer).toHaveValue('fast my long careful question');
  await alert.getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, { ...signedIn, password: PASSWORD });
  await expect(page).toHaveURL(new RegExp(`${path}$`));
  await alive(page);
  await expect(chat.composer).toHaveValue('fast my long careful question');
  await chat.composer.press('Enter');
  await chat.ended();
  await expect(chat.questions.last().locator('.said')).toHaveText('fast my long careful question');
});

test('a server that is away costs no word either', async ({ serve, page, context, chat, complaints }) => {
  complaints.allow(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
  const server = await serve();
  await register(context, server.url, somebody());
  await chat.open(server.url);
  await chat.ask('fast before');
  await server.kill();
  await chat.send('fast into the void');
  await expect(page.locator('.composer').getByRole('alert')).toContainText('cannot be reached');
  await expect(chat.composer).toHaveValue('fast into the void');
  await server.start();
  await chat.composer.press('Enter');
  await expect(chat.questions).toHaveCount(2);
  await chat.ended();
  await expect(page.locator('.composer').getByRole('alert')).toHaveCount(0);
});

for (const [size, bytes] of [['300 kB', 300 * 1024], ['1 MB', 1024 * 1024]] as const) {
  test(`a message of ${size} is refused in words and kept`, async ({ chat, page, complaints }) => {
    complaints.allow(/status of 4(13|22)/);
    await chat.open();
    await chat.ask('fast before');
    await chat.composer.fill('x'.repeat(bytes));
    await chat.composer.press('Enter');
    await expect(page.locator('.composer').getByRole('alert')).toContainText(/at most 256 kB/);
    expect(await chat.composer.inputValue()).toHaveLength(bytes);
    await chat.composer.fill('');
    await chat.ask('fast after');
    await expect(chat.answer).toHaveText(/to: fast after\s*$/);
  });
}

test("somebody else's conversation does not exist", async ({ chat, page, stranger, shared, complaints }) => {
  complaints.allow(/status of 404/);
  await chat.open();
  await chat.ask('fast my secret');
  const url = page.url();
  const other = await stranger();
  await register(other.context, shared.url, somebody('Mallory'));
  const reply = await other.page.goto(url);
  expect(reply?.status()).toBe(404);
  await expect(other.page.getByRole('heading', { name: 'Not found' })).toBeVisible();
  expect(await other.page.content()).not.toContain('my secret');
  const posted = await other.context.request.post(url, { form: { action: 'send', text: 'fast hello' }, maxRedirects: 0 });
  expect(posted.status()).toBe(404);
});

test.describe('the list of conversations', () => {
  test('newest first; rename, search, delete with Undo', async ({ chat, page }) => {
    for (const topic of ['apples', 'bears', 'clouds']) {
      await chat.open();
      await chat.ask(`fast ${topic}`);
    }
    const titles = chat.conversations.getByRole('link');
    await expect(titles).toHaveText(['fast clouds', 'fast bears', 'fast apples']);

    const bears = chat.conversations.filter({ hasText: 'fast bears' });
    await bears.hover();
    await bears.getByRole('button', { name: 'Rename' }).click();
    const field = page.getByRole('textbox', { name: 'New title' });
    await expect(field).toBeFocused();
    await field.fill('Brown Bears');
    await field.press('Enter');
    await expect(titles).toHaveText(['fast clouds', 'Brown Bears', 'fast apples']);
    await chat.reload();
    await expect(titles).toHaveText(['fast clouds', 'Brown Bears', 'fast apples']);

    const search = page.getByRole('searchbox', { name: 'Search titles' });
    await search.fill('bEAr');
    await expect(titles).toHaveText(['Brown Bears']);
    await search.fill('100%_');
    await expect(page.getByText('No title has these letters.')).toBeVisible();
    await search.fill('');
    await expect(titles).toHaveCount(3);

    const apples = chat.conversations.filter({ hasText: 'fast apples' });
    await apples.hover();
    await apples.getByRole('button', { name: 'Delete' }).click();
    await expect(titles).toHaveText(['fast clouds', 'Brown Bears']);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(titles).toHaveText(['fast clouds', 'Brown Bears', 'fast apples']);
    await chat.reload();
    await expect(titles).toHaveCount(3);
  });

  test('the conversation that is shown can be deleted, and brought back', async ({ chat, page }) => {
    await chat.open();
    await chat.ask('fast ephemeral');
    const row = chat.conversations.first();
    await row.hover();
    await row.getByRole('button', { name: 'Delete' }).click();
    await expect(page).toHaveURL(/\/$/);
    await alive(page);
    await expect(chat.conversations).toHaveCount(0);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(chat.conversations.getByRole('link')).toHaveText(['fast ephemeral']);
  });

  test('comes in pages', async ({ chat, page, context }) => {
    for (let n = 1; n <= 60; n += 1) {
      const sent = await context.request.post('/', { form: { text: `fast page ${n}` }, maxRedirects: 0 });
      expect(sent.status()).toBe(303);
    }
    await chat.open();
    const first = await chat.conversations.count();
    expect(first).toBeLessThan(60);
    await expect(chat.conversations.first().getByRole('link')).toHaveText('fast page 60');
    const more = page.getByRole('button', { name: 'Show older' });
    while (await more.isVisible()) {
      const before = await chat.conversations.count();
      await more.click();
      await expect.poll(() => chat.conversations.count()).toBeGreaterThan(before);
    }
    await expect(chat.conversations).toHaveCount(60);
    const titles = await chat.conversations.getByRole('link').allInnerTexts();
    expect(titles).toEqual(Array.from({ length: 60 }, (_, at) => `fast page ${60 - at}`));
  });
});

test('Back leads from a new conversation to where one was', async ({ chat, page }) => {
  await chat.open('/agents');
  await chat.open('/');
  await chat.ask('fast going back');
  await page.goBack();
  await expect(page).toHaveURL(/\/$/);
  await expect(chat.questions, 'the address and the page say the same').toHaveCount(0);
});
