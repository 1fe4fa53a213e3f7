/** Projects and their people, with forms alone and with JavaScript. */
import { PASSWORD, expect, register, somebody, test } from '../fixtures';

test.describe('projects', () => {
  test('made, shared, talked in, left, deleted @both', async ({ page, context, browser, serve, complaints }) => {
    complaints.allow(/status of (404|409|422)/);
    const server = await serve();
    const [ada, grace] = [somebody(), somebody()];
    await register(context, server.url, ada);
    const elsewhere = await browser.newContext({ baseURL: server.url });
    await register(elsewhere, server.url, grace);
    await page.goto(`${server.url}/projects`);
    await page.getByLabel('Name').fill('  Tides   and moons ');
    await page.getByRole('button', { name: 'Create project' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Tides and moons');
    const home = page.url();

    const theirs = await elsewhere.newPage();
    expect((await theirs.goto(home))!.status(), 'nobody sees what they are not in').toBe(404);

    await page.getByPlaceholder('E-mail address or user name').fill('nobody@example.org');
    await page.getByRole('button', { name: 'Add member' }).click();
    await expect(page.getByRole('alert')).toContainText('Nobody of your organisation has this address.');
    await page.getByPlaceholder('E-mail address or user name').fill(grace.email);
    await page.getByRole('button', { name: 'Add member' }).click();
    await expect(page.getByText(grace.email)).toBeVisible();
    await page.getByRole('button', { name: 'Bring in' }).click();
    await expect(page.getByRole('button', { name: 'Take Assistant out' })).toBeVisible();

    await theirs.goto(home);
    await expect(theirs.getByRole('button', { name: 'Add member' })).toHaveCount(0);
    await theirs.getByRole('button', { name: 'New chat' }).click();
    await theirs.waitForURL(/\/chat\//);
    await theirs.goto(home);
    await expect(theirs.getByRole('link', { name: 'New conversation' }).last()).toBeVisible();
    await page.goto(home);
    await expect(page.locator('main').getByText('None here yet.'), "chats are each member's own").toBeVisible();

    await page.getByRole('button', { name: `Take ${ada.email} out` }).click();
    await expect(page.getByRole('alert')).toContainText('without a manager');
    await theirs.getByRole('button', { name: 'Leave' }).click();
    await expect(theirs).toHaveURL(/\/projects$/);
    await page.goto(home);
    await page.getByRole('button', { name: 'Delete project' }).click();
    await expect(page).toHaveURL(/\/projects$/);
    expect((await page.goto(home))!.status()).toBe(404);
    await elsewhere.close();
  });

  test('an administrator gives a role and switches an account off @both', async ({ page, context, browser, serve }) => {
    const server = await serve();
    const grace = somebody();
    const elsewhere = await browser.newContext({ baseURL: server.url });
    await register(elsewhere, server.url, grace);
    await page.goto(server.setupLink!);
    await page.getByLabel('Name').fill('Ada');
    await page.getByLabel('E-mail address').fill('root@example.org');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Create administrator' }).click();
    await page.goto(`${server.url}/admin/people`);
    await page.getByLabel(`Role of ${grace.name}`).selectOption('analyst');
    const row = page.getByRole('row').filter({ hasText: grace.email });
    await row.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByLabel(`Role of ${grace.name}`)).toHaveValue('analyst');
    await row.getByRole('button', { name: 'Switch off' }).click();
    await expect(row).toContainText('switched off');
    const theirs = await elsewhere.newPage();
    await theirs.goto(server.url);
    await expect(theirs, 'out at once').toHaveURL(/\/sign-in/);
    await page.goto(`${server.url}/admin/audit-log`);
    await expect(page.getByRole('row').filter({ hasText: 'user.change' })).toHaveCount(2);
    await context.close();
  });
});
