/**
 * Owns: what recvmsg tells beside the data: flags and control messages, as the script writes them.
 */

import { described, field, integer, list } from './arguments.ts';
import { DrillMismatch } from './errors.ts';
import type { Expression } from './script.ts';
import { symbol } from './symbols.ts';
import type { TcpDescriptor } from './tcp-descriptor.ts';

/** A control message: level and type by number, and its data as an integer. */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: number;
}

/** What comes with a read from the socket. */
export function controlOf(socket: TcpDescriptor): ControlMessage[] {
  if (!socket.tellsQueued) return [];
  return [{ level: symbol('SOL_TCP')!, type: symbol('TCP_CM_INQ')!, data: socket.queuedIn }];
}

/** @throws DrillMismatch */
export function compareMessage(expected: Expression, flags: number, control: readonly ControlMessage[]): void {
  const wanted = field(expected, 'msg_flags');
  if (wanted !== null && integer(wanted) !== flags) {
    throw new DrillMismatch(`msg_flags: expected 0x${integer(wanted).toString(16)}, actual 0x${flags.toString(16)}`);
  }
  const messages = field(expected, 'msg_control');
  const entries = messages === null ? [] : list(messages);
  if (entries.length !== control.length) {
    throw new DrillMismatch(`msg_control: expected ${entries.length} messages, actual ${control.length}`);
  }
  entries.forEach((entry, i) => {
    compareControl(entry, control[i]!);
  });
}

function compareControl(expected: Expression, actual: ControlMessage): void {
  for (const [name, value] of [
    ['cmsg_level', actual.level],
    ['cmsg_type', actual.type],
    ['cmsg_data', actual.data],
  ] as const) {
    const wanted = field(expected, name);
    if (wanted === null) throw new DrillMismatch(`${name} is missing in ${described(expected)}`);
    if (integer(wanted) !== value) throw new DrillMismatch(`${name}: expected ${integer(wanted)}, actual ${value}`);
  }
}
