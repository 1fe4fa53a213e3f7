import { defineConfig } from '@playwright/test';

/** Debian's own; scripts/test says where it is. Playwright downloads none. */
const chromium = process.env.ATRIUM_CHROMIUM ?? '/usr/bin/chromium';

export default defineConfig({
  testDir: 'specs',
  outputDir: 'results/runs',
  fullyParallel: true,
  workers: Number(process.env.ATRIUM_WORKERS ?? 2),
  // A test that needs a second try has found something.
  retries: 0,
  timeout: 40_000,
  expect: { timeout: 8_000 },
  reporter: [['list']],
  forbidOnly: !!process.env.CI,
  use: {
    browserName: 'chromium',
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    actionTimeout: 8_000,
    navigationTimeout: 15_000,
    screenshot: 'only-on-failure',
    // It stands between page and server, where tests cut wires; offline.spec.ts lets it in.
    serviceWorkers: 'block',
    launchOptions: {
      executablePath: chromium,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
  projects: [
    { name: 'js', grepInvert: /@nojs/ },
    // The same people, without scripts: what is marked @both or @nojs.
    { name: 'nojs', grep: /@both|@nojs/, use: { javaScriptEnabled: false } },
  ],
});
