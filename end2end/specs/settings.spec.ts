/** What a conversation has otherwise than its agent, set where one is. */
import { type Page } from '@playwright/test';
import { expect, test } from '../fixtures';

const panel = (page: Page) => page.locator('details.menu', { has: page.locator('.tune') });
const open = async (page: Page) => panel(page).locator('summary').click();
const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true });

test.describe('settings of a conversation', { tag: '@both' }, () => {
  test('model and temperature count from the next answer on, here alone, until they are reset', async ({ page, chat, provider, javaScriptEnabled }) => {
    const ask = async (text: string) => {
      if (javaScriptEnabled) return chat.ask(text);
      await chat.composer.fill(text);
      await chat.sendButton.click();
      await expect(chat.sendButton).toBeVisible();
    };
    const asked = (text: string) => provider.asked.findLast(it => it.messages.at(-1)!.content === text)!;
    if (javaScriptEnabled) await chat.open('/');
    else await page.goto('/');
    await ask('settings: as the agent has it');
    const own = asked('settings: as the agent has it');
    expect(own.model).toBe('scripted');

    await open(page);
    await page.getByLabel('Model', { exact: true }).fill('another-model');
    await page.getByLabel('Temperature').fill('0,25');
    await chat.composer.fill('settings: otherwise');
    await save(page).click();
    await expect(page.getByText('Saved for this conversation')).toBeVisible();
    await expect(panel(page).locator('summary'), 'what is otherwise shows').toContainText('another-model · 0.25');
    await expect(chat.composer, 'what was typed is still there').toHaveValue('settings: otherwise');
    await ask('settings: otherwise');
    expect(asked('settings: otherwise')).toMatchObject({ model: 'another-model', temperature: 0.25 });
    await expect(chat.reply.locator('.figures')).toContainText('another-model');

    const here = page.url();
    await page.goto('/');
    await expect(panel(page).locator('summary')).not.toContainText('another-model');
    await page.goto(here);
    await open(page);
    await expect(page.getByLabel('Model', { exact: true })).toHaveValue('another-model');
    if (javaScriptEnabled) await chat.open(here), await open(page);
    await page.getByRole('button', { name: "Reset to the agent's own" }).click();
    await expect(panel(page).locator('summary')).not.toContainText('another-model');
    await ask('settings: once more');
    expect(asked('settings: once more')).toMatchObject({ model: own.model, temperature: own.temperature });
  });

  test('a model that is not offered is refused at its field, which says what is', async ({ page, chat, complaints, javaScriptEnabled }) => {
    complaints.allow(/status of 422/);
    if (javaScriptEnabled) await chat.open('/');
    else await page.goto('/');
    await open(page);
    const model = page.getByLabel('Model', { exact: true });
    await model.fill('no-such-model');
    await page.getByLabel('Temperature').fill('1');
    await save(page).click();
    await expect(page.locator('#model-help')).toContainText('does not offer “no-such-model”. It offers another-model, scripted, scripted-mini.');
    await expect(model).toHaveAttribute('aria-invalid', 'true');
    await expect(model, 'what was typed stays').toHaveValue('no-such-model');
    await expect(page.getByLabel('Temperature')).toHaveValue('1');
    await model.fill('');
    await page.getByLabel('Temperature').fill('7');
    await page.getByLabel('Temperature').press('Enter');
    await expect(page.locator('#temperature-help')).toContainText('Enter a number from 0 to 2.');
  });

  test('an empty room begins with settings of its own', async ({ page, chat, javaScriptEnabled }) => {
    if (javaScriptEnabled) await chat.open('/');
    else await page.goto('/');
    await open(page);
    await page.getByLabel('Model', { exact: true }).fill('scripted-mini');
    await save(page).click();
    await expect(page).toHaveURL(/\/chat\//);
    await expect(panel(page).locator('summary')).toContainText('scripted-mini');
    await chat.composer.fill('fast the first words of a room');
    await chat.sendButton.click();
    await expect(chat.reply.locator('.figures')).toContainText('scripted-mini');
  });
});

test('what the provider offers is asked when one opens the settings, and the agent is kept at once', async ({ page, chat }) => {
  await page.request.post('/agents/new', { form: { name: 'Second', description: '', avatar: 'flask', provider: 'openai', model: 'scripted-mini', temperature: '1', max_tokens: '50', system_prompt: '', is_active: 'on' } });
  await chat.open('/');
  await chat.ask('fast settings by script');
  const calls: string[] = [];
  page.on('request', it => calls.push(new URL(it.url()).pathname));
  await expect(page.locator('#models option')).toHaveCount(0);
  await open(page);
  await expect(page.locator('#models option')).toHaveCount(3);
  expect(calls.filter(it => it === '/_fn/models')).toHaveLength(1);
  await expect(page.getByLabel('Model', { exact: true })).toHaveAttribute('placeholder', 'scripted');
  const settled = page.waitForResponse(/_fn\/settle/);
  await page.locator('.agent-picker select').selectOption('Second');
  await settled;
  await expect(page.getByLabel('Model', { exact: true })).toHaveAttribute('placeholder', 'scripted-mini');
  await chat.reload();
  await expect(page.locator('.agent-picker option:checked')).toHaveText('Second');
});
