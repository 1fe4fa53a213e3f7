/** What one finds again: by searching, by a star, in the list of all conversations. */
import type { BrowserContext } from '@playwright/test';
import { expect, register, somebody, test } from '../fixtures';

/** Asks, and comes back when the answer is complete. */
async function asked(context: BrowserContext, server: string, text: string): Promise<string> {
  const sent = await context.request.post(`${server}/`, { form: { text }, maxRedirects: 0 });
  expect(sent.status(), await sent.text()).toBe(303);
  const path = sent.headers()['location']!;
  await expect.poll(async () => (await context.request.get(`${server}${path}`)).text()).not.toContain('http-equiv="refresh"');
  return path;
}

test.describe('finding', { tag: '@both' }, () => {
  test('words are found in messages, titles and names, and marked', async ({ page, context, shared, signedIn }) => {
    void signedIn;
    const path = await asked(context, shared.url, 'fast Why do the zebrafish <b>glow</b> at night?');
    await page.goto('/');
    await page.getByRole('link', { name: 'Search', exact: true }).click();
    await expect(page.getByText('Type a word or two')).toBeVisible();
    const words = page.getByRole('searchbox', { name: 'Search', exact: true });
    await words.fill('zebrafish glow');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await expect(page).toHaveURL(/\/search\?search=zebrafish\+glow/);
    await expect(words, 'the question stays').toHaveValue('zebrafish glow');
    await expect(page.getByRole('heading', { level: 2 })).toHaveText([/Conversations\s+1 found/, /Messages\s+2 found/]);
    await expect(page.locator('main mark').first()).toHaveText('zebrafish');
    await expect(page.locator('main .snippet b'), 'text, never HTML').toHaveCount(0);

    await page.getByLabel('What').selectOption('Messages');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await expect(page.getByRole('heading', { level: 2 })).toHaveText([/Messages/]);
    await page.locator('main .row-title').last().click();
    await expect(page).toHaveURL(new RegExp(`${path}#m-`));
    await expect(page.locator('article').first()).toContainText('zebrafish');

    await page.goto('/search?search=zebrafish&to=2001-01-01');
    await expect(page.getByText('Nothing was found.')).toBeVisible();
    await page.goto('/search?search=%E2%80%A6');
    await expect(page.getByText('There is no letter or digit')).toBeVisible();
  });

  test('nobody finds what others wrote', async ({ context, page, shared, signedIn, stranger }) => {
    void signedIn;
    await asked(context, shared.url, 'fast something about axolotls');
    const other = await stranger();
    await register(other.context, shared.url, somebody());
    await other.page.goto('/search?search=axolotls');
    await expect(other.page.getByText('Nothing was found.')).toBeVisible();
    await page.goto('/search?search=axolotls');
    await expect(page.getByRole('heading', { level: 2 })).not.toHaveCount(0);
  });

  test('a star given in a list is found among favourites, and taken away', async ({ page, context, shared, signedIn }) => {
    void signedIn;
    const tides = await asked(context, shared.url, 'fast about tides');
    await asked(context, shared.url, 'fast about moons');
    await page.goto('/favourites');
    await expect(page.getByText('that you give a star are listed here')).toBeVisible();

    await page.goto('/');
    await page.getByRole('link', { name: 'All conversations' }).click();
    await expect(page.locator('main .row-title')).toHaveText(['fast about moons', 'fast about tides']);
    await page.getByRole('button', { name: 'Add fast about tides to favourites' }).click();
    await expect(page).toHaveURL(/\/chats/);
    await expect(page.getByRole('button', { name: 'Remove fast about tides from favourites' })).toBeVisible();
    await page.getByLabel('Favourites only').check();
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await expect(page.locator('main .row-title')).toHaveText(['fast about tides']);
    await expect(page.getByLabel('Favourites only')).toBeChecked();

    await page.goto('/agents');
    await page.getByRole('button', { name: 'Add Assistant to favourites' }).click();
    await expect(page).toHaveURL(/\/agents$/);

    await page.getByRole('link', { name: 'Favourites', exact: true }).click();
    await expect(page.locator('main .row-title')).toHaveText(['Assistant', 'fast about tides']);
    await page.getByRole('button', { name: 'Remove Assistant from favourites' }).click();
    await expect(page.locator('main .row-title')).toHaveText(['fast about tides']);
    await page.locator('main .row-title').click();
    await expect(page).toHaveURL(new RegExp(`${tides}$`));
  });

  test('all conversations: by title, a page at a time', async ({ page, context, shared, signedIn }) => {
    void signedIn;
    for (let n = 1; n <= 22; n += 1) {
      const sent = await context.request.post(`${shared.url}/`, { form: { text: `fast chat ${String(n).padStart(2, '0')}` }, maxRedirects: 0 });
      expect(sent.status()).toBe(303);
    }
    await page.goto('/chats');
    const titles = page.locator('main .row-title');
    await expect(titles).toHaveCount(20);
    await page.getByRole('link', { name: 'Older' }).click();
    await expect(titles).toHaveCount(2);
    await expect(page).toHaveURL(/page=2/);
    await page.getByRole('link', { name: 'Newer' }).click();
    await expect(titles).toHaveCount(20);
    await page.getByRole('searchbox', { name: 'Search titles' }).last().fill('chat 07');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await expect(titles).toHaveText(['fast chat 07']);
    await page.goto('/chats?search=%25');
    await expect(page.getByText('No title has these letters.'), 'a per cent sign is only that').toBeVisible();
  });
});
