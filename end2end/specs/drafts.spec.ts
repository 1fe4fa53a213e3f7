/** What was typed is not lost, whatever happens before it is sent. */
import { PASSWORD, alive, expect, register, signIn, somebody, test } from '../fixtures';

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
  await expect(chat.questions, 'the server has it').toHaveCount(2);
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
