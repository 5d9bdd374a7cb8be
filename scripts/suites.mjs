/**
 * Plays whole suites of packetdrill scripts, each a checkout outside this repository, and prints what came of them as tables:
 *
 *     npm run suites -- [--list FILE] DIR...
 *
 * For each folder: scripts that pass over every version of IP that is for them, of how many; and how many runs passed, failed
 * and were skipped. With --list, a file of lines `path TAB suite TAB class` (a path within its checkout), only the scripts in it
 * are played; then come the same for each class, and what does not pass, by name. Exit status 1 if a listed script does not
 * pass or a script was not played, 2 for wrong words.
 */

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

const words = process.argv.slice(2);
const at = words.indexOf('--list');
const listFile = at < 0 ? null : words.splice(at, 2)[1];
if (words.length === 0 || listFile === undefined || words.some((word) => word.startsWith('--'))) {
  console.error('usage: npm run suites -- [--list FILE] DIR...');
  process.exit(2);
}
const roots = words.map((word) => resolve(word));
const listed = listFile === null ? null : readList(listFile);
const played = listed === null ? roots : roots.flatMap(listedIn);
if (played.length === 0) {
  console.error('none of the listed scripts is in the folders');
  process.exit(2);
}

const started = performance.now();
const records = [];
const child = spawn(process.execPath, [MAIN, 'drill', '--json', ...played], { stdio: ['ignore', 'pipe', 'inherit'] });
const ended = new Promise((done) => child.once('close', done));
for await (const line of createInterface({ input: child.stdout })) records.push(JSON.parse(line));
await ended;
const wall = (performance.now() - started) / 1000;
if (records.length === 0) process.exit(2);
const scripts = new Set(listed === null ? roots.flatMap(scriptsIn) : played);
for (const { path } of records) scripts.delete(path);
for (const path of scripts) console.error(`not played: ${path}`);

table(
  'folder',
  groupBy(records, ({ path }) => folderOf(path)),
);
let missed = scripts.size;
if (listed !== null) {
  console.log();
  table(
    'class',
    groupBy(records, ({ path }) => classOf(path)),
  );
  const wanting = records.filter(({ result }) => result !== 'pass');
  for (const { path, ip, result, line, reason } of wanting) {
    console.log(
      `${result} over ${ip}: ${folderOf(path)}/${basename(path)}${line === null ? '' : `:${line}`}: ${reason}`,
    );
  }
  if (played.length < listed.size)
    console.log(`${listed.size - played.length} listed scripts are in none of the folders`);
  missed += listed.size - played.length + wanting.length;
}
const virtual = records.map(({ time }) => time);
const longest = virtual.reduce((most, time) => Math.max(most, time), 0);
const total = virtual.reduce((sum, time) => sum + time, 0);
console.log(
  `\n${records.length} runs: ${total.toFixed(0)} s of virtual time, the longest ${longest.toFixed(1)} s, in ${wall.toFixed(1)} s`,
);
process.exitCode = missed > 0 ? 1 : 0;

function readList(file) {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const rows = lines.map((line) => line.split('\t')).filter(([path]) => path.endsWith('.pkt'));
  return new Map(rows.map(([path, , kind]) => [path, kind]));
}

function scriptsIn(root) {
  return readdirSync(root, { recursive: true })
    .filter((name) => name.endsWith('.pkt'))
    .map((name) => join(root, name))
    .sort();
}

function listedIn(root) {
  return scriptsIn(root).filter((path) => classOf(path) !== null);
}

/** By the end of the path, since a checkout may stand anywhere. */
function classOf(path) {
  for (const root of roots) {
    for (let above = dirname(root); above !== dirname(above); above = dirname(above)) {
      const found = listed.get(relative(above, path));
      if (found !== undefined) return found;
    }
    const found = listed.get(relative(root, path));
    if (found !== undefined) return found;
  }
  return null;
}

function folderOf(path) {
  const root = roots.find((each) => path.startsWith(`${each}/`)) ?? dirname(path);
  return relative(dirname(root), dirname(path));
}

function groupBy(some, keyOf) {
  const groups = new Map();
  for (const record of some) {
    const key = keyOf(record);
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return groups;
}

/** Markdown, for a page as it is. */
function table(head, groups) {
  console.log(`| ${head} | scripts that pass | runs passed | failed | skipped |`);
  console.log('|---|---|---|---|---|');
  const all = [...groups.values()].flat();
  for (const [name, some] of [...groups, ['all', all]]) {
    const scripts = groupBy(some, ({ path }) => path);
    const whole = [...scripts.values()].filter((runs) => runs.every(({ result }) => result === 'pass')).length;
    const count = (...results) => some.filter(({ result }) => results.includes(result)).length;
    const cells = [`${whole} of ${scripts.size}`, count('pass'), count('fail', 'error'), count('skip')];
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
}
