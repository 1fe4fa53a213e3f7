/** Analytics: what was used, what it may cost, and charts by question. */
import { expect, test } from '../fixtures';

const CSV = 'harbour;boats\n"Saltwick; old";7\nNewquay;19\nSaltwick;12\n';

test.describe('analytics', { tag: '@both' }, () => {
  test('what was asked is counted, by model and agent, with the numbers behind each chart', async ({ page, signedIn, chat }) => {
    void signedIn;
    await page.goto('/analytics');
    await expect(page.getByText('No model was asked')).toBeVisible();
    await page.goto('/');
    await chat.composer.fill('usage, please');
    await chat.sendButton.click();
    await expect(chat.answer).not.toBeEmpty();
    await expect(async () => {
      await page.goto('/analytics');
      await expect(page.locator('svg.chart:visible').first()).toBeVisible({ timeout: 500 });
    }).toPass({ timeout: 15_000 });
    const by = page.locator('figure', { hasText: 'model' }).first();
    await by.locator('summary').click();
    await expect(by.getByRole('table')).toContainText('scripted');
    const file = await page.request.get('/analytics?group=model&format=csv');
    expect(file.headers()['content-type']).toContain('text/csv');
    expect(await file.text()).toMatch(/scripted/);
  });

  test('a question about a file becomes a chart whose numbers are those of the file', async ({ page, signedIn, complaints }) => {
    void signedIn;
    complaints.allow(/status of 422/);
    await page.goto('/analytics/ask');
    await page.getByLabel('Question').fill('lobsters by harbour');
    await page.locator('input[name=about][value=file]').check();
    const choose = () => page.locator('input[type=file][name=file]').setInputFiles({ name: 'boats.csv', mimeType: 'text/csv', buffer: Buffer.from(CSV) });
    await choose();
    await page.getByRole('button', { name: 'Draw chart' }).click();
    // What is not in the file is named, with what is; the question stays.
    await expect(page.getByRole('alert').first()).toContainText(/lobsters/);
    await expect(page.getByLabel('Question')).toHaveValue('lobsters by harbour');
    await page.getByLabel('Question').fill('boats by harbour');
    await choose();
    await page.getByRole('button', { name: 'Draw chart' }).click();
    await expect(page).toHaveURL(/\/analytics\/results\/[0-9a-f-]{36}$/);
    await expect(page.locator('svg.chart:visible').first()).toBeVisible();
    const cells = await page.getByRole('main').locator('table td, table th').allTextContents();
    expect(cells.map(it => it.trim())).toEqual(expect.arrayContaining(['Newquay', '19', 'Saltwick', '12', 'Saltwick; old', '7']));
  });
});
