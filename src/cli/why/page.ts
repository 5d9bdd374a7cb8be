/**
 * Owns: a question of the gallery as a block of docs/why.md: what `tsyn why` prints, in Markdown. The text around the blocks is
 * written by hand; `npm run why -- --record` writes the blocks anew.
 */

import { type Experiment, modelAt, type Result, type Why } from '../../check/index.ts';
import { verdictText } from '../../check/words/index.ts';
import type { Language } from '../../trace/index.ts';
import { ladderOf } from './row.ts';
import { WHY_TEXTS } from './texts.ts';

/** Where a block begins and ends in a page. */
const BLOCK = /<!-- tsyn why ([\w-]+) -->\n[\s\S]*?<!-- end -->/g;

/** The page with each of its blocks as `write` has it. @param write null leaves a block as it is */
export function withBlocks(page: string, write: (name: string) => string | null): string {
  return page.replace(BLOCK, (block, name: string) => {
    const body = write(name);
    return body === null ? block : `<!-- tsyn why ${name} -->\n${body}\n<!-- end -->`;
  });
}

/** The names of the blocks of a page, in order. */
export function blockNames(page: string): string[] {
  return [...page.matchAll(BLOCK)].map(([, name]) => name!);
}

/** The block `properties`: all of them, a line each. */
export function propertiesBlock(lang: Language): string {
  const { properties } = WHY_TEXTS[lang];
  return Object.entries(properties)
    .map(([name, meaning]) => `- **${name}**: ${meaning}`)
    .join('\n');
}

/** The block of a question, with results of the first level. */
export function blockOf(why: Why, resultOf: (experiment: Experiment) => Result, lang: Language): string {
  const words = WHY_TEXTS[lang];
  const { question, answer } = words.whys[why.name]!;
  const lines = [`### ${question}`, '', '```console', `$ tsyn why ${why.name}`, '```', '', answer];
  let before = '';
  for (const experiment of why.experiments) {
    const result = resultOf(experiment);
    const { mutant } = experiment.question;
    const bounds = words.searched(words.bounds(modelAt(experiment.question, 1)));
    if (bounds !== before) lines.push('', bounds);
    before = bounds;
    const property = result.property ?? experiment.property;
    const what = mutant === null ? '' : `${words.switched(words.mutants[mutant])} `;
    lines.push('', `**${experiment.name}**: ${what}${verdictText(experiment, result, words)}`);
    lines.push('', `> ${words.property(property, words.properties[property])}`);
    if (result.verdict !== 'violated') continue;
    lines.push('', '```text', ladderOf(experiment, result, 1, lang), '```', '', words.counters[experiment.name]!);
  }
  return lines.join('\n');
}
