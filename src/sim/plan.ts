/**
 * Owns: the faults of a run as a list: what chance did to packets and to the scenario's own decisions, written down as it
 * happens, and a list that is to happen in the place of chance; what such a list in a file has to look like. Leaves to others:
 * what a lane asks (`link/faults.ts`), finding the few faults of a list that matter (`minimise.ts`).
 */

import { type Random, unit } from '../base/random.ts';
import {
  type Fates,
  type FaultSource,
  faultDirection,
  NotedFates,
  type PacketFault,
  PlannedFates,
} from '../link/faults.ts';
import type { Direction } from '../link/tap.ts';

/** A decision of the scenario that chance took: the how many-th time it was asked by that name, from 1 on, it said yes. */
export interface ChanceFault {
  readonly kind: 'chance';
  readonly name: string;
  readonly ask: number;
}

/** One thing that happened by chance. */
export type Fault = PacketFault | ChanceFault;

/** What is to happen, in the place of chance: these faults and no others. Latency, bandwidth and queues stay as they are. */
export interface FaultPlan {
  /** Of the run that it was written down in: hosts' numbers come from it. */
  readonly seed?: number;
  /** What the run was of, for people. */
  readonly scenario?: string;
  readonly faults: readonly Fault[];
}

/** A fault, and when it happened. */
export interface FaultRecord {
  readonly fault: Fault;
  /** Virtual time, ms. */
  readonly time: number;
  /** The packet's name in traces; 0 for a decision, or where nobody traces. */
  readonly packet: number;
}

/** A list of faults that makes no sense. `code` is `ERR_SIM_PLAN`, and `message` says where and why. */
export class PlanError extends Error {
  readonly code = 'ERR_SIM_PLAN';
  override readonly name = 'PlanError';
}

export interface FaultBookOptions {
  /** Virtual time, ms. */
  now(): number;
  /** Whether what happens is written down. */
  readonly record: boolean;
  /** What is to happen in the place of chance; null leaves it to chance. */
  readonly plan: FaultPlan | null;
}

/** The faults of one run, as they happen and as they are to happen. */
export class FaultBook implements FaultSource {
  /** What happened so far, in order; empty unless it is written down. */
  readonly records: readonly FaultRecord[];
  readonly #records: FaultRecord[] = [];
  readonly #options: FaultBookOptions;
  /** The plan's faults by link and direction, and its decisions by name. */
  readonly #planned: Map<string, PacketFault[]> | null;
  readonly #decided: Map<string, Set<number>> = new Map();
  readonly #asked: Map<string, number> = new Map();
  readonly #lanes: Set<string> = new Set();

  constructor(options: FaultBookOptions) {
    this.#options = options;
    this.records = this.#records;
    this.#planned = options.plan === null ? null : new Map();
    for (const fault of options.plan?.faults ?? []) this.#plan(fault);
  }

  fates(link: string, direction: Direction, dice: Fates): Fates {
    const lane = laneKey(link, faultDirection(direction));
    if (this.#lanes.has(lane)) throw new PlanError(`two links are called '${link}': faults cannot tell them apart`);
    this.#lanes.add(lane);
    const fates = this.#planned === null ? dice : new PlannedFates(this.#planned.get(lane) ?? []);
    if (!this.#options.record) return fates;
    return new NotedFates(fates, link, direction, (fault, packet) => this.#note(fault, packet));
  }

  /**
   * A decision of the scenario that chance takes, or the plan.
   *
   * @param random drawn from once each time, whoever decides
   */
  chance(name: string, probability: number, random: Random): boolean {
    const ask = (this.#asked.get(name) ?? 0) + 1;
    this.#asked.set(name, ask);
    const drawn = unit(random) < probability;
    const decided = this.#planned === null ? drawn : this.#decided.get(name)?.has(ask) === true;
    if (decided && this.#options.record) this.#note({ kind: 'chance', name, ask }, 0);
    return decided;
  }

  #plan(fault: Fault): void {
    if (fault.kind === 'chance') {
      this.#decided.set(fault.name, (this.#decided.get(fault.name) ?? new Set()).add(fault.ask));
      return;
    }
    const lane = laneKey(fault.link, fault.direction);
    const others = this.#planned!.get(lane);
    if (others === undefined) this.#planned!.set(lane, [fault]);
    else others.push(fault);
  }

  #note(fault: Fault, packet: number): void {
    this.#records.push({ fault, time: this.#options.now(), packet });
  }
}

function laneKey(link: string, direction: string): string {
  return `${direction} ${link}`;
}

const KINDS = ['loss', 'duplicate', 'corrupt', 'jitter', 'reorder', 'chance'];

/**
 * A plan from what a file holds.
 *
 * @throws PlanError what is wrong, and where: `faults[3].packet is 0; it must be an integer from 1`
 */
export function checkPlan(data: unknown): FaultPlan {
  if (!isRecord(data)) throw new PlanError('a plan is an object with a list of faults');
  const { seed, scenario, faults } = data;
  if (!Array.isArray(faults)) refuse('faults', faults, 'a list');
  if (seed !== undefined && !isInteger(seed, 0)) refuse('seed', seed, 'an integer from 0');
  if (scenario !== undefined && typeof scenario !== 'string') refuse('scenario', scenario, 'a text');
  return {
    ...(seed === undefined ? {} : { seed: seed as number }),
    ...(scenario === undefined ? {} : { scenario: scenario as string }),
    faults: (faults as unknown[]).map((fault, index) => checkFault(fault, `faults[${index}]`)),
  };
}

function checkFault(fault: unknown, where: string): Fault {
  if (!isRecord(fault)) refuse(where, fault, 'an object');
  const { kind, name, ask, link, direction, packet, by, bit, copy } = fault;
  if (!KINDS.includes(kind as string)) refuse(`${where}.kind`, kind, KINDS.join(' or '));
  if (kind === 'chance') {
    if (typeof name !== 'string') refuse(`${where}.name`, name, 'a text');
    if (!isInteger(ask, 1)) refuse(`${where}.ask`, ask, 'an integer from 1');
    return { kind, name, ask };
  }
  if (typeof link !== 'string') refuse(`${where}.link`, link, "a link's name");
  if (direction !== 'forth' && direction !== 'back') refuse(`${where}.direction`, direction, 'forth or back');
  if (!isInteger(packet, 1)) refuse(`${where}.packet`, packet, 'an integer from 1');
  const place = { link, direction, packet } as const;
  if (kind === 'corrupt') {
    if (!isInteger(bit, 0)) refuse(`${where}.bit`, bit, 'an integer from 0');
    return { ...place, kind, bit };
  }
  if (kind === 'loss' || kind === 'duplicate') return { ...place, kind };
  if (!(typeof by === 'number' && by >= 0 && by < Infinity)) refuse(`${where}.by`, by, 'a number of ms from 0');
  if (copy !== undefined && copy !== true) refuse(`${where}.copy`, copy, 'true, or absent');
  return { ...place, ...(copy === true ? { copy } : {}), kind: kind as 'jitter' | 'reorder', by };
}

function isRecord(value: unknown): value is Record<string, unknown> & { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isInteger(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least;
}

function refuse(where: string, value: unknown, expected: string): never {
  throw new PlanError(`${where} is ${JSON.stringify(value)}; it must be ${expected}`);
}
