/** Installed as an app, and when the server cannot be reached. */
import { expect, test } from '../fixtures';

test.describe('with a service worker', () => {
  test.use({ serviceWorkers: 'allow' });

  test('a page of ours stands in while the server is away, and nothing of anybody is kept', async ({ page, chat, complaints, context }) => {
    complaints.allow(/ERR_INTERNET_DISCONNECTED/);
    await chat.open();
    await page.evaluate(async () => void (await navigator.serviceWorker.ready));
    await chat.composer.fill('half a thought');
    const kept = await page.evaluate(async () => {
      const caches_ = await Promise.all((await caches.keys()).map(name => caches.open(name)));
      const requests = (await Promise.all(caches_.map(it => it.keys()))).flat();
      return requests.map(it => new URL(it.url).pathname).sort();
    });
    expect(kept.map(it => it.replace(/\.[0-9a-f]{12}\./, '.'))).toEqual(['/assets/atrium.css', '/assets/favicon.svg', '/assets/offline.html']);

    await context.setOffline(true);
    await page.goto('/agents');
    await expect(page.getByRole('heading', { name: 'Atrium cannot be reached' })).toBeVisible();
    await expect(page.locator('.entrance-card'), 'with its styles').not.toHaveCSS('box-shadow', 'none');
    await expect(page).toHaveURL(/\/agents$/);
    await page.getByRole('link', { name: 'Try again' }).click();
    await expect(page.getByRole('heading', { name: 'Atrium cannot be reached' }), 'still away').toBeVisible();

    await context.setOffline(false);
    await page.getByRole('link', { name: 'Try again' }).click();
    await expect(page.getByRole('heading', { name: 'Agents' })).toBeVisible();
    await chat.open();
    await expect(chat.composer, 'the draft is there').toHaveValue('half a thought');
    await chat.ask('fast comeback');
    await expect(chat.answer).toContainText('to: fast comeback');
  });
});

test('it can be installed: a manifest whose pictures are there', async ({ request }) => {
  const manifest = await (await request.get('/manifest.webmanifest')).json();
  expect(manifest).toMatchObject({ name: 'Atrium', start_url: '/', display: 'standalone' });
  for (const { src, type, sizes } of manifest.icons as { src: string; type: string; sizes: string }[]) {
    const picture = await request.get(src);
    expect(picture.headers()['content-type'], src).toBe(type);
    if (type !== 'image/png') continue;
    // Width and height stand at fixed places of a PNG file.
    const bytes = await picture.body();
    expect(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`, src).toBe(sizes);
  }
  expect(new Set(manifest.icons.map((it: { purpose: string }) => it.purpose))).toEqual(new Set(['any', 'maskable']));
  const worker = await request.get('/service-worker.js');
  expect(worker.headers()['cache-control'], 'asked for again each time').toBe('no-cache');
});
