/** Everything that matters works without JavaScript. */
import { PASSWORD, expect, signIn, test, tokens } from '../fixtures';

test.describe('without JavaScript', { tag: '@nojs' }, () => {
  test('sign in, ask, and the page refreshes itself until the answer is complete', async ({ page, person, chat, context, provider }) => {
    await context.clearCookies();
    const gate = provider.gate();
    await page.goto('/');
    await signIn(page, person);
    await chat.composer.fill(`slow ${gate.mark}`);
    await chat.sendButton.click();
    await expect(page).toHaveURL(/\/chat\//);
    await gate.reached();
    // Nobody reloads: the page does.
    await chat.expectWords(tokens(1, 60), 'the part that is there shows');
    await expect(chat.stopButton).toBeVisible();
    gate.open();
    await chat.expectWords(tokens(1, 120), 'the whole answer comes by itself');
    await expect(chat.sendButton).toBeVisible();
    await expect(page.locator('meta[http-equiv=refresh]'), 'then the page rests').toHaveCount(0);
    await chat.composer.fill('fast and more');
    await chat.sendButton.click();
    await expect(chat.answer).toHaveText(/^Answer number \d+ to: fast and more\s*$/);
    await expect(chat.questions.locator('.said')).toHaveText([`slow ${gate.mark}`, 'fast and more']);
  });

  test('Stop, Continue, Answer again, alternatives and Delete are forms', async ({ page, chat, provider }) => {
    const gate = provider.gate();
    await page.goto('/');
    await chat.composer.fill(`slow ${gate.mark}`);
    await chat.sendButton.click();
    await gate.reached();
    await chat.expectWords(tokens(1, 60));
    await chat.stopButton.click();
    await expect(chat.reply.locator('.outcome')).toContainText('Stopped.');
    await gate.abandoned();
    gate.open();
    await chat.reply.getByRole('button', { name: 'Continue' }).click();
    await chat.expectWords(tokens(1, 120));
    await chat.ended();
    await chat.reply.getByRole('button', { name: 'Answer again' }).click();
    await expect(chat.reply.locator('.siblings')).toHaveText('2/2');
    await chat.expectWords(tokens(1, 120));
    await chat.reply.getByRole('button', { name: 'Alternative before' }).click();
    await expect(chat.reply.locator('.siblings')).toHaveText('1/2');
    await chat.reply.getByRole('button', { name: 'Delete' }).click();
    await expect(chat.replies.locator('.siblings'), 'the alternative is left').toHaveCount(0);
  });

  test('nothing that needs JavaScript is offered', async ({ page, chat }) => {
    await page.goto('/');
    await expect(page.locator('.js-only:visible')).toHaveCount(0);
    await expect(chat.sendButton).toBeVisible();
    await chat.composer.fill('fast hello');
    await chat.sendButton.click();
    await expect(chat.answer).toContainText('fast hello');
    await expect(page.locator('.js-only:visible')).toHaveCount(0);
  });

  test('the chosen agent answers', async ({ page, chat, provider }) => {
    await page.goto('/agents/new?preset=critic');
    await page.getByLabel('Provider').selectOption('openai');
    await page.getByLabel('Model', { exact: true }).fill('another-model');
    await page.getByRole('button', { name: 'Create agent' }).click();
    await page.locator('.row', { hasText: 'Critic' }).getByRole('link', { name: 'Chat' }).click();
    await chat.composer.fill('fast which model?');
    await chat.sendButton.click();
    await expect(chat.reply.locator('.figures')).toContainText('another-model');
    expect(provider.asked.at(-1)!.messages[0]!.content).toContain('demanding critic');
  });

  test('an agent can be chosen on the page of a new conversation', async ({ page, chat }) => {
    await page.goto('/agents/new?preset=tutor');
    await page.getByLabel('Provider').selectOption('openai');
    await page.getByLabel('Model', { exact: true }).fill('another-model');
    await page.getByRole('button', { name: 'Create agent' }).click();
    await page.goto('/');
    const picker = page.getByLabel('Agent', { exact: true });
    // Either the choice works, or it is not offered.
    if (await picker.isVisible()) {
      await picker.selectOption('Tutor');
      await chat.composer.fill('fast which model?');
      await chat.sendButton.click();
      await expect(chat.reply.locator('.figures')).toContainText('another-model');
    } else {
      await expect(picker).toHaveCount(0);
    }
  });

  test('an empty message is refused in words', async ({ page, chat, complaints }) => {
    complaints.allow(/status of 422/);
    await page.goto('/');
    await chat.sendButton.click();
    await expect(page.getByRole('alert')).toContainText('Write a message first.');
  });

  for (const [size, bytes] of [['300 kB', 300 * 1024], ['1 MB', 1024 * 1024]] as const) {
    test(`a message of ${size} is refused on a page of ours`, async ({ page, chat, complaints }) => {
      complaints.allow(/status of 4(13|22)/, /favicon\.ico/);
      await page.goto('/');
      await chat.composer.fill('x'.repeat(bytes));
      await chat.sendButton.click();
      await expect(page.getByRole('alert')).toContainText('at most 256 kB');
      if (bytes < 512 * 1024) expect(await chat.composer.inputValue()).toHaveLength(bytes);
    });
  }

  test('a session that ends in mid-chat costs no word', async ({ page, chat, context, signedIn }) => {
    await page.goto('/');
    await chat.composer.fill('fast before');
    await chat.sendButton.click();
    await expect(chat.answer).toContainText('fast before');
    await expect(chat.sendButton, 'the page rests').toBeVisible();
    await chat.composer.fill('fast my long careful question');
    await context.clearCookies();
    await chat.sendButton.click();
    await expect(page).toHaveURL(/\/sign-in/);
    await signIn(page, { ...signedIn, password: PASSWORD });
    await expect(page).toHaveURL(/\/chat\//);
    await expect(chat.composer).toHaveValue('fast my long careful question');
  });

  test('a draft of many lines comes back as it was', async ({ page, chat, provider, context }) => {
    const gate = provider.gate();
    await page.goto('/');
    await chat.composer.fill(`slow ${gate.mark}`);
    await chat.sendButton.click();
    await gate.reached();
    const text = '\nfirst\n  second </textarea><b>x</b>\n';
    const posted = await context.request.post(page.url(), { form: { action: 'send', text }, maxRedirects: 0 });
    expect(posted.status()).toBe(409);
    await page.setContent(await posted.text());
    expect(await chat.composer.inputValue()).toBe(text);
    gate.open();
  });
});
