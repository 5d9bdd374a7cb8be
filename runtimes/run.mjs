/**
 * Plays one scenario (`scenario.mjs`) from the same build in every runtime and compares what each saw with what Node, which
 * runs this, saw:
 *
 *     npm run runtimes [-- --only NAME,...]
 *
 * NAME is node20 (whatever runs this), node22, node24, node26, bun, deno or chromium. All but the first and the last are packages of
 * `runtimes/package.json`, installed on first use; chromium is the system's. Closes with `N passed, N failed, N skipped`: a test is
 * one part of the scenario in one runtime. Where TSYN_REQUIRE=1, a runtime that is missing is a failure, not a skip.
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { playInChromium } from './chromium.mjs';
import { openRelay } from './relay.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const MAIN = path('./main.mjs');
const LIMIT = 180_000;

const NODE = 'process.version';
const PROCESSES = {
  node20: { command: [process.execPath], version: ['-p', NODE] },
  node22: { command: [path('./node_modules/node22/bin/node')], version: ['-p', NODE] },
  node24: { command: [path('./node_modules/node24/bin/node')], version: ['-p', NODE] },
  node26: { command: [path('./node_modules/node26/bin/node')], version: ['-p', NODE] },
  bun: { command: [path('./node_modules/bun/bin/bun.exe')], version: ['--version'] },
  deno: {
    command: [path('./node_modules/.bin/deno')],
    version: ['--version'],
    words: ['run', '-A', '--no-config', '--no-lock'],
  },
};
const NAMES = [...Object.keys(PROCESSES), 'chromium'];

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const wanted = values.only === undefined ? NAMES : values.only.split(',');
const unknown = wanted.filter((name) => !NAMES.includes(name));
if (unknown.length > 0) {
  console.error(`no such runtime: ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);
  process.exit(2);
}

if (wanted.some((name) => !['node20', 'chromium'].includes(name)) && !installed()) {
  console.log('installing the runtimes (some 800 MB)');
  // Not `npm ci`, which wants to find the packages for every other system too.
  spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund'], {
    cwd: path('.'),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Whether what `package-lock.json` says has been installed since it last changed. */
function installed() {
  const done = path('./node_modules/.package-lock.json');
  return existsSync(done) && statSync(done).mtimeMs >= statSync(path('./package-lock.json')).mtimeMs;
}

/** What a process printed, with its exit status. */
function output(command, words) {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], words, { stdio: ['ignore', 'pipe', 'inherit'], timeout: LIMIT });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ text, ending: signal ?? `status ${status}` }));
  });
}

/** @returns { version, results }, or { missing } with the reason */
async function playInProcess({ command, version, words = [] }, relay) {
  if (!existsSync(command[0])) return { missing: `${command[0]} is not installed` };
  const said = await output(command, version);
  const { text, ending } = await output(command, [...words, MAIN, relay]);
  const line = text.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) throw new Error(`it ended (${ending}) without results: ${text.slice(-500)}`);
  if (ending !== 'status 0') throw new Error(`it had results and ended with ${ending}`);
  return { version: said.text.trim().split('\n')[0], results: JSON.parse(line) };
}

const count = { passed: 0, failed: 0, skipped: 0 };

function report(mark, text) {
  count[mark]++;
  console.log(`  ${mark === 'passed' ? 'ok     ' : mark === 'failed' ? 'FAILED ' : 'skipped'} ${text}`);
}

/** Compares, part by part. A part that a runtime cannot have says so itself. */
function compare(results, reference) {
  for (const name of new Set([...Object.keys(reference ?? {}), ...Object.keys(results)])) {
    const part = results[name];
    const expected = reference?.[name];
    if (part === undefined) report('failed', `${name}: not played`);
    else if (part.error !== undefined) report('failed', `${name}: ${part.error}`);
    else if (part.absent !== undefined) report('skipped', `${name}: ${part.absent}`);
    else if (
      expected === undefined ||
      expected.result === undefined ||
      isDeepStrictEqual(part.result, expected.result)
    ) {
      report('passed', `${name} (${part.ms} ms)`);
    } else {
      report('failed', `${name}: ${JSON.stringify(part.result)}, where ${JSON.stringify(expected.result)} is expected`);
    }
  }
}

const relay = await openRelay();
let reference = null;
for (const name of wanted) {
  try {
    const url = relay.url(name);
    const played = name === 'chromium' ? await playInChromium(url, LIMIT) : await playInProcess(PROCESSES[name], url);
    if (played.missing !== undefined) {
      console.log(name);
      report(process.env.TSYN_REQUIRE === '1' ? 'failed' : 'skipped', played.missing);
      continue;
    }
    console.log(`${name}: ${played.version}`);
    compare(played.results, reference);
    reference ??= played.results;
  } catch (error) {
    console.log(name);
    report('failed', error.message);
  }
}
relay.close();
console.log(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed === 0 && count.passed > 0 ? 0 : 1;
