/**
 * What Lighthouse says of the pages people see first: performance, accessibility and best practices, each at least 95 on a desk; on the
 * slow phone that Lighthouse imitates performance is only told. Beside it the largest paint, and the longest task while the page comes to
 * life, measured without any slowing down. A server of its own with sample data. `make lighthouse` runs it.
 *   node lighthouse.mjs [NAME…]    only these: sign-in, chat, knowledge, analytics
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const root = path.dirname(import.meta.dirname);
const binary = process.env.ATRIUM_BIN ?? path.join(root, 'target/release/atrium');
const tools = process.env.ATRIUM_LIGHTHOUSE ?? path.join(root, '.tools/lighthouse');
const SCORE_MIN = 95;
const TASK_MAX = 200;
const DESK = { formFactor: 'desktop', screenEmulation: { mobile: false, width: 1350, height: 940, deviceScaleFactor: 1, disabled: false }, throttling: { rttMs: 40, throughputKbps: 10_240, cpuSlowdownMultiplier: 1 } };

const { default: lighthouse } = await import(pathToFileURL(createRequire(path.join(tools, 'package.json')).resolve('lighthouse')).href);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'atrium-lighthouse-'));
const env = { PATH: process.env.PATH, HOME: folder };
const options = { cwd: folder, env, encoding: 'utf8' };
let server;
let browser;
try {
  const said = execFileSync(binary, ['setup-demo', '--data', 'data'], options);
  const password = /uma@demo\.example\s+(\w+)/.exec(said)[1];
  server = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--data', 'data'], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let url;
  let heard = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', it => (heard += it));
  for (let waited = 0; !url; waited += 50) {
    if (waited > 20_000) throw new Error(`The server was not there within 20 s:\n${heard}`);
    await new Promise(done => setTimeout(done, 50));
    url = /Atrium is ready at (http:\S+)/.exec(heard)?.[1];
  }

  const profile = path.join(folder, 'browser');
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.ATRIUM_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--remote-debugging-port=0'],
    baseURL: url,
  });
  const port = Number(fs.readFileSync(path.join(profile, 'DevToolsActivePort'), 'utf8').split('\n')[0]);
  const signIn = await browser.request.post('/sign-in', { form: { email: 'uma@demo.example', password }, maxRedirects: 0 });
  if (signIn.status() !== 303) throw new Error(`Signing in was answered ${signIn.status()}.`);
  const cookie = (await browser.cookies()).map(it => `${it.name}=${it.value}`).join('; ');
  const chat = /href="(\/chat\/[0-9a-f-]{36})"/.exec(await (await browser.request.get('/chats')).text())[1];
  await browser.clearCookies();

  let failed = false;
  const pages = Object.entries({ 'sign-in': '/sign-in', chat, knowledge: '/knowledge', analytics: '/analytics' });
  for (const [name, at] of pages.filter(([it]) => process.argv.length < 3 || process.argv.includes(it))) {
    const extraHeaders = name === 'sign-in' ? undefined : { Cookie: cookie };
    for (const [device, settings] of [['desk', DESK], ['phone', {}]]) {
      const look = () => lighthouse(url + at, { port, output: 'json', logLevel: 'error' }, { extends: 'lighthouse:default', settings: { onlyCategories: ['performance', 'accessibility', 'best-practices'], extraHeaders, ...settings } });
      let { lhr } = await look();
      // A busy machine: the page did not paint in the time that Lighthouse gives it.
      if (lhr.runtimeError || Object.values(lhr.categories).some(it => it.score === null)) ({ lhr } = await look());
      const scores = Object.values(lhr.categories).map(it => [it.id, Math.round(it.score * 100)]);
      const poor = scores.filter(([id, score]) => score < SCORE_MIN && (device === 'desk' || id !== 'performance'));
      failed ||= poor.length > 0;
      console.log(`      ${name.padEnd(10)} ${device.padEnd(6)} ${scores.map(([id, score]) => `${id} ${score}`).join(', ')}; largest paint ${lhr.audits['largest-contentful-paint'].displayValue}${poor.length ? '   too low' : ''}`);
      for (const { auditRefs } of Object.values(lhr.categories)) {
        for (const { id, weight } of auditRefs) {
          const { score, details } = lhr.audits[id];
          if (weight && score !== null && score < 0.9) console.log(`                 ${id} ${score} ${(details?.items ?? []).slice(0, 3).map(it => it.node?.snippet ?? it.url ?? '').join(' ')}`);
        }
      }
    }
    // As it is, twice: the second visit has everything in its cache.
    const page = await browser.newPage();
    if (extraHeaders) await page.setExtraHTTPHeaders(extraHeaders);
    await page.addInitScript(() => {
      window.seen = { tasks: [], paint: 0 };
      new PerformanceObserver(list => list.getEntries().forEach(it => window.seen.tasks.push(Math.round(it.duration)))).observe({ type: 'longtask', buffered: true });
      new PerformanceObserver(list => list.getEntries().forEach(it => (window.seen.paint = Math.round(it.startTime)))).observe({ type: 'largest-contentful-paint', buffered: true });
    });
    for (const visit of ['first', 'second']) {
      await page.goto(url + at, { waitUntil: 'networkidle' });
      const { tasks, paint } = await page.evaluate(() => window.seen);
      const longest = Math.max(0, ...tasks);
      failed ||= longest > TASK_MAX;
      console.log(`      ${name.padEnd(10)} ${visit.padEnd(6)} largest paint ${paint} ms, longest task ${longest} ms${longest > TASK_MAX ? '   too long' : ''}`);
    }
    await page.close();
  }
  process.exitCode = failed ? 1 : 0;
} finally {
  await browser?.close();
  if (server?.exitCode === null) {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
  fs.rmSync(folder, { recursive: true, force: true });
}
