/** Owns: how a connection's end reads as an error with Node's codes. */

import type { Tcb } from '../tcp/index.ts';
import { formatAddress } from '../wire/address.ts';
import { syscallError, type TsynError } from './errors.ts';
import type { IcmpError } from './transport.ts';

/** Why a connection ended (MUST-12); null for an orderly end and for one that this side chose. */
export function failureError(tcb: Tcb): TsynError | null {
  const address = formatAddress(tcb.remote);
  const port = tcb.remotePort;
  const syscall = tcb.snd.synAcked ? 'read' : 'connect';
  switch (tcb.failure) {
    case null:
    case 'aborted':
      return null;
    case 'refused':
      return syscallError('ECONNREFUSED', 'connect', address, port);
    case 'reset':
      return syscallError('ECONNRESET', 'read');
    case 'timed-out':
      return tcb.snd.synAcked ? syscallError('ETIMEDOUT', 'read') : syscallError('ETIMEDOUT', 'connect', address, port);
    case 'unreachable':
      return syscallError(tcb.softError === 'net-unreachable' ? 'ENETUNREACH' : 'EHOSTUNREACH', syscall, address, port);
  }
}

/** The error in a word: 'net-unreachable', 'port-unreachable', 'time-exceeded', ... */
export function softErrorName(error: IcmpError): string {
  if (error.kind !== 'unreachable') return error.kind;
  const code4 = ['net-unreachable', 'host-unreachable', 'protocol-unreachable', 'port-unreachable'];
  const code6 = ['net-unreachable', 'admin-prohibited', 'beyond-scope', 'host-unreachable', 'port-unreachable'];
  return (error.family === 4 ? code4 : code6)[error.code] ?? 'unreachable';
}
