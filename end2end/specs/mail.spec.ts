/** Invitations, the outbox that keeps what no mail server takes, and forgotten passwords. */
import type { Page } from '@playwright/test';
import { PASSWORD, expect, register, signIn, somebody, test } from '../fixtures';

const ROOT = { name: 'Root', email: 'root@example.org', password: PASSWORD };
const NEW = 'quite another few words';

/** Opens the newest mail to that address, as an administrator does, and reads the link in it. */
async function linkFor(page: Page, email: string): Promise<string> {
  await page.goto(new URL('/admin/outbox', page.url()).href);
  await page.getByRole('row').filter({ hasText: email }).first().getByRole('link').click();
  await expect(page.getByText('That you read it stands in the audit log.')).toBeVisible();
  const link = /http:\S+\?token=\w+/.exec(await page.locator('.letter').innerText());
  expect(link, 'the mail holds a link').not.toBeNull();
  return link![0];
}

test.describe('mail', { tag: '@both' }, () => {
  test('invited, passed on from the outbox, accepted, once', async ({ page, serve, stranger, complaints }) => {
    complaints.allow(/status of 4(10|22)/);
    const server = await serve({ env: { ATRIUM_REGISTRATION_OPEN: 'false' } });
    await server.createSuperuser(ROOT.email, ROOT.name);
    await page.goto(`${server.url}/sign-in?next=/admin/invitations`);
    await signIn(page, ROOT);
    await expect(page.getByText('Nobody has been invited yet.')).toBeVisible();

    const addresses = page.getByLabel('E-mail addresses');
    await addresses.fill(`ann@example.org, ${ROOT.email}\nnot an address`);
    await page.getByRole('button', { name: 'Send invitations' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await expect(addresses, 'what was typed stays').toHaveValue(`ann@example.org, ${ROOT.email}\nnot an address`);
    await expect(addresses).toHaveAttribute('aria-invalid', 'true');
    await expect(page.getByText('Nobody has been invited yet.'), 'not even the ones that were right').toBeVisible();

    await addresses.fill('ann@example.org\nbob@example.org');
    await page.getByLabel('Role', { exact: true }).selectOption('analyst');
    await page.getByRole('button', { name: 'Send invitations' }).click();
    await expect(page.locator('.toast')).toContainText('2 people invited');
    const ann = page.getByRole('row').filter({ hasText: 'ann@example.org' });
    await expect(ann).toContainText('analyst');
    await expect(ann).toContainText('pending');
    await page.getByRole('button', { name: 'Withdraw the invitation of bob@example.org' }).click();
    await expect(page.locator('.toast')).toContainText('bob@example.org');
    await expect(page.getByRole('row').filter({ hasText: 'bob@example.org' })).toHaveCount(0);
    await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
    await expect(page.getByRole('row').filter({ hasText: 'bob@example.org' }), 'invited anew').toContainText('analyst');

    await page.getByRole('link', { name: 'outbox', exact: true }).click();
    await expect(page).toHaveURL(/\/admin\/outbox$/);
    const link = await linkFor(page, 'ann@example.org');
    await page.goto(link);
    await expect(page.getByRole('heading', { level: 1 }), 'it is not for whoever is in already').toHaveText('You are signed in');

    const { page: theirs } = await stranger(server.url);
    await theirs.goto(link);
    await expect(theirs.getByRole('heading', { level: 1 })).toContainText('Join');
    await expect(theirs.getByText('ann@example.org')).toBeVisible();
    await theirs.getByLabel('Name').fill('Ann');
    await theirs.getByLabel('Password').fill('short');
    await theirs.getByRole('button', { name: 'Create account' }).click();
    await expect(theirs.getByRole('alert')).toContainText('Use at least 10 characters.');
    await expect(theirs.getByLabel('Name')).toHaveValue('Ann');
    await theirs.getByLabel('Password').fill(PASSWORD);
    await theirs.getByRole('button', { name: 'Create account' }).click();
    await expect(theirs.locator('.person-name')).toHaveText('Ann');

    await page.goto(`${server.url}/admin/invitations`);
    await expect(page.getByRole('row').filter({ hasText: 'ann@example.org' })).toContainText('accepted');
    const late = await stranger(server.url);
    await late.page.goto(link);
    await expect(late.page.getByRole('heading', { level: 1 })).toHaveText('This invitation no longer works');
  });

  test('a mail that nobody needs is deleted', async ({ page, serve }) => {
    const server = await serve();
    await server.createSuperuser(ROOT.email, ROOT.name);
    await page.goto(`${server.url}/sign-in?next=/admin/outbox`);
    await signIn(page, ROOT);
    await expect(page.getByText('No mail yet.')).toBeVisible();
    await page.request.post(`${server.url}/admin/invitations`, { form: { action: 'invite', email: 'ann@example.org bob@example.org', role: 'user' } });
    await page.reload();
    await expect(page.getByRole('row'), 'two and their heads').toHaveCount(3);
    await page.getByRole('searchbox', { name: 'Search mail' }).fill('ann@');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await expect(page.getByRole('row')).toHaveCount(2);
    await expect(page.getByRole('searchbox', { name: 'Search mail' })).toHaveValue('ann@');
    await page.getByRole('button', { name: 'Delete the mail to ann@example.org' }).click();
    await expect(page.locator('.toast')).toContainText('Mail deleted');
    await expect(page.getByRole('row').filter({ hasText: 'ann@example.org' })).toHaveCount(0);
    await expect(page.getByRole('row').filter({ hasText: 'bob@example.org' })).toHaveCount(1);
  });

  test('a forgotten password is replaced by the link, and everyone is out', async ({ page, browser, serve, stranger, complaints }) => {
    complaints.allow(/status of 4(10|22)/);
    const server = await serve();
    await server.createSuperuser(ROOT.email, ROOT.name);
    const ada = somebody();
    const elsewhere = await browser.newContext({ baseURL: server.url });
    await register(elsewhere, server.url, ada);

    await page.goto(`${server.url}/sign-in`);
    for (const email of ['nobody@example.org', ada.email]) {
      await page.goto(`${server.url}/sign-in`);
      await page.getByRole('link', { name: 'Forgotten your password?' }).click();
      await page.getByLabel('E-mail address').fill(email);
      await page.getByRole('button', { name: 'Send the link' }).click();
      await expect(page.getByRole('heading', { level: 1 }), 'the same for everyone').toHaveText('Look into your mail');
      await expect(page.locator('main')).not.toContainText(email);
    }

    const root = await stranger(server.url);
    await root.page.goto('/sign-in');
    await signIn(root.page, ROOT);
    await expect(root.page.locator('.person-name')).toBeVisible();
    // Whether there is such an account is looked up after the answer.
    await expect.poll(async () => (await root.context.request.get('/admin/outbox')).text()).toContain(ada.email);
    const link = await linkFor(root.page, ada.email);
    await root.page.goto('/admin/outbox');
    await expect(root.page.getByText('nobody@example.org')).toHaveCount(0);

    await page.goto(link);
    await page.getByLabel('New password').fill('short');
    await page.getByRole('button', { name: 'Change password' }).click();
    await expect(page.getByRole('alert')).toContainText('Use at least 10 characters.');
    await page.getByLabel('New password').fill(NEW);
    await page.getByRole('button', { name: 'Change password' }).click();
    await expect(page.locator('.notice')).toContainText('Your password is changed');
    const theirs = await elsewhere.newPage();
    await theirs.goto('/agents');
    await expect(theirs, 'who was in is out').toHaveURL(/\/sign-in/);
    await elsewhere.close();

    await signIn(page, ada);
    await expect(page.getByRole('alert'), 'the old one is gone').toBeVisible();
    await signIn(page, { ...ada, password: NEW });
    await expect(page.locator('.person-name')).toHaveText(ada.name);
    await page.goto(link);
    await expect(page.getByRole('heading', { level: 1 }), 'it works once').toHaveText('This link no longer works');
  });
});
