/** The palette, the keys that are heard everywhere, and their cheat sheet. */
import { type Page } from '@playwright/test';
import { alive, expect, test } from '../fixtures';

const dialog = (page: Page) => page.getByRole('dialog', { name: 'Find anything' });
const field = (page: Page) => page.getByRole('combobox', { name: /^Find pages/ });
const options = (page: Page) => dialog(page).getByRole('option');
const chosen = (page: Page) => page.locator('[role=option][aria-selected=true] .palette-label');

test.describe('the palette', () => {
  test('asks for nothing until it is open; then finds pages, conversations and messages by a few letters', async ({ chat, page }) => {
    await chat.open();
    await chat.ask('fast ptarmigans change their plumage');
    const calls: string[] = [];
    page.on('request', it => calls.push(new URL(it.url()).pathname));
    await chat.open();
    expect(calls.filter(it => it === '/_fn/find')).toEqual([]);

    await page.keyboard.press('Control+k');
    await expect(field(page)).toBeFocused();
    await expect(options(page).first(), 'where one was lately comes first').toContainText('fast ptarmigans');
    await expect(options(page).filter({ hasText: 'Administration' }), 'nothing that one may not see').toHaveCount(0);

    await field(page).fill('analyt');
    await expect(chosen(page)).toHaveText('Analytics');
    await field(page).press('ArrowDown');
    await expect(chosen(page)).toHaveText('Analytics: Ask');
    await expect(field(page)).toHaveAttribute('aria-activedescendant', 'found-1');
    await field(page).press('ArrowUp');
    await field(page).press('Enter');
    await expect(page).toHaveURL(/\/analytics$/);

    await alive(page);
    await page.keyboard.press('Control+k');
    await field(page).fill('ptarmi');
    await expect(options(page).filter({ hasText: 'Conversation' })).toHaveCount(1);
    await expect(options(page).filter({ hasText: 'Message' })).toHaveCount(2);
    await expect(page.locator('.palette-detail').first()).toContainText('ptarmigans');
    await options(page).filter({ hasText: 'Message' }).first().click();
    await expect(page).toHaveURL(/\/chat\/.+#m-/);
    await alive(page);
    await page.keyboard.press('Control+k');
    await field(page).fill('nothing is called so');
    await expect(dialog(page).getByRole('status')).toContainText('Nothing was found.');
  });

  test('Esc closes it, and the keyboard is where it was; a click beside it closes it too', async ({ chat, page }) => {
    await chat.open();
    await chat.composer.fill('half a thought');
    await page.keyboard.press('Control+k');
    await expect(field(page)).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(dialog(page)).toBeHidden();
    await expect(chat.composer).toBeFocused();
    await expect(chat.composer).toHaveValue('half a thought');
    await page.getByRole('button', { name: 'Find anything' }).click();
    await expect(field(page)).toBeFocused();
    await page.mouse.click(5, 780);
    await expect(dialog(page)).toBeHidden();
  });

  test('an answer that comes late does not overwrite a newer one', async ({ chat, page }) => {
    await chat.open();
    let release = () => {};
    const held = new Promise<void>(done => (release = done));
    await page.route('**/_fn/find', async route => {
      if (route.request().postDataJSON().search === 'agent') await held;
      await route.continue();
    });
    await page.keyboard.press('Control+k');
    const asked = page.waitForRequest(it => it.url().endsWith('/_fn/find') && it.postDataJSON().search === 'agent');
    await field(page).fill('agent');
    await asked;
    await field(page).fill('projects');
    await expect(chosen(page)).toHaveText('Projects');
    const late = page.waitForResponse(it => it.url().endsWith('/_fn/find') && it.request().postDataJSON().search === 'agent');
    release();
    await late;
    await page.waitForTimeout(100);
    await expect(options(page).first()).toContainText('Projects');
  });

  test('Enter waits for what is being looked for', async ({ chat, page }) => {
    await chat.open();
    await page.keyboard.press('Control+k');
    await expect(options(page).first()).toBeVisible();
    await page.keyboard.type('favourites');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/favourites$/);
  });

  test('does what can be done: stop, copy, sign out', async ({ chat, page, provider, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const gate = provider.gate();
    await chat.open();
    const act = async (words: string) => {
      await page.keyboard.press('Control+k');
      await field(page).fill(words);
      await expect(chosen(page)).toContainText(words);
      await field(page).press('Enter');
    };
    await page.keyboard.press('Control+k');
    await expect(options(page).first()).toBeVisible();
    await expect(options(page).filter({ hasText: 'Stop the answer' }), 'there is nothing to stop').toHaveCount(0);
    await page.keyboard.press('Escape');
    await chat.send(`slow ${gate.mark}`);
    await gate.reached();
    await act('Stop the answer');
    await expect(chat.reply.locator('.outcome')).toContainText('Stopped.');
    gate.open();
    await chat.ask('fast to be copied from the palette');
    await act('Copy the last answer');
    await expect(chat.toasts.last()).toContainText('Answer copied');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('to be copied from the palette');
    await act('Sign out');
    await expect(page).toHaveURL(/\/sign-in/);
  });
});

test.describe('keyboard shortcuts', () => {
  test('lead to a new conversation, the composer, search, and along the list', async ({ chat, page }) => {
    for (const topic of ['first', 'second', 'third']) {
      await chat.open();
      await chat.ask(`fast shortcuts ${topic}`);
    }
    await expect(chat.title).toHaveText('fast shortcuts third');
    await page.keyboard.press('Alt+Shift+J');
    await expect(chat.title).toHaveText('fast shortcuts second');
    await alive(page);
    await page.keyboard.press('Alt+Shift+J');
    await expect(chat.title).toHaveText('fast shortcuts first');
    await alive(page);
    await page.keyboard.press('Alt+Shift+K');
    await expect(chat.title).toHaveText('fast shortcuts second');
    await alive(page);
    await page.locator('.room-title').click();
    await page.keyboard.press('/');
    await expect(chat.composer).toBeFocused();
    await page.keyboard.press('Alt+Shift+N');
    await expect(page).toHaveURL(/\/$/);
    await alive(page);
    await page.keyboard.press('Alt+Shift+F');
    await expect(page).toHaveURL(/\/search$/);
    await alive(page);
    await page.locator('main h1').click();
    await page.keyboard.press('/');
    await expect(page, 'where there is no composer, there is a room').toHaveURL(/\/$/);
  });

  test('the cheat sheet opens by ?, not while one types, and can switch keys alone off', async ({ chat, page }) => {
    const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await chat.open();
    await chat.composer.fill('');
    await chat.composer.press('?');
    await expect(chat.composer).toHaveValue('?');
    await expect(sheet).toBeHidden();
    await page.locator('.room-title').click();
    await page.keyboard.press('?');
    await expect(sheet.getByText('Copy the last answer')).toBeVisible();
    await expect(sheet.getByRole('button', { name: 'Close' })).toBeFocused();
    await sheet.getByLabel(/keys alone/).check();
    await page.keyboard.press('Escape');
    await expect(sheet).toBeHidden();
    await page.keyboard.press('?');
    await expect(sheet).toBeHidden();
    await page.keyboard.press('Control+k');
    await field(page).fill('keyboard shortcuts');
    await expect(options(page).first()).toContainText('Show the keyboard shortcuts');
    await field(page).press('Enter');
    await expect(sheet.getByLabel(/keys alone/)).toBeChecked();
    await sheet.getByLabel(/keys alone/).uncheck();
    await sheet.getByRole('button', { name: 'Close' }).click();
    await page.keyboard.press('?');
    await expect(sheet).toBeVisible();
  });
});

test('the cheat sheet is a page too', { tag: '@both' }, async ({ page, signedIn }) => {
  void signedIn;
  await page.goto('/');
  await page.getByRole('link', { name: 'Keyboard shortcuts' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Keyboard shortcuts' })).toBeVisible();
  await expect(page.locator('main .keys > div')).not.toHaveCount(0);
  await expect(page.locator('main')).toContainText('Find pages, actions, conversations and messages');
  await expect(page.locator('main kbd').first()).toHaveText('Ctrl');
});
