/** Plays lines after an opening that is the same for every test of a file. */

import { play } from '../../src/drill/play.ts';
import { parse } from '../helpers/script.ts';

/** @returns a function that plays lines and says 'pass', or what is wrong, and in which line after the opening */
export function verdictAfter(opening: readonly string[]): (...lines: string[]) => string {
  return (...lines) => {
    const { result, reason, failures } = play(parse([...opening, ...lines].join('\n')));
    return result === 'pass' ? 'pass' : `${result} ${(failures[0]?.line ?? 0) - opening.length}: ${reason}`;
  };
}
