/**
 * Owns: the world: two endpoints of the real TCP, a bag of segments between them, a clock, and every step that can be taken from
 * a state. A state is a row of words: the numbers of both sides' snapshots, the budgets, the segments under way.
 *
 * The law of delay: a segment may arrive at any age from 0 to MSL, in any order. What would grow older counts as lost, and time
 * stands still while it may not be lost; without this rule expiry is a hidden loss, and every property of TIME-WAIT is refuted
 * by a path that breaks its premise. What arrives at an instant comes before the timers of that instant.
 */

import { RST, type Segment, SYN } from '../wire/tcp.ts';
import { Packer, Unpacker } from './bits.ts';
import { glanceDue, glanceState, MOST_WORDS, WORD } from './codec.ts';
import { Interner } from './interner.ts';
import { MOST_INCARNATIONS, MOST_WRITES } from './ledger.ts';
import { type Choice, type Model, NOW, TICK } from './model.ts';
import { MUTANTS, type Mutant, type MutantName } from './mutants.ts';
import { checkArrival, checkStep, Facts, otherOf, type SafetyName } from './properties.ts';
import {
  A,
  ageOf,
  B,
  BAG,
  BUDGETS,
  entry,
  isAboutSegment,
  isCopy,
  kindOf,
  MOST_ROW,
  MOST_SEGMENTS,
  placeOf,
  type Step,
  type StepRecord,
  segmentOf,
  sortBag,
  stepOf,
} from './rows.ts';
import { Carried, internSegment } from './segments.ts';
import { Side } from './side.ts';
import { CALLS, type Call, forge, INTRUSIONS, isRefused, type Report, report, reportOf } from './strangers.ts';

const NO_MUTANT: Mutant = {};

/** What a step has led to. */
export interface Outcome {
  readonly row: Int32Array;
  length: number;
  /** The property that this step violates. */
  violated: SafetyName | null;
  /** It has ended a TIME-WAIT by its timer. */
  waited: boolean;
}

const packer = new Packer();
const unpacker = new Unpacker();

class Budgets {
  losses = 0;
  duplicates = 0;
  opens = 0;
  aborts = 0;
  crashes = 0;
  calls = 0;
  intrusions = 0;

  read(word: number): void {
    unpacker.begin(word);
    this.losses = unpacker.take(3);
    this.duplicates = unpacker.take(3);
    this.opens = unpacker.take(3);
    this.aborts = unpacker.take(3);
    this.crashes = unpacker.take(3);
    this.calls = unpacker.take(3);
    this.intrusions = unpacker.take(3);
  }

  get word(): number {
    packer.begin().put(this.losses, 3).put(this.duplicates, 3).put(this.opens, 3);
    packer.put(this.aborts, 3).put(this.crashes, 3);
    return packer.put(this.calls, 3).put(this.intrusions, 3).word;
  }
}

/** Hears of everything that is about to happen to a side. */
export interface Observer {
  arrival(side: Side, segment: Segment): void;
  timers(side: Side): void;
  call(side: Side, call: Call): void;
  report(side: Side, report: Report): void;
}

export class World {
  readonly model: Model;
  readonly sides: Interner = new Interner();
  readonly segments: Interner = new Interner();
  readonly a: Side;
  readonly b: Side;
  /** Steps not taken because the bag was full, or the ghosts had no number for another incarnation. */
  pruned = 0;
  observer: Observer | null = null;
  /** The segment of the step at hand. */
  readonly carried: Carried = new Carried();
  /** What the side of the step at hand was before it. */
  readonly before: Facts = new Facts();
  readonly after: Facts = new Facts();
  readonly #safety: ReadonlySet<SafetyName>;
  readonly #budgets: Budgets = new Budgets();
  readonly #choices: readonly Choice[];
  readonly #words: Int32Array = new Int32Array(MOST_WORDS);
  readonly #outcome: Outcome = { row: new Int32Array(MOST_ROW), length: 0, violated: null, waited: false };
  #overfull = false;
  readonly #continuous: boolean;
  #now = NOW;

