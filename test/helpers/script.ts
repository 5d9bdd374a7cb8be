/** Scripts for the tests of the language: written in a line or two, and compared without where things stand. */

import { parseScript } from '../../src/drill/parser.ts';
import type { Script, ScriptEvent } from '../../src/drill/script.ts';

/** Without every `at`, which is where something stands and not what it is. */
export function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'at')
      .map(([name, inside]) => [name, bare(inside)]),
  );
}

export function parse(text: string, defines: Readonly<Record<string, string>> = {}): Script {
  return parseScript('a.pkt', text, new Map(Object.entries(defines)));
}

/** The only event of a script. */
export function event(text: string, defines: Readonly<Record<string, string>> = {}): ScriptEvent {
  const { events } = parse(text, defines);
  if (events.length !== 1) throw new Error(`${events.length} events`);
  return events[0]!;
}

/** What the text is refused with. */
export function fault(text: string, defines: Readonly<Record<string, string>> = {}): string {
  try {
    parse(text, defines);
  } catch (error) {
    return `${(error as Error).name} ${(error as Error).message}`;
  }
  return 'no error';
}
