/**
 * Owns: what a search is about: the bounds of a world, the choices open in it, the properties asked for. Leaves to others: how
 * the world moves (`world.ts`), what the properties mean (`properties.ts`), the mutants (`mutants.ts`).
 */

import type { GoalName, SafetyName } from './properties.ts';

/** What the applications may choose to do. Delivery, delay and the clock are always there. */
export type Choice =
  | 'open A'
  | 'open B'
  | 'abort A'
  | 'abort B'
  | 'write A'
  | 'write B'
  | 'read A'
  | 'read B'
  | 'close A'
  | 'close B'
  | 'detach A'
  | 'crash A'
  | 'crash B';

/** Where initial sequence numbers come from: each incarnation far from the last, or always the same. */
export type IsnPolicy = 'fresh' | 'constant';

export interface Model {
  /** The name by which it is asked for. */
  readonly name: string;
  readonly choices: readonly Choice[];
  /** Segments that the network may lose. */
  readonly losses: number;
  /** Segments that the network may deliver and keep. */
  readonly duplicates: number;
  /** Segments in the network at most; a step beyond is not taken, and counted. */
  readonly capacity: number;
  /** Active OPENs, of both sides together. */
  readonly opens: number;
  readonly aborts: number;
  readonly crashes: number;
  /** Calls that change something, made by either application whenever it likes; those that are refused are free. 0: none at all. */
  readonly calls: number;
  /** Segments of a stranger, and reports of ICMP. */
  readonly intrusions: number;
  /** Octets that each application may write in one incarnation. */
  readonly writes: number;
  /** Octets of the receive buffer of each side. */
  readonly window: number;
  /** Whether B is a server that listens, and again when its connection is over; else it is closed and may open. */
  readonly server: boolean;
  /** B's application closes as soon as it hears that A has closed, in answer to the very segment. */
  readonly closesAtEnd: boolean;
  /** Connections live longer than MSL: nobody closes while a SYN is under way. */
  readonly longLived: boolean;
  /** Maximum segment lifetime, in ticks. */
  readonly msl: number;
  /** Retransmission time-out, in ticks; it does not back off. */
  readonly rto: number;
  /** Ticks until an application's patience ends (R2); 0: never. */
  readonly patience: number;
  /** Ticks of silence after which each side asks, once, whether the other is there; 0: never. */
  readonly keepAlive: number;
  readonly isns: IsnPolicy;
  /** The first initial sequence number of each side. */
  readonly isn: number;
  /** Incarnations of one side at most; a step beyond is not taken, and counted. */
  readonly incarnations: number;
  /** What must hold at every step. */
  readonly safety: readonly SafetyName[];
  /** What must stay reachable from everywhere, or null. */
  readonly goal: GoalName | null;
}

/** One connection, nothing lost, nothing kept: what other models are made of by naming what differs. */
export const QUIET: Model = {
  name: 'quiet',
  choices: ['open A'],
  losses: 0,
  duplicates: 0,
  capacity: 4,
  opens: 1,
  aborts: 0,
  crashes: 0,
  calls: 0,
  intrusions: 0,
  writes: 0,
  window: 4,
  server: true,
  closesAtEnd: false,
  longLived: false,
  msl: 2,
  rto: 2,
  patience: 0,
  keepAlive: 0,
  isns: 'fresh',
  isn: 1000,
  incarnations: 7,
  safety: ['S1'],
  goal: null,
};

/** A tick of the model's clock, in ms of the engine's. */
export const TICK = 1000;

/** The time at which every step takes place, ms: the engine's clock starts anew with each, only distances count. */
export const NOW = 1_000_000;
