/** Areas of expertise: named by administrators, chosen by owners of agents. */
import { PASSWORD, expect, signIn, test } from '../fixtures';

test('areas of expertise: named, chosen, deleted and brought back @both', async ({ page, serve, complaints }) => {
  complaints.allow(/status of (409|422)/, /_fn\/models/);
  const server = await serve();
  await server.createSuperuser('root@example.org');
  await page.goto(`${server.url}/sign-in?next=/admin/expertise`);
  await signIn(page, { name: 'Root', email: 'root@example.org', password: PASSWORD });
  await expect(page.getByText('Make the first one below')).toBeVisible();
  await page.goto(`${server.url}/agents/new`);
  await expect(page.getByLabel('Area of expertise'), 'there is nothing to choose').toHaveCount(0);

  await page.goto(`${server.url}/admin/expertise`);
  const create = async (name: string) => {
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByRole('button', { name: 'Create area' }).click();
  };
  await create('  Tides <i>and</i> moons ');
  await expect(page.locator('.toast')).toContainText('created');
  await expect(page.getByLabel('Name of Tides <i>and</i> moons')).toHaveValue('Tides <i>and</i> moons');
  await create('tides <i>and</i> MOONS');
  await expect(page.getByRole('alert'), 'a name is there once').toBeVisible();
  await page.getByLabel('Name of Tides <i>and</i> moons').fill('Tides');
  await page.locator('.area').getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('.toast')).toContainText('Tides saved');

  await page.goto(`${server.url}/agents/new?preset=tutor`);
  await page.getByLabel('Area of expertise').selectOption('Tides');
  await page.getByRole('button', { name: 'Create agent' }).click();
  await expect(page).toHaveURL(/\/agents$/);
  await page.goto(`${server.url}/admin/expertise`);
  await expect(page.locator('.area')).toContainText('1 agent');

  await page.locator('.area').getByRole('button', { name: 'Delete' }).click();
  await expect(page.locator('.area')).toHaveCount(0);
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await expect(page.locator('.area')).toContainText('1 agent');
});
