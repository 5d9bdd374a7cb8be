/**
 * Owns: the ways in which playing a script ends other than well.
 */

import type { Position } from './script.ts';

/** The text is no script: exit 2. `message` names file, line and column, and shows the line with a caret under the place. */
export class DrillSyntaxError extends Error {
  readonly code = 'ERR_DRILL_SYNTAX';
  readonly file: string;
  readonly at: Position;
  /** What is wrong, in a line. */
  readonly reason: string;

  constructor(file: string, text: string, at: Position, reason: string) {
    super(`${file}:${at.line}:${at.column}: ${reason}\n${caret(text, at)}`);
    this.name = 'DrillSyntaxError';
    this.file = file;
    this.at = at;
    this.reason = reason;
  }
}

/** What happened is not what the script says. */
export class DrillMismatch extends Error {
  readonly code = 'ERR_DRILL_MISMATCH';
  /** Both sides in the script's grammar, where that says more than the message. */
  readonly expected: string | null;
  readonly actual: string | null;

  constructor(message: string, expected: string | null = null, actual: string | null = null) {
    super(message);
    this.name = 'DrillMismatch';
    this.expected = expected;
    this.actual = actual;
  }
}

/** The script asks for what is not to be had here: it is skipped, and says so. */
export class DrillSkip extends Error {
  readonly code = 'ERR_DRILL_UNSUPPORTED';

  constructor(reason: string) {
    super(reason);
    this.name = 'DrillSkip';
  }
}

/** So much of a long line is shown on either side of the place. */
const AROUND = 100;

/** The line, and a caret under the column; tabs stay tabs, so that the caret stands right. */
function caret(text: string, at: Position): string {
  const line = text.split('\n', at.line)[at.line - 1]?.replace(/\r$/, '') ?? '';
  const from = Math.max(0, at.column - 1 - AROUND);
  const shown = printable(line.slice(from, at.column - 1 + AROUND));
  return `    ${shown}\n    ${shown.slice(0, at.column - 1 - from).replace(/[^\t]/g, ' ')}^`;
}

/** One place a character: what a terminal would take for a command is a question mark. */
function printable(line: string): string {
  return line.replace(/[^\t\x20-\x7e\u00a0-\uffff]/g, '?');
}
