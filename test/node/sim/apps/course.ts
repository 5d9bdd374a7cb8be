/** What tests of programs on simulated hosts share: a story, told to one seed after another, and what came of each telling. */

import { createHash } from 'node:crypto';
import { type NodeSimulation, simulate } from '../../../../src/node/sim/index.ts';
import type { TraceEvent } from '../../../../src/trace/index.ts';
import { SYN } from '../../../../src/wire/tcp.ts';

/** What a story is told to. */
export interface Teller {
  readonly sim: NodeSimulation;
  /** Puts words into the log, with the virtual time. */
  log(words: string): void;
}

export type Story<T> = (teller: Teller) => Promise<T>;

/** What came of a story: equal for equal seeds. */
export interface Course<T> {
  /** What the story returned. */
  readonly result: T;
  /** What its programs said, with virtual times. */
  readonly log: readonly string[];
  /** Of every event of every host and link. */
  readonly hash: string;
  /** Virtual times of the first SYNs of connections (not of those sent again), ms. */
  readonly syns: readonly number[];
}

export async function tell<T>(seed: number, story: Story<T>): Promise<Course<T>> {
  const hash = createHash('sha256');
  const log: string[] = [];
  const syns: number[] = [];
  const trace = (event: TraceEvent): void => {
    hash.update(`${JSON.stringify(event)}\n`);
    if (event.type === 'segment-sent' && event.segment.flags === SYN && !event.retransmission) syns.push(event.time);
  };
  const result = await run(simulate({ seed, trace }), story, log);
  return { result, log, hash: hash.digest('hex'), syns };
}

/** Results for seeds from 1 on. */
export async function tellMany<T>(seeds: number, story: Story<T>): Promise<T[]> {
  const results: T[] = [];
  for (let seed = 1; seed <= seeds; seed++) results.push(await run(simulate({ seed }), story, []));
  return results;
}

function run<T>(sim: NodeSimulation, story: Story<T>, log: string[]): Promise<T> {
  return story({ sim, log: (words) => void log.push(`${sim.now} ${words}`) }).finally(() => sim.close());
}

export const SECOND = 1000;
export const MINUTE: number = 60 * SECOND;
export const HOUR: number = 60 * MINUTE;
