/**
 * Owns: the search: breadth first from the beginning, every step from every state, so that the first violation found is one
 * of the shortest. States that must be able to reach a goal are found from the kept edges afterwards, which needs no
 * assumption of fairness: from every state a good one is reachable, or there is a trap.
 *
 * A step that would exceed a bound of the model is not taken and counted. For a goal such a step counts as leading there: a
 * trap is only what is one for certain.
 */

import type { Coverage } from './coverage.ts';
import type { Model } from './model.ts';
import type { MutantName } from './mutants.ts';
import { GOALS, type GoalName, type SafetyName } from './properties.ts';
import { MOST_ROW, type Step, type StepRecord } from './rows.ts';
import { Visited } from './visited.ts';
import { World } from './world.ts';

export interface SearchOptions {
  readonly mutant?: MutantName | null;
  /** In place of the model's. */
  readonly safety?: readonly SafetyName[];
  readonly goal?: GoalName | null;
  /** Memory for what has been visited and what is to be, octets: 1 GiB. */
  readonly memory?: number;
  /** States visited at most: no bound. */
  readonly states?: number;
  /** Called every `every` states (100,000), and at the end. @returns false to stop */
  readonly progress?: (progress: Progress) => boolean | undefined;
  readonly every?: number;
  /** Gathers what the search visits. */
  readonly coverage?: Coverage;
}

export interface Progress {
  readonly states: number;
  readonly transitions: number;
  /** Steps from the beginning. */
  readonly depth: number;
  /** States whose steps have not been taken yet. */
  readonly waiting: number;
}

/** 'holds': for all that the bounds allow. 'bounded': stopped before that, nothing is said of what was not visited. */
export type Verdict = 'holds' | 'violated' | 'bounded';

export interface Result extends Progress {
  readonly verdict: Verdict;
  readonly property: SafetyName | GoalName | null;
  /** The shortest way to the violation, from the beginning; for a goal the way into the trap. */
  readonly trace: readonly StepRecord[];
  /** Steps not taken because they would exceed a bound. */
  readonly pruned: number;
  /** Steps that led to a state known already. */
  readonly duplicates: number;
  /** Octets for each visited state: hashes, ways, edges, the table; without the frontier. */
  readonly octetsPerState: number;
  /** Why a search that is 'bounded' stopped. */
  readonly stopped?: 'memory' | 'states' | 'asked';
}

/** Rows that wait, each with its length before it, in chunks that are given back once read. */
class Frontier {
  rows = 0;
  readonly #chunks: Int32Array[] = [];
  #read = 0;
  #write = 0;

  get octets(): number {
    return this.#chunks.length * CHUNK * 4;
  }

