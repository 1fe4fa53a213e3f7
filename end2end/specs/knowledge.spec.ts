/** Knowledge: files that become answers which can be checked. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PASSWORD, expect, register, somebody, test } from '../fixtures';
import { base, file, row } from '../fixtures/knowledge';

const TIDES = '# Tides\n\nThe harbour of Saltwick dries out four hours after high water.\n\nA spring tide there rises 5.4 metres.\n';
const RULES = '<!doctype html><title>Rules of the harbour</title><h1>Rules</h1><p>Boats longer than twelve metres moor at the eastern quay.</p>';
test.describe('knowledge', { tag: '@both' }, () => {
  test('files are dropped, read, found, shown with the passage marked, and deleted', async ({ page, signedIn }) => {
    void signedIn;
    await base(page, 'Harbour', [file('tides.md', TIDES), file('rules.html', RULES, 'text/html')]);
    await expect(row(page, 'Tides')).toContainText('found by word');
    await expect(row(page, 'Rules of the harbour')).toContainText('html');
    await page.getByLabel('Search in this knowledge base').fill('Where do long boats moor?');
    await page.getByRole('button', { name: 'Search' }).click();
    const first = page.locator('.passages > li').first();
    await expect(first).toContainText('Boats longer than twelve metres moor at the eastern quay.');
    await first.getByRole('link').first().click();
    await expect(page.locator('mark#passage')).toContainText('eastern quay');
    await page.getByRole('button', { name: 'Delete document' }).click();
    await expect(page.locator('.documents .row')).toHaveCount(1);
  });

  test('the search over everything finds documents and leads to the passage', async ({ page, signedIn }) => {
    void signedIn;
    await base(page, 'Quays', [file('tides.md', TIDES), file('rules.html', RULES, 'text/html')]);
    await page.goto('/search');
    await page.getByRole('main').getByRole('searchbox').fill('eastern quays');
    await page.getByRole('main').getByRole('button', { name: 'Search' }).click();
    const hit = page.getByRole('main').locator('.row', { hasText: 'Rules of the harbour' });
    await expect(hit.locator('mark', { hasText: 'eastern' })).toBeVisible();
    await expect(hit).toContainText('Quays');
    await hit.getByRole('link').first().click();
    await expect(page.locator('mark#passage')).toContainText('eastern quay');
  });

  test('an address that is not public is refused at its field, with what was typed', async ({ page, signedIn, complaints }) => {
    void signedIn;
    complaints.allow(/status of 422/);
    await base(page, 'Web', []);
    await page.getByLabel('Address').fill('http://127.0.0.1:9/tides.html');
    await page.getByLabel('Title', { exact: true }).fill('Tides');
    await page.getByRole('button', { name: 'Fetch' }).click();
    await expect(page.getByRole('alert').first()).toContainText('not on the public Internet');
    await expect(page.getByLabel('Address')).toHaveValue('http://127.0.0.1:9/tides.html');
    await expect(page.getByLabel('Address')).toHaveAttribute('aria-invalid', 'true');
    await expect(page.getByLabel('Title', { exact: true })).toHaveValue('Tides');
  });

  test('an embedding model that cannot work is refused before anything changes', async ({ page, signedIn, complaints }) => {
    void signedIn;
    complaints.allow(/status of 422/);
    await base(page, 'Models', [file('tides.md', TIDES)]);
    await expect(page.getByLabel('Embedding model')).toHaveValue('local/all-MiniLM-L6-v2');
    await page.getByLabel('Embedding model').fill('nobody/knows-it');
    await page.getByRole('button', { name: 'Change model' }).click();
    await expect(page.getByRole('alert').first()).toContainText('Name the provider and its model');
    await expect(page.getByLabel('Embedding model')).toHaveValue('nobody/knows-it');
  });

  test('the inspector shows how each side ranked, and why a side is silent', async ({ page, signedIn }) => {
    void signedIn;
    await base(page, 'Inspected', [file('tides.md', TIDES)]);
    await page.getByLabel('Search in this knowledge base').fill('spring tide metres');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByLabel(/^Inspect/).check();
    await page.getByRole('main').getByRole('button', { name: 'Search' }).click();
    await expect(page.getByRole('table')).toContainText('Tides');
    await expect(page.getByText('pieces searched by word')).toBeVisible();
  });

  test('what cannot be read says so in a sentence, the rest is unharmed', async ({ page, signedIn }) => {
    void signedIn;
    await base(page, 'Mixed', [file('tides.md', TIDES), file('broken.docx', 'PK\u0003\u0004 and then nothing', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'), file('lies.pdf', '<html>not a PDF</html>', 'application/pdf')]);
    await expect(row(page, 'Tides')).toContainText('found by word');
    for (const name of ['broken.docx', 'lies.pdf']) {
      await expect(row(page, name)).toContainText(/could not be read: \S.*\./);
      await expect(row(page, name).getByRole('button', { name: 'Read again' })).toBeVisible();
    }
  });

  test('a refused form keeps what was typed', async ({ page, signedIn, complaints }) => {
    void signedIn;
    complaints.allow(/status of 422/);
    await page.goto('/knowledge');
    await page.getByLabel('What is in it').fill('Kept');
    await page.getByRole('button', { name: 'Create knowledge base' }).click();
    await expect(page.getByRole('alert').first()).toBeVisible();
    await expect(page.getByLabel('What is in it')).toHaveValue('Kept');
  });

  test('nobody else sees it', async ({ page, signedIn, stranger, complaints }) => {
    void signedIn;
    complaints.allow(/status of 404/);
    await base(page, 'Mine', [file('tides.md', TIDES)]);
    const address = page.url();
    const document = await row(page, 'Tides').getByRole('link').first().getAttribute('href');
    const other = await stranger();
    await register(other.context, new URL(page.url()).origin, somebody('Eve'));
    for (const it of [address, document!]) expect((await other.page.goto(it))!.status()).toBe(404);
    await other.page.goto('/knowledge/search?q=Saltwick');
    await expect(other.page.getByText('Nothing was found')).toBeVisible();
    await other.context.close();
  });

  test('an agent answers from it; each sentence leads to its source, or says that there is none', async ({ page, signedIn, chat, provider }) => {
    void signedIn;
    await base(page, 'Answers', [file('tides.md', TIDES), file('rules.html', RULES, 'text/html')]);
    await page.goto('/agents');
    await page.getByRole('link', { name: 'Assistant', exact: true }).click();
    await page.getByRole('checkbox', { name: /Answers/ }).check();
    await page.getByRole('button', { name: 'Save agent' }).click();
    await expect(page).toHaveURL(/\/agents$/);
    await page.goto('/');
    await chat.composer.fill('fast: when does the harbour of Saltwick dry out?');
    await chat.sendButton.click();
    await expect(chat.reply.locator('.sources')).toBeVisible();
    const asked = provider.asked.findLast(it => it.messages.at(-1)!.content.endsWith('fast: when does the harbour of Saltwick dry out?'))!;
    const prompt = asked.messages.at(-1)!.content;
    expect(prompt).toContain('The harbour of Saltwick dries out four hours after high water.');
    const key = /the key (\w+):/.exec(prompt)![1]!;
    expect(prompt.split(`</${key}>`).length).toBe(prompt.split(`<${key} source=`).length);
    // The scripted answer only repeats the question, and the page says what that is worth.
    await expect(chat.reply.locator('.sources')).toContainText(/claims nothing that could stand in a source|No sentence of the answer stands|stands in them/);
    await chat.reply.getByRole('link', { name: 'How these were found' }).click();
    await expect(page.getByRole('table').first()).toContainText('Tides');
  });
});

test('a git repository is taken in, browsed, and fetched again', async ({ page, serve, browser, complaints }) => {
  void page;
  const below = mkdtempSync(path.join(os.tmpdir(), 'atrium-git-'));
  const folder = path.join(below, 'harbour');
  const git = (...args: string[]) => execFileSync('git', ['-C', folder, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args]);
  execFileSync('git', ['init', '-q', '-b', 'main', folder]);
  writeFileSync(path.join(folder, 'gauge.rs'), 'fn level() -> f64 {\n    5.4 // metres above the sill\n}\n');
  git('add', '.');
  git('commit', '-q', '-m', 'The gauge');
  const server = await serve({ env: { ATRIUM_REPOSITORIES_FOLDER: below } });
  await server.createSuperuser('root@example.org', 'Root');
  const context = await browser.newContext({ baseURL: server.url });
  await complaints.listen(context);
  complaints.allow(/status of 422/);
  await context.request.post('/sign-in', { form: { email: 'root@example.org', password: PASSWORD } });
  const own = await context.newPage();
  await base(own, 'Code', []);
  const home = own.url();
  await own.getByRole('link', { name: 'Git repositories' }).click();
  await own.getByLabel('Address').fill('ftp://example.org/x.git');
  await own.getByRole('button', { name: 'Take in repository' }).click();
  await expect(own.getByRole('alert').first()).toBeVisible();
  await expect(own.getByLabel('Address')).toHaveValue('ftp://example.org/x.git');
  await own.getByLabel('Address').fill(`file://${folder}`);
  await own.getByRole('button', { name: 'Take in repository' }).click();
  await expect(own.getByText('it is shown this once')).toBeVisible();
  await own.getByRole('link', { name: /harbour/ }).click();
  const until = (text: string) => expect(async () => {
    await own.reload();
    await expect(own.getByRole('main')).toContainText(text, { timeout: 500 });
  }).toPass({ timeout: 20_000 });
  await until('1 file searchable');
  await expect(own.getByRole('main')).toContainText('The gauge');
  const address = own.url().replace(/[?#].*/, '');
  await own.getByRole('link', { name: 'gauge.rs' }).click();
  await expect(own.locator('.source-file code')).toContainText('5.4 // metres above the sill');
  await expect(own.locator('.source-file code .hl-comment').first()).toBeVisible();
  writeFileSync(path.join(folder, 'log.txt'), 'Dredged in May.\n');
  git('add', '.');
  git('commit', '-q', '-m', 'The log');
  await own.goto(address);
  await own.getByRole('button', { name: 'Fetch now' }).click();
  await until('2 files searchable');
  await own.getByLabel('Fetch again').selectOption({ label: 'Every day' });
  await own.getByRole('button', { name: 'Save repository' }).click();
  await expect(own.getByLabel('Fetch again')).toHaveValue('1440');
  await own.getByRole('button', { name: 'Take out repository' }).click();
  await expect(own.getByText('None yet.')).toBeVisible();
  await own.goto(home);
  await expect(own.getByText('Nothing yet.')).toBeVisible();
  await context.close();
});
