#!/usr/bin/env node
/**
 * Real programs over `tsyn/net`, each in namespaces of its own, on a good path and on a bad one:
 *
 *     npm run programs -- [--only PART] [--path good|bad] [--family 4|6] [--kernel] [--list]
 *
 * --only PART      only the programs in whose names PART occurs
 * --path WHICH     only the good path, or the one that loses a packet in a hundred and takes 20 ms there and back
 * --family N       IPv4 or IPv6; otherwise the good path is IPv4 and the bad one IPv6
 * --kernel         Node's own net in tsyn's place: a case that fails then fails for reasons of its own
 * --list           prints the names of the cases
 *
 * What the machine does not have is skipped, counted, and explained; with TSYN_REQUIRE=1 in the environment it fails.
 *
 * Owns: the command line, what is printed of the cases, and the closing line. A program's run is `play.mjs`'s.
 */

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { missingHere, runInside, settleInside } from '../interop/namespaces.mjs';
import { programs } from './cases/index.mjs';
import { missingFor, play } from './play.mjs';

/** Everybody needs these. */
const TOOLS = ['unshare', 'ip', 'openssl', 'timeout'];

/** So many programs run at once: on the bad path they mostly wait. */
const BESIDE = { good: 2, bad: 4 };

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    path: { type: 'string' },
    family: { type: 'string' },
    kernel: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    // Said by this program to itself.
    inside: { type: 'boolean', default: false },
    program: { type: 'string' },
  },
});

if (options.inside) inside();
else if (options.list) list();
else outside();

/** Every program that would run: once on the good path, once on the bad one. */
function plan() {
  const wanted = options.only.toLowerCase();
  const runs = [];
  for (const path of Object.keys(BESIDE)) {
    if ((options.path ?? path) !== path || (options.kernel && path === 'bad')) continue;
    const family = options.family ?? (path === 'good' ? '4' : '6');
    for (const program of programs) {
      if (!(program.paths ?? [path]).includes(path)) continue;
      if (program.name.toLowerCase().includes(wanted)) runs.push({ program, path, family });
    }
  }
  return runs;
}

function list() {
  for (const { program, path, family } of plan()) {
    for (const title of Object.keys(program.cases)) console.log(nameOf(program, path, family, title));
  }
}

function nameOf(program, path, family, title) {
  return `${program.name}, IPv${family}, ${path} path: ${title}`;
}

async function inside() {
  settleInside();
  const program = programs.find((candidate) => candidate.name === options.program);
  await play(program, {
    family: Number(options.family),
    impaired: options.path === 'bad',
    kernel: options.kernel,
    tell: (result) => new Promise((resolve) => process.send(result, resolve)),
  });
  process.exit();
}

async function outside() {
  const began = performance.now();
  const require = process.env.TSYN_REQUIRE === '1';
  const tally = { passed: 0, failed: 0, skipped: 0 };
  const missing = missingHere(TOOLS);
  const runs = plan();
  if (runs.length === 0) {
    console.log(`no program has ${options.only} in its name`);
    tally.failed++;
  }
  for (const [path, beside] of Object.entries(BESIDE)) {
    const waiting = runs.filter((run) => run.path === path);
    const one = async () => {
      for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
        const lack = missing ?? missingFor(run.program);
        if (lack === null) await runOne(run, tally);
        else pass(run, lack, require, tally);
      }
    };
    await Promise.all(Array.from({ length: beside }, one));
  }
  console.log(`\n${((performance.now() - began) / 1000).toFixed(0)} s`);
  const skipped = tally.skipped === 0 ? '' : `, ${tally.skipped} skipped`;
  console.log(`${tally.passed} passed, ${tally.failed} failed${skipped}`);
  process.exitCode = tally.failed === 0 ? 0 : 1;
}

/** A program that cannot run here. */
function pass({ program, path, family }, lack, require, tally) {
  for (const title of Object.keys(program.cases)) {
    console.log(`${require ? 'FAIL' : 'skip'}  ${nameOf(program, path, family, title)}: ${lack}`);
    if (require) tally.failed++;
    else tally.skipped++;
  }
}

async function runOne({ program, path, family }, tally) {
  const open = new Set(Object.keys(program.cases));
  const words = ['--program', program.name, '--path', path, '--family', family];
  if (options.kernel) words.push('--kernel');
  const heard = (result) => {
    if (result.version !== undefined) {
      console.log(`      ${program.name}: ${result.version}`);
      return;
    }
    const { title, seconds, notes, problem } = result;
    open.delete(title);
    const remarks = notes.length === 0 ? '' : `  [${notes.join(', ')}]`;
    const line = `${nameOf(program, path, family, title)}  ${seconds.toFixed(1)} s${remarks}`;
    console.log(`${problem === null ? 'ok  ' : 'FAIL'}  ${line}`);
    if (problem !== null) console.log(problem.replace(/^/gm, '      '));
    if (problem === null) tally.passed++;
    else tally.failed++;
  };
  const code = await runInside(fileURLToPath(import.meta.url), { words, heard });
  for (const title of open) {
    console.log(`FAIL  ${nameOf(program, path, family, title)}: the program ended with ${code} before it`);
    tally.failed++;
  }
}
