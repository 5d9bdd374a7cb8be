/**
 * Owns: what Wireshark finds in a capture: `tshark` is asked for the anomalies of each frame with TCP, and for its table of
 * conversations. Fragments are not put together, as tsyn does not.
 */

import { spawn } from 'node:child_process';
import { FLAGS } from './follow.mjs';

const FIELDS = [
  'frame.number',
  'frame.len',
  'frame.protocols',
  'tcp.stream',
  'tcp.analysis.duplicate_ack_frame',
  'tcp.analysis.duplicate_ack_num',
  ...FLAGS.map((name) => `tcp.analysis.${name}`),
];

/**
 * @param path of the capture
 * @returns { frames, conversations, complaint }: frames as `follow.mjs` has them, with `protocols`; the rows of the table, octets as it
 *   writes them; what tshark said when it ended with an error, or null
 */
export async function dissect(path) {
  const words = ['-n', '-r', path, '-o', 'ip.defragment:FALSE', '-o', 'ipv6.defragment:FALSE'];
  words.push('-Y', 'tcp', '-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a', '-z', 'conv,tcp');
  for (const field of FIELDS) words.push('-e', field);
  const { status, output, complaints } = await run('tshark', words);
  const lines = output.split('\n');
  const table = lines.indexOf('TCP Conversations');
  const frames = new Map();
  for (const line of lines.slice(0, table < 0 ? lines.length : table - 1)) {
    const [number, ...values] = line.split('\t');
    // Where so little was captured that there is not even a window, there is no stream.
    if (line !== '' && values[2] !== '') frames.set(Number(number), frameOf(values));
  }
  const conversations = lines.slice(table).filter((line) => line.includes('<->'));
  return { frames, conversations: conversations.map(rowOf), complaint: status === 0 ? null : lastLine(complaints) };
}

function frameOf([length, protocols, streams, of, number, ...values]) {
  return {
    stream: Number(streams.split(',')[0]),
    flags: flagsOf(
      FLAGS.filter((_, i) => values[i] !== ''),
      of,
      number,
    ),
    length: Number(length),
    protocols,
  };
}

/**
 * Wireshark's anomalies of a frame in tsyn's words: it tells a fast or spurious retransmission as a retransmission, too.
 *
 * @param names of the fields `tcp.analysis.*` that the frame has
 * @param of the frame that a duplicate ACK repeats, and the how many-th it is
 */
export function flagsOf(names, of, number) {
  const special = names.includes('fast_retransmission') || names.includes('spurious_retransmission');
  return FLAGS.filter((name) => names.includes(name) && !(special && name === 'retransmission')).map((name) =>
    name === 'duplicate_ack' ? `${name} ${of}#${number}` : name,
  );
}

/** `192.0.2.1:80  <-> 192.0.2.2:40000   3 180 bytes  4 12 kB  7 12 kB  0.000000000  0.1000` */
function rowOf(line) {
  const [a, , b, ...rest] = line.trim().split(/\s+/);
  const numbers = rest.filter((word) => /^[\d.]+$/.test(word));
  const units = rest.filter((word) => /^[a-zA-Z]/.test(word));
  return {
    a,
    b,
    frames: [Number(numbers[0]), Number(numbers[2])],
    octets: [`${numbers[1]} ${units[0]}`, `${numbers[3]} ${units[1]}`],
  };
}

function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? '';
}

/** @returns { status, output, complaints } */
export function run(command, words) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    let complaints = '';
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => {
      complaints += chunk;
    });
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output: Buffer.concat(output).toString(), complaints }));
  });
}
