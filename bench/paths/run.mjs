/**
 * The throughput table: bulk transfers on simulated paths, judged by what the papers and RFCs say they should reach.
 *
 *   npm run paths                           every cell (minutes), and docs/throughput.md
 *   npm run paths -- --cells ci             those that CI runs, against docs/throughput.json too
 *   npm run paths -- --cells 1G/0%,cubic/3% cells by parts of their names
 *
 * --seed N (1), --jobs N (2) processes, --write: the figures become the golden ones. The last line is `N passed, N failed`.
 */

import { fork } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ALL, choose } from './cells.mjs';
import { gate } from './models.mjs';
import { page } from './page.mjs';
import { measure } from './transfer.mjs';

const GOLDEN = fileURLToPath(new URL('../../docs/throughput.json', import.meta.url));
const PAGE = fileURLToPath(new URL('../../docs/throughput.md', import.meta.url));
/**
 * A figure may differ from the golden one by this share before somebody has to look at it: without losses, and where another
 * order of events lets the same dice hit other segments.
 */
const TOLERANCE = 0.03;
const TOLERANCE_LOSS = 0.15;

if (process.send) work();
else await main();

/** A process that measures the cells it is told to. */
function work() {
  process.on('message', ({ cell, seed }) => process.send({ name: cell.name, ...measure(cell, seed) }));
}

async function main() {
  const { values } = parseArgs({
    options: {
      cells: { type: 'string', default: 'all' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '2' },
      write: { type: 'boolean', default: false },
    },
  });
  const cells = choose(values.cells);
  const seed = Number(values.seed);
  const golden = existsSync(GOLDEN) ? JSON.parse(readFileSync(GOLDEN, 'utf8')) : {};
  const started = Date.now();
  const results = await measureAll(cells, seed, Number(values.jobs));
  let passed = 0;
  const failures = [];
  for (const cell of cells) {
    const result = results.get(cell.name);
    const judged = judge(cell, results, values.write || seed !== 1 ? undefined : golden[cell.name]);
    console.log(line(cell, result, judged));
    if (judged.problem === null) passed++;
    else failures.push(`${cell.name}: ${judged.problem}`);
  }
  if (values.write || (values.cells === 'all' && seed === 1)) {
    for (const cell of cells) {
      const { cpu, ...rest } = results.get(cell.name);
      golden[cell.name] = rest;
    }
    const ordered = ALL.filter(({ name }) => golden[name]).map(
      ({ name }) => `  ${JSON.stringify(name)}: ${JSON.stringify(golden[name])}`,
    );
    writeFileSync(GOLDEN, `{\n${ordered.join(',\n')}\n}\n`);
    writeFileSync(PAGE, page(golden));
  }
  const cpu = [...results.values()].reduce((sum, result) => sum + result.cpu, 0);
  console.log(
    `\n${cells.length} cells in ${Math.round((Date.now() - started) / 1000)} s, ${Math.round(cpu)} s of CPU, seed ${seed}`,
  );
  for (const failure of failures) console.log(`FAILED ${failure}`);
  console.log(`${passed} passed, ${failures.length} failed`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

/** Hands the cells out, the dearest first. @returns results by cell name */
function measureAll(cells, seed, jobs) {
  const cost = ({ rate, rtt, loss }) => (loss === 0 ? rate * rtt * 0.012 : 250 / Math.max(loss, 0.005));
  const waiting = [...cells].sort((a, b) => cost(b) - cost(a));
  const results = new Map();
  return new Promise((resolve, reject) => {
    const next = (child) => {
      const cell = waiting.shift();
      if (cell !== undefined) child.send({ cell, seed });
      else child.disconnect();
    };
    for (let i = 0; i < Math.min(jobs, cells.length); i++) {
      const child = fork(fileURLToPath(import.meta.url));
      child.on('message', (result) => {
        results.set(result.name, result);
        if (process.stderr.isTTY) process.stderr.write(`\r${results.size} of ${cells.length}: ${result.name}\x1b[K\r`);
        if (results.size === cells.length) resolve(results);
        next(child);
      });
      child.on('exit', (code, signal) => {
        if (code !== 0) reject(new Error(`a process ended with ${code ?? signal}`));
      });
      next(child);
    }
  });
}

/** @returns what was asked (null where nothing is), and the problem or null */
function judge(cell, results, golden) {
  const { mbps, rto } = results.get(cell.name);
  const inOrder = results.get(cell.name.replace('/reorder', ''))?.mbps;
  const asked = gate(cell, rto, inOrder);
  if (asked !== null && !(mbps >= asked.share * asked.reference)) {
    const wanted = `${asked.share} of ${asked.reference.toPrecision(4)} (${asked.against})`;
    return { asked, problem: `${mbps.toPrecision(4)} Mbit/s is less than ${wanted}` };
  }
  const tolerance = cell.loss === 0 ? TOLERANCE : TOLERANCE_LOSS;
  if (golden !== undefined && !(Math.abs(mbps / golden.mbps - 1) <= tolerance)) {
    return {
      asked,
      problem: `${mbps.toPrecision(4)} Mbit/s; docs/throughput.json has ${golden.mbps.toPrecision(4)} (--write replaces it)`,
    };
  }
  return { asked, problem: null };
}

function line(cell, result, { asked, problem }) {
  const { mbps, events, timeouts, lost, overflowed, again, cpu } = result;
  const share = asked === null ? '' : `${(mbps / asked.reference).toFixed(3)} of ${asked.against}, >= ${asked.share}`;
  return [
    cell.name.padEnd(34),
    `${mbps.toPrecision(4)} Mbit/s`.padStart(14),
    share.padEnd(46),
    `losses ${lost}+${overflowed}, again ${again}, events ${events}, time-outs ${timeouts}, cpu ${cpu.toFixed(1)} s`,
    problem === null ? '' : 'FAILED',
  ].join('  ');
}
