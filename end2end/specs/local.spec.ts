/** The tests that talk to the real models. */
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, register, somebody, test } from '../fixtures';
import { base, file, row } from '../fixtures/knowledge';
import { Server } from '../fixtures/server';

const MODELS = path.resolve(process.env.ATRIUM_MODELS ?? process.env.ATRIUM_TEST_MODELS ?? path.join(import.meta.dirname, '../../data/models'));
const FILE = 'SmolLM2-135M-Instruct.Q4_1.gguf';

/** A server with the model files, skipped where there are none. */
async function withModels(work: (server: Server) => Promise<void>): Promise<void> {
  const there = existsSync(path.join(MODELS, FILE));
  if (!there) console.warn(`\n  SKIPPED: no local model at ${MODELS}. \`make models\` fetches it; ATRIUM_MODELS names another folder.\n`);
  test.skip(!there, `no local model at ${MODELS}`);
  test.setTimeout(180_000);
  const server = new Server();
  try {
    mkdirSync(server.data, { recursive: true });
    symlinkSync(MODELS, path.join(server.data, 'models'));
    await server.start();
    await work(server);
  } finally {
    await server.close();
  }
}

test('the local model answers, from the box', async ({ page, context, chat }) => {
  await withModels(async server => {
    await register(context, server.url, somebody());
    await chat.open(server.url);
    await expect(page.locator('.welcome')).toContainText('SmolLM2');
    await chat.send('What is the capital of France? Answer in one short sentence.');
    await expect(chat.reply.getByRole('button', { name: 'Answer again' })).toBeVisible({ timeout: 150_000 });
    await expect(chat.reply.getByRole('alert')).toHaveCount(0);
    await expect(chat.answer).toContainText('Paris');
    await expect(chat.reply.locator('.figures')).toHaveText(/^SmolLM2-135M-Instruct · \d+ tokens · /);

    // It streams and can be stopped.
    await chat.send('Write a very long story about a lighthouse, with many chapters.');
    await expect.poll(async () => (await chat.words(chat.answer)).length, { timeout: 60_000 }).toBeGreaterThan(5);
    await chat.stopButton.click();
    await expect(chat.reply.locator('.outcome')).toContainText('Stopped.');
  });
});

test('with knowledge it answers in the words of its sources, each sentence with its place', async ({ page, context, chat }) => {
  await withModels(async server => {
    await register(context, server.url, somebody());
    const tides = '# Tides\n\nThe harbour of Saltwick dries out four hours after high water.\n\nA spring tide there rises 5.4 metres.\n';
    const rules = '# Rules\n\nBoats longer than twelve metres moor at the eastern quay.\n';
    await base(page, 'Harbour', [file('tides.md', tides), file('rules.md', rules)], server.url);
    await expect(async () => {
      await page.reload();
      await expect(row(page, 'Tides')).toContainText('found by word and meaning', { timeout: 500 });
    }).toPass({ timeout: 60_000 });
    await page.goto(`${server.url}/agents`);
    await page.getByRole('link', { name: 'Assistant', exact: true }).click();
    await page.getByRole('checkbox', { name: /Harbour/ }).check();
    await page.getByRole('button', { name: 'Save agent' }).click();
    await expect(page).toHaveURL(/\/agents$/);
    await chat.open(server.url);
    await chat.ask('When does the harbour of Saltwick dry out?');
    await expect(chat.answer.locator('blockquote')).toContainText('The harbour of Saltwick dries out four hours after high water.');
    await chat.reply.locator('a.cite').first().click();
    await expect(page.locator('mark#passage')).toContainText('dries out four hours after high water');
  });
});
