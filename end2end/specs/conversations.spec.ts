/** The list of conversations, their titles and addresses. */
import { alive, expect, register, somebody, test } from '../fixtures';

test('the title comes from the first message, and shows everywhere at once', async ({ chat, page }) => {
  await chat.open();
  await chat.ask('fast What makes the **tides** so regular on some coasts and so irregular on others, by the way?');
  await expect(chat.title).toHaveText(/^fast What makes the tides so regular/);
  const title = await chat.title.innerText();
  expect(title.length).toBeLessThanOrEqual(61);
  await expect(page).toHaveTitle(`${title} · Atrium`);
  await expect(chat.conversations.first().getByRole('link')).toHaveText(title);
  await expect(chat.conversations.first().getByRole('link')).toHaveAttribute('aria-current', 'page');
  await chat.reload();
  await expect(page).toHaveTitle(`${title} · Atrium`);
});

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
