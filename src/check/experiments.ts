/**
 * Owns: the experiments of the why gallery: each argument as a search, with the mechanism and without it. The words for
 * people are in `words/`; what was found is recorded in `test/check/experiments.json`.
 */

import { type Model, QUIET } from './model.ts';
import type { MutantName } from './mutants.ts';
import { GOALS, type GoalName, type SafetyName } from './properties.ts';
import { type Result, type SearchOptions, search } from './search.ts';

/** The levels: with every test run, in CI, by hand. */
export type Level = 1 | 2 | 3;

/** One search. Several experiments may look at the same one, each for its own property. */
export interface Question {
  /** What is switched off; null for the TCP that ships. */
  readonly mutant: MutantName | null;
  /** The model at the first level, and what is larger at the others. */
  readonly model: Model;
  readonly larger: Partial<Record<2 | 3, Partial<Model>>>;
  readonly safety: readonly SafetyName[];
  readonly goal: GoalName | null;
  /** From which level on it is asked. */
  readonly level: Level;
}

export interface Experiment {
  /** Unique, e.g. `two-way`. */
  readonly name: string;
  /** The property that it is about. */
  readonly property: SafetyName | GoalName;
  readonly expected: 'holds' | 'violated';
  readonly question: Question;
}

/** An argument, and the experiments that make it: first what holds, then what does not without the mechanism. */
export interface Why {
  readonly name: string;
  readonly experiments: readonly Experiment[];
}

const holds = (name: string, property: Experiment['property'], question: Question): Experiment => {
  return { name, property, expected: 'holds', question };
};

/** Searched for one property only, so that the shortest counter-example is one of that. */
const violates = (
  name: string,
  property: Experiment['property'],
  mutant: MutantName | null,
  model: Model,
  level: Level = 1,
): Experiment => {
  const goal = property in GOALS ? (property as GoalName) : null;
  const safety = goal === null ? [property as SafetyName] : [];
  return { name, property, expected: 'violated', question: { mutant, model, larger: {}, safety, goal, level } };
};

const ask = (
  model: Model,
  safety: readonly SafetyName[],
  goal: GoalName | null,
  larger: Question['larger'] = {},
  others: Partial<Question> = {},
): Question => ({ mutant: null, model, larger, safety, goal, level: 1, ...others });

// ---- Opening ----

/** A client that opens, may give up, and may open again; the network keeps a segment. */
const OPENING: Model = {
  ...QUIET,
  name: 'opening',
  choices: ['open A', 'abort A'],
  opens: 2,
  aborts: 1,
  duplicates: 1,
  capacity: 3,
};
/** The same with a network that loses one, and a client that opens once. */
const ONCE: Model = { ...OPENING, name: 'opening once', opens: 1, losses: 1, duplicates: 0 };

/** Text of an earlier incarnation behind its SYN. */
const STALE: Model = {
  ...QUIET,
  name: 'stale text',
  choices: ['open A', 'crash A', 'write A'],
  opens: 2,
  crashes: 1,
  duplicates: 1,
  writes: 1,
  capacity: 3,
  msl: 1,
  rto: 1,
};

const CROSSING: Model = {
  ...QUIET,
  name: 'crossing',
  server: false,
  choices: ['open A', 'open B'],
  opens: 2,
  losses: 1,
};

// ---- Closing ----

/** Both sides may close when they like. */
const CLOSING: Model = {
  ...QUIET,
  name: 'closing',
  choices: ['open A', 'close A', 'close B'],
  losses: 1,
  capacity: 3,
  msl: 1,
  rto: 1,
};
/** The server has something left to say. */
const SPEAKING: Model = {
  ...CLOSING,
  name: 'half-closing',
  choices: [...CLOSING.choices, 'write B'],
  writes: 1,
  losses: 0,
};

/** The server closes as soon as it hears of the end. */
const AT_ONCE: Model = { ...CLOSING, name: 'closing at once', closesAtEnd: true, choices: ['open A', 'close A'] };

// ---- TIME-WAIT ----

const WAITING: Model = { ...CLOSING, name: 'waiting', msl: 2, rto: 2 };
/** Text is under way when the server closes. */
const WAITING_TEXT: Model = {
  ...WAITING,
  name: 'waiting, with text',
  choices: [...WAITING.choices, 'write B'],
  writes: 1,
};
/** The pair is used again, and begins with the same numbers. */
const REUSED: Model = {
  ...WAITING,
  name: 'reused',
  opens: 2,
  losses: 0,
  isns: 'constant',
  longLived: true,
};

const REUSED_FRESH: Model = { ...REUSED, name: 'reused, fresh numbers', isns: 'fresh' };

