/** What people think of answers. */
import { expect, test } from '../fixtures';

test('a thumb is kept without leaving the page, with a reason', async ({ chat, page }) => {
  await chat.open();
  await chat.ask('fast tides');
  const up = chat.reply.getByRole('button', { name: 'Good answer' });
  const down = chat.reply.getByRole('button', { name: 'Bad answer' });
  await down.click();
  await expect(down).toHaveAttribute('aria-pressed', 'true');
  await page.getByLabel('What was wrong with it? (optional)').fill('It is the Sun.');
  await page.getByRole('button', { name: 'Send reason' }).click();
  await expect(chat.toasts.filter({ hasText: 'Thank you' }).first()).toBeVisible();
  await chat.reload();
  await expect(down, 'it is still there').toHaveAttribute('aria-pressed', 'true');
  await up.click();
  await expect(up).toHaveAttribute('aria-pressed', 'true');
  await expect(down, 'one verdict').toHaveAttribute('aria-pressed', 'false');
  await up.click();
  await expect(up, 'pressed again it is taken back').toHaveAttribute('aria-pressed', 'false');
});

test.describe('without JavaScript', { tag: '@nojs' }, () => {
  test('a thumb leads to a page that asks why', async ({ chat, page }) => {
    await page.goto('/');
    await chat.composer.fill('fast tides');
    await chat.sendButton.click();
    await expect(chat.answer).toContainText('to: fast tides');
    await chat.reply.getByRole('button', { name: 'Bad answer' }).click();
    await expect(page.getByRole('radio', { name: 'did not help' })).toBeChecked();
    await page.getByLabel('Why').fill('It is the Sun.');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(chat.reply.getByRole('button', { name: 'Bad answer' })).toHaveAttribute('aria-pressed', 'true');
  });
});
