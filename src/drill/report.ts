/**
 * Owns: a verdict as text: where the script and what happened part, in the script's own grammar, and the ladder up to there.
 */

import { renderLadder } from '../trace/ladder.ts';
import type { DrillResult } from './play.ts';
import type { Failure } from './runner.ts';

/** Where it failed and how, several lines: `FILE:LINE: reason`, what was expected, what happened, when. */
export function describeFailure(name: string, failure: Failure): string {
  const lines = [`${name}:${failure.line}: ${failure.reason} (at ${failure.time.toFixed(6)} s)`];
  if (failure.expected !== null) lines.push(`  expected  ${failure.expected}`);
  if (failure.actual !== null) lines.push(`  actual    ${failure.actual}`);
  return lines.join('\n');
}

/** What there is to say about a run, without a line feed at the end. */
export function describeResult(result: DrillResult): string {
  switch (result.result) {
    case 'pass':
      return `${result.name} (${result.ip}) passed`;
    case 'skip':
      return `${result.name} (${result.ip}) skipped: ${result.reason}`;
    case 'fail':
      return [...result.failures.map((failure) => describeFailure(result.name, failure)), drillLadder(result)].join(
        '\n',
      );
  }
}

/** What went over the wire and what it did to the host under test. The script is on the left, the host on the right. */
export function drillLadder(result: DrillResult): string {
  return renderLadder(result.trace, { left: 'script', right: 'host' });
}
