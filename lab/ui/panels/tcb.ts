/** Owns: the rows of the TCB's table: what each is called, where it is explained, and its value as text. */

import type { ConnectionView, ViewChange } from '../../engine/types.ts';
import { keyOf } from './chosen.ts';
import { duration, figure } from './shared.tsx';

/** How a value is read: counted from ISS, from IRS, as a size, as a timestamp's ticks, as a time. */
type Kind = 'ours' | 'theirs' | 'size' | 'stamp' | 'time' | 'ours ranges' | 'theirs ranges';

export type Field = Exclude<
  keyof ConnectionView,
  'id' | 'local' | 'remote' | 'state' | 'unsent' | 'unacked' | 'unread' | 'sendBuffer' | 'receiveBuffer' | 'timers'
>;

export interface Row {
  readonly field: Field;
  readonly name: string;
  readonly kind: Kind;
  readonly rfc: string;
}

const row = (field: Field, name: string, kind: Kind, rfc: string): Row => ({ field, name, kind, rfc });

export const GROUPS: readonly {
  readonly group: 'send' | 'receive' | 'congestion' | 'time';
  readonly rows: readonly Row[];
}[] = [
  {
    group: 'send',
    rows: [
      row('iss', 'ISS', 'ours', 'RFC 9293 3.4.1'),
      row('sndUna', 'SND.UNA', 'ours', 'RFC 9293 3.3.1'),
      row('sndNxt', 'SND.NXT', 'ours', 'RFC 9293 3.3.1'),
      row('sndWnd', 'SND.WND', 'size', 'RFC 9293 3.3.1'),
      row('sndWl1', 'SND.WL1', 'theirs', 'RFC 9293 3.3.1'),
      row('sndWl2', 'SND.WL2', 'ours', 'RFC 9293 3.3.1'),
      row('mss', 'MSS', 'size', 'RFC 9293 3.7.1'),
      row('sacked', 'SACK', 'ours ranges', 'RFC 2018 3'),
    ],
  },
  {
    group: 'receive',
    rows: [
      row('irs', 'IRS', 'theirs', 'RFC 9293 3.3.1'),
      row('rcvNxt', 'RCV.NXT', 'theirs', 'RFC 9293 3.3.1'),
      row('rcvWnd', 'RCV.WND', 'size', 'RFC 9293 3.3.1'),
      row('held', 'held', 'theirs ranges', 'RFC 9293 3.10.7.4'),
      row('tsRecent', 'TS.Recent', 'stamp', 'RFC 7323 4.3'),
    ],
  },
  {
    group: 'congestion',
    rows: [
      row('cwnd', 'cwnd', 'size', 'RFC 5681 2'),
      row('ssthresh', 'ssthresh', 'size', 'RFC 5681 2'),
      row('pipe', 'pipe', 'size', 'RFC 6675 2'),
      row('duplicates', 'DupACKs', 'size', 'RFC 5681 3.2'),
    ],
  },
  {
    group: 'time',
    rows: [
      row('srtt', 'SRTT', 'time', 'RFC 6298 2'),
      row('rttvar', 'RTTVAR', 'time', 'RFC 6298 2'),
      row('rto', 'RTO', 'time', 'RFC 6298 2'),
      row('backoff', 'back-off', 'size', 'RFC 6298 5.5'),
    ],
  },
];

export const ROWS: readonly Row[] = GROUPS.flatMap(({ rows }) => rows);

/** A value as the table shows it. @param relative sequence numbers count from the connection's first */
export function valueIn(view: ConnectionView, { field, kind }: Row, relative: boolean): string {
  const value = view[field];
  if (value === null) return '–';
  const base = (kind.startsWith('ours') ? view.iss : view.irs) ?? 0;
  const number = (sequence: number): string => figure(relative ? (sequence - base) | 0 : sequence);
  if (typeof value !== 'number') {
    return value.length === 0 ? '–' : value.map(([from, to]) => `${number(from)}–${number(to)}`).join(' ');
  }
  if (kind === 'time') return duration(value);
  if (kind === 'stamp') return figure(value);
  if (kind === 'size') return value >= 0x3fff_0000 ? '∞' : figure(value);
  return number(value);
}

/** Fields that the last of the changes has changed. */
export function lastChanged(changes: readonly ViewChange[], of: ConnectionView): ReadonlySet<Field> {
  const [before, after] = changes.slice(-2).map(({ view }) => view.connections.find((one) => keyOf(one) === keyOf(of)));
  if (before === undefined || after === undefined) return new Set();
  return new Set(ROWS.filter(({ field }) => String(before[field]) !== String(after[field])).map(({ field }) => field));
}
