/**
 * Owns: the scenario, a story that is told to a simulation with one seed after another, and what came of one telling. Leaves to
 * others: what a simulation is and how time is driven in it (`SimulationMaker`), many seeds (`cli/sim`), the faults that
 * matter (`minimise.ts`).
 */

import type { TraceEvent, TraceSink } from '../trace/events.ts';
import type { CaptureSink, SeenPacket } from './capture.ts';
import type { LinkNames } from './fault-words.ts';
import type { FaultPlan, FaultRecord } from './plan.ts';

/** Where nobody says otherwise a scenario has to be done after a day. */
export const DEFAULT_DEADLINE = 86_400_000;
/** Events of a trace that are kept at most. */
export const MAX_TRACE = 500_000;

/** A story to be told to a simulation: it passes when it returns, and fails when it throws or rejects. */
export interface Scenario<S> {
  readonly name: string;
  readonly description?: string;
  /** Virtual time after which it has failed, ms; a day. */
  readonly deadline?: number;
  run(sim: S): void | Promise<void>;
}

/** What a simulation is made with. */
export interface SimulationSettings {
  readonly seed: number;
  /** Virtual time, ms, beyond which nothing happens: whoever waits fails. */
  readonly deadline: number;
  readonly trace: TraceSink | null;
  /** Where every packet at every host goes, as a capture there would have it. */
  readonly capture: CaptureSink | null;
  /** Whether faults are written down. */
  readonly record: boolean;
  readonly plan: FaultPlan | null;
}

/** Makes simulations, and lets scenarios run on them. */
export interface SimulationMaker<S> {
  make(settings: SimulationSettings): S;
  /** Runs the scenario to its end: what it throws, and what is thrown on its behalf, comes out here. */
  tell(sim: S, scenario: Scenario<S>): void | Promise<void>;
  /** Virtual time, ms. */
  now(sim: S): number;
  faults(sim: S): readonly FaultRecord[];
  links(sim: S): readonly LinkNames[];
  /** Nothing is left of it afterwards. It throws what was wrong and nobody has been told. */
  end(sim: S): void | Promise<void>;
}

/** Why a run failed, as plain data. */
export interface Failure {
  /** The error's name and code. */
  readonly name: string;
  readonly code: string | null;
  readonly message: string;
  readonly stack: string;
  /** Line and column in the scenario's file where it was thrown, or called what threw: `42:11`; null where that is not known. */
  readonly place: string | null;
}

/** What came of a run. */
export interface Outcome {
  readonly scenario: string;
  readonly seed: number;
  readonly passed: boolean;
  readonly failure: Failure | null;
  /** Virtual time at its end, ms. */
  readonly time: number;
  /** Empty unless they were to be written down. */
  readonly faults: readonly FaultRecord[];
  /** Empty unless it was to be kept. */
  readonly trace: readonly TraceEvent[];
  /** The same, with octets. */
  readonly packets: readonly SeenPacket[];
  /** The trace was longer than {@link MAX_TRACE}: its end is missing, and that of the packets. */
  readonly cut: boolean;
  readonly links: readonly LinkNames[];
}

export interface RunScenarioOptions {
  /** What is to happen in the place of chance. */
  readonly plan?: FaultPlan | null;
  /** Whether faults are written down. False. */
  readonly record?: boolean;
  /** Whether the trace is kept. False. */
  readonly trace?: boolean;
  /** Whether packets are kept, octet by octet. False. */
  readonly capture?: boolean;
  /** The scenario's file, or the end of its path: failures say where in it they come from. */
  readonly file?: string;
}

/** A module that is no scenario. */
export class ScenarioError extends Error {
  readonly code = 'ERR_SIM_SCENARIO';
  override readonly name = 'ScenarioError';
}

/**
 * The scenario that a module exports: `export default { name, description, deadline, run(sim) }`, or the function alone.
 *
 * @param where the module, for messages
 * @param name what it is called if it does not say
 * @throws ScenarioError what is missing or wrong
 */
