/** Every page, at four widths, in two themes: it fits, it is accessible, it is silent. The pictures are in results/. */
import AxeBuilder from '@axe-core/playwright';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Chat, PASSWORD, alive, expect, scripted, signIn, test } from '../fixtures';
import { Provider } from '../fixtures/provider';
import { Server } from '../fixtures/server';

const RESULTS = path.resolve(import.meta.dirname, '../results/pages');
mkdirSync(RESULTS, { recursive: true });

const SIZES = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } } as const;
/** What each of them is drawn out to in the same visit, once: a tablet, and a large screen. */
const DRAWN_OUT = { wide: { width: 1920, height: 1080 }, narrow: { width: 768, height: 1024 } } as const;
const LONG_WORD = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';

/** What mails lead to, and the path of one of them in the outbox. */
type Links = { invitation: string; reset: string; mail: string; files: string; shared: string; feedback: string; chart: string; prompt: string };
/** What there is to know from: a base, a document of it, a repository, an answer. */
type Known = { base: string; document: string; repository: string; answer: string };
type Visit = { page: import('@playwright/test').Page; chat: Chat; conversation: string; agent: string; links: Links; known: Known };
const PAGES: Record<string, { is: 'in' | 'out'; status?: number; show: (visit: Visit) => Promise<void> }> = {
  'sign-in': { is: 'out', show: async ({ page }) => void (await page.goto('/sign-in')) },
  'sign-in-refused': {
    is: 'out', status: 422,
    show: async ({ page }) => {
      await page.goto('/sign-in');
      await signIn(page, { name: '', email: 'nobody@example.org', password: 'wrong wrong wrong' });
      await expect(page.getByRole('alert')).toBeVisible();
    },
  },
  register: { is: 'out', show: async ({ page }) => void (await page.goto('/register')) },
  setup: { is: 'out', status: 410, show: async ({ page }) => void (await page.goto('/setup?token=gone')) },
  'forgot-password': { is: 'out', show: async ({ page }) => void (await page.goto('/forgot-password')) },
  'forgot-password-asked': { is: 'out', show: async ({ page }) => void (await page.goto('/forgot-password?asked=1')) },
  'reset-password': { is: 'out', show: async ({ page, links }) => void (await page.goto(links.reset)) },
  'reset-password-gone': { is: 'out', status: 410, show: async ({ page }) => void (await page.goto('/reset-password?token=gone')) },
  invitation: { is: 'out', show: async ({ page, links }) => void (await page.goto(links.invitation)) },
  'invitation-signed-in': { is: 'in', show: async ({ page, links }) => void (await page.goto(links.invitation)) },
  'invitation-gone': { is: 'out', status: 410, show: async ({ page }) => void (await page.goto('/invitation?token=gone')) },
  'chat-new': { is: 'in', show: async ({ chat }) => chat.open('/') },
  chat: { is: 'in', show: async ({ chat, conversation }) => chat.open(conversation) },
  'chat-files': {
    is: 'in', status: 422,
    show: async ({ chat, page, links }) => {
      await chat.open(links.files);
      await page.getByLabel('Attach files').setInputFiles([
        { name: `${LONG_WORD}.txt`, mimeType: 'text/plain', buffer: Buffer.from('x') },
        { name: 'short.txt', mimeType: 'text/plain', buffer: Buffer.from('x'.repeat(2_000)) },
        { name: `empty ${LONG_WORD}.txt`, mimeType: 'text/plain', buffer: Buffer.from(' ') },
      ]);
      await expect(page.getByText('There is no text in')).toBeVisible();
      await expect(page.getByText('on its way')).toHaveCount(0);
    },
  },
  share: {
    is: 'in',
    show: async ({ page, conversation }) => {
      await page.goto(`${conversation}/share`);
      await page.getByRole('button', { name: 'Create link' }).click();
      await expect(page.getByText('Copy the link now')).toBeVisible();
      await alive(page);
    },
  },
  shares: { is: 'in', show: async ({ page }) => (await page.goto('/account/shares'), alive(page)) },
  shared: { is: 'out', show: async ({ page, links }) => void (await page.goto(links.shared)) },
  'shared-gone': { is: 'out', status: 404, show: async ({ page }) => void (await page.goto('/shared/gone')) },
  feedback: { is: 'in', show: async ({ page, links }) => (await page.goto(links.feedback), alive(page)) },
  'chat-why': {
    is: 'in',
    show: async ({ chat, page, links }) => {
      await chat.open(links.files);
      await chat.reply.getByRole('button', { name: 'Bad answer' }).click();
      const why = page.getByLabel('What was wrong with it? (optional)');
      if (await why.isVisible()) await expect(why).toBeFocused();
    },
  },
  'chat-settings': {
    is: 'in',
    show: async ({ chat, page, conversation }) => {
      await chat.open(conversation);
      await page.locator('.tune').click();
      await expect(page.getByLabel('Temperature')).toBeInViewport();
    },
  },
  'chat-settings-refused': {
    is: 'in', status: 422,
    show: async ({ chat, page, conversation }) => {
      await chat.open(conversation);
      await page.locator('.tune').click();
      await page.getByLabel('Model', { exact: true }).fill(LONG_WORD);
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await expect(page.locator('#model-help')).toContainText('does not offer');
    },
  },
  palette: {
    is: 'in',
    show: async ({ chat, page, conversation }) => {
      await chat.open(conversation);
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: /^Find/ }).fill(LONG_WORD.slice(0, 9));
      await expect(page.locator('.palette-detail').first()).toBeAttached();
    },
  },
  'shortcuts-sheet': {
    is: 'in',
    show: async ({ chat, page, conversation }) => {
      await chat.open(conversation);
      await page.locator('.room-title').click();
      await page.keyboard.press('?');
      // On a phone the sheet scrolls.
      await page.getByLabel(/keys alone/).scrollIntoViewIfNeeded();
      await expect(page.getByLabel(/keys alone/)).toBeInViewport();
    },
  },
  shortcuts: { is: 'in', show: async ({ page }) => (await page.goto('/shortcuts'), alive(page)) },
  'chat-rail': {
    is: 'in',
    show: async ({ chat, page, conversation }) => {
      await chat.open(conversation);
      const opener = page.locator('.rail-button').first();
      if (await opener.isVisible()) await opener.click();
      await expect(page.getByRole('searchbox', { name: 'Search titles' })).toBeInViewport();
    },
  },
  agents: { is: 'in', show: async ({ page }) => (await page.goto('/agents'), alive(page)) },
  'agents-new': {
    is: 'in',
    show: async ({ page }) => {
      await page.goto('/agents/new?preset=tutor');
      await alive(page);
      await expect(page.locator('#model-help')).not.toContainText('Asking');
    },
  },
  'agents-edit': {
    is: 'in',
    show: async ({ page, agent }) => {
      await page.goto(agent);
      await alive(page);
      await expect(page.locator('#model-help')).toContainText('offered');
    },
  },
  'agents-refused': {
    is: 'in', status: 422,
    show: async ({ page }) => {
      await page.goto('/agents/new');
      await alive(page);
      await page.getByRole('button', { name: 'Create agent' }).click();
      await expect(page.getByRole('alert').first()).toBeVisible();
      await alive(page);
      await expect(page.locator('#model-help')).not.toContainText('Asking');
    },
  },
  prompts: { is: 'in', show: async ({ page }) => (await page.goto('/prompts'), alive(page)) },
  'prompts-new': { is: 'in', show: async ({ page }) => (await page.goto('/prompts/new'), alive(page)) },
  'prompts-refused': {
    is: 'in', status: 422,
    show: async ({ page }) => {
      await page.goto('/prompts/new');
      await alive(page);
      await page.getByRole('button', { name: 'Create prompt' }).click();
      await expect(page.getByRole('alert').first()).toBeVisible();
      await alive(page);
    },
  },
  prompt: { is: 'in', show: async ({ page, links }) => (await page.goto(links.prompt), alive(page)) },
  'prompt-use': { is: 'in', show: async ({ page, links }) => (await page.goto(`${links.prompt}/use`), alive(page)) },
  import: { is: 'in', show: async ({ page }) => (await page.goto('/account/import'), alive(page)) },
  'import-told': {
    is: 'in',
    show: async ({ page }) => {
      await page.goto('/account/import');
      await alive(page);
      const message = { author: { role: 'user' }, content: { content_type: 'text', parts: [LONG_WORD] } };
      const chats = [{ id: 'c1', title: `${LONG_WORD} ${LONG_WORD}`, mapping: { a: { message } } }, { id: 'c2', title: LONG_WORD, mapping: {} }];
      await page.getByLabel('File', { exact: true }).setInputFiles({ name: 'conversations.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(chats)) });
      await page.getByRole('button', { name: 'Import conversations' }).click();
      await expect(page.getByText('Nothing was said in it.')).toBeVisible();
      await alive(page);
    },
  },
  projects: { is: 'in', show: async ({ page }) => (await page.goto('/projects'), alive(page)) },
  project: {
    is: 'in',
    show: async ({ page }) => {
      const made = await page.request.post('/api/v1/projects', { data: { name: `${LONG_WORD} ${Math.random()}`, description: 'What it is about' } });
      await page.goto(`/projects/${(await made.json()).id}`);
      await alive(page);
    },
  },
  chats: { is: 'in', show: async ({ page }) => (await page.goto('/chats'), alive(page)) },
  analytics: { is: 'in', show: async ({ page }) => (await page.goto('/analytics?scope=organisation'), alive(page)) },
  'analytics-ask': { is: 'in', show: async ({ page }) => (await page.goto('/analytics/ask'), alive(page)) },
  'analytics-results': { is: 'in', show: async ({ page }) => (await page.goto('/analytics/results'), alive(page)) },
  'analytics-result': { is: 'in', show: async ({ page, links }) => (await page.goto(links.chart), alive(page)) },
  'analytics-models': { is: 'in', show: async ({ page }) => (await page.goto('/analytics/models'), alive(page)) },
  budgets: { is: 'in', show: async ({ page }) => (await page.goto('/admin/budgets'), alive(page)) },
  'knowledge-none': { is: 'in', show: async ({ page }) => (await page.goto('/knowledge?search=nothing'), alive(page)) },
  knowledge: { is: 'in', show: async ({ page }) => (await page.goto('/knowledge'), alive(page)) },
  'knowledge-base': { is: 'in', show: async ({ page, known }) => (await page.goto(known.base), alive(page)) },
  'knowledge-document': { is: 'in', show: async ({ page, known }) => (await page.goto(`${known.document}?from=12&to=60#passage`), alive(page)) },
  'knowledge-search': { is: 'in', show: async ({ page }) => (await page.goto(`/knowledge/search?q=${LONG_WORD}+quay&inspect=on`), alive(page)) },
  'knowledge-sources': { is: 'in', show: async ({ page, known }) => (await page.goto(known.answer), alive(page)) },
  repositories: { is: 'in', show: async ({ page, known }) => (await page.goto(`${known.base}/repositories`), alive(page)) },
  repository: { is: 'in', show: async ({ page, known }) => (await page.goto(known.repository), alive(page)) },
  'repository-file': { is: 'in', show: async ({ page, known }) => (await page.goto(`${known.repository}?path=${LONG_WORD}.rs`), alive(page)) },
  search: { is: 'in', show: async ({ page }) => (await page.goto('/search'), alive(page)) },
  'search-found': { is: 'in', show: async ({ page }) => (await page.goto(`/search?search=${LONG_WORD}`), alive(page)) },
  favourites: { is: 'in', show: async ({ page }) => (await page.goto('/favourites'), alive(page)) },
  people: { is: 'in', show: async ({ page }) => (await page.goto('/admin/people'), alive(page)) },
  organisations: { is: 'in', show: async ({ page }) => (await page.goto('/admin/organisations'), alive(page)) },
  roles: { is: 'in', show: async ({ page }) => (await page.goto('/admin/roles'), alive(page)) },
  'all-agents': { is: 'in', show: async ({ page }) => (await page.goto('/admin/agents'), alive(page)) },
  'all-conversations': { is: 'in', show: async ({ page }) => (await page.goto('/admin/conversations'), alive(page)) },
  providers: { is: 'in', show: async ({ page }) => (await page.goto('/admin/providers'), alive(page)) },
  'audit-log': { is: 'in', show: async ({ page }) => (await page.goto('/admin/audit-log'), alive(page)) },
  account: { is: 'in', show: async ({ page }) => (await page.goto('/account'), alive(page)) },
  sessions: { is: 'in', show: async ({ page }) => (await page.goto('/account/sessions'), alive(page)) },
  tokens: { is: 'in', show: async ({ page }) => (await page.goto('/account/tokens'), alive(page)) },
  'tokens-shown': {
    is: 'in',
    show: async ({ page }) => {
      await page.goto('/account/tokens');
      await page.getByLabel('Name', { exact: true }).fill(LONG_WORD);
      await page.getByLabel('read', { exact: true }).check();
      await page.getByRole('button', { name: 'Create token' }).click();
      await expect(page.getByText('Copy the new token now')).toBeVisible();
      await alive(page);
    },
  },
  invitations: { is: 'in', show: async ({ page }) => (await page.goto('/admin/invitations'), alive(page)) },
  'invitations-refused': {
    is: 'in', status: 422,
    show: async ({ page }) => {
      await page.goto('/admin/invitations');
      await page.getByLabel('E-mail addresses').fill('not an address');
      await page.getByRole('button', { name: 'Send invitations' }).click();
      await expect(page.getByRole('alert').first()).toBeVisible();
      await alive(page);
    },
  },
  outbox: { is: 'in', show: async ({ page }) => (await page.goto('/admin/outbox'), alive(page)) },
  mail: { is: 'in', show: async ({ page, links }) => (await page.goto(links.mail), alive(page)) },
  expertise: { is: 'in', show: async ({ page }) => (await page.goto('/admin/expertise'), alive(page)) },
  settings: { is: 'in', show: async ({ page }) => (await page.goto('/admin/settings'), alive(page)) },
  'not-found': { is: 'in', status: 404, show: async ({ page }) => void (await page.goto('/no/such/page')) },
};

let provider: Provider;
let server: Server;
let cookies: Awaited<ReturnType<import('@playwright/test').BrowserContext['cookies']>>;
let conversation = '';
let agent = '';
const known: Known = { base: '', document: '', repository: '', answer: '' };
const links: Links = { invitation: '', reset: '', mail: '', files: '', shared: '', feedback: '', chart: '', prompt: '' };

// Each worker has a server of its own for its share of them.
test.describe.configure({ mode: 'parallel' });

test.beforeAll(async ({ browser }) => {
  provider = await new Provider().start();
  const repositories = mkdtempSync(path.join(os.tmpdir(), 'atrium-git-'));
  server = await new Server({ env: { ...scripted(provider), ATRIUM_REPOSITORIES_FOLDER: repositories } }).start();
  await server.createSuperuser('root@example.org', `Maximiliane ${LONG_WORD}`);
  const context = await browser.newContext({ baseURL: server.url });
  const request = context.request;
  const entered = await request.post('/sign-in', { form: { email: 'root@example.org', password: PASSWORD }, maxRedirects: 0 });
  expect(entered.status()).toBe(303);
  await request.post('/', { form: { text: `fast ${LONG_WORD}${LONG_WORD}` } });
  await request.post('/', { form: { text: 'error401' } });
  const sent = await request.post('/', { form: { text: 'markdown, please: what makes the tides?' }, maxRedirects: 0 });
  conversation = sent.headers()['location']!;
  await expect.poll(async () => (await request.get(conversation)).text()).not.toContain('http-equiv="refresh"');
  await request.post(conversation, { form: { action: 'send', text: `error401 ${LONG_WORD}\nhttps://example.org/${'a'.repeat(160)}` } });
  await expect.poll(async () => (await request.get(conversation)).text()).not.toContain('http-equiv="refresh"');
  await request.post('/agents/new', { form: { name: LONG_WORD.slice(0, 79), description: `${LONG_WORD} ${LONG_WORD}`, avatar: 'flask', provider: 'openai', model: 'scripted', temperature: '1', max_tokens: '5', system_prompt: 'x', is_active: 'on' } });
  agent = /href="(\/agents\/[0-9a-f-]{36})"/.exec(await (await request.get('/agents')).text())![1]!;
  const kept = await request.post('/api/v1/prompts', { data: { name: LONG_WORD, description: `${LONG_WORD} ${LONG_WORD}`, shortcut: LONG_WORD.slice(0, 40), text: `Explain {{${LONG_WORD.slice(0, 60)}}} {{tone|friendly|${LONG_WORD}}}\n${LONG_WORD}${LONG_WORD}` } });
  links.prompt = `/prompts/${(await kept.json()).id}`;
  await request.post('/admin/expertise', { form: { action: 'create', name: LONG_WORD, description: LONG_WORD } });
  const star = async (kind: string, id: string) => void (await request.post('/favourites', { form: { action: 'mark', kind, id, next: '/favourites' } }));
  await star('conversation', conversation.split('/').at(-1)!);
  await star('agent', agent.split('/').at(-1)!);
  const mails = async () => [...(await (await request.get('/admin/outbox')).text()).matchAll(/\/admin\/outbox\/[0-9a-f-]{36}/g)].map(it => it[0]);
  const link = async (mail: string) => /\/(?:invitation|reset-password)\?token=\w+/.exec(await (await request.get(mail)).text())![0];
  await request.post('/admin/invitations', { form: { action: 'invite', email: `${LONG_WORD.slice(0, 60)}@example.org`, role: 'analyst' } });
  links.mail = (await mails())[0]!;
  links.invitation = await link(links.mail);
  await request.post('/forgot-password', { form: { email: 'root@example.org' } });
  await expect.poll(async () => new Set(await mails()).size).toBe(2);
  links.reset = await link((await mails())[0]!);
  const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
  const form = new FormData();
  form.append('text', 'fast words about these files');
  form.append('file', new File([LONG_WORD], `${LONG_WORD}.txt`, { type: 'text/plain' }));
  form.append('file', new File([pixel], 'boat.png', { type: 'image/png' }));
  links.files = (await request.post('/', { multipart: form, maxRedirects: 0 })).headers()['location']!;
  await expect.poll(async () => (await request.get(links.files)).text()).not.toContain('http-equiv="refresh"');
  const api = `/api/v1${links.files.replace('/chat/', '/conversations/')}`;
  const answer = (await (await request.get(`${api}/messages`)).json()).results[1].id;
  links.feedback = `${links.files}/feedback/${answer}`;
  const made = await request.post(`${api}/shares`);
  links.shared = new URL((await made.json()).url).pathname;
  const csv = `harbour,boats\n${LONG_WORD},12\nSaltwick,7\nNewquay,19\n`;
  const drawn = await request.post('/api/v1/analytics/charts', { data: { question: 'boats by harbour', csv } });
  expect(drawn.status(), await drawn.text()).toBe(201);
  links.chart = `/analytics/results/${(await drawn.json()).id}`;
  await request.post('/api/v1/analytics/models', { data: { name: LONG_WORD, version: '1', storage_key: `s3://${LONG_WORD}/1`, metrics: { accuracy: 0.91 } } });
  expect((await request.put('/api/v1/budgets', { data: { subject: 'organisation', period: 'month', limit_usd: '250' } })).status()).toBeLessThan(300);
  await know(request, repositories);
  cookies = await context.cookies();
  await context.close();
});

/** Makes what the pages of knowledge show. */
async function know(request: import('@playwright/test').APIRequestContext, folder: string): Promise<void> {
  const made = async (path: string, data: object) => (await request.post(path, { data })).json();
  const base = (await made('/api/v1/knowledge', { name: LONG_WORD, description: `${LONG_WORD} ${LONG_WORD}` })).id;
  known.base = `/knowledge/${base}`;
  const files = `/api/v1/knowledge/${base}/documents`;
  const text = `# ${LONG_WORD}\n\nThe quay of ${LONG_WORD} is ${'long '.repeat(40)}.\n\n${'x'.repeat(300)}\n`;
  await request.post(files, { multipart: { file: { name: `${LONG_WORD}.md`, mimeType: 'text/markdown', buffer: Buffer.from(text) } } });
  await request.post(files, { multipart: { file: { name: 'broken.docx', mimeType: 'application/zip', buffer: Buffer.from('PK\u0003\u0004 nothing') } } });
  const list = async () => (await (await request.get(files)).json()).results as { id: string; name: string; state: string }[];
  await expect.poll(async () => (await list()).filter(it => /waiting|reading/.test(it.state)).length, { timeout: 20_000 }).toBe(0);
  known.document = `/knowledge/documents/${(await list()).find(it => it.name.endsWith('.md'))!.id}`;
  const tree = path.join(folder, LONG_WORD);
  execFileSync('git', ['init', '-q', '-b', 'main', tree]);
  writeFileSync(path.join(tree, `${LONG_WORD}.rs`), `fn main() {\n    println!("${LONG_WORD}");\n}\n`);
  mkdirSync(path.join(tree, LONG_WORD.toLowerCase()));
  writeFileSync(path.join(tree, LONG_WORD.toLowerCase(), 'readme.md'), 'Nothing.\n');
  execFileSync('git', ['-C', tree, 'add', '.']);
  execFileSync('git', ['-C', tree, '-c', 'user.name=A', '-c', 'user.email=a@example.org', 'commit', '-q', '-m', `${LONG_WORD} ${LONG_WORD}`]);
  const repository = (await made(`/api/v1/knowledge/${base}/repositories`, { url: `file://${tree}` })).id;
  await expect.poll(async () => (await (await request.get(`/api/v1/repositories/${repository}`)).json()).state, { timeout: 20_000 }).toBe('done');
  known.repository = `/knowledge/repositories/${repository}`;
  await request.put(`/api/v1/agents/${agent.split('/').at(-1)}/knowledge`, { data: { knowledge_ids: [base] } });
  const talk = (await made('/api/v1/conversations', { agent_id: agent.split('/').at(-1) })).id;
  await request.post(`/api/v1/conversations/${talk}/messages`, { data: { content: `fast quay ${LONG_WORD}` } });
  const last = async () => (await (await request.get(`/api/v1/conversations/${talk}/messages`)).json()).results.at(-1) as { id: string; status: string };
  await expect.poll(async () => (await last()).status, { timeout: 20_000 }).toBe('complete');
  known.answer = `/chat/${talk}/sources/${(await last()).id}`;
}

test.afterAll(async () => {
  await server?.close();
  await provider?.close();
});

/** Nothing sticks out to the right. */
async function fits(page: import('@playwright/test').Page, where: string): Promise<void> {
  const wide = await page.evaluate(() => {
    const outside = [...document.querySelectorAll<HTMLElement>('body *')].filter(it => {
      const box = it.getBoundingClientRect();
      return box.width > 0 && box.right > innerWidth + 1 && getComputedStyle(it).position !== 'fixed' && !it.closest('pre, table, .rail, .visually-hidden, .skip, svg');
    });
    return { page: document.scrollingElement!.scrollWidth - innerWidth, outside: outside.slice(0, 5).map(it => `${it.tagName.toLowerCase()}.${it.className}`) };
  });
  expect.soft(wide, `${where}: nothing sticks out to the right`).toEqual({ page: 0, outside: [] });
}

/** axe-core has nothing serious to say. */
async function accessible(page: import('@playwright/test').Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(it => it.impact === 'serious' || it.impact === 'critical');
  expect.soft(serious.map(it => `${it.id}: ${it.nodes.map(node => `${node.target.join(' ')} ${(node.any[0]?.message ?? '').slice(0, 160)}`).slice(0, 3).join(' | ')}`), `${where}: axe`).toEqual([]);
}

for (const [name, { is, status, show }] of Object.entries(PAGES)) {
  test(`${name}: fits, is accessible, is silent`, async ({ browser, complaints }) => {
    test.setTimeout(60_000);
    if (status) complaints.allow(new RegExp(`status of ${status}`));
    if (name.startsWith('agents-')) complaints.allow(/_fn\/models/);
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const theme of ['light', 'dark'] as const) {
        await test.step(`${size}, ${theme}`, async () => {
          const context = await browser.newContext({ baseURL: server.url, viewport, colorScheme: theme, reducedMotion: 'reduce' });
          await complaints.listen(context);
          if (is === 'in') await context.addCookies(cookies);
          const page = await context.newPage();
          await show({ page, chat: new Chat(page), conversation, agent, links, known });
          await page.screenshot({ path: path.join(RESULTS, `${name}-${size}-${theme}.png`) });
          await fits(page, `${size}, ${theme}`);
          await accessible(page, `${size}, ${theme}`);
          if (theme === 'light') {
            const more = DRAWN_OUT[size as keyof typeof SIZES];
            await page.setViewportSize(more);
            await fits(page, `${more.width} px`);
            // The large screen shows what the desk did.
            if (size === 'narrow') await accessible(page, `${more.width} px`);
          }
          await context.close();
        });
      }
    }
  });
}

