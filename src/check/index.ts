/** The checker: all that can happen to the TCP that ships, within bounds; `tsyn/check`. */

export { COLUMNS, COVERING, Coverage, EVENTS, type EventName, NEVER_TAKEN, UNREACHABLE } from './coverage.ts';
export {
  answer,
  EXPERIMENTS,
  type Experiment,
  isExpected,
  type Level,
  modelAt,
  type Question,
  WHYS,
  type Why,
} from './experiments.ts';
export type { Ending } from './ledger.ts';
export { type Choice, type IsnPolicy, type Model, QUIET, TICK } from './model.ts';
export { MUTANTS, type MutantName } from './mutants.ts';
export { GOALS, type GoalName, type SafetyName } from './properties.ts';
export { type Replay, type ReplayedPacket, type ReplayOptions, type ReplayWords, rehearse, replay } from './replay.ts';
export type { StepKind, StepRecord } from './rows.ts';
export { type Progress, type Result, type SearchOptions, search, type Verdict } from './search.ts';
export { Carried } from './segments.ts';
export { ModelError, World } from './world.ts';
