/**
 * Owns: the built page in a real Chromium, for tests: served as `tsyn lab` serves it, with what it says on its console and what it
 * asks the network for. Leaves to others: what is tested.
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { pagesOf } from '../../src/cli/lab/pages.ts';
import { skipTitle } from '../../test/helpers/needs.ts';
import { toJson } from '../engine/exports/json.ts';
import { run } from '../engine/run.ts';
import type { Edit, Input } from '../engine/types.ts';

const PROGRAM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((file) => existsSync(file));
const FOLDER = fileURLToPath(new URL('../../dist/lab/', import.meta.url));
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why no page can be opened, or null. */
export const missing: string | null =
  PROGRAM === undefined
    ? 'needs chromium'
    : existsSync(`${FOLDER}index.html`)
      ? null
      : 'needs the page: npm run lab:build';

export interface Look {
  readonly lang?: 'en' | 'zh';
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  /** A screen that is touched. */
  readonly touch?: boolean;
  /** What follows `#` in the address. */
  readonly hash?: string;
}

/** A run: what it came of, and all that is in it as one word. */
export interface Shown {
  readonly input: Input;
  readonly trace: string;
}

/** The run of an input as Node computes it. */
export function computed(input: Input): Shown {
  return { input, trace: fingerprint(toJson(run(input))) };
}

function fingerprint(json: string): string {
  return createHash('sha256').update(json).digest('hex');
}

export class Lab {
  readonly page: Page;
  /** Of the console, and exceptions that nobody caught. */
  readonly errors: string[] = [];
  /** Addresses asked for since the page was there. */
  readonly requests: string[] = [];
  /** How many requests have reached the server, of this page and others. */
  readonly served: () => number;
  readonly #context: BrowserContext;

  constructor(context: BrowserContext, page: Page, served: () => number) {
    this.#context = context;
    this.page = page;
    this.served = served;
    page.on('console', (message) => message.type() === 'error' && this.errors.push(message.text()));
    page.on('pageerror', (error) => this.errors.push(String(error)));
  }

  /** From now on requests are counted: the page is there, and has fetched what it wants to have at hand. */
  async settled(): Promise<void> {
    await this.page.waitForLoadState('networkidle');
    this.page.on('request', (request) => {
      // What the page makes itself is no request to anybody.
      if (!/^(blob|data):/.test(request.url())) this.requests.push(request.url());
    });
  }

  /** What the page is showing: waits until it is a run of the input as it is now. */
  async run(): Promise<Shown> {
    const read = (): { json: string; input: Input } | null => {
      const { input, run } = (globalThis as unknown as Exposed).tsynLab;
      if (run.value === null || JSON.stringify(run.value.input) !== JSON.stringify(input.value)) return null;
      const hex = (octets: Uint8Array): string => Array.from(octets, (o) => o.toString(16).padStart(2, '0')).join('');
      const json = JSON.stringify(run.value, (_, value) =>
        value instanceof Uint8Array ? hex(value) : value === Infinity ? 'Infinity' : value,
      );
      return { json, input: input.value };
    };
    const handle = await this.page.waitForFunction(read);
    const { json, input } = (await handle.jsonValue())!;
    return { input, trace: fingerprint(json) };
  }

  async edits(): Promise<readonly Edit[]> {
    return (await this.run()).input.edits;
  }

  /** Presses keys, one after the other. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** Opens a preset, at its end. */
  async openAtEnd(preset: string): Promise<void> {
    await this.page.evaluate((id) => (globalThis as unknown as Exposed).tsynLab.open(id), preset);
    await this.run();
    await this.press('End');
  }

  /** Waits until the page has drawn what it knows. */
  async drawn(): Promise<void> {
    await this.page.evaluate(
      () => new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
    );
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}

/** What `begin.ts` gives to scripts. */
export interface Exposed {
  readonly tsynLab: {
    readonly input: { readonly value: Input };
    readonly run: { readonly value: { readonly input: Input } | null };
    readonly open: (preset: string) => void;
  };
}

/** A group of tests with a browser, or the reason why they are skipped in its title. */
export function describeLab(title: string, tests: (open: (look?: Look) => Promise<Lab>) => void): void {
  describe.skipIf(missing !== null)(skipTitle(title, missing), () => {
    let browser: Browser;
    let server: Server;
    let url: string;
    let served = 0;

    beforeAll(async () => {
      const pages = pagesOf(FOLDER);
      server = createServer((request, response) => {
        served++;
        pages(request, response);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      browser = await chromium.launch({ executablePath: PROGRAM!, headless: true, args: ARGUMENTS });
    });

    afterAll(async () => {
      await browser.close();
      server.closeAllConnections();
      server.close();
    });

    tests(async ({ lang = 'en', theme = 'light', width = 1280, height = 900, touch = false, hash = '' } = {}) => {
      const context = await browser.newContext({
        viewport: { width, height },
        hasTouch: touch,
        colorScheme: theme,
        locale: lang === 'zh' ? 'zh-CN' : 'en-US',
      });
      const page = await context.newPage();
      const lab = new Lab(context, page, () => served);
      await page.goto(`${url}?lang=${lang}${hash === '' ? '' : `#${hash}`}`);
      await page.waitForSelector('.picture, .room > *', { state: 'attached' });
      await lab.settled();
      return lab;
    });
  });
}
