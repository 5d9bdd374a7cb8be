/**
 * Owns: how large a connection's buffers are (RFC 9293 3.8.6 leaves it to us). They begin small and grow with what the path
 * carries, so that a long fat path is filled without anybody configuring it: the receive buffer to twice what the
 * application reads in a round trip (dynamic right-sizing), the send buffer to a few times what is delivered in one. It is
 * the shortest round trip that counts: a longer one tells of queues, our own included, which larger buffers would only make
 * longer. Bounds: the connection's own, and the host's for all of them together.
 */

import type { TcpEnv } from './env.ts';
import { ReceiveTuning, type Tcb } from './tcb.ts';

/** Until a round trip is measured, ms. */
const GUESSED_RTT = 100;

/** The application has read `count` octets. */
export function tuneReceiveBuffer(tcb: Tcb, env: TcpEnv, count: number, now: number): void {
  const { rcv, options } = tcb;
  if (rcv.buffer >= options.receiveBufferMax || tcb.stats.bytesReceived < rcv.buffer / 4) return;
  rcv.tuning ??= new ReceiveTuning(now);
  const { tuning } = rcv;
  tuning.read += count;
  if (now - tuning.since < roundTrip(tcb)) return;
  // What a sender in slow start will want is twice what came, and more while that grows.
  const growth = Math.max(tuning.read - tuning.before, 0);
  const wanted = 2 * tuning.read + 2 * growth + 16 * rcv.mss;
  if (wanted > rcv.buffer && mayGrow(env)) rcv.buffer = Math.min(wanted, options.receiveBufferMax);
  tuning.before = tuning.read;
  tuning.read = 0;
  tuning.since = now;
}

/** The application waits for room in the send buffer. */
export function tuneSendBuffer(tcb: Tcb, env: TcpEnv): void {
  const { snd, options, stats } = tcb;
  if (stats.minRtt < 0) return;
  // Room for what is on the way, for as much again while a loss is mended, and for slow start to double that.
  const wanted = Math.min(Math.floor(((4 * stats.deliveryRate) / 1000) * roundTrip(tcb)), options.sendBufferMax);
  if (wanted > snd.buffer && mayGrow(env)) snd.buffer = wanted;
}

/** The shortest round trip, ms. */
function roundTrip({ rtt, stats }: Tcb): number {
  if (stats.minRtt >= 0) return stats.minRtt / 1000;
  return rtt.srtt >= 0 ? rtt.srtt : GUESSED_RTT;
}

/** The host's connections together hold less than they may. */
function mayGrow(env: TcpEnv): boolean {
  return env.buffers.taken < env.config.maxBufferMemory;
}
