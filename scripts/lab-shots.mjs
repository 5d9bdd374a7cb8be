/**
 * Takes a picture of every scenario of the lab page at its end, in both languages, for people to look at:
 *
 *     npm run lab:build && node scripts/lab-shots.mjs FOLDER [NAME...]
 *
 * Writes FOLDER/NAME-en.png and FOLDER/NAME-zh.png, the second in dark colours. Needs Chromium (CHROMIUM, or Debian's).
 */

import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { pagesOf } from '../dist/cli/lab/pages.js';

const [folder, ...wanted] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node scripts/lab-shots.mjs FOLDER [NAME...]');
  process.exit(2);
}
const source = readFileSync(new URL('../lab/presets/ids.ts', import.meta.url), 'utf8');
const all = [...source.matchAll(/^ {2}'([\w-]+)',$/gm)].map(([, id]) => id);
const unknown = wanted.find((id) => !all.includes(id));
if (unknown !== undefined) {
  console.error(`there is no scenario '${unknown}'; there are ${all.join(', ')}`);
  process.exit(2);
}

mkdirSync(folder, { recursive: true });
const server = createServer(pagesOf(fileURLToPath(new URL('../dist/lab/', import.meta.url))));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});
for (const [lang, colorScheme] of [
  ['en', 'light'],
  ['zh', 'dark'],
]) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 }, colorScheme });
  for (const id of wanted.length > 0 ? wanted : all) {
    await page.goto(`http://127.0.0.1:${server.address().port}/?lang=${lang}&${id}#s=${id}`);
    await page.waitForSelector('html[data-ready]');
    await page.waitForFunction(() => globalThis.tsynLab.run.value !== null);
    await page.keyboard.press('End');
    await page.waitForFunction(() => document.querySelector('.told-steps li') !== null);
    await page.screenshot({ path: join(folder, `${id}-${lang}.png`) });
  }
}
await browser.close();
server.close();
server.closeAllConnections();
