/** Asking and answering: what is sent, and how the answer comes to the page. */
import { alive, expect, register, somebody, test, tokens } from '../fixtures';
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
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(bad);
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
