/**
 * Owns: challenge ACKs and other ACKs that a stranger can provoke, at most one in an interval for each connection
 * (RFC 5961 7). The bound is the connection's own, so probing one tells nothing about another (CVE-2016-5696), and two
 * ends that disagree do not acknowledge each other's acknowledgments for ever.
 */

import type { TcpEnv } from './env.ts';
import type { Tcb } from './tcb.ts';

/** Owes an ACK unless one was owed to a stranger less than the interval ago. */
export function challenge(tcb: Tcb, env: TcpEnv, now: number): void {
  if (tcb.lastChallenge >= 0 && now - tcb.lastChallenge < env.config.challengeInterval) {
    env.counters.TcpExtTCPACKSkipped++;
    return;
  }
  tcb.lastChallenge = Math.ceil(now);
  env.counters.TcpExtTCPChallengeACK++;
  tcb.owed.ack = true;
}
