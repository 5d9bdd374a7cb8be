/**
 * Owns: what the network tells about a connection: ICMP errors (RFC 9293 3.9.2.2 with the checks of RFC 5927) and a
 * changed path MTU (RFC 1191, RFC 8201).
 */

import { diff, ge, lt, type Seq } from '../wire/seq.ts';
import type { TcpEnv } from './env.ts';
import { isEarly } from './fastopen.ts';
import { announcedMss, updateSegmentSize } from './negotiate.ts';
import { cancelProbe, probeFailed, raiseCeiling } from './plpmtud.ts';
import { SIGNAL_SOFT_ERROR, type Tcb } from './tcb.ts';
import { destroy, returnToListen } from './teardown.ts';

/** The quoted segment is one that may still be in the network (RFC 5927 4.1). */
export function isInFlight(tcb: Tcb, env: TcpEnv, quoted: Seq): boolean {
  if (ge(quoted, tcb.snd.una) && lt(quoted, tcb.snd.nxt)) return true;
  env.counters.TcpExtOutOfWindowIcmps++;
  return false;
}

/**
 * An ICMP error about a segment in flight (MUST-56). A hard one ends a connection that is not yet synchronized
 * (`config.errorsEndOpening` has every one do so). DEVIATION: later it is recorded like a soft one (SHLD-26 has it abort), because a forger needs no more than a guess (RFC 5927 5.2).
 *
 * @param reason for the user, e.g. 'port-unreachable'
 */
export function icmpError(tcb: Tcb, env: TcpEnv, hard: boolean, reason: string, now: number): void {
  tcb.softError = reason;
  const { state, passive } = tcb;
  const ends = env.config.errorsEndOpening || (hard && !passive);
  if (!ends || (state !== 'SYN-SENT' && state !== 'SYN-RECEIVED')) tcb.signals |= SIGNAL_SOFT_ERROR;
  else if (passive && !isEarly(tcb)) returnToListen(tcb, env, now);
  else destroy(tcb, env, reason === 'port-unreachable' ? 'refused' : 'unreachable', now);
}

/** IP options take so many octets of every packet from now on. */
export function ipOptionsChanged(tcb: Tcb, octets: number): void {
  tcb.ipOptions = octets;
  tcb.superSegment = 0;
  updateSegmentSize(tcb);
}

/** The path carries less (or more) than it did: later segments fit; what is outstanding and too large is sent anew. */
export function pathMtuChanged(tcb: Tcb, env: TcpEnv, mtu: number): void {
  const shrunk = mtu < tcb.mtu;
  const { search } = tcb;
  const before = tcb.snd.mss;
  tcb.mtu = mtu;
  updateSegmentSize(tcb);
  if (search !== null && !shrunk) raiseCeiling(tcb, search);
  if (search !== null && tcb.snd.mss === before) {
    // Of what is outstanding only a probe can be too large.
    if (search.size <= mtu) return;
    probeFailed(env, search);
    search.high = Math.min(search.high, mtu);
    if (tcb.board !== null) tcb.board.lose(search.start, search.end, tcb.snd.mss);
    else if (search.start === tcb.snd.una) {
      tcb.owed.oldest = true;
      tcb.cc.duplicates = env.config.duplicateThreshold; // those that come for what followed it are no news
    }
    return;
  }
  // A window of less than one segment would never let a whole one out.
  if (tcb.cc.cwnd > 0 && tcb.cc.cwnd < tcb.snd.mss) tcb.cc.cwnd = tcb.snd.mss;
  if (shrunk && tcb.state === 'SYN-SENT' && tcb.fastOpen !== null && tcb.fastOpen.sent > 0) {
    // The text was too much: the SYN goes again, bare, at once.
    tcb.rcv.mss = announcedMss(tcb);
    tcb.owed.syn = true;
  }
  // Not a sign of congestion: the window stays, only the pointer goes back (RFC 1191 6.5).
  if (!shrunk || !tcb.snd.synAcked || diff(tcb.snd.nxt, tcb.snd.una) <= tcb.snd.mss) return;
  cancelProbe(tcb);
  if (tcb.board !== null) tcb.board.loseOnTimeout(Infinity, tcb.snd.mss);
  else tcb.snd.rxt = tcb.snd.una;
}
