/** Owns: the table of experiments, a line each, with columns that are known beforehand: lines are printed as results come. */

import { type Experiment, isExpected, type Result } from '../../check/index.ts';
import type { Paint } from '../paint.ts';
import { grouped } from '../report.ts';

export class Table {
  readonly #name: number;
  readonly #paint: Paint;

  constructor(experiments: readonly Experiment[], paint: Paint) {
    this.#name = Math.max(...experiments.map(({ name }) => name.length));
    this.#paint = paint;
  }

  head(): string {
    return this.#paint('bold', this.#line(['experiment', 'property', 'verdict', 'states', 'steps', 'pruned']));
  }

  /** `steps`: of the shortest counter-example; where it holds, those to the state farthest from the beginning. */
  line(experiment: Experiment, result: Result): string {
    const { verdict, states, depth, pruned, stopped } = result;
    const steps = verdict === 'violated' ? result.trace.length : depth;
    const cells = [experiment.name, experiment.property, verdict, grouped(states), `${steps}`, grouped(pruned)];
    const line = this.#line(cells);
    if (stopped !== undefined) return this.#paint('yellow', `${line}  ${REASONS[stopped]}`);
    if (isExpected(experiment, result)) return line;
    const found = verdict === 'violated' ? `${result.property} violated, ` : '';
    return this.#paint('red', `${line}  ${found}expected: ${experiment.expected}`);
  }

  #line([name, property, verdict, states, steps, pruned]: readonly string[]): string {
    const left = `${name!.padEnd(this.#name)}  ${property!.padEnd(8)}  ${verdict!.padEnd(8)}`;
    return `${left}  ${states!.padStart(12)}  ${steps!.padStart(5)}  ${pruned!.padStart(10)}`;
  }
}

const REASONS = {
  memory: 'the memory is used up: nothing is said of the rest',
  states: 'as many states as asked for: nothing is said of the rest',
  asked: 'stopped: nothing is said of the rest',
} as const;

/** The same as a record for programs. */
export function facts(experiment: Experiment, result: Result): object {
  const { verdict, states, transitions, depth, pruned, duplicates, waiting, trace, property, stopped } = result;
  return {
    name: experiment.name,
    property: experiment.property,
    expected: experiment.expected,
    verdict,
    ...(verdict === 'violated' ? { violated: property, steps: trace.length, trace } : {}),
    ...(stopped === undefined ? {} : { stopped, waiting }),
    mutant: experiment.question.mutant,
    states,
    transitions,
    depth,
    pruned,
    duplicates,
  };
}
