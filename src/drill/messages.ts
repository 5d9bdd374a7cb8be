/**
 * Owns: what recvmsg tells beside the data: flags and control messages, as the script writes them.
 */

import { described, field, integer, integerField, list } from './arguments.ts';
import type { QueuedError, Stamp } from './error-queue.ts';
import { DrillMismatch } from './errors.ts';
import type { IpVersion } from './host.ts';
import type { Expression } from './script.ts';
import { errnoNumber, symbol } from './symbols.ts';
import type { SocketEnvironment, TcpDescriptor } from './tcp-descriptor.ts';

/** A control message: level and type by number, and its data as an integer, integers by name, or an instant. */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: number | Readonly<Record<string, number>> | Instant;
}

/** A time, and by how much it may be off: µs. */
class Instant {
  readonly time: number;
  readonly tolerance: number;

  constructor(time: number, tolerance: number) {
    this.time = time;
    this.tolerance = tolerance;
  }
}

/** What comes with a read from the socket. */
export function controlOf(socket: TcpDescriptor): ControlMessage[] {
  if (!socket.tellsQueued) return [];
  return [{ level: symbol('SOL_TCP')!, type: symbol('TCP_CM_INQ')!, data: socket.queuedIn }];
}

/** What comes with an entry of the error queue. */
export function errorControl(
  error: QueuedError,
  socket: TcpDescriptor,
  { ip, tolerance }: SocketEnvironment,
): ControlMessage[] {
  if (error.kind === 'stamp') {
    const stamped = extendedError(ip, stampFields(error));
    if (!socket.stamps?.told) return [stamped];
    const data = new Instant(error.time * 1000, tolerance);
    return [{ level: symbol('SOL_SOCKET')!, type: symbol('SCM_TIMESTAMPING')!, data }, stamped];
  }
  // The sends were copied all the same.
  const completed = {
    ee_errno: 0,
    ee_origin: symbol('SO_EE_ORIGIN_ZEROCOPY')!,
    ee_type: 0,
    ee_code: symbol('SO_EE_CODE_ZEROCOPY_COPIED')!,
    ee_info: error.first,
    ee_data: error.last,
  };
  return [extendedError(ip, completed)];
}

function stampFields({ what, key }: Stamp): Readonly<Record<string, number>> {
  return {
    ee_errno: errnoNumber('ENOMSG')!,
    ee_origin: symbol('SO_EE_ORIGIN_TIMESTAMPING')!,
    ee_type: 0,
    ee_code: 0,
    ee_info: what,
    ee_data: key,
  };
}

function extendedError(ip: IpVersion, data: Readonly<Record<string, number>>): ControlMessage {
  const family = ip === 'ipv4' ? 'IP' : 'IPV6';
  return { level: symbol(`SOL_${family}`)!, type: symbol(`${family}_RECVERR`)!, data };
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
  else if (data instanceof Instant) compareInstant(wantedField(expected, 'cmsg_data'), data);
  else compareFields(wantedField(expected, 'cmsg_data'), data);
}

/** A time of zero is any. */
function compareInstant(expected: Expression, { time, tolerance }: Instant): void {
  const wanted = integerField(expected, 'scm_sec') * 1_000_000 + integerField(expected, 'scm_nsec') / 1000;
  if (wanted === 0 || Math.abs(wanted - time) <= tolerance) return;
  throw new DrillMismatch(
    `time stamp: expected ${wanted} us, actual ${Math.round(time)} us, tolerance ${tolerance} us`,
  );
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
