/** Prompts: kept, filled in, sent; with and without JavaScript. */
import { expect, test } from '../fixtures';

const TEXT = '\nExplain {{topic}} to {{audience|a child|an expert}},\n{{manner|briefly}}.';

test.describe('prompts', { tag: '@both' }, () => {
  test('a prompt is made, found, filled in and stands in the composer', async ({ page, signedIn, complaints }) => {
    void signedIn;
    complaints.allow(/status of 422/);
    await page.goto('/prompts');
    await expect(page.getByText('What you ask again and again')).toBeVisible();
    await page.getByRole('link', { name: 'New prompt' }).click();
    await page.getByLabel('Text', { exact: true }).fill(TEXT);
    await page.getByRole('button', { name: 'Create prompt' }).click();
    await expect(page.getByRole('alert')).toContainText('Give the prompt a name.');
    await expect(page.getByLabel('Text', { exact: true })).toHaveValue(TEXT);
    await page.getByLabel('Name', { exact: true }).fill('Explain <b>');
    await page.getByRole('textbox', { name: 'Shortcut' }).fill('/Ex');
    await page.getByRole('button', { name: 'Create prompt' }).click();
    await expect(page.locator('.toast')).toContainText('Explain <b> created');

    await page.getByLabel('Search prompts').fill('ex');
    await page.getByRole('main').getByRole('button', { name: 'Search' }).click();
    await expect(page.locator('.rows > .row')).toContainText('/ex');
    await page.getByRole('link', { name: 'Use Explain <b>' }).click();
    await page.getByRole('button', { name: 'Start conversation' }).click();
    await expect(page.getByRole('alert')).toContainText('Topic: fill this in.');
    await page.getByLabel('Topic').fill('tides & {{moons}}');
    await page.getByLabel('Audience').selectOption('an expert');
    await expect(page.getByLabel('Manner')).toHaveValue('briefly');
    await page.getByRole('button', { name: 'Start conversation' }).click();
    await expect(page.getByLabel('Message', { exact: true })).toHaveValue('\nExplain tides & {{moons}} to an expert,\nbriefly.');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await expect(page.locator('.from-user')).toContainText('to an expert,');
  });

  test('a prompt is changed, deleted and brought back', async ({ page, signedIn }) => {
    void signedIn;
    await page.request.post('/api/v1/prompts', { data: { name: 'Letter', text: 'Dear {{name}}' } });
    await page.goto('/prompts');
    await page.getByRole('link', { name: 'Letter', exact: true }).click();
    await page.getByLabel('What it is good for').fill('For harbours');
    await page.getByRole('button', { name: 'Save prompt' }).click();
    await expect(page.locator('.rows > .row')).toContainText('For harbours');
    await page.getByRole('button', { name: 'Delete Letter' }).click();
    await expect(page.locator('.rows > .row')).toHaveCount(0);
    await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
    await expect(page.locator('.rows > .row')).toContainText('Letter');
  });
});