test('the setup page for the first administrator, too', async ({ browser, complaints, serve }) => {
  const fresh = await serve();
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const theme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ viewport, colorScheme: theme });
      await complaints.listen(context);
      const page = await context.newPage();
      await page.goto(fresh.setupLink!);
      await page.screenshot({ path: path.join(RESULTS, `setup-open-${size}-${theme}.png`) });
      expect.soft(await page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth)).toBe(0);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect.soft(violations.filter(it => it.impact === 'serious' || it.impact === 'critical').map(it => it.id)).toEqual([]);
      await context.close();
    }
  }
});

test('an answer does not push the page about: no layout shift while it streams in', async ({ chat, page, provider: ours }) => {
  const gate = ours.gate();
  await page.addInitScript(() => {
    (window as unknown as { shifts: number }).shifts = 0;
    new PerformanceObserver(list => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) (window as unknown as { shifts: number }).shifts += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await chat.open();
  await chat.send(`markdown ${gate.mark}`);
  await gate.reached();
  await expect(chat.answer.locator('pre')).toBeVisible();
  await page.evaluate(() => ((window as unknown as { shifts: number }).shifts = 0));
  gate.open();
  await chat.ended();
  expect(await page.evaluate(() => (window as unknown as { shifts: number }).shifts), 'cumulative layout shift').toBeLessThan(0.02);
});

test('a phone: the rail opens over the page, leads on and closes', async ({ browser, complaints }) => {
  const context = await browser.newContext({ baseURL: server.url, viewport: SIZES.narrow, hasTouch: true });
  await complaints.listen(context);
  await context.addCookies(cookies);
  const page = await context.newPage();
  const chat = new Chat(page);
  await chat.open('/');
  const search = page.getByRole('searchbox', { name: 'Search titles' });
  await expect(search).not.toBeInViewport();
  await page.locator('.rail-button').first().click();
  await expect(search).toBeInViewport();
  await page.locator('.rail-veil').click({ position: { x: 380, y: 400 } });
  await expect(search).not.toBeInViewport();
  await page.locator('.rail-button').first().click();
  await page.getByRole('link', { name: 'Agents' }).click();
  await expect(page).toHaveURL(/\/agents$/);
  await expect(search).not.toBeInViewport();
  await context.close();
});