/** The client opens anew and gives up: its SYN proves old. */
const RESUMED: Model = {
  ...REUSED_FRESH,
  name: 'resumed',
  choices: ['open A', 'abort A', 'close A', 'close B'],
  aborts: 1,
  capacity: 2,
};

/** With one segment under way and its answer: small enough for every test run. */
const smaller = (model: Model): Model => ({ ...model, capacity: 2 });

// ---- The stream ----

const STREAM: Model = { ...QUIET, name: 'stream', choices: ['open A', 'write A'], writes: 2, losses: 1, capacity: 3 };
const LONGER: Model = { ...STREAM, name: 'longer stream', writes: 3, losses: 0 };
const NARROW: Model = {
  ...STREAM,
  name: 'closed window',
  choices: ['open A', 'write A', 'read B'],
  window: 1,
  msl: 1,
  rto: 1,
};

const OPEN_SAFETY: readonly SafetyName[] = ['H1', 'H1-weak', 'H3', 'D3', 'S1'];
const CLOSE_SAFETY: readonly SafetyName[] = ['C1', 'C4', 'D2', 'D3', 'D4', 'W3', 'S1'];
const WAIT_SAFETY: readonly SafetyName[] = ['W1', 'W3', 'W4', 'D2', 'D3', 'S1'];
const STREAM_SAFETY: readonly SafetyName[] = ['D1', 'D4', 'D6', 'S1'];

/** The TCP that ships, in each of these worlds. */
const opening = ask(OPENING, OPEN_SAFETY, null, {
  2: { losses: 1 },
  3: { opens: 3, aborts: 2, losses: 1, capacity: 4 },
});
const closing = ask(CLOSING, CLOSE_SAFETY, 'C2', {
  2: { capacity: 4 },
  3: { capacity: 5, losses: 2, msl: 2, rto: 1 },
});
const waiting = ask(WAITING, WAIT_SAFETY, null, { 2: { capacity: 4 }, 3: { capacity: 5, duplicates: 1 } });

