/** Everything that a TCB remembers, as plain data that can be compared: before something that must not change it, and after. */

import { copyTcb, type Tcb } from '../../src/tcp/tcb.ts';
import type { Peer } from './endpoint.ts';

/** What every segment that arrives changes, good or bad. */
const ALWAYS = new Set(['segsIn', 'lastHeard', 'keepAlives', 'probedAt', 'delivery']);

export function facts(peer: Peer): unknown {
  const tcb: Tcb = copyTcb(peer.tcb, peer.env.buffers);
  const { board } = tcb;
  const segments: number[][] = [];
  for (let i = 0; board !== null && i < board.length; i++) segments.push([board.start(i), board.size(i)]);
  const plain = JSON.parse(
    JSON.stringify(tcb, (key, value) => {
      if (ALWAYS.has(key)) return undefined;
      if (key === 'text') return value.length;
      return value === Infinity ? 'Infinity' : value;
    }),
  );
  const { pipe } = board ?? { pipe: 0 };
  return { ...plain, segments, pipe };
}
