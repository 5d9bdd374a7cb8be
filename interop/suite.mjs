/** Owns: the cases, one after the other or side by side, what is printed of them, and the closing line. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderLadder } from '../dist/trace/index.js';
import { cases } from './cases/index.mjs';
import { judge } from './judge.mjs';
import { sleep } from './wait.mjs';
import { World } from './world.mjs';

/** Cases that mostly wait and so can do it together. */
const TOGETHER = 8;
/** Captures that are read at once. */
const JUDGES = 2;
/** How long a case may take unless it says otherwise, ms. */
const LIMIT = 40_000;

/** Every case that would run: of each of `cases` one for IPv4 and one for IPv6. */
export function plan(only) {
  const runs = [];
  for (const test of cases) {
    for (const family of [4, 6]) runs.push({ ...test, family, name: `${test.title} (IPv${family})` });
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
  const runs = plan(only);
  const tally = { passed: 0, failed: 0 };
  const judges = new Gate(JUDGES);
  const one = async (run) => {
    const outcome = await runCase(run, { directory, quick, keep, judges });
    tally[outcome ? 'passed' : 'failed']++;
  };
  const waiting = runs.filter((run) => !run.alone);
  await Promise.all(
    Array.from({ length: TOGETHER }, async () => {
      for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) await one(run);
    }),
  );
  for (const run of runs.filter((other) => other.alone)) await one(run);

  let { passed, failed } = tally;
  if (passed + failed < minimum) {
    console.log(`FAIL  ${passed + failed} cases ran, which is fewer than the ${minimum} that are known to exist`);
    failed++;
  }
  if (!keep && failed === 0) rmSync(directory, { recursive: true, force: true });
  else console.log(`captures: ${directory}`);
  console.log(`\n${((performance.now() - began) / 1000).toFixed(0)} s`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** Runs one case and says what came of it. @returns whether it passed */
async function runCase(run, { directory, quick, keep, judges }) {
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
  const time = ((performance.now() - began) / 1000).toFixed(1);
  if (problem === null) {
    try {
      await judges.pass(async () => {
        for (const { side, path, capture } of world.captures) {
          if (capture.error !== null || capture.dropped > 0)
            throw capture.error ?? new Error('the capture is not complete');
          const { problems } = await judge(path, run.allow ?? []);
          if (problems.length > 0) throw new Error(`as ${side} saw it: ${problems.join('; ')}`);
        }
      });
    } catch (error) {
      problem = error;
    }
  }
  const note = notes.length === 0 ? '' : `  [${notes.join(', ')}]`;
  if (problem === null) {
    console.log(`ok    ${run.name}  ${time} s${note}`);
    if (!keep) rmSync(place, { recursive: true, force: true });
    return true;
  }
  console.log(`FAIL  ${run.name}  ${time} s${note}`);
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
  return false;
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
