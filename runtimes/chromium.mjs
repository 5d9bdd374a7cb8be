/** Plays the scenario in a page of the system's Chromium, from files served on loopback as they are: modules, not a bundle. */

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PROGRAM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((file) => existsSync(file));
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The page, the scenario and the build; nothing else of the disk. */
async function serve(request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/') {
    response
      .setHeader('content-type', 'text/html')
      .end('<!doctype html><link rel="icon" href="data:,"><title>tsyn</title>');
    return;
  }
  try {
    if (!/^\/(dist|runtimes)\/[\w/-]+\.m?js$/.test(pathname)) throw new Error('not for the page');
    const text = await readFile(ROOT + pathname.slice(1));
    response.setHeader('content-type', 'text/javascript').end(text);
  } catch (error) {
    response.writeHead(404).end(error.message);
  }
}

/** @returns { version, results }, or { missing } with the reason */
export async function playInChromium(relay, limit) {
  if (PROGRAM === undefined) return { missing: 'chromium is not installed' };
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const browser = await chromium.launch({ executablePath: PROGRAM, headless: true, args: ARGUMENTS });
  try {
    const page = await browser.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const playing = page.evaluate(async (url) => (await import('/runtimes/scenario.mjs')).play(url), relay);
    const results = await within(limit, playing);
    if (complaints.length > 0) throw new Error(`the page complains: ${complaints.join('; ')}`);
    return { version: `Chromium ${browser.version()}`, results };
  } finally {
    await browser.close();
    server.close();
  }
}

async function within(limit, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no results within ${limit} ms`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