export const WHYS: readonly Why[] = [
  {
    name: 'three-way',
    experiments: [
      holds(
        'three-way',
        'H2',
        ask(ONCE, OPEN_SAFETY, 'H2', {
          2: { duplicates: 1, capacity: 4 },
          3: { opens: 2, duplicates: 2, losses: 2, capacity: 5 },
        }),
      ),
      violates('two-way', 'H1-weak', 'two-way', ONCE),
      violates('two-way-stuck', 'H2', 'two-way', ONCE),
    ],
  },
  {
    name: 'fresh-isn',
    experiments: [holds('fresh-isn', 'H1', opening), violates('constant-isn', 'H1', 'constant-isn', OPENING)],
  },
  {
    name: 'stale-text',
    experiments: [
      holds(
        'fresh-isn-text',
        'D1',
        ask(STALE, ['D1', 'S1'], null, { 2: { msl: 2, rto: 2 }, 3: { duplicates: 2, losses: 1, capacity: 4 } }),
      ),
      violates('constant-isn-text', 'D1', 'constant-isn', STALE),
    ],
  },
  {
    name: 'ack-check',
    experiments: [holds('ack-check', 'H3', opening), violates('no-ack-check', 'H3', 'no-ack-check', OPENING)],
  },
  {
    name: 'simultaneous-open',
    experiments: [
      holds(
        'simultaneous-open',
        'H2',
        ask(CROSSING, ['H1', 'D3', 'S1'], 'H2', {
          2: { duplicates: 1 },
          3: { losses: 2, duplicates: 2, capacity: 6 },
        }),
      ),
      violates('no-cross', 'H2', 'no-cross', CROSSING),
    ],
  },
  {
    name: 'four-way',
    experiments: [holds('four-way', 'C2', closing), violates('auto-fin', 'C1', 'auto-fin', SPEAKING)],
  },
  {
    name: 'second-fin',
    experiments: [
      holds('half-close', 'C2', ask(SPEAKING, CLOSE_SAFETY, 'C2', { 2: { capacity: 4 }, 3: { writes: 2, losses: 1 } })),
      violates('no-last-ack', 'C2', 'no-last-ack', CLOSING),
    ],
  },
  {
    name: 'first-fin',
    experiments: [holds('fin-repeated', 'C3', closing), violates('fin-once', 'C3', 'fin-once', CLOSING)],
  },
  {
    name: 'piggyback',
    experiments: [
      holds(
        'piggyback',
        'C2',
        ask(AT_ONCE, CLOSE_SAFETY, 'C2', {
          2: { duplicates: 1, capacity: 4 },
          3: { losses: 2, duplicates: 1, capacity: 5 },
        }),
      ),
    ],
  },
  {
    name: 'time-wait',
    experiments: [holds('time-wait', 'W1', waiting), violates('no-time-wait', 'W1', 'no-time-wait', WAITING)],
  },
  {
    name: 'two-msl',
    experiments: [holds('two-msl', 'W1', waiting), violates('one-msl', 'W1', 'time-wait-1-msl', WAITING)],
  },
  {
    name: 'rto-premise',
    experiments: [
      holds('rto-half-msl', 'W1', ask({ ...WAITING_TEXT, rto: 1 }, ['W1', 'W3', 'S1'], null, {}, { level: 2 })),
      violates('rto-whole-msl', 'W1', null, WAITING_TEXT, 2),
    ],
  },
  {
    name: 'old-duplicates',
    experiments: [
      holds(
        'old-duplicates',
        'D2',
        ask(REUSED, ['D1', 'D2', 'W3'], null, { 2: { capacity: 4 }, 3: { capacity: 5, losses: 1 } }),
      ),
      violates('old-fin', 'D2', 'no-time-wait', REUSED),
      violates('old-fin-1-msl', 'D2', 'time-wait-1-msl', REUSED),
    ],
  },
  {
    name: 'two-defences',
    experiments: [
      holds(
        'fresh-isn-alone',
        'D2',
        ask(smaller(REUSED_FRESH), ['D1', 'D2'], null, { 2: { capacity: 3 } }, { mutant: 'no-time-wait' }),
      ),
      violates('fresh-isn-no-answer', 'W1', 'no-time-wait', REUSED_FRESH),
    ],
  },
  {
    name: 'old-syn',
    experiments: [
      holds(
        'old-syn',
        'D2',
        ask(smaller({ ...REUSED_FRESH, name: 'short-lived', longLived: false }), ['D1', 'D2'], null, {
          2: { capacity: 3 },
          3: { capacity: 4, losses: 1 },
        }),
      ),
      violates('old-syn-repeated', 'D2', null, { ...REUSED, name: 'short-lived, same numbers', longLived: false }),
    ],
  },
  {
    name: 'rst-in-time-wait',
    experiments: [
      holds('rst-ignored', 'W3', waiting),
      violates('rst-ends-time-wait', 'W3', 'rst-ends-time-wait', WAITING),
    ],
  },
  {
    name: 'reopen',
    experiments: [
      holds(
        'reopen',
        'W5',
        ask(smaller(REUSED_FRESH), ['W2', 'W3', 'W4', 'S1'], 'W5', {
          2: { capacity: 3 },
          3: { capacity: 4, opens: 3, duplicates: 1 },
        }),
      ),
      holds('resume', 'W4', ask(RESUMED, ['W3', 'W4', 'S1'], null, { 2: { capacity: 3 } })),
      violates('no-reopen', 'W5', 'no-reopen', REUSED_FRESH),
    ],
  },
  {
    name: 'retransmission',
    experiments: [
      holds(
        'retransmission',
        'D5',
        ask(STREAM, STREAM_SAFETY, 'D5', {
          2: { writes: 3, capacity: 4 },
          3: { writes: 4, losses: 2, duplicates: 1, capacity: 5 },
        }),
      ),
      violates('no-retransmission', 'D5', 'no-retransmission', STREAM),
    ],
  },
  {
    name: 'reassembly',
    experiments: [
      holds('reassembly', 'D4', ask(LONGER, STREAM_SAFETY, null, { 2: { losses: 1, capacity: 4 } })),
      violates('drop-chain', 'D4', 'drop-chain', LONGER),
      violates('no-reassembly', 'D6', 'no-reassembly', LONGER),
    ],
  },
  {
    name: 'window-probe',
    experiments: [
      holds(
        'window-probe',
        'D5',
        ask(NARROW, STREAM_SAFETY, 'D5', { 2: { msl: 2, rto: 2 }, 3: { writes: 4, losses: 2, capacity: 4 } }),
      ),
      violates('no-persist', 'D5', 'no-persist', NARROW),
    ],
  },
];

export const EXPERIMENTS: readonly Experiment[] = WHYS.flatMap(({ experiments }) => experiments);

/** The model of a question at a level: the largest bounds that it names up to there. */
export function modelAt({ model, larger }: Question, level: Level): Model {
  let result = model;
  if (level >= 2) result = { ...result, ...larger[2] };
  if (level >= 3) result = { ...result, ...larger[3] };
  return result;
}

/** Searches for the answer. @throws ModelError when a bound is out of its range */
export function answer(question: Question, level: Level, options: SearchOptions = {}): Result {
  const { mutant, safety, goal } = question;
  return search(modelAt(question, level), { mutant, safety, goal, ...options });
}

/** Whether an experiment has come out as it should. */
export function isExpected(
  { expected, property, question }: Experiment,
  { verdict, property: found }: Result,
): boolean {
  if (verdict !== expected) return false;
  // C3 is C2 as the side that closes first sees it: one goal.
  return verdict === 'holds' || found === property || found === question.goal;
}
