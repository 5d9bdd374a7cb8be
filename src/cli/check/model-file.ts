/** Owns: a model that somebody has written down: every field is looked at before anything is searched. */

import {
  GOALS as GOAL_RULES,
  type Model,
  ModelError,
  MUTANTS,
  type MutantName,
  QUIET,
  World,
} from '../../check/index.ts';
import { WHY_TEXTS } from '../why/texts.ts';
import type { Job } from './job.ts';

const SIDES = ['A', 'B'] as const;
const CHOICES: readonly string[] = [
  ...['open', 'abort', 'write', 'read', 'close', 'crash'].flatMap((act) => SIDES.map((side) => `${act} ${side}`)),
  'detach A',
];
const PROPERTIES = Object.keys(WHY_TEXTS.en.properties);
const GOALS: readonly string[] = Object.keys(GOAL_RULES);
const SAFETY: readonly string[] = PROPERTIES.filter((name) => !GOALS.includes(name));
const ISNS: readonly string[] = ['fresh', 'constant'];
const LARGEST_ISN = 0xffffffff;

/**
 * A search of `{...QUIET, ...record}`; `mutant` names what is switched off.
 *
 * @throws ModelError an unknown field, or a value that it cannot have
 */
export function jobFromModel(record: unknown): Job {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw new ModelError('a model is an object: { "choices": [...], "safety": [...], ... }');
  }
  for (const [key, value] of Object.entries(record)) check(key, value);
  const { mutant = null, ...rest } = record as Partial<Model> & { mutant?: MutantName | null };
  const model: Model = { ...QUIET, name: 'model', ...rest };
  if (model.safety.length === 0 && model.goal === null) {
    throw new ModelError("nothing is asked: 'safety' is empty and 'goal' is null");
  }
  new World(model, mutant); // looks at the numbers
  return { name: model.name, model, mutant, safety: model.safety, goal: model.goal };
}

function check(key: string, value: unknown): void {
  if (key !== 'mutant' && !Object.hasOwn(QUIET, key)) {
    throw new ModelError(`unknown field '${key}'; there are ${[...Object.keys(QUIET), 'mutant'].join(', ')}`);
  }
  const wanted = typeof QUIET[key as keyof Model];
  if (key === 'mutant') oneOf(key, value, Object.keys(MUTANTS), true);
  else if (key === 'goal') oneOf(key, value, GOALS, true);
  else if (key === 'isns') oneOf(key, value, ISNS, false);
  else if (key === 'choices') each(key, value, CHOICES);
  else if (key === 'safety') each(key, value, SAFETY);
  else if (typeof value !== wanted) throw wrong(key, WANTED[wanted]!, value);
  else if (key === 'isn' && !(Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_ISN)) {
    throw wrong(key, `a whole number from 0 to ${LARGEST_ISN}`, value);
  }
}

const WANTED: Readonly<Record<string, string>> = {
  number: 'a whole number',
  boolean: 'true or false',
  string: 'a text',
};

function each(key: string, value: unknown, known: readonly string[]): void {
  if (!Array.isArray(value)) throw wrong(key, `a list of ${known.join(', ')}`, value);
  value.forEach((one, i) => {
    oneOf(`${key}[${i}]`, one, known, false);
  });
}

function oneOf(key: string, value: unknown, known: readonly string[], orNull: boolean): void {
  if ((orNull && value === null) || (typeof value === 'string' && known.includes(value))) return;
  throw wrong(key, `one of ${known.join(', ')}${orNull ? ', or null' : ''}`, value);
}

function wrong(key: string, wanted: string, value: unknown): ModelError {
  return new ModelError(`'${key}' must be ${wanted}, not ${JSON.stringify(value)}`);
}
