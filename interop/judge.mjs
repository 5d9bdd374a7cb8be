/**
 * Owns: the second opinion: Wireshark reads every capture. Nothing may be malformed, no checksum wrong, and what it finds
 * remarkable about TCP must be what the case said it would be, and what `tsyn/explain` finds in the same capture.
 */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { flagsOf } from '../agreement/wireshark.mjs';

const ANOMALIES = fileURLToPath(new URL('../agreement/anomalies.mjs', import.meta.url));
const CHECKSUMS = ['ip', 'tcp', 'udp', 'icmp', 'icmpv6'].map((protocol) => `${protocol}.checksum.status`);

/** What `tcp.analysis.flags` is made of. */
const FLAGS = [
  'retransmission',
  'fast_retransmission',
  'spurious_retransmission',
  'out_of_order',
  'reused_ports',
  'lost_segment',
  'ack_lost_segment',
  'duplicate_ack',
  'window_update',
  'window_full',
  'keep_alive',
  'keep_alive_ack',
  'zero_window',
  'zero_window_probe',
  'zero_window_probe_ack',
  'tfo_syn',
  'tfo_ack',
  'tfo_ignored',
];

const FIELDS = [
  'frame.number',
  'frame.packet_flags_direction',
  'tcp.checksum',
  ...CHECKSUMS,
  '_ws.malformed',
  'tcp.analysis.duplicate_ack_frame',
  'tcp.analysis.duplicate_ack_num',
  'tcp.analysis.flags',
  ...FLAGS.map((flag) => `tcp.analysis.${flag}`),
];

const BAD = '0';
const GOOD = '1';

/** Of the first so many packets everything is looked at here, of the others only what is remarkable. */
const ALL_OF = 200;

/**
 * Reads a capture. `allowed`: names of `tcp.analysis.*`, or 'anything'.
 *
 * @returns what is wrong with it, in sentences
 */
export async function judge(path, allowed) {
  const words = ['-n', '-r', path, '-T', 'fields', '-E', 'occurrence=f'];
  for (const protocol of ['ip', 'tcp', 'udp']) words.push('-o', `${protocol}.check_checksum:TRUE`);
  // The text is what tests send, and no protocol that lives on some port.
  words.push('-o', 'tcp.try_heuristic_first:FALSE', '-d', 'tcp.port==1-65535,data');
  const remarkable = [`frame.number <= ${ALL_OF}`, '_ws.malformed', ...CHECKSUMS.map((field) => `${field} == ${BAD}`)];
  words.push('-Y', [...remarkable, 'tcp.analysis.flags'].join(' || '));
  for (const field of FIELDS) words.push('-e', field);
  const tshark = start('tshark', words);
  const ours = anomaliesIn(path);
  const anomalies = new Map();
  const problems = [];
  let packets = 0;
  const note = (problem) => {
    if (problems.length < 10) problems.push(problem);
  };
  for await (const line of createInterface({ input: tshark.child.stdout })) {
    const values = line.split('\t');
    const frame = `frame ${values[0]}`;
    // The kernel writes a checksum of 0 as 0xffff, which is the same to whoever adds it up; tsyn must not.
    const theirs = values[1].endsWith('1') && values[2] === '0xffff';
    const checks = values.slice(3, 3 + CHECKSUMS.length);
    if (checks.includes(GOOD)) packets++;
    checks.forEach((check, i) => {
      if (check === BAD && !(theirs && CHECKSUMS[i] === 'tcp.checksum.status'))
        note(`${frame}: ${CHECKSUMS[i]} is bad`);
    });
    const [malformed, of, number, any, ...rest] = values.slice(3 + CHECKSUMS.length);
    if (malformed) note(`${frame}: malformed`);
    if (!any) continue;
    const seen = FLAGS.filter((_, i) => rest[i]);
    anomalies.set(values[0], flagsOf(seen, of, number).join(' + '));
    if (seen.length === 0) note(`${frame}: a tcp.analysis flag that this suite does not know`);
    for (const flag of seen) {
      if (allowed !== 'anything' && !allowed.includes(flag))
        note(`${frame}: tcp.analysis.${flag}, which nothing explains`);
    }
  }
  const complaint = await tshark.done;
  if (complaint !== null) note(complaint);
  compare(await ours, anomalies, note);
  if (packets === 0) note('not one packet with a checksum that is right');
  return problems;
}

function compare(ours, theirs, note) {
  for (const frame of new Set([...ours.keys(), ...theirs.keys()])) {
    const [mine = 'none', other = 'none'] = [ours.get(frame), theirs.get(frame)];
    if (mine !== other) note(`frame ${frame}: anomalies are ${other} to Wireshark, ${mine} to tsyn`);
  }
}

/** The anomalies that tsyn finds, by the number of the frame. */
async function anomaliesIn(path) {
  const { child, done } = start(process.execPath, [ANOMALIES, path]);
  const found = new Map();
  for await (const line of createInterface({ input: child.stdout })) found.set(...line.split('\t'));
  const complaint = await done;
  if (complaint !== null) throw new Error(complaint);
  return found;
}

/** Runs a program beside the cases. @returns { child, done }, a promise of what it said if it failed, or null */
function start(command, words) {
  // What is measured and timed goes first.
  const child = spawn('nice', ['-n', '19', command, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (data) => {
    complaints += data;
  });
  const done = new Promise((resolve) => {
    child.on('close', (status) => {
      const last = complaints.trim().split('\n').pop();
      resolve(status === 0 ? null : `${command} ended with ${status}: ${last}`);
    });
  });
  return { child, done };
}
