/** Every preset on the page, in both languages and themes: it ends as Node says that it does, and everybody can use it. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../engine/run.ts';
import type { HostName } from '../engine/types.ts';
import { IDS } from '../presets/ids.ts';
import { presets as en } from '../words/presets-en.ts';
import { presets as zh } from '../words/presets-zh.ts';
import { axe } from './axe.ts';
import { computed, describeLab, type Lab } from './browser.ts';

const TALES = { en, zh };
const LOOKS = [
  ['en', 'light'],
  ['en', 'dark'],
  ['zh', 'light'],
  ['zh', 'dark'],
] as const;

/** The state of the newest connection of each host, in the end. */
function statesOf(preset: string): Readonly<Record<string, string>> {
  const { views, lanes } = run({ preset, seed: 1, settings: {}, edits: [] });
  return Object.fromEntries(
    lanes.map((host: HostName) => {
      const { connections = [] } = views.findLast((change) => change.host === host)?.view ?? {};
      return [host, (connections.findLast(({ state }) => state !== 'LISTEN') ?? connections[0])?.state ?? 'CLOSED'];
    }),
  );
}

describeLab('a preset', (open) => {
  for (const [lang, theme] of LOOKS) {
    let lab: Lab;
    // One page for all presets of a language and theme; each is opened as its reader opens it.
    it(`is opened in ${lang}, ${theme}`, async () => {
      lab = await open({ lang, theme });
      await lab.page.waitForSelector('html[data-ready]');
    });

    for (const id of IDS) {
      it(`${id} ends in the states that Node finds, in ${lang}, ${theme}`, async () => {
        await lab.page.selectOption('.field.preset', id);
        await lab.run();
        await lab.page.keyboard.press('End');
        await lab.drawn();
        expect(await lab.page.textContent('.tale h2')).toBe(TALES[lang][id].title);
        for (const [host, state] of Object.entries(statesOf(id))) {
          expect(await lab.page.textContent(`.host-${host} .state`), host).toBe(state);
        }
        expect(await lab.page.locator('.told-steps li').count()).toBeGreaterThan(0);
      });
    }

    it(`has said nothing on the console, and has loaded nothing, in ${lang}, ${theme}`, async () => {
      expect(lab.errors).toEqual([]);
      expect(lab.requests).toEqual([]);
      await lab.close();
    });
  }
});

describeLab('to those who cannot see it or use a mouse', (open) => {
  // Each preset in one of the four looks; the first, which is everybody's, in all of them.
  for (const [at, [lang, theme]] of LOOKS.entries()) {
    let lab: Lab;
    beforeAll(async () => {
      lab = await open({ lang, theme });
      await lab.page.waitForSelector('html[data-ready]');
    });
    afterAll(() => lab.close());

    for (const id of IDS.filter((_, i) => i === 0 || i % LOOKS.length === at)) {
      it(`${id} is open, in ${lang}, ${theme}`, async () => {
        await lab.page.selectOption('.field.preset', id);
        await lab.run();
        await lab.page.keyboard.press('End');
        await lab.drawn();
        expect(await axe(lab.page)).toEqual([]);
      });
    }
  }
});

describeLab('a run', (open) => {
  it('is the one that Node computes, for every preset', async () => {
    const lab = await open();
    for (const preset of IDS) {
      await lab.openAtEnd(preset);
      expect(await lab.run(), preset).toEqual(computed({ preset, seed: 1, settings: {}, edits: [] }));
    }
    await lab.close();
  });
});
