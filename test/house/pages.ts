/** Owns: a page of Markdown taken apart, for tests of the READMEs and of `docs/`. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './source.ts';

export interface Page {
  /** Code blocks: their language and what is between the fences. */
  readonly blocks: ReadonlyArray<{ readonly language: string; readonly text: string }>;
  /** The headings' levels and texts, in order. */
  readonly headings: ReadonlyArray<{ readonly level: number; readonly text: string }>;
  /** Targets of links, as written. */
  readonly links: readonly string[];
}

export const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

export function page(path: string): Page {
  const FENCE = /^```(\w*)\n([\s\S]*?)\n```$/gm;
  const source = text(path);
  const prose = source.replace(FENCE, '');
  return {
    blocks: [...source.matchAll(FENCE)].map(([, language, code]) => ({ language: language!, text: code! })),
    headings: [...prose.matchAll(/^(#+) (.+)$/gm)].map(([, marks, words]) => ({ level: marks!.length, text: words! })),
    links: [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!),
  };
}
