/** Owns: sockets and counters as columns of text. What they are is the stack's to say. */

import type { SocketInfo } from '../stack/index.ts';
import { displayWidth } from '../trace/text.ts';

/** Netstat's columns. */
export function socketLines(sockets: readonly SocketInfo[]): string[] {
  const rows = sockets.map((socket) => [
    socket.protocol,
    `${socket.receiveQueue}`,
    `${socket.sendQueue}`,
    socket.local,
    socket.remote,
    stateOf(socket),
  ]);
  return columns([['proto', 'recv-q', 'send-q', 'local', 'remote', 'state'], ...rows], [1, 2]);
}

function stateOf({ state, timeLeft, halfOpen, waiting, backlog }: SocketInfo): string {
  if (timeLeft !== undefined) return `${state} (${Math.ceil(timeLeft / 1000)} s left)`;
  if (backlog === undefined) return state;
  return `${state} (half-open ${halfOpen}, waiting ${waiting} of ${backlog})`;
}

/** A counter a line, in the order of the record. */
export function counterLines(counters: Readonly<Record<string, number>>): string[] {
  return columns(
    Object.entries(counters).map(([name, value]) => [name, `${value}`]),
    [1],
  );
}

/** Rows with each column as wide as it needs; those in `right` are set to the right. */
function columns(rows: ReadonlyArray<readonly string[]>, right: readonly number[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => displayWidth(row[i]!))));
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const space = ' '.repeat(widths[i]! - displayWidth(cell));
        return right.includes(i) ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** 1234567 -> `1,234,567` */
export function grouped(count: number): string {
  return `${count}`.replace(/\B(?=(\d{3})+$)/g, ',');
}
