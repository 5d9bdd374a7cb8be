/** Owns: what is said above a search and of what came of it, in whichever language. */

import type { Experiment } from '../experiments.ts';
import type { Result } from '../search.ts';
import type { WhyWords } from './types.ts';

/**
 * What is searched: the TCP that ships, or what is left of it.
 *
 * @param first it is the first experiment of its question
 */
export function headOf({ question, expected }: Experiment, first: boolean, words: WhyWords): string {
  const { mutant } = question;
  if (mutant === null) return expected === 'holds' ? words.with : words.nobody;
  return expected === 'holds' || first ? words.withBut(words.mutants[mutant]) : words.without(words.mutants[mutant]);
}

/** What came of a search, in a sentence or two. */
export function verdictText({ property }: Experiment, result: Result, words: WhyWords): string {
  const { verdict, states, depth, pruned, waiting, trace, stopped } = result;
  if (verdict === 'holds') return words.holds(property, grouped(states), `${depth}`, grouped(pruned));
  if (verdict === 'violated') return words.violated(result.property!, `${trace.length}`, grouped(states));
  return words.bounded(grouped(states), `${depth}`, grouped(waiting), stopped!);
}

/** 1234567 -> `1,234,567` */
function grouped(count: number): string {
  return `${count}`.replace(/\B(?=(\d{3})+$)/g, ',');
}