  push(row: Int32Array, length: number): void {
    if (this.#chunks.length === 0 || this.#write + length + 1 > CHUNK) {
      // A zero says that the chunk ends here.
      this.#chunks.push(new Int32Array(CHUNK));
      this.#write = 0;
    }
    const chunk = this.#chunks[this.#chunks.length - 1]!;
    chunk[this.#write++] = length;
    for (let i = 0; i < length; i++) chunk[this.#write++] = row[i]!;
    this.rows++;
  }

  /** @returns its length; 0 when none is left */
  shift(row: Int32Array): number {
    if (this.rows === 0) return 0;
    if (this.#read >= CHUNK || this.#chunks[0]![this.#read] === 0) {
      this.#chunks.shift();
      this.#read = 0;
    }
    const chunk = this.#chunks[0]!;
    const length = chunk[this.#read++]!;
    for (let i = 0; i < length; i++) row[i] = chunk[this.#read++]!;
    this.rows--;
    return length;
  }
}

const CHUNK = 1 << 16;
/** Steps from one state at most. */
export const MOST_STEPS = 128;

class Search {
  readonly world: World;
  readonly visited: Visited = new Visited();
  readonly frontier: Frontier = new Frontier();
  readonly #options: SearchOptions;
  readonly #goal: GoalName | null;
  /** A bit for each state: it is good (1), a way out of it was not taken (2), the goal must be reachable from it (4). */
  #marks = new Uint8Array(1 << 12);
  #begin: Int32Array = new Int32Array(0);
  readonly #row: Int32Array = new Int32Array(MOST_ROW);
  readonly #steps: Int32Array = new Int32Array(MOST_STEPS);
  transitions = 0;
  depth = 0;

  constructor(model: Model, options: SearchOptions) {
    this.#options = options;
    this.#goal = options.goal === undefined ? model.goal : options.goal;
    this.world = new World(model, options.mutant ?? null, options.safety ?? model.safety);
    options.coverage?.follow(this.world);
  }

  run(): Result {
    const { world, visited, frontier } = this;
    const { memory = 1 << 30, states = Infinity, every = 100_000, progress } = this.#options;
    const begin = world.start();
    this.#begin = begin.row.slice(0, begin.length);
    visited.add(begin.row, begin.length, -1, 0);
    this.#mark(0, begin.row);
    frontier.push(begin.row, begin.length);
    const row = this.#row;
    const steps = this.#steps;
    let level = 1;
    let number = 0;
    for (let length = frontier.shift(row); length > 0; length = frontier.shift(row), number++) {
      if (number === level) {
        this.depth++;
        level = visited.count;
      }
      if (this.#goal !== null) visited.beginEdges();
      const count = world.steps(row, length, steps);
      for (let i = 0; i < count; i++) {
        const step = steps[i]!;
        const outcome = world.take(row, length, step);
        this.transitions++;
        if (outcome === null) {
          if (this.#goal !== null) this.#marks[number]! |= CUT;
          continue;
        }
        if (outcome.violated !== null) return this.#result('violated', outcome.violated, this.#trace(number, step));
        const target = visited.add(outcome.row, outcome.length, number, step);
        if (!visited.known) {
          this.#mark(target, outcome.row);
          frontier.push(outcome.row, outcome.length);
        }
        if (this.#goal !== null) visited.addEdge(target, outcome.waited);
      }
      if (number % every === every - 1 && progress?.(this.#progress()) === false) return this.#stopped('asked');
      if (number % 1024 === 0 && this.#octets() > memory) return this.#stopped('memory');
      if (visited.count > states) return this.#stopped('states');
    }
    progress?.(this.#progress());
    if (this.#goal === null) return this.#result('holds', null, []);
    const trap = this.#findTrap(this.#goal);
    return trap < 0 ? this.#result('holds', null, []) : this.#result('violated', this.#goal, this.#trace(trap));
  }

  #mark(number: number, row: Int32Array): void {
    if (this.#goal === null) return;
    if (number >= this.#marks.length) {
      const larger = new Uint8Array(2 * this.#marks.length);
      larger.set(this.#marks);
      this.#marks = larger;
    }
    const goal = GOALS[this.#goal];
    const outlook = { sides: this.world.sides, a: row[0]!, b: row[1]! };
    const asked = goal.from === undefined || goal.from(outlook);
    this.#marks[number] = (goal.holds(outlook) ? GOOD : 0) | (asked ? ASKED : 0);
  }

  /** The first state found from which the goal cannot be reached, or -1. */
  #findTrap(name: GoalName): number {
    const { visited } = this;
    const marks = this.#marks;
    const whole = GOALS[name].beforeTimeWaitEnds === true;
    // From the last state to the first, until nothing changes: most edges lead to later states.
    for (let changed = true; changed; ) {
      changed = false;
      for (let state = visited.count - 1; state >= 0; state--) {
        if (marks[state]! & (GOOD | CUT)) continue;
        const reaches = visited.someEdge(
          state,
          (target, waited) => (marks[target]! & (GOOD | CUT)) !== 0 && !(whole && waited),
        );
        if (!reaches) continue;
        marks[state]! |= GOOD;
        changed = true;
      }
    }
    for (let state = 0; state < visited.count; state++) {
      if (marks[state]! & ASKED && !(marks[state]! & (GOOD | CUT))) return state;
    }
    return -1;
  }

  /** The way to a state, and one step more. */
  #trace(state: number, last?: Step): StepRecord[] {
    const steps: Step[] = last === undefined ? [] : [last];
    for (let at = state; at > 0; at = this.visited.parent(at)) steps.push(this.visited.action(at));
    const { world } = this;
    const records: StepRecord[] = [];
    let row = this.#begin;
    for (const step of steps.reverse()) {
      records.push(world.describe(row, step));
      const outcome = world.take(row, row.length, step)!;
      row = outcome.row.slice(0, outcome.length);
    }
    return records;
  }

  #octets(): number {
    return this.visited.octets + this.#marks.length + this.frontier.octets + this.world.sides.octets;
  }

  #progress(): Progress {
    const { visited, transitions, depth, frontier } = this;
    return { states: visited.count, transitions, depth, waiting: frontier.rows };
  }

  #stopped(stopped: NonNullable<Result['stopped']>): Result {
    return { ...this.#result('bounded', null, []), stopped };
  }

  #result(verdict: Verdict, property: Result['property'], trace: readonly StepRecord[]): Result {
    const { visited, world, transitions } = this;
    const own = visited.octets + world.sides.octets + world.segments.octets + (this.#goal === null ? 0 : visited.count);
    return {
      ...this.#progress(),
      verdict,
      property,
      trace,
      pruned: world.pruned,
      duplicates: transitions - world.pruned - (visited.count - 1),
      octetsPerState: own / visited.count,
    };
  }
}

const GOOD = 1;
const CUT = 2;
const ASKED = 4;

/**
 * Searches everything that can happen in a model.
 *
 * @example
 * search({ ...QUIET, choices: ['open A', 'abort A'], aborts: 1, safety: ['H1'] }, { mutant: 'two-way' })
 * // { verdict: 'violated', property: 'H1', trace: [...] }
 *
 * @throws ModelError when the model asks for what a world cannot hold
 */
export function search(model: Model, options: SearchOptions = {}): Result {
  return new Search(model, options).run();
}
