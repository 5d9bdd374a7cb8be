/** Owns: the connections of a capture as a table, and as records for programs. */

import type { Connection } from '../../explain/connection.ts';
import type { Connections } from '../../explain/connections.ts';
import { ANOMALIES } from '../../explain/types.ts';
import { displayWidth } from '../../trace/text.ts';
import type { Language } from '../../trace/words.ts';
import { grouped } from '../report.ts';
import { type Ended, EXPLAIN_TEXTS, type Opened } from './texts.ts';

/** Cells of a row: numbers are set to the right. */
export interface Cell {
  readonly text: string;
  readonly right: boolean;
}

/** The head of the table, and a row for each connection. */
export function tableOf(connections: Iterable<Connection>, lang: Language): readonly (readonly Cell[])[] {
  const { columns } = EXPLAIN_TEXTS[lang];
  const left = (text: string): Cell => ({ text, right: false });
  const right = (text: string): Cell => ({ text, right: true });
  const head = [
    right(columns.stream),
    left(columns.from),
    left(columns.to),
    right(`${columns.packets} →`),
    right('←'),
    right(`${columns.octets} →`),
    right('←'),
    right(columns.duration),
    right(columns.roundTrip),
    right(columns.rate),
    right(columns.loss),
    left(columns.opened),
    left(columns.ended),
    left(columns.anomalies),
  ];
  return [head, ...[...connections].map((connection) => rowOf(connection, lang, left, right))];
}

function rowOf(
  connection: Connection,
  lang: Language,
  left: (text: string) => Cell,
  right: (text: string) => Cell,
): readonly Cell[] {
  const { opened, ended } = EXPLAIN_TEXTS[lang];
  const from = connection.opener ?? 0;
  const [a, b] = from === 0 ? connection.sides : [connection.sides[1], connection.sides[0]];
  const trip = roundTripOf(connection);
  const rate = Math.max(connection.throughput(0), connection.throughput(1));
  return [
    right(`${connection.stream}`),
    left(a.name),
    left(b.name),
    right(grouped(a.packets)),
    right(grouped(b.packets)),
    right(grouped(a.octets)),
    right(grouped(b.octets)),
    right(`${(connection.duration / 1000).toFixed(3)} s`),
    right(trip === null ? '-' : `${trip.toFixed(trip < 10 ? 2 : 1)} ms`),
    right(rate === 0 ? '-' : rateText(rate)),
    right(percent(lossOf(connection))),
    left(opened[openedHow(connection)]),
    left(ended[endedHow(connection)]),
    left(anomaliesText(connection)),
  ];
}

/** The table as lines of text, columns as wide as they need. */
export function tableLines(rows: readonly (readonly Cell[])[]): string[] {
  const widths = rows[0]!.map((_, i) => rows.reduce((most, row) => Math.max(most, displayWidth(row[i]!.text)), 0));
  return rows.map((row) =>
    row
      .map(({ text, right }, i) => {
        const space = ' '.repeat(widths[i]! - displayWidth(text));
        return right ? space + text : text + space;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** A connection as a plain record. Times in ms, from 1970 where they are absolute; rates in bit/s. */
export function recordOf(connection: Connection): object {
  const { stream, first, last, duration, firstFrame, lastFrame, reused, opener, quoted, agreement } = connection;
  return {
    stream,
    opener,
    ends: ([0, 1] as const).map((end) => {
      const side = connection.sides[end];
      const { host: address, port, packets, octets, text, retransmissions, retransmitted, syns, fins, resets } = side;
      const { count, min, mean, max } = side.roundTrips;
      return {
        address,
        port,
        packets,
        octets,
        text,
        retransmissions,
        retransmitted,
        syns,
        fins,
        resets,
        offer: side.offer,
        roundTrips: count === 0 ? null : { count, min, mean, max },
        throughput: connection.throughput(end),
        anomalies: countsOf((name) => side.anomalies(name)),
      };
    }),
    first,
    last,
    duration,
    firstFrame,
    lastFrame,
    reused,
    icmpErrors: quoted,
    opened: openedHow(connection),
    ended: endedHow(connection),
    initialRoundTrip: connection.initialRoundTrip,
    agreement,
    loss: lossOf(connection),
    anomalies: countsOf((name) => connection.anomalies(name)),
  };
}

function countsOf(count: (name: (typeof ANOMALIES)[number]['name']) => number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name } of ANOMALIES) if (count(name) > 0) counts[name] = count(name);
  return counts;
}

export function openedHow({ opener, sides }: Connection): Opened {
  const [a, b] = sides;
  if (opener === null) return a.offer === null && b.offer === null ? 'middle' : 'answer';
  const server = sides[opener === 0 ? 1 : 0];
  if (server.offer !== null) return 'handshake';
  if (server.packets === 0) return sides[opener].packets > sides[opener].syns ? 'one-way' : 'unanswered';
  return server.resets > 0 && server.packets === server.resets ? 'refused' : 'answer';
}

export function endedHow(connection: Connection): Ended {
  const [a, b] = connection.sides;
  if (openedHow(connection) === 'refused') return 'refused';
  if (a.resets + b.resets > 0) return 'reset';
  if (a.fins > 0 && b.fins > 0) return 'closed';
  return a.fins + b.fins > 0 ? 'half-closed' : 'open';
}

/** That of the handshake; else the least of the slower side. */
function roundTripOf({ initialRoundTrip, sides: [a, b] }: Connection): number | null {
  if (initialRoundTrip !== null) return initialRoundTrip;
  const least = Math.max(a.roundTrips.min, b.roundTrips.min);
  return least > 0 ? least : null;
}

/** The share of packets that were sent again, 0 .. 1. */
function lossOf({ packets, sides: [a, b] }: Connection): number {
  return packets === 0 ? 0 : (a.retransmissions + b.retransmissions) / packets;
}

function percent(share: number): string {
  return share === 0 ? '-' : `${(share * 100).toFixed(share < 0.01 ? 2 : 1)} %`;
}

function rateText(bitsPerSecond: number): string {
  const steps = [
    [1e9, 'Gbit/s'],
    [1e6, 'Mbit/s'],
    [1e3, 'kbit/s'],
    [1, 'bit/s'],
  ] as const;
  const [size, unit] = steps.find(([least]) => bitsPerSecond >= least) ?? steps[3];
  return `${Number((bitsPerSecond / size).toPrecision(3))} ${unit}`;
}

/** `2 Retransmission, 5 Dup ACK`: as Wireshark calls them, without its "TCP". */
function anomaliesText(connection: Connection): string {
  return ANOMALIES.map(({ name, label }) => ({ count: connection.anomalies(name), label }))
    .filter(({ count }) => count > 0)
    .map(({ count, label }) => `${count} ${label.replace(/^TCP /, '')}`)
    .join(', ');
}

export function summaryOf({ counts, size }: Connections): object {
  return { connections: size, ...counts };
}