export function scenarioOf<S>(module: unknown, where: string, name: string): Scenario<S> {
  const exported = (module as { readonly default?: unknown } | null)?.default;
  if (exported === undefined) {
    throw new ScenarioError(
      `${where} has no default export; it must export a scenario: { name, run(sim) }, or a function`,
    );
  }
  if (typeof exported === 'function') {
    // An anonymous function that is exported by default is called so.
    const own = exported.name === 'default' ? '' : exported.name;
    return { name: own || name, run: exported as Scenario<S>['run'] };
  }
  const scenario = exported as Partial<Scenario<S>> | null;
  if (typeof scenario !== 'object' || scenario === null || typeof scenario.run !== 'function') {
    throw new ScenarioError(`${where}: the default export must be a function, or an object with a function 'run'`);
  }
  const { deadline = DEFAULT_DEADLINE, description } = scenario;
  if (!(typeof deadline === 'number' && deadline > 0)) {
    throw new ScenarioError(`${where}: deadline is ${String(deadline)}; it must be a positive number of milliseconds`);
  }
  for (const key of ['name', 'description'] as const) {
    if (scenario[key] !== undefined && typeof scenario[key] !== 'string') {
      throw new ScenarioError(`${where}: ${key} is ${String(scenario[key])}; it must be a text`);
    }
  }
  return {
    name: scenario.name ?? name,
    ...(description === undefined ? {} : { description }),
    deadline,
    // Bound, it is still seen to be an async function.
    run: scenario.run.bind(scenario),
  };
}

/** Tells a scenario to a new simulation. What the scenario throws is in the outcome; only what is wrong with us is thrown. */
export async function tellScenario<S>(
  scenario: Scenario<S>,
  seed: number,
  maker: SimulationMaker<S>,
  options: RunScenarioOptions = {},
): Promise<Outcome> {
  const { plan = null, record = false, file = '' } = options;
  const trace: TraceEvent[] = [];
  const packets: SeenPacket[] = [];
  let cut = false;
  let over = false;
  const into =
    <T>(list: T[]) =>
    (one: T): void => {
      if (over) return; // how a simulation is taken apart is no part of the story
      if (list.length < MAX_TRACE) list.push(one);
      else cut = true;
    };
  const sim = maker.make({
    seed,
    deadline: scenario.deadline ?? DEFAULT_DEADLINE,
    trace: options.trace === true ? into(trace) : null,
    capture: options.capture === true ? into(packets) : null,
    record,
    plan,
  });
  let failure: Failure | null = null;
  const fail = (error: unknown): void => {
    failure ??= failureOf(error, file);
  };
  try {
    await maker.tell(sim, scenario);
  } catch (error) {
    fail(error);
  }
  const time = maker.now(sim);
  over = true;
  try {
    await maker.end(sim);
  } catch (error) {
    fail(error);
  }
  return {
    scenario: scenario.name,
    seed,
    passed: failure === null,
    failure,
    time,
    faults: [...maker.faults(sim)],
    trace,
    packets,
    cut,
    links: maker.links(sim),
  };
}

/** What was thrown, as plain data. @param file the end of the path of the scenario's file */
export function failureOf(thrown: unknown, file: string): Failure {
  if (!(thrown instanceof Error)) {
    return { name: 'not an Error', code: null, message: `thrown: ${String(thrown)}`, stack: '', place: null };
  }
  const { name, message, stack = '' } = thrown;
  const { code } = thrown as { readonly code?: unknown };
  const place = placeIn(stack, file) ?? placeIn(stackOf(thrown.cause), file);
  return { name, code: typeof code === 'string' ? code : null, message, stack, place };
}

function stackOf(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? '') : '';
}

/** `line:column` of the innermost call in a file that a stack names. */
function placeIn(stack: string, file: string): string | null {
  if (file === '') return null;
  for (const line of stack.split('\n')) {
    const at = line.indexOf(file);
    const found = at < 0 ? null : /^[^\s:]*:(\d+:\d+)/.exec(line.slice(at + file.length));
    if (found !== null) return found[1]!;
  }
  return null;
}

/**
 * What failures have in common that have one cause: the error's name and code, the first line of its message with numbers left
 * out, and where it was thrown.
 */
export function causeOf(failure: Failure): string {
  const message = failure.message.split('\n')[0]!.replace(/\d+(?:\.\d+)?/g, '#');
  return [failure.name, failure.code ?? '', message, failure.place ?? ''].join(' | ');
}
