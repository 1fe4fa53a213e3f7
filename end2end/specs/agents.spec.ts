import { alive, expect, register, somebody, test } from '../fixtures';
import type { Page } from '@playwright/test';

/** A preset's form, for the scripted provider, ready to be saved. */
async function newAgent(page: Page, name: string, preset = 'engineer'): Promise<void> {
  await page.goto(`/agents/new?preset=${preset}`);
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Provider').selectOption('openai');
  await page.getByLabel('Model', { exact: true }).fill('scripted-mini');
}

const row = (page: Page, name: string) => page.locator('.row', { has: page.getByRole('link', { name, exact: true }) });
const save = (page: Page, button: 'Create agent' | 'Save agent') => page.getByRole('button', { name: button }).click();

test.describe('agents', { tag: '@both' }, () => {
  test('everyone has a default agent from the first visit', async ({ page, signedIn }) => {
    void signedIn;
    await page.goto('/agents');
    await expect(row(page, 'Assistant').locator('.tag')).toHaveText('default');
    await expect(row(page, 'Assistant')).toContainText('OpenAI-compatible · scripted');
    await expect(page.locator('.preset')).toHaveCount(6);
  });

  test('from a preset to an agent that answers so', async ({ page, signedIn, provider, chat }) => {
    void signedIn;
    await page.goto('/agents');
    await page.getByRole('link', { name: 'Software engineer' }).click();
    await expect(page.getByLabel('Name')).toHaveValue('Software engineer');
    await expect(page.getByLabel('Temperature')).toHaveValue('0.2');
    await expect(page.getByLabel('Instructions')).toHaveValue(/senior software engineer/);
    await expect(page.locator('input[name=avatar][value=code]')).toBeChecked();
    await page.getByLabel('Provider').selectOption('openai');
    await page.getByLabel('Model', { exact: true }).fill('scripted-mini');
    await page.getByLabel('Longest answer').fill('77');
    await save(page, 'Create agent');
    await expect(page).toHaveURL(/\/agents$/);
    await expect(page.getByText('Software engineer created')).toBeVisible();
    await row(page, 'Software engineer').getByRole('link', { name: 'Chat' }).click();
    await chat.composer.fill('fast hello engineer');
    await chat.sendButton.click();
    await expect(chat.answer).toContainText('hello engineer');
    const asked = provider.asked.findLast(it => it.messages.at(-1)!.content === 'fast hello engineer')!;
    expect(asked).toMatchObject({ model: 'scripted-mini', temperature: 0.2, max_tokens: 77 });
    expect(asked.messages[0]).toMatchObject({ role: 'system', content: expect.stringContaining('senior software engineer') });
  });

  test('what is wrong is said at its field, what was typed stays', async ({ page, signedIn, complaints }) => {
    void signedIn;
    complaints.allow(/status of 422/);
    await newAgent(page, '   ');
    await page.getByLabel('Model', { exact: true }).fill('');
    await page.getByLabel('Instructions').fill('\nKeep this,\n and <this>.');
    await page.getByLabel('Temperature').fill('2.5');
    await page.getByLabel('Longest answer').fill('many');
    await page.getByLabel('compass').check();
    await page.getByLabel('Active').uncheck();
    await save(page, 'Create agent');
    await expect(page.getByRole('alert').first().getByRole('listitem')).toHaveText([
      'Give the agent a name.', 'Choose or type a model.', 'Enter a number from 0 to 2.', 'Enter a whole number from 1 to 200000.',
    ]);
    await expect(page.getByLabel('Provider')).toHaveValue('openai');
    await expect(page.getByLabel('Instructions')).toHaveValue('\nKeep this,\n and <this>.');
    await expect(page.getByLabel('Temperature')).toHaveValue('2.5');
    await expect(page.getByLabel('Temperature')).toHaveAttribute('aria-invalid', 'true');
    await expect(page.getByLabel('Longest answer')).toHaveValue('many');
    await expect(page.getByLabel('compass')).toBeChecked();
    await expect(page.getByLabel('Active')).not.toBeChecked();
    await expect(page.locator('#model-help')).toContainText('Choose or type a model.');
    await page.goto('/agents');
    await expect(page.locator('.row'), 'nothing was made').toHaveCount(1);
  });

  test('names are unique among one person’s', async ({ page, signedIn, stranger, shared, complaints }) => {
    void signedIn;
    complaints.allow(/status of 422/);
    await newAgent(page, 'Twin');
    await save(page, 'Create agent');
    await newAgent(page, ' Twin ');
    await save(page, 'Create agent');
    await expect(page.getByRole('alert').first()).toContainText('You have another agent with this name.');
    await page.getByLabel('Name').fill('Other twin');
    await save(page, 'Create agent');
    await expect(row(page, 'Other twin')).toBeVisible();
    const other = await stranger();
    await register(other.context, shared.url, somebody());
    await newAgent(other.page, 'Twin');
    await save(other.page, 'Create agent');
    await expect(row(other.page, 'Twin'), 'somebody else may use the name').toBeVisible();
  });

  test('a stale form is refused with what was typed, and saves nothing', async ({ page, context, signedIn, complaints }) => {
    void signedIn;
    complaints.allow(/status of 409/);
    await newAgent(page, 'Shared draft');
    await save(page, 'Create agent');
    await page.getByRole('link', { name: 'Shared draft' }).click();
    await expect(page.getByLabel('Description')).toHaveValue(/.+/);
    const second = await context.newPage();
    await second.goto(page.url());
    await second.getByLabel('Description').fill('Changed in the second tab');
    await save(second, 'Save agent');
    await expect(second.getByText('Shared draft saved')).toBeVisible();

    await page.getByLabel('Description').fill('Typed for a long time in the first tab');
    await save(page, 'Save agent');
    await expect(page.getByRole('alert').first()).toContainText('changed elsewhere');
    await expect(page.getByLabel('Description')).toHaveValue('Typed for a long time in the first tab');
    await second.goto('/agents');
    await expect(row(second, 'Shared draft')).toContainText('Changed in the second tab');

    // As the message says: open it in another tab to compare, then save again.
    await save(page, 'Save agent');
    await expect(page, 'saving again, as the message proposes, saves').toHaveURL(/\/agents$/);
    await expect(row(page, 'Shared draft')).toContainText('Typed for a long time in the first tab');
  });

  test('instructions are text, whatever tags they have', async ({ page, signedIn }) => {
    void signedIn;
    const text = 'Be kind.</textarea><form action="/sign-out" method="post"><button>Click me</button></form><script>window.pwned = 1</script>';
    await newAgent(page, 'Tagged');
    await page.getByLabel('Instructions').fill(text);
    await save(page, 'Create agent');
    await page.getByRole('link', { name: 'Tagged', exact: true }).click();
    await expect(page.getByLabel('Instructions')).toHaveValue(text);
    await expect(page.getByRole('button', { name: 'Click me' })).toHaveCount(0);
  });

  test('there is one default; switched off, an agent is not offered', async ({ page, signedIn }) => {
    void signedIn;
    await page.goto('/agents');
    await expect(row(page, 'Assistant').locator('.tag')).toHaveText('default');
    await newAgent(page, 'New favourite');
    await page.getByLabel('Default').check();
    await save(page, 'Create agent');
    await expect(page.locator('.tag', { hasText: 'default' })).toHaveCount(1);
    await expect(row(page, 'New favourite').locator('.tag')).toHaveText('default');
    await page.goto('/');
    await expect(page.locator('.agent-picker select option:checked')).toHaveText('New favourite');

    await page.goto('/agents');
    await page.getByRole('link', { name: 'Assistant', exact: true }).click();
    await page.getByLabel('Active').uncheck();
    await save(page, 'Save agent');
    await expect(row(page, 'Assistant').locator('.tag')).toHaveText('switched off');
    await expect(row(page, 'Assistant').getByRole('link', { name: 'Chat' })).toHaveCount(0);
    await page.goto('/');
    await expect(page.locator('.agent-picker option')).toHaveText(['New favourite']);
  });

  test('deleted and undone', async ({ page, signedIn }) => {
    void signedIn;
    await newAgent(page, 'Short-lived');
    await save(page, 'Create agent');
    await row(page, 'Short-lived').getByRole('button', { name: /^Delete / }).click();
    await expect(row(page, 'Short-lived')).toHaveCount(0);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(page.getByText('Agent restored')).toBeVisible();
    await expect(row(page, 'Short-lived')).toHaveCount(1);
  });

  test('deleting the default agent and undoing it gives back what was there', async ({ page, signedIn }) => {
    void signedIn;
    await page.goto('/agents');
    await page.getByRole('link', { name: 'Assistant', exact: true }).click();
    await page.getByLabel('Description').fill('Tuned for weeks');
    await save(page, 'Save agent');
    await row(page, 'Assistant').getByRole('button', { name: /^Delete / }).click();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(page.getByText('Agent restored')).toBeVisible();
    await expect(page.locator('.row', { hasText: 'Tuned for weeks' })).toHaveCount(1);
    await expect(page.locator('.row-title'), 'one agent, as before').toHaveText(['Assistant']);
    await expect(row(page, 'Assistant').locator('.tag')).toHaveText('default');
  });

  test("somebody else's agent does not exist", async ({ page, signedIn, stranger, shared, complaints }) => {
    void signedIn;
    complaints.allow(/status of 404/);
    await newAgent(page, 'Private');
    await save(page, 'Create agent');
    const href = await page.getByRole('link', { name: 'Private' }).getAttribute('href');
    const other = await stranger();
    await register(other.context, shared.url, somebody());
    expect((await other.page.goto(href!))?.status()).toBe(404);
    const id = href!.split('/').at(-1)!;
    const deleted = await other.context.request.post('/agents', { form: { action: 'delete', id }, maxRedirects: 0 });
    expect(deleted.status()).toBe(404);
    await page.goto('/agents');
    await expect(row(page, 'Private')).toBeVisible();
  });
});

