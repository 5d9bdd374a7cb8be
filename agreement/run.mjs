#!/usr/bin/env node
/**
 * Whether tsyn finds in captures what Wireshark finds: of every frame with TCP the stream, the length and the anomalies
 * (`tcp.analysis.*`), and the table of conversations:
 *
 *     npm run agreement [-- --only generated|debian] [FILE | FOLDER ...]
 *
 * Captures are made here (simulations, packetdrill scripts, the lab's presets, random segments), and taken from Debian's source packages of
 * Wireshark and tcpdump; with arguments, only those files are compared. Where tsyn differs on purpose, `differences.tsv` says so
 * and why; a difference that is not listed there is a failure, and so is a listed one that is gone. Closes with
 * `N passed, N failed, N skipped`: a test is a capture. Where TSYN_REQUIRE=1, captures that cannot be fetched are a failure.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compare } from './compare.mjs';
import { debianCaptures } from './debian.mjs';
import { FLAGS } from './follow.mjs';
import { generatedCaptures } from './generated.mjs';
import { labCaptures } from './lab.mjs';
import { withTcp } from './sift.mjs';

const LIST = new URL('./differences.tsv', import.meta.url);
/** Captures with TCP in Debian's packages: fewer are a failure. */
const LEAST_DEBIAN = 125;
/** tshark is started so often at a time. */
const AT_ONCE = 2;
/** Differences of a capture that are shown. */
const SHOWN = 10;

const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
const required = process.env.TSYN_REQUIRE === '1';
const work = mkdtempSync(join(tmpdir(), 'tsyn-agreement-'));
const totals = { passed: 0, failed: 0, skipped: 0, frames: 0, connections: 0, anomalies: new Map() };
const listed = readList();
try {
  process.exitCode = await main();
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function main() {
  if (spawnSync('tshark', ['--version']).status !== 0) {
    console.log('there is no tshark to agree with');
    return close(required ? { failed: 1 } : { skipped: 1 });
  }
  if (positionals.length > 0) {
    await compareAll(positionals.flatMap(filesIn));
    return close();
  }
  if (values.only !== 'debian') {
    await compareAll([...generatedCaptures(), ...(await labCaptures(work))]);
    for (const flag of FLAGS)
      if (!totals.anomalies.has(flag)) fail('generated captures', `there is no ${flag} in them`);
  }
  if (values.only !== 'generated') await compareDebian();
  if (values.only === undefined) for (const line of listed.keys()) fail('differences.tsv', `it is gone: ${line}`);
  return close();
}

async function compareDebian() {
  let all;
  try {
    all = debianCaptures();
  } catch (error) {
    console.log(`the captures of Debian's wireshark and tcpdump are not to be had: ${error.message}`);
    if (required) totals.failed++;
    else totals.skipped += LEAST_DEBIAN;
    return;
  }
  const { captures, unread } = await withTcp(all, join(work, 'all.pcapng'));
  console.log(`Debian: ${all.length} files, of which ${captures.length} have TCP and ${unread} are no pcap or pcapng`);
  await compareAll(captures);
  if (captures.length < LEAST_DEBIAN) fail('Debian', `only ${captures.length} captures of at least ${LEAST_DEBIAN}`);
}

async function compareAll(captures) {
  const waiting = [...captures.entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await compareOne(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function compareOne({ name, octets }, number) {
  const path = join(work, `${number}.pcapng`);
  writeFileSync(path, octets);
  const { frames, connections, counts, differences } = await compare([octets], path);
  rmSync(path);
  totals.frames += frames;
  totals.connections += connections;
  for (const [flag, count] of counts) totals.anomalies.set(flag, (totals.anomalies.get(flag) ?? 0) + count);
  const surprising = differences.filter((difference) => !listed.delete(lineOf(name, difference)));
  if (surprising.length === 0) totals.passed++;
  else totals.failed++;
  const verdict = surprising.length === 0 ? 'ok' : `FAILED: ${surprising.length} differences`;
  const purpose = differences.length - surprising.length;
  console.log(
    `${name}: ${frames} frames, ${connections} connections: ${verdict}${purpose > 0 ? `, ${purpose} on purpose` : ''}`,
  );
  for (const difference of surprising.slice(0, SHOWN)) console.log(`    ${lineOf(name, difference)}`);
}

function fail(what, why) {
  totals.failed++;
  console.log(`${what}: FAILED: ${why}`);
}

function close(counts = {}) {
  Object.assign(totals, counts);
  const { passed, failed, skipped, frames, connections, anomalies } = totals;
  console.log(`\n${frames} frames with TCP in ${connections} connections were compared, and these anomalies:`);
  for (const flag of FLAGS) console.log(`  ${flag.padEnd(24)}${anomalies.get(flag) ?? 0}`);
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0 ? 0 : 1;
}

function lineOf(name, { frame, what, ours, theirs }) {
  return [name, frame, what, ours, theirs].join('\t');
}

/** The differences on purpose, as lines without their reasons; those of every capture are rules of `compare.mjs`. */
function readList() {
  const all = readFileSync(LIST, 'utf8').trim().split('\n').slice(1);
  const lines = all.filter((line) => !line.startsWith('*'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf('\t')), line.slice(line.lastIndexOf('\t') + 1)]));
}

/** Files of a folder, in whose names `.pcap` occurs, or the file. */
function filesIn(path) {
  if (!statSync(path).isDirectory()) return [{ name: path, octets: readFileSync(path) }];
  const names = readdirSync(path, { recursive: true }).filter((name) => name.includes('.pcap'));
  return names.sort().map((name) => ({ name: join(path, name), octets: readFileSync(join(path, name)) }));
}
