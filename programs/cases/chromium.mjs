/** Owns: Chromium with a tsyn server: a page with a hundred images. */

import assert from 'node:assert/strict';
import http from 'node:http';
import { chromium } from 'playwright-core';
import { version } from '../daemon.mjs';
import { serve } from '../serve.mjs';
import { site } from '../site.mjs';

const EXECUTABLE = '/usr/bin/chromium';
/** It has one machine's CPU and nobody to talk to but us. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
].concat(['--disable-component-update', '--disable-sync']);

export const chromiumProgram = {
  name: 'Chromium',
  place: 'tun',
  needs: [EXECUTABLE],
  start: async () => ({ version: version(EXECUTABLE) }),
  cases: {
    async 'a page with many images, all of them whole'({ place, scaled, note }) {
      const served = await serve(place.near, http.createServer(site));
      const browser = await chromium.launch({ executablePath: EXECUTABLE, headless: true, args: FLAGS });
      const page = await browser.newPage();
      const complaints = [];
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
      const count = scaled(100);
      const began = performance.now();
      await page.goto(`http://${place.near.host}:${served.port}/page/${count}`, { waitUntil: 'load' });
      const time = performance.now() - began;
      // In the page.
      const widths = await page.evaluate(() => [...document.images].map((image) => image.naturalWidth));
      assert.deepEqual(
        widths,
        Array.from({ length: count }, (_, i) => i + 1),
      );
      assert.deepEqual(complaints, []);
      await browser.close();
      note(`${count} images over ${served.connections} connections, loaded in ${time.toFixed(0)} ms`);
      await served.stop();
    },
  },
};
