/**
 * Owns: what recvmsg tells beside the data: flags and control messages, as the script writes them.
 */

import { described, field, integer, list } from './arguments.ts';
import { DrillMismatch } from './errors.ts';
import type { IpVersion } from './host.ts';
import type { Expression } from './script.ts';
import { symbol } from './symbols.ts';
import type { TcpDescriptor } from './tcp-descriptor.ts';
import type { Completion } from './zero-copy.ts';

/** A control message: level and type by number, and its data as an integer, or integers by name. */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: number | Readonly<Record<string, number>>;
}

/** What comes with a read from the socket. */
export function controlOf(socket: TcpDescriptor): ControlMessage[] {
  if (!socket.tellsQueued) return [];
  return [{ level: symbol('SOL_TCP')!, type: symbol('TCP_CM_INQ')!, data: socket.queuedIn }];
}

/** What the error queue says of sends without a copy that are complete: they were copied all the same. */
export function completionMessage({ first, last }: Completion, ip: IpVersion): ControlMessage {
  const family = ip === 'ipv4' ? 'IP' : 'IPV6';
  return {
    level: symbol(`SOL_${family}`)!,
    type: symbol(`${family}_RECVERR`)!,
    data: {
      ee_errno: 0,
      ee_origin: symbol('SO_EE_ORIGIN_ZEROCOPY')!,
      ee_type: 0,
      ee_code: symbol('SO_EE_CODE_ZEROCOPY_COPIED')!,
      ee_info: first,
      ee_data: last,
    },
  };
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

function compareControl(expected: Expression, { level, type, data }: ControlMessage): void {
  compareFields(expected, { cmsg_level: level, cmsg_type: type });
  if (typeof data === 'number') compareFields(expected, { cmsg_data: data });
  else compareFields(wantedField(expected, 'cmsg_data'), data);
}

function compareFields(expected: Expression, actual: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(actual)) {
    const wanted = integer(wantedField(expected, name));
    if (wanted !== value) throw new DrillMismatch(`${name}: expected ${wanted}, actual ${value}`);
  }
}

function wantedField(expected: Expression, name: string): Expression {
  const wanted = field(expected, name);
  if (wanted === null) throw new DrillMismatch(`${name} is missing in ${described(expected)}`);
  return wanted;
}
