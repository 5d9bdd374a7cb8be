/** The why gallery on the page: it finds what is recorded of the same searches under Node. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WHYS } from '../../src/check/index.ts';
import { english } from '../../src/check/words/index.ts';
import { axe } from './axe.ts';
import { describeLab, type Lab } from './browser.ts';

interface Recorded {
  readonly states: number;
  readonly steps: number;
}

const RECORD: Readonly<Record<string, Readonly<Record<string, Recorded>>>> = JSON.parse(
  readFileSync(new URL('../../test/check/experiments.json', import.meta.url), 'utf8'),
);

const ASKED = ['three-way', 'four-way', 'two-msl', 'old-duplicates', 'reopen', 'window-probe'];

describeLab('the gallery', (open) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await open({ hash: 'why' });
    await lab.page.waitForSelector('.questions li');
  });
  afterAll(() => lab.close());

  it('asks all questions', async () => {
    const asked = await lab.page.locator('.questions li').allTextContents();
    expect(asked).toEqual(WHYS.map(({ name }) => english.whys[name]!.question));
  });

  for (const name of ASKED) {
    it(`finds of ${name} what is recorded`, async () => {
      await lab.page.locator(`.questions a[href='#why=${name}']`).click();
      const { experiments } = WHYS.find((why) => why.name === name)!;
      for (const { name: experiment, expected } of experiments) {
        const card = lab.page.locator(`.experiment.${expected}[data-experiment='${experiment}']`);
        await card.waitFor({ timeout: 50_000 });
        const { states, steps } = RECORD['1']![experiment]!;
        const verdict = (await card.locator('.verdict').textContent())!.replace(/,/g, '');
        expect(verdict).toContain(`${states} states`);
        if (expected === 'holds') continue;
        expect(verdict).toContain(`after ${steps} steps`);
        await card.locator('.drawn svg').first().waitFor();
        expect(await card.textContent()).toContain(english.counters[experiment]);
      }
    });
  }

  it('shows what the TCP that ships makes of a counter-example', async () => {
    await lab.page.locator("a[href='#why=three-way']").click();
    const card = lab.page.locator("[data-experiment='two-way']");
    await card.getByRole('button', { name: 'What the TCP that ships makes of it' }).click();
    await card.locator('.drawn svg').nth(1).waitFor();
    expect(await card.locator('.drawn svg').nth(1).textContent()).toContain('RST');
  });

  it('can be stopped, and searched again, without asking the server for anything', async () => {
    const before = lab.served();
    await lab.page.locator("a[href='#why=stale-text']").click();
    await lab.page.getByRole('button', { name: 'Stop' }).click();
    expect(await lab.page.locator('.experiment .verdict').first().textContent()).toBe('Not searched yet.');
    await lab.page.getByRole('button', { name: 'Search', exact: true }).click();
    await lab.page.locator(".experiment.holds[data-experiment='fresh-isn-text']").waitFor({ timeout: 50_000 });
    expect(lab.served()).toBe(before);
  });

  it('is open to everybody, in both languages', async () => {
    expect(await axe(lab.page)).toEqual([]);
    await lab.page.getByRole('button', { name: '中文' }).click();
    await lab.page.waitForSelector('html[lang=zh-CN]');
    await lab.page.locator('.experiment .drawn svg').first().waitFor();
    expect(await axe(lab.page)).toEqual([]);
    expect(lab.errors).toEqual([]);
  });
});