  /**
   * @param continuous the endpoints simply go on from step to step, on a clock of their own, and are never restored: for one walk from
   *   the beginning, as it is traced, or compared with what snapshots make of it
   *
   * @throws ModelError when a bound of the model is out of its range
   */
  constructor(
    model: Model,
    mutant: MutantName | null = null,
    safety: readonly SafetyName[] = model.safety,
    continuous: boolean = false,
  ) {
    this.model = checked(model);
    this.#continuous = continuous;
    const change = mutant === null ? NO_MUTANT : MUTANTS[mutant];
    this.a = new Side('A', model, change);
    this.b = new Side('B', model, change);
    this.#safety = new Set(safety);
    this.#choices = model.choices;
  }

  /** The state in which everything begins. The row is valid until the next step. */
  start(): Outcome {
    const { model } = this;
    const outcome = this.#outcome;
    outcome.violated = null;
    outcome.waited = false;
    this.a.start();
    this.b.start();
    outcome.row[A] = this.#encode(this.a, this.#now);
    outcome.row[B] = this.#encode(this.b, this.#now);
    const budgets = this.#budgets;
    budgets.losses = model.losses;
    budgets.duplicates = model.duplicates;
    budgets.opens = model.opens;
    budgets.aborts = model.aborts;
    budgets.crashes = model.crashes;
    budgets.calls = model.calls;
    budgets.intrusions = model.intrusions;
    outcome.row[BUDGETS] = budgets.word;
    outcome.length = BAG;
    return outcome;
  }

