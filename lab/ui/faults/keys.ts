/** Owns: the keys of an arrow that has the focus. */

import type { PacketRecord } from '../../engine/types.ts';
import { ACTION_KEYS, act, askPartition, crash } from './actions.ts';

/** ms that one press of a bracket delays by; with Shift held. */
const FINE = 10;
const COARSE = 100;

/** @returns whether it is one of them */
export function actOnKey({ key, shiftKey }: KeyboardEvent, packet: PacketRecord): boolean {
  const action = ACTION_KEYS[key];
  const by = shiftKey ? COARSE : FINE;
  if (action !== undefined) act(action, packet);
  else if (key === ']' || key === '}') act('delay', packet, by);
  else if (key === '[' || key === '{') act('delay', packet, -by);
  else if (key === 'p') askPartition(packet.from);
  else if (key === 'k') crash(packet.from);
  else return false;
  return true;
}
