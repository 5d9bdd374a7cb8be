/** Owns: a search as a thread is asked for it, and what it answers. Plain data. */

import {
  type Experiment,
  type GoalName,
  type Level,
  type Model,
  type MutantName,
  modelAt,
  type Progress,
  type Question,
  type Result,
  type SafetyName,
  search,
} from '../../check/index.ts';

export interface Job {
  /** The experiment for which it is asked first. */
  readonly name: string;
  readonly model: Model;
  readonly mutant: MutantName | null;
  readonly safety: readonly SafetyName[];
  readonly goal: GoalName | null;
}

export interface Bounds {
  /** Octets of memory for each search. */
  readonly memory: number;
  /** States visited at most in each search. */
  readonly states: number;
}

/** States between two reports. */
const EVERY = 10_000;

/** The search of a question at a level. */
export function jobOf(name: string, question: Question, level: Level): Job {
  const { mutant, safety, goal } = question;
  return { name, model: modelAt(question, level), mutant, safety, goal };
}

/** A search, and all the experiments that look at its result. */
export interface Asked {
  readonly job: Job;
  readonly experiments: readonly Experiment[];
}

/** Each question once, in the order of the experiments. */
export function asking(experiments: readonly Experiment[], level: Level): readonly Asked[] {
  const questions = [...new Set(experiments.map(({ question }) => question))];
  return questions.map((question) => {
    const own = experiments.filter((experiment) => experiment.question === question);
    return { job: jobOf(own[0]!.name, question, level), experiments: own };
  });
}

/** @param tell called now and then; false stops the search */
export function runJob(
  { model, mutant, safety, goal }: Job,
  bounds: Bounds,
  tell: (progress: Progress) => boolean,
): Result {
  return search(model, { mutant, safety, goal, ...bounds, every: EVERY, progress: tell });
}