  /** Writes the steps that can be taken from a row to `steps`. @returns how many */
  steps(row: Int32Array, length: number, steps: Int32Array): number {
    const { msl } = this.model;
    this.#budgets.read(row[BUDGETS]!);
    const { losses, duplicates } = this.#budgets;
    let count = 0;
    let overdue = 0;
    for (let i = BAG; i < length; i++) {
      const word = row[i]!;
      if (ageOf(word) === msl && !isCopy(word)) overdue++;
      if (i > BAG && row[i - 1] === word) continue; // the same again
      steps[count++] = stepOf('deliver', i - BAG);
      if (duplicates > 0) steps[count++] = stepOf('deliver and keep', i - BAG);
      if (losses > 0 && !isCopy(word)) steps[count++] = stepOf('lose', i - BAG);
    }
    const dueA = glanceDue(this.sides.word(row[A]!, WORD.state));
    const dueB = glanceDue(this.sides.word(row[B]!, WORD.state));
    if (overdue <= losses) {
      if (dueA) steps[count++] = stepOf('fire A');
      if (dueB) steps[count++] = stepOf('fire B');
      if (!dueA && !dueB) steps[count++] = stepOf('tick');
    }
    if (this.model.calls > 0) {
      for (let i = 0; i < CALLS.length; i++) {
        steps[count++] = stepOf('call A', i);
        steps[count++] = stepOf('call B', i);
      }
    }
    if (this.#budgets.intrusions > 0) {
      for (let i = 0; i < INTRUSIONS; i++) {
        steps[count++] = stepOf('intrude A', i);
        steps[count++] = stepOf('intrude B', i);
      }
    }
    for (const choice of this.#choices) if (this.#mayChoose(choice, row, length)) steps[count++] = stepOf(choice);
    return count;
  }

  /**
   * Takes a step from a row.
   *
   * @returns where it leads, valid until the next call; null when the step is not taken because it would exceed a bound (`pruned`)
   */
  take(row: Int32Array, length: number, step: Step): Outcome | null {
    const outcome = this.#outcome;
    const target = outcome.row;
    for (let i = 0; i < length; i++) target[i] = row[i]!;
    outcome.length = length;
    outcome.violated = null;
    outcome.waited = false;
    this.#overfull = false;
    this.#budgets.read(row[BUDGETS]!);
    const kind = kindOf(step);
    switch (kind) {
      case 'deliver':
      case 'deliver and keep':
        this.#deliver(BAG + placeOf(step), kind === 'deliver and keep');
        break;
      case 'lose':
        this.#budgets.losses--;
        this.#remove(BAG + placeOf(step));
        break;
      case 'tick':
        this.#tick();
        break;
      case 'fire A':
        this.#fire(this.a, A);
        break;
      case 'fire B':
        this.#fire(this.b, B);
        break;
      case 'call A':
      case 'call B':
        this.#call(kind === 'call A' ? A : B, CALLS[placeOf(step)]!);
        break;
      case 'intrude A':
      case 'intrude B':
        this.#intrude(kind === 'intrude A' ? A : B, placeOf(step));
        break;
      default:
        this.#choose(kind);
    }
    if (this.#overfull || outcome.length - BAG > this.model.capacity) {
      this.pruned++;
      return null;
    }
    target[BUDGETS] = this.#budgets.word;
    sortBag(target, outcome.length);
    return outcome;
  }

  /** A step in terms that hold in any world of the same model. */
  describe(row: Int32Array, step: Step): StepRecord {
    const kind = kindOf(step);
    if (!isAboutSegment(kind)) return placeOf(step) === 0 ? { kind } : { kind, place: placeOf(step) };
    const word = row[BAG + placeOf(step)]!;
    const length = this.segments.get(segmentOf(word), this.#words);
    return { kind, segment: [...this.#words.subarray(0, length)], age: ageOf(word), copy: isCopy(word) };
  }

  /** Such a step in this world. @throws Error when there is no such segment in the row: the trace is another model's */
  find(row: Int32Array, length: number, record: StepRecord): Step {
    if (record.segment === undefined) return stepOf(record.kind, record.place);
    const words = Int32Array.from(record.segment);
    const wanted = entry(this.segments.add(words, words.length), record.copy ?? false, record.age ?? 0);
    const place = row.subarray(BAG, length).indexOf(wanted);
    if (place < 0)
      throw new Error(`${this.model.name}: no segment for '${record.kind}': the trace belongs to another model`);
    return stepOf(record.kind, place);
  }

  /** The time of the step at hand, ms: it goes forward in a continuous world only. */
  get now(): number {
    return this.#now;
  }

  /** A row as plain data that is the same in any world of the same model. */
  plain(row: Int32Array): {
    readonly a: number[];
    readonly b: number[];
    readonly budgets: number;
    readonly bag: string[];
  } {
    const record = (table: Interner, number: number): number[] => {
      return [...this.#words.subarray(0, table.get(number, this.#words))];
    };
    const bag = [...row.subarray(BAG)].map((word) => {
      return `${record(this.segments, segmentOf(word)).join()} ${isCopy(word) ? 'copy ' : ''}${ageOf(word)}`;
    });
    return {
      a: record(this.sides, row[A]!),
      b: record(this.sides, row[B]!),
      budgets: row[BUDGETS]!,
      bag: bag.sort(),
    };
  }

  // ---- Steps ----

  #deliver(place: number, keep: boolean): void {
    const { row } = this.#outcome;
    const word = row[place]!;
    const { carried } = this;
    carried.read(this.segments, segmentOf(word));
    if (keep) {
      this.#budgets.duplicates--;
      row[place] = entry(segmentOf(word), true, ageOf(word));
    } else this.#remove(place);
    const toA = carried.fromB;
    const side = toA ? this.a : this.b;
    this.#restore(side, toA ? A : B);
    const { before, after } = this;
    before.take(side);
    const began = side.ledger.count;
    this.observer?.arrival(side, carried.segment);
    side.arrive(carried);
    this.#settle(side, toA ? A : B);
    after.take(side);
    const other = otherOf(this.sides, row[toA ? B : A]!);
    this.#outcome.violated =
      checkArrival(this.#safety, side, carried, before, after, other) ??
      this.#checkAge(side, began) ??
      checkStep(this.#safety, side, before, after);
  }

  /**
   * W2: a new TCB while segments of an earlier incarnation are under way. Resets aside: a port without a connection answers old
   * segments whenever they come, and only numbers protect from those (D3).
   */
  #checkAge(side: Side, began: number): SafetyName | null {
    if (!this.#safety.has('W2') || side.ledger.count === began || this.after.asleep) return null;
    const { row, length } = this.#outcome;
    const carried = new Carried();
    for (let i = BAG; i < length; i++) {
      carried.read(this.segments, segmentOf(row[i]!));
      if (carried.segment.flags & RST) continue;
      const older = carried.fromB === (side === this.b) ? carried.inc : carried.peer;
      if (older > 0 && older < side.ledger.inc) return 'W2';
    }
    return null;
  }

  #remove(place: number): void {
    const outcome = this.#outcome;
    const { row } = outcome;
    outcome.length--;
    for (let i = place; i < outcome.length; i++) row[i] = row[i + 1]!;
  }

  /** Time goes on by a tick: segments and deadlines grow older. */
  #tick(): void {
    const outcome = this.#outcome;
    const { row } = outcome;
    this.#expire();
    for (let i = BAG; i < outcome.length; i++) row[i] = row[i]! + 1;
    for (const [side, place] of [
      [this.a, A],
      [this.b, B],
    ] as const) {
      this.#restore(side, place);
      row[place] = this.#encode(side, this.#now + TICK);
    }
    if (this.#continuous) this.#now += TICK;
  }

  /** What is as old as MSL and has not arrived is gone. */
  #expire(): void {
    const outcome = this.#outcome;
    const { row } = outcome;
    for (let i = outcome.length - 1; i >= BAG; i--) {
      const word = row[i]!;
      if (ageOf(word) < this.model.msl) continue;
      if (!isCopy(word)) this.#budgets.losses--;
      this.#remove(i);
    }
  }

  #fire(side: Side, place: number): void {
    this.#expire();
    this.#restore(side, place);
    this.before.take(side);
    this.observer?.timers(side);
    side.fire();
    this.#settle(side, place);
    this.after.take(side);
    this.#outcome.waited = this.before.waiting && !this.after.waiting;
    this.#outcome.violated = checkStep(this.#safety, side, this.before, this.after);
  }

  /** Either application calls what it likes. */
  #call(place: number, call: Call): void {
    const side = place === A ? this.a : this.b;
    this.#restore(side, place);
    this.observer?.call(side, call);
    if (!isRefused(side, call)) {
      if (this.#budgets.calls === 0) {
        this.#overfull = true;
        return;
      }
      this.#budgets.calls--;
    }
    side.call(call);
    this.#settle(side, place);
  }

  /** Something comes from outside. */
  #intrude(place: number, kind: number): void {
    this.#budgets.intrusions--;
    const side = place === A ? this.a : this.b;
    this.#restore(side, place);
    const segment = forge(side, kind);
    if (segment === null) {
      const what = reportOf(kind);
      this.observer?.report(side, what);
      report(side, what);
    } else {
      this.observer?.arrival(side, segment);
      this.carried.intrude(segment, place === A);
      side.arrive(this.carried);
    }
    this.#settle(side, place);
  }

  #choose(choice: Choice): void {
    const place = choice.endsWith('A') ? A : B;
    const side = place === A ? this.a : this.b;
    this.#restore(side, place);
    this.before.take(side);
    const refused = this.#act(side, choice);
    this.#settle(side, place);
    this.after.take(side);
    this.#outcome.violated = refused ?? checkStep(this.#safety, side, this.before, this.after);
  }

