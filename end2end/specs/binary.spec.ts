/** The binary needs nothing beside it. */
import { copyFileSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, register, somebody, test } from '../fixtures';
import { BINARY } from '../fixtures/server';

test('alone in an empty folder it serves pages, assets and the chat', async ({ context, chat, serve, request }) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'atrium-alone-'));
  const binary = path.join(folder, 'atrium');
  copyFileSync(BINARY, binary);
  const server = await serve({ folder, binary });
  const html = await (await request.get(`${server.url}/sign-in`)).text();
  const paths = [...new Set([...html.matchAll(/(?:href|src)="(\/[^"]+\.(?:css|js|wasm|svg|webmanifest))"/g)].map(it => it[1]!))];
  expect(paths.map(it => it.split('.').at(-1)).sort()).toEqual(['css', 'js', 'svg', 'wasm', 'webmanifest']);
  for (const it of paths) {
    const reply = await request.get(server.url + it);
    expect(reply.status(), it).toBe(200);
    expect((await reply.body()).length, it).toBeGreaterThan(50);
    if (it.startsWith('/assets/')) {
      expect(reply.headers()['cache-control'], it).toContain('immutable');
      expect(reply.headers()['content-encoding'], `${it} is compressed`).toMatch(/br|gzip/);
    }
  }
  const health = await (await request.get(`${server.url}/api/health/`)).json();
  expect(health).toMatchObject({ status: 'healthy', service: 'atrium' });
  expect((await request.get(`${server.url}/api/health/db/`)).status()).toBe(200);
  expect((await request.get(`${server.url}/no/such/page`)).status()).toBe(404);
  expect((await request.get(`${server.url}/assets/../../etc/passwd`)).status()).toBe(404);

  await register(context, server.url, somebody());
  await chat.open(server.url);
  await chat.ask('fast alone');
  await expect(chat.answer).toHaveText(/^Answer number \d+ to: fast alone\s*$/);

  expect(readdirSync(folder).sort(), 'it writes into its data folder only').toEqual(['atrium', 'data']);
  expect(statSync(path.join(folder, 'data/secret.key')).mode & 0o077, 'the secret is its owner’s').toBe(0);
});
