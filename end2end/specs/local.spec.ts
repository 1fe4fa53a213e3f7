/** The one test that talks to the real model. */
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, register, somebody, test } from '../fixtures';
import { Server } from '../fixtures/server';

const MODELS = path.resolve(process.env.ATRIUM_MODELS ?? process.env.ATRIUM_TEST_MODELS ?? path.join(import.meta.dirname, '../../data/models'));
const FILE = 'SmolLM2-135M-Instruct.Q4_1.gguf';

test('the local model answers, from the box', async ({ page, context, chat }) => {
  const there = existsSync(path.join(MODELS, FILE));
  if (!there) console.warn(`\n  SKIPPED: no local model at ${MODELS}. \`make models\` fetches it; ATRIUM_MODELS names another folder.\n`);
  test.skip(!there, `no local model at ${MODELS}`);
  test.setTimeout(180_000);
  const server = new Server();
  try {
    mkdirSync(server.data, { recursive: true });
    symlinkSync(MODELS, path.join(server.data, 'models'));
    await server.start();
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
  } finally {
    await server.close();
  }
});