  /** @returns the property that is violated by what the application was told */
  #act(side: Side, choice: string): SafetyName | null {
    const budgets = this.#budgets;
    switch (choice.slice(0, -2)) {
      case 'open':
        budgets.opens--;
        side.open();
        return null;
      case 'abort':
        budgets.aborts--;
        side.abort();
        return null;
      case 'crash':
        budgets.crashes--;
        side.crash();
        return null;
      case 'write':
        return side.write() || !this.#safety.has('C1') ? null : 'C1';
      case 'read':
        side.readOne();
        return null;
      case 'close':
        side.close();
        return null;
      default:
        side.detach();
        return null;
    }
  }

  #mayChoose(choice: Choice, row: Int32Array, length: number): boolean {
    const { model } = this;
    const budgets = this.#budgets;
    const place = choice.endsWith('A') ? A : B;
    const number = row[place]!;
    const state = glanceState(this.sides.word(number, WORD.state));
    const ledger = this.sides.word(number, WORD.ledger);
    const open = state !== 'CLOSED' && state !== 'LISTEN';
    const closed = (ledger & (1 << 18)) !== 0;
    const ended = ledger >>> 19 !== 0;
    const met = open && state !== 'SYN-SENT' && state !== 'SYN-RECEIVED';
    switch (choice.slice(0, -2)) {
      case 'open':
        return budgets.opens > 0 && state === 'CLOSED';
      case 'abort':
        return budgets.aborts > 0 && state === 'SYN-SENT';
      case 'crash':
        return budgets.crashes > 0 && open;
      case 'write':
        return met && !closed && !ended && (ledger & 7) < model.writes;
      case 'read':
        return open && this.sides.word(number, WORD.ledger + 1) > 0;
      default:
        return met && !closed && !ended && !(model.longLived && this.#isSynUnderWay(row, length));
    }
  }

  #isSynUnderWay(row: Int32Array, length: number): boolean {
    for (let i = BAG; i < length; i++) if (this.segments.word(segmentOf(row[i]!), 0) & SYN) return true;
    return false;
  }

  // ---- Between rows and sides ----

  #restore(side: Side, place: number): void {
    if (this.#continuous) {
      side.goOn(this.#now);
      return;
    }
    this.sides.get(this.#outcome.row[place]!, this.#words);
    side.restore(this.#words, this.#now);
  }

  /** Puts what the side has sent into the bag, and the side back into the row. */
  #settle(side: Side, place: number): void {
    const outcome = this.#outcome;
    const { ledger } = side;
    if (ledger.count > Math.min(this.model.incarnations, MOST_INCARNATIONS)) {
      this.#overfull = true;
      return;
    }
    if (outcome.length + side.sentCount > MOST_ROW) {
      this.#overfull = true;
      return;
    }
    for (let i = 0; i < side.sentCount; i++) {
      const stamp = side.sentFor[i] ?? ledger;
      const number = internSegment(this.segments, side.sent[i]!, side === this.b, stamp, ledger.written);
      outcome.row[outcome.length++] = entry(number, false, 0);
    }
    outcome.row[place] = this.#encode(side, this.#now);
  }

  #encode(side: Side, now: number): number {
    const { words, length } = side.encode(now);
    return this.sides.add(words, length);
  }
}

/** A model that asks for what a world cannot hold. `code` is `ERR_OUT_OF_RANGE`. */
export class ModelError extends RangeError {
  readonly code = 'ERR_OUT_OF_RANGE';
  override readonly name = 'ModelError';
}

function checked(model: Model): Model {
  const bounds: Partial<Record<keyof Model, readonly [number, number]>> = {
    losses: [0, 7],
    duplicates: [0, 7],
    capacity: [1, MOST_SEGMENTS],
    opens: [0, MOST_INCARNATIONS],
    aborts: [0, 7],
    crashes: [0, 7],
    calls: [0, 7],
    intrusions: [0, 7],
    patience: [0, 64],
    keepAlive: [0, 64],
    writes: [0, MOST_WRITES],
    window: [1, 64],
    msl: [1, 7],
    rto: [1, 7],
    incarnations: [1, MOST_INCARNATIONS],
  };
  for (const [key, [least, most]] of Object.entries(bounds)) {
    const value = model[key as keyof Model] as number;
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new ModelError(`${model.name}: ${key} is ${value}; it must be a whole number from ${least} to ${most}`);
    }
  }
  return model;
}
