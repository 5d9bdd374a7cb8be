/**
 * The benchmark: `npm run bench` (or `-- --quick`, `-- --only NAME`, `-- --json`). Every figure is a ratio against a peer
 * or a limit in the same run; sides take turns, each in a process of its own, and the median of the pairs is what counts.
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compareExplain } from './explain.mjs';

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, only: { type: 'string' } },
});
const seconds = values.quick ? 1 : 5;
const rounds = values.quick ? 1 : 5;

const MB = 1e6 / 8;
const gbit = (rate) => `${(rate / MB / 1000).toFixed(2)} Gbit/s`;
const perSecond = (rate) => `${Math.round(rate)} /s`;
const microseconds = (cost) => `${cost.toFixed(2)} µs`;
const milliseconds = (total) => `${Math.round(total)} ms`;

const cases = [
  {
    name: 'bulk, MTU 1500, checksums made and verified',
    ours: ['tsyn', 'bulk', { gso: false }],
    theirs: ['limit', 'bulk', {}],
    peer: 'cheapest path',
    target: 0.35,
    show: gbit,
  },
  {
    name: 'bulk, super-segments',
    ours: ['tsyn', 'bulk', { gso: true }],
    theirs: ['node:net', 'bulk', {}],
    peer: 'node:net',
    target: 1,
    show: gbit,
  },
  {
    name: 'ping-pong, 64 octets',
    ours: ['tsyn', 'pingPong', {}],
    theirs: ['node:net', 'pingPong', {}],
    peer: 'node:net',
    target: 1.5,
    show: perSecond,
  },
  {
    name: 'web streams: bulk, super-segments',
    ours: ['web', 'bulk', {}],
    theirs: ['node:net', 'bulk', {}],
    peer: 'node:net',
    target: 0.25,
    show: gbit,
  },
  {
    name: 'web streams: ping-pong, 64 octets, echoed by pipeTo',
    ours: ['web', 'pingPong', {}],
    theirs: ['node:net', 'pingPong', {}],
    peer: 'node:net',
    target: 0.25,
    show: perSecond,
  },
  {
    name: 'connect and close, one after the other',
    ours: ['tsyn', 'connections', { flights: 1 }],
    theirs: ['node:net', 'connections', { flights: 1 }],
    peer: 'node:net',
    target: 2,
    show: perSecond,
  },
  {
    name: 'connect and close, 64 at once',
    ours: ['tsyn', 'connections', { flights: 64 }],
    theirs: ['node:net', 'connections', { flights: 64 }],
    peer: 'node:net',
    target: 2,
    show: perSecond,
  },
  {
    name: 'tsyn/net: bulk, super-segments',
    ours: ['tsyn/net', 'bulk', {}],
    theirs: ['node:net', 'bulk', {}],
    peer: 'node:net',
    target: 1,
    show: gbit,
  },
  {
    name: 'tsyn/net: bulk, super-segments, into a buffer of the reader',
    ours: ['tsyn/net', 'bulkOnread', {}],
    theirs: ['node:net', 'bulkOnread', {}],
    peer: 'node:net',
    target: 1,
    show: gbit,
  },
  {
    name: 'tsyn/net: ping-pong, 64 octets',
    ours: ['tsyn/net', 'pingPong', {}],
    theirs: ['node:net', 'pingPong', {}],
    peer: 'node:net',
    target: 1.2,
    show: perSecond,
  },
  {
    name: 'tsyn/net: connect and close, one after the other',
    ours: ['tsyn/net', 'connections', { flights: 1 }],
    theirs: ['node:net', 'connections', { flights: 1 }],
    peer: 'node:net',
    target: 2,
    show: perSecond,
  },
  {
    name: 'segments a second with 10,000 connections open',
    ours: ['tsyn', 'crowded', { others: 10_000 }],
    theirs: ['tsyn', 'crowded', { others: 0 }],
    peer: 'with one',
    target: 1 / 1.3,
    show: perSecond,
    figure: ({ cost }) => 1 / cost,
  },
  {
    name: 'recovery: a segment of a window of 100,000 with every second one lost',
    ours: ['recovery', 'window', { count: 100_000, lossy: true }],
    theirs: ['recovery', 'window', { count: 100_000, lossy: false }],
    peer: 'none lost',
    most: 4,
    show: microseconds,
    figure: ({ cost }) => cost,
  },
  {
    name: 'recovery: all of that window',
    ours: ['recovery', 'window', { count: 100_000, lossy: true }],
    theirs: ['recovery', 'window', { count: 50_000, lossy: true }],
    peer: 'half of it',
    most: 2.3,
    show: milliseconds,
    figure: ({ total }) => total,
  },
  {
    name: 'recovery: a segment of that window, reported in the worst order',
    ours: ['recovery', 'reports', { count: 100_000 }],
    theirs: ['recovery', 'window', { count: 100_000, lossy: false }],
    peer: 'none lost',
    most: 4,
    show: microseconds,
    figure: ({ cost }) => cost,
  },
  {
    name: 'simulator: bulk over a link, MTU 1500',
    ours: ['simulator', 'bulk', {}],
    theirs: ['tsyn', 'bulk', { gso: false }],
    peer: 'pipe',
    target: 0.5,
    show: gbit,
  },
];

const worker = fileURLToPath(new URL('./worker.mjs', import.meta.url));
function run([side, workload, options], length = seconds) {
  const args = ['--expose-gc', worker, side, workload, String(length), JSON.stringify(options)];
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.status !== 0) throw new Error(`${side} ${workload} ended with ${child.status ?? child.signal}`);
  return JSON.parse(child.stdout);
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const rows = [];
let allocated = null;
for (const c of cases) {
  if (values.only && !c.name.includes(values.only)) continue;
  const figure = c.figure ?? (({ rate }) => rate);
  const pairs = [];
  for (let round = 0; round < rounds; round++) {
    if (process.stderr.isTTY) process.stderr.write(`\r${c.name}: ${round + 1} of ${rounds}\x1b[K`);
    const ours = run(c.ours);
    if (c.ours[0] === 'tsyn' && c.ours[1] === 'bulk' && !c.ours[2].gso) allocated = ours.allocated;
    pairs.push([figure(ours), figure(run(c.theirs))]);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const ratio = median(pairs.map(([ours, theirs]) => ours / theirs));
  rows.push({
    workload: c.name,
    tsyn: c.show(median(pairs.map(([ours]) => ours))),
    peer: `${c.peer} ${c.show(median(pairs.map(([, theirs]) => theirs)))}`,
    ratio: `${ratio.toFixed(2)}x`,
    target: c.most === undefined ? `>= ${c.target.toFixed(2)}x` : `<= ${c.most.toFixed(2)}x`,
    met: c.most === undefined ? ratio >= c.target : ratio <= c.most,
  });
}
if (!values.only || 'memory'.includes(values.only)) {
  const { idle, timeWait } = run(['tsyn', 'memory', {}], values.quick ? 2000 : 10_000);
  const row = (workload, octets, limit) => ({
    workload,
    tsyn: `${Math.round(octets)} octets`,
    peer: `limit ${limit}`,
    ratio: `${(octets / limit).toFixed(2)}x`,
    target: '<= 1.00x',
    met: octets <= limit,
  });
  rows.push(row('memory of an idle connection, an end', idle, 2048));
  rows.push(row('memory of a TIME-WAIT record', timeWait, 300));
}

if (!values.only || 'tsyn/net: memory'.includes(values.only)) {
  const count = 3000; // the kernel's need a descriptor each
  const { pair } = run(['tsyn/net', 'idle', {}], count);
  const { pair: theirs } = run(['node:net', 'idle', {}], count);
  rows.push({
    workload: 'tsyn/net: heap of an idle pair of sockets, beyond that of node:net',
    tsyn: `${Math.round(pair)} octets`,
    peer: `node:net ${Math.round(theirs)} octets`,
    ratio: `+${Math.round(pair - theirs)}`,
    target: '<= +4096',
    met: pair - theirs <= 4096,
  });
}

if (!values.only || 'simulator: hosts'.includes(values.only)) {
  const count = values.quick ? 500 : 5000;
  const { rss, total } = run(['simulator', 'pairs', {}], count);
  const limit = 2 * 1024 ** 3;
  rows.push({
    workload: `simulator: hosts, ${count} pairs with a connection each, RSS`,
    tsyn: `${Math.round(rss / 2 ** 20)} MiB (${milliseconds(total)})`,
    peer: 'limit 2048 MiB',
    ratio: `${(rss / limit).toFixed(2)}x`,
    target: '<= 1.00x',
    met: rss <= limit,
  });
}

if (!values.only || 'simulator: a day'.includes(values.only)) {
  const { total, steps } = run(['simulator', 'day', {}]);
  rows.push({
    workload: 'simulator: a day of 100 idle connections',
    tsyn: `${total.toFixed(1)} ms`,
    peer: `${steps} tasks`,
    ratio: '',
    target: '<= 100 ms',
    met: total <= 100,
  });
}

if (!values.only || 'checker'.includes(values.only)) {
  const runs = Array.from({ length: rounds }, () => run(['checker', 'explore', {}]));
  const rate = median(runs.map((one) => one.rate));
  const states = median(runs.map((one) => one.states));
  const [{ octets }] = runs;
  const limits = { rate: 100_000, octets: 64 };
  rows.push({
    workload: 'checker: transitions of the handshake and the close, a core',
    tsyn: perSecond(rate),
    peer: `limit ${limits.rate} /s (${perSecond(states).replace(' /s', '')} states/s)`,
    ratio: `${(rate / limits.rate).toFixed(2)}x`,
    target: '>= 1.00x',
    met: rate >= limits.rate,
  });
  rows.push({
    workload: 'checker: memory of a visited state, with its edges',
    tsyn: `${octets.toFixed(1)} octets`,
    peer: `limit ${limits.octets}`,
    ratio: `${(octets / limits.octets).toFixed(2)}x`,
    target: '<= 1.00x',
    met: octets <= limits.octets,
  });
}

if (!values.only || 'explain'.includes(values.only)) {
  if (process.stderr.isTTY) process.stderr.write('\rexplain: a capture is written\x1b[K');
  const { octets, ratios, mine, theirs, peak } = compareExplain(values.quick ? 20e6 : 200e6, rounds);
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const ratio = median(ratios);
  const most = values.quick ? 1 : 0.2; // of a short capture both need most of the time to start
  rows.push({
    workload: `explain: the table of a capture of ${Math.round(octets / 1e6)} MB`,
    tsyn: milliseconds(median(mine)),
    peer: `tshark ${milliseconds(median(theirs))}`,
    ratio: `${ratio.toFixed(2)}x`,
    target: `<= ${most.toFixed(2)}x`,
    met: ratio <= most,
  });
  const limit = 128 * 2 ** 20;
  rows.push({
    workload: 'explain: memory, RSS at most',
    tsyn: `${Math.round(peak / 2 ** 20)} MiB`,
    peer: 'limit 128 MiB',
    ratio: `${(peak / limit).toFixed(2)}x`,
    target: '<= 1.00x',
    met: peak <= limit,
  });
}

if (values.json) console.log(JSON.stringify({ rows, allocatedPerSegment: allocated }));
else {
  const columns = ['workload', 'tsyn', 'peer', 'ratio', 'target'];
  const cell = (row, column) => (row === null ? column : row[column]);
  const width = (column) => Math.max(...[null, ...rows].map((row) => cell(row, column).length));
  for (const row of [null, ...rows]) {
    const line = columns.map((column) => cell(row, column).padEnd(width(column))).join('  ');
    console.log(row === null ? line : `${line}  ${row.met ? 'met' : 'missed'}`);
  }
  if (allocated !== null) console.log(`\nallocated for a segment of the bulk transfer: ${allocated.toFixed(1)} octets`);
  console.log(`node ${process.version}, ${rounds} pair(s) of ${seconds} s each, medians`);
}
process.exitCode = rows.length === 0 ? 2 : 0;
