/** Owns: a question of the gallery with its answers, as text. Leaves to others: the searches, the words, pictures. */

import { type Experiment, GOALS, isExpected, type Level, modelAt, type Result, type Why } from '../../check/index.ts';
import { headOf, verdictText } from '../../check/words/index.ts';
import type { Language } from '../../trace/index.ts';
import { type Paint, plain } from '../paint.ts';
import { wrap } from '../wrap.ts';
import { playCure, playScene, type Scene, sceneLadder } from './picture.ts';
import { WHY_TEXTS } from './texts.ts';

const WIDTH = 100;

export interface RowOptions {
  readonly lang: Language;
  readonly level: Level;
  /** What the TCP that ships does under the same schedule is drawn below each counter-example. */
  readonly cure?: boolean;
  readonly paint?: Paint;
  /** The experiment printed before: the same world is not described twice. */
  readonly before?: Experiment;
}

/** The scene of a counter-example. */
export function sceneOf({ question }: Experiment, { trace }: Result, level: Level): Scene {
  return { model: modelAt(question, level), mutant: question.mutant, trace };
}

/** The note below a ladder: a trap shows nothing by itself. */
export function endOf({ property }: Result, lang: Language): string | null {
  return property !== null && property in GOALS ? WHY_TEXTS[lang].trap(property) : null;
}

/** A counter-example's ladder, as `tsyn why` prints it. */
export function ladderOf(experiment: Experiment, result: Result, level: Level, lang: Language): string {
  const scene = sceneOf(experiment, result, level);
  return sceneLadder(scene, playScene(scene, lang), lang, endOf(result, lang));
}

/** What is printed before the searches. */
export function questionLines({ name }: Why, { lang, paint = plain }: RowOptions): string[] {
  const { question, answer } = WHY_TEXTS[lang].whys[name]!;
  return [paint('bold', `${question} (${name})`), '', ...wrap(answer, WIDTH)];
}

/** What is printed of one experiment when its search is done. */
export function experimentLines(experiment: Experiment, result: Result, options: RowOptions): string[] {
  const { lang, level, paint = plain } = options;
  const words = WHY_TEXTS[lang];
  const { mutant } = experiment.question;
  const head = headOf(experiment, options.before === undefined, words);
  const lines = [paint(['bold', 'cyan'], `${head}: ${experiment.name}`)];
  const model = modelAt(experiment.question, level);
  const property = result.property ?? experiment.property;
  if (options.before === undefined || words.bounds(modelAt(options.before.question, level)) !== words.bounds(model)) {
    lines.push(...wrap(words.searched(words.bounds(model)), WIDTH));
  }
  lines.push(...wrap(words.property(property, words.properties[property]), WIDTH), '');
  lines.push(...wrap(verdictText(experiment, result, words), WIDTH));
  if (!isExpected(experiment, result)) lines.push(paint('red', words.unexpected(experiment.property)));
  if (result.verdict !== 'violated') return lines;
  lines.push('', ...ladderOf(experiment, result, level, lang).split('\n'));
  const counter = words.counters[experiment.name];
  if (counter !== undefined) lines.push('', ...wrap(counter, WIDTH));
  if (options.cure && mutant !== null) {
    const scene = sceneOf(experiment, result, level);
    const played = playCure(scene, lang);
    lines.push('', words.cure, '', ...sceneLadder(scene, played, lang, null).split('\n'));
  }
  return lines;
}
