/**
 * The pictures in docs/images/, taken anew: a server of their own with sample data and the local model, two people in Chromium, light and
 * dark, on a desk and on a phone. `make screenshots` runs it.
 *   node shots.mjs [NAME…]    only those of these names
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chromium } from 'playwright-core';

const here = import.meta.dirname;
const root = path.dirname(here);
const binary = process.env.ATRIUM_BIN ?? path.join(root, 'target/release/atrium');
const models = process.env.ATRIUM_MODELS ?? path.join(root, 'data/models');
const out = process.env.ATRIUM_SHOTS ?? path.join(root, 'docs/images');
/** A picture that is larger slows the page that it is on. */
const BYTES_MAX = 150_000;
const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const THEMES = ['light', 'dark'];
/** What the local model answers well. Its agent gets temperature 0, so that it says the same again. */
const QUESTIONS = ['How do I read a file line by line in Python?', 'Write a Python function that says hello to a person by name. Show how to call it.'];
const OF_KNOWLEDGE = 'What was the highest water?';
const SEARCHED = 'Why is high tide later every day?';

class Server {
  constructor() {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'atrium-shots-'));
    this.env = { PATH: process.env.PATH, HOME: this.folder };
    fs.mkdirSync(path.join(this.folder, 'data'), { mode: 0o700 });
    fs.symlinkSync(models, path.join(this.folder, 'data/models'));
  }

  /** The sample's people: passwords by the part before the @. */
  setUpDemo() {
    const said = execFileSync(binary, ['setup-demo', '--data', 'data'], { cwd: this.folder, env: this.env, encoding: 'utf8' });
    return Object.fromEntries([...said.matchAll(/(\w+)@demo\.example\s+(\w+)/g)].map(it => [it[1], it[2]]));
  }

  async start() {
    this.child = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--data', 'data'], { cwd: this.folder, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', it => (said += it));
    for (let waited = 0; waited < 20_000; waited += 50) {
      this.url = /Atrium is ready at (http:\S+)/.exec(said)?.[1];
      if (this.url && (await fetch(`${this.url}/api/health/`).catch(() => undefined))?.ok) return;
      await new Promise(done => setTimeout(done, 50));
    }
    throw new Error(`The server was not there within 20 s:\n${said}`);
  }

  async close() {
    if (this.child?.exitCode === null) {
      this.child.kill('SIGTERM');
      await once(this.child, 'exit');
    }
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The REST API as one person. */
class Api {
  constructor(url, token) {
    this.url = url;
    this.token = token;
  }

  static async signIn(url, email, password) {
    const { access } = await new Api(url).call('POST', '/auth/login', { email, password });
    return new Api(url, access);
  }

  async call(method, route, body) {
    const headers = this.token ? { authorization: `Bearer ${this.token}` } : {};
    const isForm = body instanceof FormData;
    if (body && !isForm) headers['content-type'] = 'application/json';
    const response = await fetch(`${this.url}/api/v1${route}`, { method, headers, body: isForm ? body : body && JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** Asks, and waits for the end of the answer. */
  async ask(conversation, content) {
    const { run_id } = await this.call('POST', `/conversations/${conversation}/messages`, { content });
    await (await fetch(`${this.url}/api/v1/runs/${run_id}/events`, { headers: { authorization: `Bearer ${this.token}` } })).text();
    const { results } = await this.call('GET', `/conversations/${conversation}/messages`);
    const answer = results.at(-1);
    if (answer.status !== 'complete') throw new Error(`The answer to “${content}” is ${answer.status}.`);
    return answer;
  }
}

/** A knowledge base of these files, once all of them are found by their meaning, too. */
async function knowledge(api, base, names) {
  const { id } = await api.call('POST', '/knowledge', base);
  const form = new FormData();
  for (const name of names) form.append('file', new Blob([fs.readFileSync(path.join(here, 'shots', name))]), name);
  await api.call('POST', `/knowledge/${id}/documents`, form);
  for (let waited = 0; ; waited += 200) {
    const { results } = await api.call('GET', `/knowledge/${id}/documents`);
    if (results.every(it => it.state === 'ready' && it.embedded_count === it.piece_count)) return id;
    if (waited > 60_000) throw new Error('The documents were not read within a minute.');
    await new Promise(done => setTimeout(done, 200));
  }
}

/** What the pictures show, beside what setup-demo makes. */
async function fill(api) {
  const [project] = (await api.call('GET', '/projects')).results;
  const base = await knowledge(api, { name: 'Sea and harbour', description: 'What the panels of the exhibition rest on.', project_id: project.id }, ['tides.md', 'harbour.md', 'visitors.csv']);
  const tour = await knowledge(api, { name: 'Guided tours', description: 'What guides say.', project_id: project.id }, ['harbour.md']);
  const agents = (await api.call('GET', '/agents')).results;
  const assistant = agents.find(it => it.is_default) ?? agents[0];
  await api.call('PATCH', `/agents/${assistant.id}`, { temperature: 0 });
  const { id: chat } = await api.call('POST', '/conversations', { agent_id: assistant.id });
  for (const question of QUESTIONS) await api.ask(chat, question);

  const guide = await api.call('POST', '/agents', {
    name: 'Harbour guide',
    description: 'Answers from the museum’s own texts',
    avatar: 'compass',
    provider: 'local',
    model: assistant.model,
    temperature: 0,
    max_tokens: 120,
    system_prompt: 'You are a guide in a museum by the sea. Answer in one short sentence, in the words of the sources.',
  });
  await api.call('PUT', `/agents/${guide.id}/knowledge`, { knowledge_ids: [tour] });
  const { id: cited } = await api.call('POST', '/conversations', { agent_id: guide.id });
  await api.ask(cited, OF_KNOWLEDGE);
  return { base, chat, cited, guide: guide.id };
}

async function signIn(page, email, password) {
  await page.goto('/sign-in');
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.person-name').waitFor({ state: 'attached' });
}

/** As WebP, by Chromium itself: a fifth of the PNG. */
async function take(page, file) {
  await page.evaluate(() => document.fonts.ready);
  // Toasts and carets are of the moment.
  await page.evaluate(() => document.activeElement?.blur?.());
  const session = await page.context().newCDPSession(page);
  for (let quality = 90; ; quality -= 10) {
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality });
    const bytes = Buffer.from(data, 'base64');
    if (bytes.length > BYTES_MAX && quality > 50) continue;
    fs.writeFileSync(file, bytes);
    console.log(`      ${path.relative(root, file)}  ${Math.ceil(bytes.length / 1000)} kB`);
    return;
  }
}

const wanted = process.argv.slice(2);
const server = new Server();
let browser;
try {
  const passwords = server.setUpDemo();
  await server.start();
  const engineer = ['enzo@demo.example', passwords.enzo];
  const made = await fill(await Api.signIn(server.url, ...engineer));
  const question = encodeURIComponent(SEARCHED);
  /** Name, who looks, what leads there. */
  const views = [
    ['chat', engineer, page => page.goto(`/chat/${made.chat}`)],
    ['sources', engineer, page => page.goto(`/chat/${made.cited}`)],
    [
      'source',
      engineer,
      async page => {
        await page.goto(`/chat/${made.cited}`);
        await page.goto(await page.locator('article.from-agent .answer a[href*="/knowledge/documents/"]').first().getAttribute('href'));
      },
    ],
    ['knowledge-search', engineer, page => page.goto(`/knowledge/search?q=${question}&base=${made.base}&inspect=1`)],
    ['agent', engineer, page => page.goto(`/agents/${made.guide}`)],
    ['administration', ['adele@demo.example', passwords.adele], page => page.goto('/admin/people')],
  ].filter(([name]) => !wanted.length || wanted.includes(name));

  fs.mkdirSync(out, { recursive: true });
  browser = await chromium.launch({
    executablePath: process.env.ATRIUM_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--hide-scrollbars'],
  });
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const theme of THEMES) {
      const signedIn = new Map();
      for (const [name, [email, password], open] of views) {
        if (!signedIn.has(email)) {
          const context = await browser.newContext({ baseURL: server.url, viewport, colorScheme: theme, locale: 'en-GB', timezoneId: 'Europe/Berlin', isMobile: size === 'phone', hasTouch: size === 'phone', reducedMotion: 'reduce' });
          const page = await context.newPage();
          await signIn(page, email, password);
          signedIn.set(email, page);
        }
        const page = signedIn.get(email);
        await open(page);
        await page.waitForLoadState('networkidle');
        await take(page, path.join(out, `${name}-${theme}-${size}.webp`));
      }
      for (const page of signedIn.values()) await page.context().close();
    }
  }
} finally {
  await browser?.close();
  await server.close();
}
