/**
 * Owns: what is known of a side besides its endpoint: the ghosts, which say whose a segment really is and which the
 * implementation never sees, and the application's ledger.
 */

/** How an incarnation ended, for its application. */
export type Ending = 'none' | 'clean' | 'reset' | 'refused' | 'timed-out' | 'aborted' | 'crashed';

export const ENDINGS: readonly Ending[] = ['none', 'clean', 'reset', 'refused', 'timed-out', 'aborted', 'crashed'];

export class Ledger {
  /** Incarnations so far. */
  count = 0;
  /** The incarnation at hand, and the peer's that it believes itself connected with; 0 none. */
  inc = 0;
  peer = 0;
  /** The same of the TIME-WAIT that sleeps beside it. */
  recordInc = 0;
  recordPeer = 0;
  /** For each incarnation the peer's that it was ever bound to, four bits each. */
  bindings = 0;
  /** Octets that the application has written and been given in this incarnation. */
  written = 0;
  delivered = 0;
  /** Which octets of the peer's stream have arrived in the window, a bit each. */
  arrived = 0;
  /** The peer's FIN is known; how many octets its application had written when it closed. */
  finKnown = false;
  finTotal = 0;
  /** The application has closed. */
  closed = false;
  /** How its last connection ended: an incarnation that never becomes one says nothing of that. */
  ending: Ending = 'none';

  /** A new incarnation begins, bound to the peer's (0 if that is not known yet). */
  begin(peer: number): void {
    this.inc = ++this.count;
    this.peer = peer;
    this.written = 0;
    this.delivered = 0;
    this.arrived = 0;
    this.finKnown = false;
    this.finTotal = 0;
    this.closed = false;
  }

  /** The peer's incarnation is known now. */
  bind(peer: number): void {
    this.peer = peer;
    this.bindings |= peer << (4 * (this.inc - 1));
  }

  /** Whether incarnation `inc` was ever bound to the peer's incarnation `peer`. */
  static isBound(bindings: number, inc: number, peer: number): boolean {
    return inc > 0 && ((bindings >>> (4 * (inc - 1))) & 15) === peer;
  }

  /** What an application of incarnation `inc` writes as its octet number `at`: the octet tells where it belongs. */
  static octet(inc: number, at: number): number {
    return (inc << 4) | at;
  }
}

/** Incarnations that the ghosts can tell apart, and octets that can be written in one. */
export const MOST_INCARNATIONS = 7;
export const MOST_WRITES = 7;
