/**
 * public/icon-*.png from public/favicon.svg, for those who take no SVG: node icons.mjs. “maskable” ones have no round corners, and their
 * picture lies within the circle that every system leaves of them.
 */
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

const folder = path.join(import.meta.dirname, '../public');
const svg = fs.readFileSync(path.join(folder, 'favicon.svg'), 'utf8');
const WALL = /\.wall \{ fill: (#\w+) \}/.exec(svg)[1];
const ICONS = [
  { name: 'icon-192', size: 192 },
  { name: 'icon-512', size: 512 },
  { name: 'icon-maskable-512', size: 512, isMaskable: true },
  { name: 'apple-touch-icon', size: 180, isMaskable: true },
];

const browser = await chromium.launch({ executablePath: process.env.ATRIUM_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const { name, size, isMaskable } of ICONS) {
  const page = await browser.newPage({ viewport: { width: size, height: size }, colorScheme: 'light' });
  const picture = isMaskable ? size * 0.8 : size;
  await page.setContent(`<body style="margin:0;display:grid;place-items:center;height:100vh;background:${isMaskable ? WALL : 'transparent'}">
    <div style="width:${picture}px;height:${picture}px">${svg.replace('width="32" height="32"', 'width="100%" height="100%" style="display:block"')}</div>`);
  await page.screenshot({ path: path.join(folder, `${name}.png`), omitBackground: true });
  await page.close();
}
await browser.close();
