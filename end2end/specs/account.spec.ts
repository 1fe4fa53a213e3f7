/** Where one is signed in, and the tokens of one's programs. */
import { expect, signIn, test } from '../fixtures';

test.describe('account', { tag: '@both' }, () => {
  test('a session elsewhere is seen and ended', async ({ page, signedIn, stranger }) => {
    const other = await stranger();
    await other.page.goto('/sign-in');
    await signIn(other.page, signedIn);
    await expect(other.page.locator('.person-name')).toBeVisible();

    await page.goto('/account');
    await page.getByRole('link', { name: 'Sessions' }).click();
    const rows = page.locator('main .row');
    await expect(rows).toHaveCount(2);
    const here = rows.filter({ hasText: 'this browser' });
    await expect(here, 'exactly one is this one').toHaveCount(1);
    await expect(here).toContainText('Chrome on Linux');
    await expect(here.getByRole('button', { name: 'Sign out' })).toBeVisible();
    await page.getByRole('button', { name: 'End Chrome on Linux' }).click();
    await expect(page.locator('.toast')).toContainText('Session ended');
    await expect(rows).toHaveCount(1);
    await other.page.goto('/agents');
    await expect(other.page, 'out at once').toHaveURL(/\/sign-in/);

    await expect(page.getByRole('button', { name: 'End all others' }), 'there are none').toHaveCount(0);
    await page.getByRole('button', { name: 'Sign out everywhere' }).click();
    await expect(page).toHaveURL(/\/sign-in/);
  });

  test('a token is shown once, works as far as its scopes go, and is deleted', async ({ page, playwright, signedIn, shared, complaints }) => {
    void signedIn;
    complaints.allow(/status of 422/);
    await page.goto('/account/tokens');
    await expect(page.getByText('You have none yet.')).toBeVisible();
    await page.getByLabel('Name', { exact: true }).fill('nightly <i>report</i>');
    await page.getByLabel('How long it lives').selectOption('A year');
    await page.getByRole('button', { name: 'Create token' }).click();
    await expect(page.getByRole('alert'), 'one that may do nothing is none').toBeVisible();
    await expect(page.getByLabel('Name', { exact: true })).toHaveValue('nightly <i>report</i>');
    await expect(page.getByLabel('How long it lives')).toHaveValue('365');

    await page.getByLabel('read', { exact: true }).check();
    await page.getByRole('button', { name: 'Create token' }).click();
    const shown = page.getByRole('status').locator('code');
    await expect(shown).toBeVisible();
    const token = (await shown.innerText()).trim();
    const row = page.locator('main .row').filter({ hasText: 'nightly <i>report</i>' });
    await expect(row).toContainText('never used');
    await expect(row).toContainText(token.slice(-4));
    await expect(row).not.toContainText(token);

    const program = await playwright.request.newContext({ extraHTTPHeaders: { authorization: `Bearer ${token}` } });
    expect((await program.get(`${shared.url}/api/v1/agents`)).status()).toBe(200);
    expect((await program.post(`${shared.url}/api/v1/projects`, { data: { name: 'Not with this one' } })).status()).toBe(403);

    await page.goto('/account/tokens');
    await expect(page.locator('body'), 'once').not.toContainText(token);
    await expect(row).toContainText('last used');
    await page.getByRole('button', { name: 'Delete nightly <i>report</i>' }).click();
    await expect(page.locator('.toast')).toContainText('Token deleted');
    await expect(row).toHaveCount(0);
    expect((await program.get(`${shared.url}/api/v1/agents`)).status(), 'out at once').toBe(401);
    await program.dispose();
  });
});
