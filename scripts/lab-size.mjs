/**
 * Prints what a reader of the lab page has to load, after brotli, and fails above the budget:
 *
 *     npm run lab:build && npm run lab:size
 *
 * The first ladder needs the page with its style sheet and what it imports at once, the engine's worker, and one language. All
 * the rest (the gallery, captures, exports, the other language) comes after the first picture. Budgets are in octets.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const FOLDER = fileURLToPath(new URL('../dist/lab/', import.meta.url));
/** For the first ladder; for everything. */
const BUDGET = { first: 80_000, all: 200_000 };

const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((path) =>
  /\.(html|js|css|svg)$/.test(path),
);
if (!files.includes('index.html')) {
  console.error(`${FOLDER} has no index.html: npm run lab:build`);
  process.exit(1);
}

const sizes = new Map(files.map((path) => [path, measure(path)]));

function measure(path) {
  const content = readFileSync(join(FOLDER, path));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  return { raw: content.length, brotli: brotliCompressSync(content, { params }).length };
}

/** What a file imports at once, itself among it. */
function closure(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  const source = readFileSync(join(FOLDER, path), 'utf8');
  for (const [, name] of source.matchAll(/(?:\bfrom|\bimport)\s*["']\.\/([\w.-]+\.js)["']/g))
    closure(join('assets', name), found);
  return found;
}

const named = (pattern) => files.filter((path) => pattern.test(path));
const html = readFileSync(join(FOLDER, 'index.html'), 'utf8');
const roots = [...html.matchAll(/(?:src|href)="\.\/([^"]+\.(?:js|css|svg))"/g)].map(([, path]) => path);
const first = new Set(['index.html']);
for (const root of [...roots, ...named(/^assets\/worker-[\w-]+\.js$/), ...named(/^assets\/en-[\w-]+\.js$/)]) {
  for (const path of closure(root)) first.add(path);
}

const total = (paths) => [...paths].reduce((sum, path) => sum + sizes.get(path).brotli, 0);
const width = Math.max(...files.map((path) => path.length));
const line = (name, raw, brotli, when) =>
  console.log(`${name.padEnd(width)}  ${String(raw).padStart(8)}  ${String(brotli).padStart(8)}  ${when}`.trimEnd());
line('file', 'octets', 'brotli', '');
for (const path of [...files].sort((a, b) => sizes.get(b).brotli - sizes.get(a).brotli)) {
  const { raw, brotli } = sizes.get(path);
  line(path, raw, brotli, first.has(path) ? 'first' : 'later');
}
let failed = false;
for (const [name, paths, limit] of [
  ['for the first ladder, in English', first, BUDGET.first],
  ['everything', files, BUDGET.all],
]) {
  const sum = total(paths);
  console.log(`${name}: ${sum} of ${limit} octets`);
  failed ||= sum > limit;
}
if (failed) console.error('that is above the budget');
process.exitCode = failed ? 1 : 0;
