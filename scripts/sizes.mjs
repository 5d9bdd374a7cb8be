/**
 * Bundles each entry of the package for the browser and prints how large it is, minified and then compressed:
 *
 *     npm run sizes [-- --record]
 *
 * `sizes.json` has the limits, in octets after gzip: of whole entries (null is one for Node alone), and of single names of
 * one, which tell that a bundler leaves the rest out. Exit status 1 if something is larger than its limit, has none, or
 * needs a module of Node. `--record` sets the limits to today's sizes and a twentieth: say in the commit what that is for.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LIMITS = new URL('./sizes.json', import.meta.url);

const { values } = parseArgs({ options: { record: { type: 'boolean' } } });
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const limits = JSON.parse(readFileSync(LIMITS, 'utf8'));

/** Bundles what `import` brings. @returns octets minified and compressed, and the modules of Node it needs */
async function measure(source) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: ROOT },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['node:*'],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const code = outputFiles[0].contents;
  const outside = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return { raw: code.length, gzip: gzipSync(code, { level: 9 }).length, outside };
}

const problems = [];
const rows = [];

async function row(name, source, limit, record) {
  let size;
  try {
    size = await measure(source);
  } catch (error) {
    problems.push(`${name} cannot be bundled: ${error.message}`);
    return;
  }
  const { raw, gzip, outside } = size;
  rows.push([name, String(raw), String(gzip), limit === undefined ? '-' : String(limit)]);
  if (outside.length > 0) problems.push(`${name} imports ${[...new Set(outside)].join(', ')}`);
  else if (values.record) record(Math.ceil((gzip * 1.05) / 100) * 100);
  else if (limit === undefined) problems.push(`${name} has no limit: npm run sizes -- --record`);
  else if (gzip > limit) problems.push(`${name} is ${gzip} octets, and ${limit} are allowed`);
}

for (const subpath of Object.keys(manifest.exports)) {
  if (subpath === './package.json' || limits.entries[subpath] === null) continue; // not for the browser
  const name = manifest.name + subpath.slice(1);
  await row(name, `export * from '${name}'`, limits.entries[subpath], (limit) => {
    limits.entries[subpath] = limit;
  });
}
for (const single of limits.singles) {
  const { names, from } = single;
  await row(`${names} of ${from}`, `export { ${names} } from '${from}'`, single.limit, (limit) => {
    single.limit = limit;
  });
}
for (const subpath of Object.keys(limits.entries)) {
  if (!(subpath in manifest.exports)) problems.push(`sizes.json names ${subpath}, which the package does not export`);
}

const heads = ['entry', 'minified', 'gzip', 'limit'];
const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((cells) => cells[i].length)));
for (const cells of [heads, ...rows]) {
  console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '));
}
if (values.record) writeFileSync(LIMITS, `${JSON.stringify(limits, null, 2)}\n`);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