test('the model field offers what the provider offers', async ({ page, signedIn, complaints }) => {
  void signedIn;
  complaints.allow(/status of 409.*_fn\/models/);
  await page.goto('/agents/new');
  await alive(page);
  await page.getByLabel('Provider').selectOption('openai');
  await expect(page.locator('#model-help')).toContainText('3 models offered');
  expect(await page.locator('#models option').evaluateAll(all => all.map(it => (it as HTMLOptionElement).value))).toEqual(['another-model', 'scripted', 'scripted-mini']);
  await expect(page.getByLabel('Model', { exact: true }), 'a model that is not offered gives way').toHaveValue('another-model');
  await page.getByLabel('Provider').selectOption('anthropic');
  await expect(page.locator('#model-help')).toContainText('There is no key for Anthropic.');
  await expect(page.locator('#models option')).toHaveCount(0);
});

test('Test asks the model with what the form says now', async ({ page, signedIn, provider, complaints }) => {
  void signedIn;
  complaints.allow(/status of 422.*_fn\/test_agent/);
  await newAgent(page, 'Tried');
  await alive(page);
  await page.getByLabel('Instructions').fill('Speak like a pirate.');
  await page.getByLabel('Temperature').fill('1.3');
  await page.getByRole('button', { name: 'Test' }).click();
  await expect(page.locator('.trial-answer')).toHaveText(/^You said: /);
  expect(provider.asked.findLast(it => it.messages[0]!.content.includes('pirate'))).toMatchObject({ model: 'scripted-mini', temperature: 1.3, messages: [{ role: 'system', content: 'Speak like a pirate.' }, { role: 'user' }] });
  await page.getByLabel('Temperature').fill('9');
  await page.getByRole('button', { name: 'Test' }).click();
  await expect(page.locator('.trial')).toContainText('Enter a number from 0 to 2.');
  await expect(page.locator('.trial-answer')).toHaveCount(0);
});

