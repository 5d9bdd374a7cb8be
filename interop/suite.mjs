/** Owns: the cases, one after the other or side by side, what is printed of them, and the closing line. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderLadder } from '../dist/trace/index.js';
import { cases } from './cases/index.mjs';
import { judge } from './judge.mjs';
import { sleep } from './wait.mjs';
import { World } from './world.mjs';

/**
 * The lanes in their order, and how many cases of each run side by side: those that mostly wait, those that open many
 * connections one after the other, of which none should meet a machine that stops for a second (the kernel sends a SYN again
 * then, and asks for less), those that want the machine for themselves, and those that are long because the wire is bad.
 */
const LANES = { first: 8, few: 2, alone: 1, last: 2 };
/**
 * So many cases that failed are tried once more by themselves, and say so. The kernel repeats a SYN after a second, whatever
 * else the machine is doing: a case that stalled for that long has seen the machine, not tsyn.
 */
const SECOND_CHANCES = 2;
/** Captures that are read at once. */
const JUDGES = 2;
/** How long a case may take unless it says otherwise, ms. */
const LIMIT = 40_000;

/** Every case that would run: of each of `cases` one for IPv4 and one for IPv6. */
export function plan(only) {
  const runs = [];
  for (const test of cases) {
    for (const family of [4, 6]) runs.push({ ...test, family, name: `IPv${family}: ${test.title}` });
  }
  return only === null ? runs : runs.filter((run) => run.name.toLowerCase().includes(only.toLowerCase()));
}

/**
 * Runs the suite. `options`: only (a part of titles, or null), quick, keep, minimum.
 *
 * @returns the exit code
 */
export async function runSuite({ only, quick, keep, minimum }) {
  const began = performance.now();
  const directory = mkdtempSync(join(tmpdir(), 'tsyn-interop-'));
  const discard = () => rmSync(directory, { recursive: true, force: true });
  // Stopped in the middle: nobody will look at them.
  if (!keep) process.once('exit', discard);
  const runs = plan(only);
  let passed = 0;
  const failures = [];
  const judges = new Gate(JUDGES);
  const verdicts = [];
  lossProbe(false);
  for (const [lane, beside] of Object.entries(LANES)) {
    const waiting = runs.filter((run) => (run.lane ?? 'first') === lane);
    if (lane === 'last') lossProbe(true);
    await Promise.all(
      Array.from({ length: beside }, async () => {
        for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
          const played = await play(run, directory, quick);
          // Captures are read while the next case runs.
          const verdict = judges.pass(() => review(played));
          verdicts.push(
            verdict.then((problem) => {
              report(played, problem, keep);
              if (problem === null) passed++;
              else failures.push(run);
            }),
          );
        }
      }),
    );
  }
  await Promise.all(verdicts);

  let failed = failures.length;
  if (failed <= SECOND_CHANCES) {
    for (const run of failures) {
      console.log(`once more, alone: ${run.name}`);
      const played = await play({ ...run, name: `${run.name}, second attempt` }, directory, quick);
      const problem = await review(played);
      report(played, problem, true);
      if (problem !== null) continue;
      passed++;
      failed--;
    }
  }
  if (passed + failed < minimum) {
    console.log(`FAIL  ${passed + failed} cases ran, which is fewer than the ${minimum} that are known to exist`);
    failed++;
  }
  if (keep || failed > 0) {
    process.off('exit', discard);
    console.log(`captures: ${directory}`);
  }
  console.log(`\n${((performance.now() - began) / 1000).toFixed(0)} s`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** Runs one case up to its end. */
async function play(run, directory, quick) {
  const place = join(directory, run.name.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 100));
  mkdirSync(place, { recursive: true });
  const began = performance.now();
  const notes = [];
  let problem = null;
  let world = null;
  try {
    world = await World.open(run.family, place, run.world);
    const context = { world, quick, family: run.family, note: (text) => notes.push(text), directory: place };
    await withLimit(run.run(context), run.limit ?? LIMIT);
  } catch (error) {
    problem = error;
  }
  try {
    await world?.close();
  } catch (error) {
    problem ??= error;
  }
  return { run, place, notes, problem, world, seconds: (performance.now() - began) / 1000 };
}

/** Reads the captures. @returns what is wrong with the case, or null */
async function review({ run, problem, world }) {
  if (problem !== null) return problem;
  for (const { side, path, capture } of world.captures) {
    if (capture.error !== null) return capture.error;
    if (capture.dropped > 0) return new Error('the capture is not complete');
    const problems = await judge(path, run.allow ?? []);
    if (problems.length > 0) return new Error(`as ${side} saw it: ${problems.join('; ')}`);
  }
  return null;
}

function report({ run, place, notes, world, seconds }, problem, keep) {
  const line = `${run.name}  ${seconds.toFixed(1)} s${notes.length === 0 ? '' : `  [${notes.join(', ')}]`}`;
  if (problem === null) {
    console.log(`ok    ${line}`);
    if (!keep) rmSync(place, { recursive: true, force: true });
    return;
  }
  console.log(`FAIL  ${line}`);
  console.log(
    indent(
      String(problem.stack ?? problem)
        .split('\n')
        .slice(0, 12)
        .join('\n'),
    ),
  );
  if (world !== null && world.events.length > 0) console.log(indent(ladder(world.events)));
  console.log(indent(`captures: ${place}`));
}

/**
 * The kernel's tail loss probe takes a pause of some ms for a loss: on a busy machine the captures of good wires would be
 * full of it.
 */
function lossProbe(on) {
  writeFileSync('/proc/sys/net/ipv4/tcp_early_retrans', on ? '3' : '0');
}

/** The end of the story as tsyn saw it. */
function ladder(events) {
  try {
    const lines = renderLadder(events, { left: 'tsyn', right: 'kernel' }).split('\n');
    const last = 40;
    return lines.length <= last ? lines.join('\n') : ['...', ...lines.slice(-last)].join('\n');
  } catch (error) {
    return `no ladder: ${error.message}`;
  }
}

function indent(text) {
  return text.replace(/^/gm, '      ');
}

async function withLimit(promise, limit) {
  const over = sleep(limit).then(() => {
    throw new Error(`not done within ${limit} ms`);
  });
  over.catch(() => {});
  await Promise.race([promise, over]);
}

/** Lets so many through at once. */
class Gate {
  #free;
  #queue = [];

  constructor(count) {
    this.#free = count;
  }

  async pass(work) {
    if (this.#free > 0) this.#free--;
    else await new Promise((resolve) => this.#queue.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
