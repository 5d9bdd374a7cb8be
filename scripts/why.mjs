/**
 * The ladders and figures of docs/why.md and docs/why.zh-CN.md against what the searches of the first level find now. Fails when
 * a page is stale; with `--record` writes the pages anew.
 *
 *   npm run why
 *   npm run why -- --record
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { answer, WHYS } from '../dist/check/index.js';
import { blockOf, propertiesBlock, withBlocks } from '../dist/cli/why/page.js';

const PAGES = [
  ['en', 'why.md'],
  ['zh', 'why.zh-CN.md'],
];
const record = process.argv.includes('--record');

const found = new Map();
function resultOf({ question, name }) {
  if (!found.has(question)) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${found.size + 1}: ${name}`);
    found.set(question, answer(question, 1));
  }
  return found.get(question);
}

let stale = 0;
for (const [lang, file] of PAGES) {
  const path = new URL(`../docs/${file}`, import.meta.url);
  const page = readFileSync(path, 'utf8');
  const current = withBlocks(page, (name) => {
    if (name === 'properties') return propertiesBlock(lang);
    const why = WHYS.find((one) => one.name === name);
    if (why === undefined) throw new Error(`docs/${file}: there is no question '${name}'`);
    return blockOf(why, resultOf, lang);
  });
  if (current === page) continue;
  stale++;
  if (record) writeFileSync(path, current);
  else console.error(`docs/${file} is stale: npm run why -- --record`);
}
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
console.log(
  record
    ? `${stale} of ${PAGES.length} pages written anew`
    : `${PAGES.length - stale} of ${PAGES.length} pages are as the searches are`,
);
process.exit(record || stale === 0 ? 0 : 1);
