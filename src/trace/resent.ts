/** Owns: whether a segment is sent again, as far as those tell that were sent before it. */

import { FIN, SYN } from '../wire/tcp.ts';
import type { SegmentEvent } from './events.ts';
import { endpoint } from './text.ts';

/** Follows SND.NXT of each direction that it is asked about. */
export class Resent {
  readonly #next: Map<string, { readonly next: number; readonly syn: number }> = new Map();

  /** Whether the sender says so, or has sent these sequence numbers before. To be asked once for each segment, in order. */
  see(event: SegmentEvent): boolean {
    const { seq, flags, length, srcPort, dstPort } = event.segment;
    const span = length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
    if (span === 0) return event.retransmission === true;
    const key = `${endpoint(event.src, srcPort)} ${endpoint(event.dst, dstPort)} ${event.incarnation ?? 0}`;
    const next = (seq + span) >>> 0;
    const before = this.#next.get(key);
    // A SYN with another number begins anew; one that now has an ACK answers the other side's SYN.
    const fresh = before === undefined || (flags & SYN && (before.next !== next || before.syn !== flags));
    const again = !fresh && ((seq - before.next) | 0) < 0;
    if (!again) this.#next.set(key, { next, syn: flags & SYN ? flags : -1 });
    return event.retransmission ?? again;
  }
}
