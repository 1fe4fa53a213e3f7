/** Links by which anybody may read a conversation. */
import { expect, test } from '../fixtures';

test('a link opens for whoever has it, until it is revoked', { tag: '@both' }, async ({ chat, page, stranger, complaints }) => {
  complaints.allow(/404/);
  await page.goto('/');
  await chat.composer.fill('fast tides');
  await chat.sendButton.click();
  await expect(chat.answer).toContainText('to: fast tides');
  // What is still being written is not shared.
  await chat.ended();
  await page.goto(`${new URL(page.url()).pathname}/share`);
  await page.getByRole('button', { name: 'Create link' }).click();
  const link = (await page.locator('.account-secret code').innerText()).trim();
  const path = new URL(link).pathname;
  const other = await stranger();
  await other.page.goto(path);
  await expect(other.page.getByRole('heading', { name: 'fast tides' })).toBeVisible();
  await expect(other.page.locator('.from-user .said')).toHaveText('fast tides');
  await expect(other.page.locator('.from-agent .answer')).toContainText('to: fast tides');
  await expect(other.page.locator('meta[name=robots]')).toHaveAttribute('content', /noindex/);
  await page.goto('/account/shares');
  await page.getByRole('button', { name: /^Revoke/ }).click();
  await expect(page.getByText('No conversation of yours is shared.')).toBeVisible();
  expect((await other.page.goto(path))!.status()).toBe(404);
  await expect(other.page.getByText('This link opens nothing')).toBeVisible();
});
