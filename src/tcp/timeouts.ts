/**
 * Owns: what happens when a deadline has come (RFC 9293 3.10.8; RFC 6298 5.4 to 5.6; 3.8.3, 3.8.4, 3.8.6.1). Calling it
 * with nothing due is harmless.
 */

import { corkTimeout } from './cork.ts';
import type { TcpEnv } from './env.ts';
import { isEarly } from './fastopen.ts';
import { suspectBlackHole } from './plpmtud.ts';
import { retransmissionTimedOut, traceCongestion } from './recovery.ts';
import { resetConnection } from './reset.ts';
import { findLosses, timedOutWithSack } from './sack.ts';
import { rare } from './statistics.ts';
import { SIGNAL_SOFT_ERROR, type Tcb } from './tcb.ts';
import { destroy, returnToListen } from './teardown.ts';
import { setTimer, stopTimer, takeTimer } from './timers.ts';
import { giveUpAfter } from './usertimeout.ts';

export function timeouts(tcb: Tcb, env: TcpEnv, now: number): void {
  // R2 before the retransmission of the same instant: a connection that is given up sends nothing more.
  if (takeTimer(tcb, env, 'user', now)) userTimeout(tcb, env, now);
  if (takeTimer(tcb, env, 'closing', now)) closingTimeout(tcb, env, now);
  // The probe before the time-out of the same instant: it goes in its place (RFC 8985 7.2).
  if (takeTimer(tcb, env, 'probe', now)) tailProbe(tcb, env, now);
  if (takeTimer(tcb, env, 'retransmission', now)) retransmissionTimeout(tcb, env, now);
  if (takeTimer(tcb, env, 'reordering', now)) reorderingTimeout(tcb, env, now);
  takeTimer(tcb, env, 'pacing', now); // the output pass goes on
  if (takeTimer(tcb, env, 'persist', now)) persistTimeout(tcb, env, now);
  if (takeTimer(tcb, env, 'delayedAck', now)) {
    env.counters.TcpExtDelayedACKs++;
    tcb.owed.ack = true;
  }
  if (tcb.cork !== null) corkTimeout(tcb, env, tcb.cork, now);
  if (takeTimer(tcb, env, 'keepAlive', now)) keepAliveTimeout(tcb, env, now);
}

/** USER TIMEOUT: R2 has passed without any acknowledgment of something new. */
function userTimeout(tcb: Tcb, env: TcpEnv, now: number): void {
  env.counters.TcpExtTCPAbortOnTimeout++;
  if (tcb.state === 'SYN-RECEIVED' && tcb.passive && !isEarly(tcb)) returnToListen(tcb, env, now);
  else destroy(tcb, env, 'timed-out', now);
}

/** FIN-WAIT-2 has waited long enough for a peer's FIN that nobody asks for; before it, the user's patience is at an end. */
function closingTimeout(tcb: Tcb, env: TcpEnv, now: number): void {
  if (tcb.state === 'FIN-WAIT-2') {
    destroy(tcb, env, null, now);
    return;
  }
  env.counters.TcpExtTCPAbortOnLinger++;
  resetConnection(tcb, env, now);
  destroy(tcb, env, 'timed-out', now);
}

/** RETRANSMISSION TIMEOUT. */
function retransmissionTimeout(tcb: Tcb, env: TcpEnv, now: number): void {
  env.counters.TcpExtTCPTimeouts++;
  stopTimer(tcb, env, 'pacing', now); // what is sent now has waited long enough
  if (!tcb.snd.synAcked) {
    tcb.owed.syn = true;
    env.counters.TcpExtTCPSynRetrans++;
  }
  suspectBlackHole(tcb, env);
  if (tcb.board !== null) timedOutWithSack(tcb, env, tcb.board, now);
  else if (tcb.snd.synAcked || tcb.snd.finSent || isEarly(tcb)) retransmissionTimedOut(tcb, env, now);
  tcb.rtt.backoff++;
  // R1: tell whoever can find another way, and the user (MUST-20, SHLD-9), of a SYN too (MUST-22).
  if (tcb.rtt.backoff === env.config.r1) tcb.signals |= SIGNAL_SOFT_ERROR;
}

/** The last segments have gone unanswered for two round trips: ask, long before the retransmission timer would. */
function tailProbe(tcb: Tcb, env: TcpEnv, now: number): void {
  tcb.owed.tail = true;
  // The retransmission timer counts from the probe (RFC 8985 7.3).
  stopTimer(tcb, env, 'retransmission', now);
}

/** What was to be waited for has not come: it is lost. */
function reorderingTimeout(tcb: Tcb, env: TcpEnv, now: number): void {
  findLosses(tcb, env, now);
  traceCongestion(tcb, env, now);
}

/** Zero-window probe, or the override of silly-window avoidance, or another look at a device that takes nothing. A peer that is silent for R2 is given
 * up; one that answers is not, however long its window stays closed (MUST-37, MAY-8).
 */
function persistTimeout(tcb: Tcb, env: TcpEnv, now: number): void {
  const full = env.outbox.full === true;
  if (tcb.snd.wnd > 0 && !full) {
    tcb.owed.override = true;
    return;
  }
  const patience = giveUpAfter(tcb, env);
  if (tcb.probedAt < 0) {
    tcb.probedAt = Math.ceil(now);
    if (tcb.stats.rare !== null) tcb.stats.rare.untaken = 0;
  }
  if (now - tcb.probedAt >= patience) {
    env.counters.TcpExtTCPAbortOnTimeout++;
    destroy(tcb, env, 'timed-out', now);
    return;
  }
  if (full) {
    rare(tcb).untaken++;
    return;
  }
  tcb.owed.probe = true;
  tcb.rtt.backoff++;
}

/** The timer may be early: only silence for the whole interval, with nothing outstanding, is probed (MUST-26). */
function keepAliveTimeout(tcb: Tcb, env: TcpEnv, now: number): void {
  const { options } = tcb;
  if (!options.keepAlive) return;
  // Longer than a user timeout that the peer was told of (RFC 5482 4.2).
  const idle = tcb.uto === null ? options.keepAliveIdle : Math.max(options.keepAliveIdle, giveUpAfter(tcb, env) + 1);
  if (tcb.snd.una !== tcb.snd.nxt) {
    setTimer(tcb, env, 'keepAlive', now + idle, now);
  } else if (now < tcb.lastHeard + idle) {
    setTimer(tcb, env, 'keepAlive', tcb.lastHeard + idle, now);
  } else if (tcb.keepAlives >= options.keepAliveProbes) {
    env.counters.TcpExtTCPAbortOnTimeout++;
    destroy(tcb, env, 'timed-out', now);
  } else {
    tcb.keepAlives++;
    tcb.owed.keepAlive = true;
    setTimer(tcb, env, 'keepAlive', now + options.keepAliveInterval, now);
  }
}
