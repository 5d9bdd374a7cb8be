/**
 * Owns: from the faults of a run that failed to the few that matter: delta debugging (Zeller and Hildebrandt, 2002) down to a
 * list of which every single fault is needed, with each fault as simple as it can be. Leaves to others: what a run is, and
 * which runs fail in the same way (`scenario.ts`).
 */

import type { Fault } from './plan.ts';

/** Runs made at most, where nobody says how many. */
const MOST_RUNS = 20_000;
/** By how many packets a fault may come to be later or earlier when another one is left out. */
const SHIFTS = [-1, 1, -2, 2, -3, 3];
/** Lists longer than this are not searched for faults that only move others. */
const MOST_SHIFTED = 12;
/** Delays, in ms, that are tried in place of one that chance has drawn. */
const PLAIN_DELAYS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000];

export interface MinimiseOptions {
  /** Runs made at most; 20,000. */
  readonly runs?: number;
  /** Told after every run: how many were made, and how many faults are left. */
  onRun?(runs: number, left: number): void;
}

export interface Minimised {
  /** None of them can be left out: without it the run does not fail in that way. */
  readonly faults: readonly Fault[];
  readonly runs: number;
  /** Whether that was shown, rather than the bound of runs reached. */
  readonly complete: boolean;
}

/**
 * @param faults with which the run fails
 * @param fails whether a run with these faults and no others fails in the same way
 */
export async function minimise(
  faults: readonly Fault[],
  fails: (faults: readonly Fault[]) => boolean | Promise<boolean>,
  options: MinimiseOptions = {},
): Promise<Minimised> {
  const search = new Search(faults, fails, options);
  for (let again = true; again; ) {
    await search.reduce();
    // A fault made simpler, or moved, may make another one needless.
    again = (await search.shift()) || (await search.simplify());
  }
  return { faults: search.faults, runs: search.runs, complete: !search.exhausted };
}

class Search {
  faults: readonly Fault[];
  runs = 0;
  readonly #fails: (faults: readonly Fault[]) => boolean | Promise<boolean>;
  readonly #options: MinimiseOptions;
  readonly #most: number;
  /** What is known of lists that were tried. */
  readonly #known: Map<string, boolean> = new Map();
  /** Faults that are as simple as they get. */
  readonly #plain: Set<string> = new Set();

  constructor(
    faults: readonly Fault[],
    fails: (faults: readonly Fault[]) => boolean | Promise<boolean>,
    options: MinimiseOptions,
  ) {
    this.faults = faults;
    this.#fails = fails;
    this.#options = options;
    this.#most = options.runs ?? MOST_RUNS;
  }

  get exhausted(): boolean {
    return this.runs >= this.#most;
  }

  /** Leaves out as much as can be: pieces, then smaller pieces, at last one fault at a time. */
  async reduce(): Promise<void> {
    if (await this.#take([])) return;
    for (let pieces = 2; this.faults.length > 1 && !this.exhausted; ) {
      const length = Math.ceil(this.faults.length / pieces);
      if (await this.#shorten(length)) {
        pieces = Math.max(2, Math.ceil(this.faults.length / length));
        continue;
      }
      if (length === 1) return;
      pieces = Math.min(this.faults.length, pieces * 2);
    }
  }

  /**
   * Tries to leave out a fault that only changes which packet another one meets: a copy that is answered is one packet more, and the
   * faults after it count on.
   *
   * @returns whether one was found
   */
  async shift(): Promise<boolean> {
    if (this.faults.length > MOST_SHIFTED) return false;
    for (const [index] of this.faults.entries()) {
      const rest = this.faults.filter((_, i) => i !== index);
      for (const shifted of shiftedForms(rest)) if (await this.#take(shifted)) return true;
    }
    return false;
  }

  /** Tries each fault in a simpler form. @returns whether one was found */
  async simplify(): Promise<boolean> {
    let found = false;
    for (let index = 0; index < this.faults.length; index++) {
      const fault = this.faults[index]!;
      const key = JSON.stringify(fault);
      if (this.#plain.has(key)) continue;
      for (const simpler of simplerForms(fault)) {
        if (!(await this.#take(this.faults.map((other, i) => (i === index ? simpler : other))))) continue;
        found = true;
        break;
      }
      this.#plain.add(JSON.stringify(this.faults[index]));
    }
    return found;
  }

  /** Only a piece of `length`, or all but one. */
  async #shorten(length: number): Promise<boolean> {
    const { faults } = this;
    for (const keep of [true, false]) {
      if (keep && length === faults.length) continue;
      for (let from = 0; from < faults.length; from += length) {
        const piece = keep
          ? faults.slice(from, from + length)
          : [...faults.slice(0, from), ...faults.slice(from + length)];
        if (await this.#take(piece)) return true;
      }
    }
    return false;
  }

  /** Goes on with these faults, if they make it fail. */
  async #take(faults: readonly Fault[]): Promise<boolean> {
    if (faults.length === this.faults.length && faults.every((fault, i) => fault === this.faults[i])) return false;
    const key = JSON.stringify(faults);
    let failed = this.#known.get(key);
    if (failed === undefined) {
      if (this.exhausted) return false;
      this.runs++;
      failed = await this.#fails(faults);
      this.#known.set(key, failed);
      this.#options.onRun?.(this.runs, failed ? faults.length : this.faults.length);
    }
    if (failed) this.faults = faults;
    return failed;
  }
}

/** The same faults, with those of one direction, or a single one, a few packets earlier or later. */
function* shiftedForms(faults: readonly Fault[]): Generator<readonly Fault[]> {
  for (const by of SHIFTS) {
    for (const direction of ['forth', 'back']) {
      yield faults.map((fault) =>
        fault.kind !== 'chance' && fault.direction === direction ? moved(fault, by) : fault,
      );
    }
    for (const [index] of faults.entries()) yield faults.map((fault, i) => (i === index ? moved(fault, by) : fault));
  }
}

function moved(fault: Fault, by: number): Fault {
  return fault.kind === 'chance' || fault.packet + by < 1 ? fault : { ...fault, packet: fault.packet + by };
}

/** The same fault, simpler, the simplest first: a shorter and rounder delay, a packet lost in place of one damaged. */
function* simplerForms(fault: Fault): Generator<Fault> {
  switch (fault.kind) {
    case 'corrupt': {
      const { link, direction, packet } = fault;
      yield { kind: 'loss', link, direction, packet };
      return;
    }
    case 'jitter':
    case 'reorder':
      for (const by of PLAIN_DELAYS) {
        if (by < fault.by) yield { ...fault, by };
      }
      if (Math.ceil(fault.by) !== fault.by) yield { ...fault, by: Math.ceil(fault.by) };
      return;
    default:
  }
}
