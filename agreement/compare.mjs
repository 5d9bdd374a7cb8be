/** Owns: where tsyn and Wireshark differ about a capture. */

import { follow } from './follow.mjs';
import { dissect } from './wireshark.mjs';

/** Octets in a table of conversations are told in a larger unit from here on. */
const EXACT = 10_000;
const UNITS = ['bytes', 'kB', 'MB', 'GB'];

/**
 * @param pieces of the capture
 * @param path the same as a file
 * @returns { frames, connections, counts, differences }: how much was compared, how often each anomaly was there, and a list of
 *   `{ frame, what, ours, theirs }`, all of them texts
 */
export async function compare(pieces, path) {
  const theirs = await dissect(path);
  const ours = follow(pieces);
  const differences = [];
  const say = (frame, what, mine, other) => {
    if (mine !== other) differences.push({ frame: String(frame), what, ours: String(mine), theirs: String(other) });
  };
  const unseen = new Map();
  for (const [number, other] of theirs.frames) {
    const mine = ours.frames.get(number);
    if (mine === undefined) {
      if (!isQuoted(other)) unseen.set(number, other);
      continue;
    }
    say(number, 'stream', mine.stream, other.stream);
    say(number, 'length', mine.length, other.length);
    // The rule of differences.tsv: Wireshark says nothing of a frame whose header breaks off, though it takes it into account.
    const flags = mine.cut ? [] : mine.flags;
    say(number, 'anomalies', flags.join(' + ') || 'none', other.flags.join(' + ') || 'none');
  }
  for (const [number] of ours.frames) if (!theirs.frames.has(number)) say(number, 'TCP', 'a segment', 'none');
  for (const [carrier, count] of carriers(unseen)) say('-', `TCP in ${carrier}`, 'not looked into', `${count} frames`);
  compareTables(ours, theirs, hidden(theirs.frames, unseen), say);
  return {
    frames: theirs.frames.size,
    connections: ours.connections.length,
    counts: countsOf(ours.frames),
    differences,
  };
}

/** An ICMP error brings a segment back. It belongs to a stream, and is no segment that somebody sent. */
function isQuoted({ protocols }) {
  return /:icmp(v6)?:/.test(protocols);
}

/** What carries TCP in frames that tsyn finds none in, and how many there are. */
function carriers(unseen) {
  const counts = new Map();
  for (const { protocols } of unseen.values()) {
    const below = protocols.slice(0, protocols.indexOf(':tcp')).split(':');
    const carrier = below.filter((name) => !['eth', 'ethertype', 'ip', 'ipv6'].includes(name)).at(-1);
    counts.set(carrier, (counts.get(carrier) ?? 0) + 1);
  }
  return counts;
}

/** How many streams there are only in frames that tsyn finds no TCP in. */
function hidden(frames, unseen) {
  const streams = new Set([...unseen.values()].map(({ stream }) => stream));
  for (const [number, { stream }] of frames) if (!unseen.has(number)) streams.delete(stream);
  return streams.size;
}

function compareTables(ours, theirs, hiddenStreams, say) {
  const mine = ours.connections
    .map((connection) => ourRow(countable(connection, ours.frames)))
    .filter((row) => row !== null);
  const other = theirs.conversations.map(theirRow);
  const extra = without(mine, other);
  const missing = without(other, mine);
  if (extra.length === 0 && missing.length === hiddenStreams) return;
  for (const row of extra) say('-', 'conversation', row, 'none');
  for (const row of missing) say('-', 'conversation', 'none', row);
}

function without(rows, others) {
  const left = [...others];
  return rows.filter((row) => {
    const at = left.indexOf(row);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** Without the frames whose header breaks off: Wireshark does not count them. */
function countable({ a, b, frames: [...frames], octets: [...octets], stream }, all) {
  for (const frame of all.values()) {
    if (frame.stream !== stream || !frame.cut) continue;
    frames[1 - frame.from]--;
    octets[1 - frame.from] -= frame.length;
  }
  return { a, b, frames, octets };
}

function ourRow({ a, b, frames, octets }) {
  if (frames[0] + frames[1] === 0) return null;
  const [back, forth] = octets.map(inUnits);
  return rowText(a, b, frames, [back, forth]);
}

/** As tshark's table has it: cut off, not rounded. */
function inUnits(octets) {
  let count = octets;
  let unit = 0;
  while (count >= EXACT && unit < UNITS.length - 1) {
    count = Math.floor(count / 1000);
    unit++;
  }
  return `${count} ${UNITS[unit]}`;
}

function theirRow({ a, b, frames, octets }) {
  return rowText(withBrackets(a), withBrackets(b), frames, octets);
}

function rowText(a, b, frames, octets) {
  return `${a} <-> ${b}: ${frames[0]} frames of ${octets[0]} <-, ${frames[1]} frames of ${octets[1]} ->`;
}

/** `2001:db8::1:80` is ambiguous. */
function withBrackets(end) {
  const at = end.lastIndexOf(':');
  return end.indexOf(':') === at ? end : `[${end.slice(0, at)}]${end.slice(at)}`;
}

function countsOf(frames) {
  const counts = new Map();
  for (const { flags } of frames.values()) {
    for (const flag of flags) {
      const name = flag.split(' ')[0];
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return counts;
}
