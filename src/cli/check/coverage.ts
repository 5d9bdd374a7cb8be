/** Owns: `tsyn check --coverage`: what the covering worlds visit of the state matrix and the state diagram, as a page of text. */

import {
  COLUMNS,
  COVERING,
  Coverage,
  EVENTS,
  type EventName,
  NEVER_TAKEN,
  search,
  UNREACHABLE,
} from '../../check/index.ts';
import type { State } from '../../tcp/index.ts';
import type { Io } from '../command.ts';
import { grouped } from '../report.ts';

/** @returns 0; 1 when something that can be visited was not */
export function showCoverage(io: Io): number {
  const coverage = new Coverage();
  for (const model of COVERING) {
    const { states, transitions } = search(model, { coverage });
    io.stderr.line(`${model.name}: ${grouped(states)} states, ${grouped(transitions)} steps`);
  }
  const width = Math.max(...EVENTS.map((event) => event.length));
  const cells = EVENTS.map((event) => COLUMNS.map((state) => mark(coverage, event, state)));
  for (const [i, state] of COLUMNS.entries()) io.stdout.line(`${' '.repeat(width + 2)}${'| '.repeat(i)}${state}`);
  for (const [i, event] of EVENTS.entries()) io.stdout.line(`${event.padEnd(width)}  ${cells[i]!.join(' ')}`);
  const missing = cells.flat().filter((cell) => cell === '?').length;
  const visited = cells.flat().filter((cell) => cell === '+').length;
  io.stdout.line('');
  io.stdout.line(
    `+ visited: ${visited} of ${cells.flat().length} cells    . cannot be reached    ? not visited: ${missing}`,
  );
  for (const [event, states, reason] of UNREACHABLE) io.stdout.line(`. ${event} in ${states.join(', ')}: ${reason}`);
  return arrows(coverage, io) && missing === 0 ? 0 : 1;
}

function mark(coverage: Coverage, event: EventName, state: State): string {
  if (coverage.visited(event, state) > 0) return '+';
  return UNREACHABLE.some(([name, states]) => name === event && states.includes(state)) ? '.' : '?';
}

/** @returns whether every arrow was taken that can be */
function arrows({ arrows: taken }: Coverage, io: Io): boolean {
  const idle = [...taken].filter(([, times]) => times === 0).map(([arrow]) => arrow);
  io.stdout.line(`arrows of the state diagram: ${taken.size - idle.length} of ${taken.size} taken`);
  for (const arrow of idle) io.stdout.line(`${arrow}: ${NEVER_TAKEN[arrow] ?? 'not taken'}`);
  return idle.every((arrow) => arrow in NEVER_TAKEN);
}
