#!/usr/bin/env node
/**
 * tsyn and the kernel as senders, one after the other, on the same bad path:
 *
 *     npm run interop:impaired -- [--seconds 8] [--pairs 3] [--loss 0,0.001,0.01] [--family 4] [--capture DIRECTORY]
 *
 * The path is 50 Mbit/s, 20 ms there and back, a queue of two bandwidth-delay products, and loses packets by chance, the
 * same in both directions. Both senders use CUBIC, the kernel's by setsockopt. For each loss rate the two take turns, and
 * the medians of what the receiving application got are compared: tsyn's must be at least 0.8 of the kernel's.
 * Afterwards a short transfer of each on the worst path is captured, in which tsyn and Wireshark must find the same.
 *
 * Owns: the command line, the turns, the table and the closing line. One run is `transfer.mjs`'s.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compare } from '../agreement/compare.mjs';
import { missingHere, runInside, settleInside } from './namespaces.mjs';

const TOOLS = ['unshare', 'ip', 'ss', 'python3', 'tshark'];
/** Less than this share of the kernel's throughput is a failure. */
const LEAST = 0.8;

/** How long a transfer is captured, s. */
const CAPTURED = 2;

/** Times in ms, the rate in bits a second. */
const PATH = { rate: 50e6, delay: 10, queueBdps: 2 };

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    pairs: { type: 'string', default: '3' },
    loss: { type: 'string', default: '0,0.001,0.01' },
    family: { type: 'string', default: '4' },
    capture: { type: 'string' },
    // Said by this program to itself.
    inside: { type: 'boolean', default: false },
  },
});

if (options.inside) {
  settleInside();
  inside().then(
    (code) => process.exit(code),
    (error) => {
      console.log(`the comparison itself failed: ${error.stack ?? error}\n0 passed, 1 failed`);
      process.exit(1);
    },
  );
} else {
  const missing = missingHere(TOOLS);
  if (missing === null) {
    process.exitCode = await runInside(fileURLToPath(import.meta.url));
  } else {
    console.log(`cannot run: ${missing}\n0 passed, 1 failed`);
    process.exitCode = 1;
  }
}

async function inside() {
  const { transfer } = await import('./transfer.mjs');
  // What an earlier connection met would otherwise decide how the next of the kernel's begins (`ip tcp_metrics`).
  writeFileSync('/proc/sys/net/ipv4/tcp_no_metrics_save', '1');
  const [seconds, pairs] = [Number(options.seconds), Number(options.pairs)];
  const losses = options.loss.split(',').map(Number);
  const families = options.family.split(',').map(Number);
  if (options.capture !== undefined) mkdirSync(options.capture, { recursive: true });
  const rows = [];
  for (const family of families) {
    for (const loss of losses) {
      const rates = { tsyn: [], kernel: [] };
      for (let pair = 0; pair < pairs; pair++) {
        // Who comes first changes, and both of a pair meet the same dice.
        const senders = pair % 2 === 0 ? ['tsyn', 'kernel'] : ['kernel', 'tsyn'];
        for (const sender of senders) {
          const name = `ipv${family}-loss${loss}-${sender}-${pair}`;
          const capture = options.capture === undefined ? null : join(options.capture, name);
          const result = await transfer({ ...PATH, family, loss, sender, seconds, seed: pair + 1, capture });
          rates[sender].push(result.rate);
          console.log(
            `IPv${family}, loss ${percent(loss)}: ${sender.padEnd(6)} ${mega(result.rate)} Mbit/s  ${result.note}`,
          );
        }
      }
      rows.push({ family, loss, tsyn: median(rates.tsyn), kernel: median(rates.kernel) });
    }
  }
  console.log('\n| | loss | tsyn sends, Mbit/s | the kernel sends, Mbit/s | ratio |\n|---|---|---|---|---|');
  let failed = 0;
  for (const { family, loss, tsyn, kernel } of rows) {
    const ratio = tsyn / kernel;
    const good = ratio >= LEAST;
    if (!good) failed++;
    const verdict = good ? '' : `, less than ${LEAST}`;
    console.log(
      `| IPv${family} | ${percent(loss)} | ${mega(tsyn)} | ${mega(kernel)} | ${ratio.toFixed(2)}${verdict} |`,
    );
  }
  const disagreements = await compareCaptures(transfer, families[0], losses.at(-1));
  failed += disagreements.filter((count) => count > 0).length;
  console.log(`\n${rows.length + disagreements.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** @returns of a capture of each sender, in how many things tsyn and Wireshark differ about it */
async function compareCaptures(transfer, family, loss) {
  const directory = mkdtempSync(join(tmpdir(), 'tsyn-impaired-'));
  const counts = [];
  console.log('');
  for (const sender of ['tsyn', 'kernel']) {
    const capture = join(directory, sender);
    await transfer({ ...PATH, family, loss, sender, seconds: CAPTURED, seed: 1, capture });
    const path = `${capture}.pcapng`;
    const { frames, counts: anomalies, differences } = await compare([readFileSync(path)], path);
    const found = [...anomalies].map(([name, count]) => `${count} ${name}`).join(', ');
    console.log(`capture of ${sender} sending: ${frames} frames with ${found}: ${differences.length} differences`);
    for (const difference of differences.slice(0, 5)) console.log(`    ${Object.values(difference).join('  ')}`);
    counts.push(differences.length);
  }
  rmSync(directory, { recursive: true });
  return counts;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function percent(share) {
  return `${Number((share * 100).toFixed(3))} %`;
}

function mega(rate) {
  return (rate / 1e6).toFixed(1).padStart(5);
}
