/**
 * Owns: how long text may stay unacknowledged (R2, RFC 9293 3.8.3), and the User Timeout option in which both sides tell each
 * other (RFC 5482): what is advertised and when, what a received value changes. The timers are set in `output.ts`.
 */

import { ABSENT, type Segment, SYN } from '../wire/tcp.ts';
import type { TcpEnv } from './env.ts';
import { backedOff } from './rto.ts';
import { type Tcb, UserTimeouts } from './tcb.ts';

/** The granularity bit: minutes. */
const MINUTES = 0x8000;
const LARGEST = 0x7fff;
/** Octets of the option. */
const OPTION = 4;

/** Before the first SYN of this side: is the option used (ENABLED of RFC 5482 3)? */
export function prepareUserTimeout(tcb: Tcb): void {
  if (tcb.options.userTimeoutOption !== false) tcb.uto ??= new UserTimeouts();
}

/** ADV_UTO, ms: what the user says, else what holds here. */
function advertised(tcb: Tcb, env: TcpEnv): number {
  const { userTimeout, userTimeoutOption } = tcb.options;
  return typeof userTimeoutOption === 'number' ? userTimeoutOption : (userTimeout ?? env.config.r2);
}

/** The option's field for a time in ms: seconds, or minutes where those do not fit; rounded up, so never the reserved 0. */
function encode(ms: number): number {
  const seconds = Math.max(Math.ceil(ms / 1000), 1);
  if (seconds <= LARGEST) return seconds;
  return MINUTES | Math.min(Math.ceil(seconds / 60), LARGEST);
}

/** Puts the option into a SYN, or into the next segment with room for it once there is news (RFC 5482 3). */
export function writeUserTimeout(tcb: Tcb, env: TcpEnv, uto: UserTimeouts, out: Segment): void {
  const syn = (out.flags & SYN) !== 0;
  if (!syn && (!uto.owed || out.dataLength + OPTION > tcb.snd.mss)) return;
  out.userTimeout = encode(advertised(tcb, env));
  // The first segment without SYN says it again: a listener may have forgotten the SYN (RFC 5482 3).
  if (!syn) uto.owed = false;
}

/**
 * Takes the peer's option. A reserved 0 is ignored (RFC 5482 3.4). The timer that runs is moved by the difference: saying
 * it again and again does not keep a connection alive.
 */
export function takeUserTimeout(tcb: Tcb, env: TcpEnv, segment: Segment): void {
  const { uto, timers } = tcb;
  if (uto === null || segment.userTimeout === ABSENT) return;
  const count = segment.userTimeout & LARGEST;
  if (count === 0) {
    env.counters.TcpBadUserTimeout++;
    return;
  }
  const before = giveUpAfter(tcb, env);
  uto.remote = count * (segment.userTimeout & MINUTES ? 60_000 : 1000);
  if (timers.user !== Infinity) timers.user += giveUpAfter(tcb, env) - before;
}

/** R2 for what is outstanding now, ms. A peer's wish counts in synchronized states, where the user has none (CHANGEABLE). */
export function giveUpAfter(tcb: Tcb, env: TcpEnv): number {
  const { config } = env;
  const { userTimeout, synTimeout } = tcb.options;
  if (!tcb.snd.synAcked && synTimeout !== null) return synTimeout;
  if (userTimeout !== null) return userTimeout;
  if (!tcb.snd.synAcked) return config.synR2;
  if (tcb.detached) return config.orphanR2;
  if (tcb.uto === null || tcb.uto.remote < 0) return config.r2;
  // RFC 5482 3.1: the larger of both within limits, the lower one above RTO.
  const least = Math.max(config.minUserTimeout, backedOff(tcb, env));
  return Math.min(config.maxUserTimeout, Math.max(advertised(tcb, env), tcb.uto.remote, least));
}
