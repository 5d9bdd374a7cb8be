import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IDS } from '../../lab/presets/ids.ts';
import { presets as english } from '../../lab/words/presets-en.ts';
import { presets as chinese } from '../../lab/words/presets-zh.ts';
import { panelsEn } from '../../lab/words/ui-panels-en.ts';
import { panelsZh } from '../../lab/words/ui-panels-zh.ts';
import { page, text } from '../house/pages.ts';
import { ROOT } from '../house/source.ts';

const PAGES = [
  ['docs/lab.md', english, panelsEn],
  ['docs/lab.zh-CN.md', chinese, panelsZh],
] as const;

describe.each(PAGES)('%s', (path, presets, panels) => {
  it('names every scenario with its title, in the order of the page', () => {
    const rows = [...text(path).matchAll(/^\| `([\w-]+)` \| (.+?) \| (.+?) \| .+ \|$/gm)];
    expect(rows.map(([, id, title]) => [id, title])).toEqual(IDS.map((id) => [id, presets[id].title]));
    for (const [, , , group] of rows) expect(Object.values(panels.bar.groups)).toContain(group);
  });

  it('names the budget of the page', () => {
    const script = readFileSync(join(ROOT, 'scripts/lab-size.mjs'), 'utf8');
    const [, first, all] = /BUDGET = \{ first: ([\d_]+), all: ([\d_]+) \}/.exec(script)!;
    for (const octets of [first, all]) expect(text(path)).toContain(octets!.replaceAll('_', ','));
  });

  it('shows a scenario as it is written', () => {
    const shown = page(path).blocks.find(({ language }) => language === 'ts');
    expect(readFileSync(join(ROOT, 'lab/presets/closing.ts'), 'utf8')).toContain(shown?.text);
  });
});

it('the pages of the lab say the same: code blocks alike, headings of the same levels', () => {
  const [one, other] = PAGES.map(([path]) => page(path));
  expect(other!.blocks).toEqual(one!.blocks);
  expect(other!.headings.map(({ level }) => level)).toEqual(one!.headings.map(({ level }) => level));
});
