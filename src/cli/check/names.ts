/** Owns: which question or experiment somebody means, and what to say where there is none of that name. */

import { EXPERIMENTS, type Experiment, WHYS, type Why } from '../../check/index.ts';
import { UsageError } from '../args.ts';

/** Other names that people type. */
const ALIASES: Readonly<Record<string, string>> = {
  syn: 'three-way',
  three: 'three-way',
  handshake: 'three-way',
  '3-way': 'three-way',
  isn: 'fresh-isn',
  four: 'four-way',
  fin: 'four-way',
  close: 'four-way',
  '4-way': 'four-way',
  timewait: 'time-wait',
  time_wait: 'time-wait',
  '2msl': 'two-msl',
  '2-msl': 'two-msl',
  msl: 'two-msl',
  rst: 'rst-in-time-wait',
  rto: 'rto-premise',
  rexmt: 'retransmission',
  window: 'window-probe',
  persist: 'window-probe',
};

/** A question of the gallery; where an experiment is named, with that one alone. @throws UsageError */
export function whyNamed(word: string): Why {
  const name = ALIASES[word.toLowerCase()] ?? word.toLowerCase();
  const why = WHYS.find((one) => one.name === name);
  if (why !== undefined) return why;
  for (const { name: whose, experiments } of WHYS) {
    const experiment = experiments.find((one) => one.name === name);
    if (experiment !== undefined) return { name: whose, experiments: [experiment] };
  }
  throw unknown('question', word);
}

/** The experiments that a question or an experiment's name stands for. @throws UsageError */
export function experimentsNamed(word: string): readonly Experiment[] {
  const experiment = EXPERIMENTS.filter(({ name }) => name === word.toLowerCase());
  if (experiment.length > 0 && !WHYS.some(({ name }) => name === word.toLowerCase())) return experiment;
  return whyNamed(word).experiments;
}

function unknown(what: string, word: string): UsageError {
  const names = [...new Set([...WHYS, ...EXPERIMENTS].map(({ name }) => name)), ...Object.keys(ALIASES)];
  const near = names
    .map((name) => ({ name, distance: distance(word.toLowerCase(), name) }))
    .filter(({ name, distance: far }) => far <= Math.max(2, name.length >> 1))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
  const hint = near.length === 0 ? "'tsyn why' lists them" : `did you mean ${near.join(' or ')}?`;
  return new UsageError(`there is no ${what} '${word}'; ${hint}`);
}

/** How many letters to add, take away or change (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
