/** Owns: what many presets are made of. */

import type { Rule } from '../engine/preset.ts';
import type { Edit, HostName } from '../engine/types.ts';

/** A server at B, a client at A. */
export const SERVER: Rule = { host: 'B', on: 'start', call: 'listen' };
export const CLIENT: Rule = { host: 'A', on: 'start', after: 20, call: 'open' };
/** B closes as soon as A has. */
export const CLOSES_AT_END: Rule = { host: 'B', on: 'end', after: 20, call: 'close' };
/** The pair of ports of the first connection. */
export const PORTS = { local: 40_000, remote: 80 };

export function lose(host: HostName, nth: number): Edit {
  return { op: 'lose', packet: { host, nth } };
}