test("Test shows the provider's own error", async ({ page, context, serve, complaints }) => {
  complaints.allow(/status of (4\d\d|502|503)/);
  const server = await serve();
  await register(context, server.url, somebody());
  await page.goto(`${server.url}/agents/new`);
  await alive(page);
  await page.getByLabel('Provider').selectOption('openai');
  await page.getByLabel('Model', { exact: true }).fill('model-without-a-key');
  await page.getByRole('button', { name: 'Test' }).click();
  await expect(page.locator('.trial')).toContainText('Incorrect key provided.');
  await page.getByLabel('Model', { exact: true }).fill('scripted');
  await page.getByRole('button', { name: 'Test' }).click();
  await expect(page.locator('.trial-answer')).toHaveText(/^You said: /);
});

test('a model typed while the provider is being asked stays', async ({ page, signedIn }) => {
  void signedIn;
  await page.goto('/agents/new');
  await alive(page);
  let release = () => {};
  const held = new Promise<void>(done => (release = done));
  await page.route('**/_fn/models*', async route => {
    await held;
    await route.continue();
  });
  await page.getByLabel('Provider').selectOption('openai');
  await page.getByLabel('Model', { exact: true }).fill('my-own-model');
  release();
  await expect(page.locator('#model-help')).toContainText('models offered');
  await expect(page.getByLabel('Model', { exact: true })).toHaveValue('my-own-model');
});

test('typing a model before the page is alive is not lost', async ({ page, signedIn }) => {
  void signedIn;
  let release = () => {};
  const held = new Promise<void>(done => (release = done));
  await page.route('**/assets/*.wasm', async route => {
    await held;
    await route.continue();
  });
  await page.goto('/agents/new');
  await page.getByLabel('Provider').selectOption('openai');
  await page.getByLabel('Model', { exact: true }).fill('typed-early');
  release();
  await alive(page);
  await expect(page.getByLabel('Provider')).toHaveValue('openai');
  await expect(page.getByLabel('Model', { exact: true })).toHaveValue('typed-early');
});
