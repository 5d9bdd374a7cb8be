/**
 * Owns: taking a shell command apart as far as scripts go: commands of words, quotes, pipes, lists, redirections, comments,
 * arithmetic. Nothing is run or looked up: a variable stays as it is written.
 */

import { DrillSkip } from './errors.ts';

export interface Command {
  readonly words: readonly string[];
  /** The file its output is written to, /dev/null apart, or null. */
  readonly output: string | null;
}

/** Commands whose output feeds the next. */
export interface Pipeline {
  readonly commands: readonly Command[];
  /** What joins it to the one before; a line end is a semicolon. */
  readonly joined: ';' | '&&' | '||';
  readonly source: string;
}

interface Token {
  /** An operator, or a word after its quotes are gone. */
  readonly kind: 'operator' | 'word';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const OPERATOR = /^(?:&&|\|\||[0-9]?>&[0-9-]|&>>?|[0-9]?>>?|[0-9]?<|[;|&()\n])/;
const ARITHMETIC = /^\$\(\(([\d\sxXa-fA-F()*+/-]*)\)\)/;

/** @throws DrillSkip where it is more than commands and words */
export function parsePipelines(command: string): readonly Pipeline[] {
  const list: Pipeline[] = [];
  let joined: Pipeline['joined'] = ';';
  let commands: Command[] = [];
  let current: Token[] = [];
  let start = 0;
  let end = 0;
  const endCommand = (): void => {
    if (current.length > 0) commands.push(commandOf(current));
    current = [];
  };
  for (const token of [
    ...tokensOf(command),
    { kind: 'operator', text: '\n', start: command.length, end: command.length } as const,
  ]) {
    if (token.kind === 'word' || /[<>]/.test(token.text)) {
      if (commands.length === 0 && current.length === 0) start = token.start;
      current.push(token);
      end = token.end;
      continue;
    }
    endCommand();
    if (token.text === '|') continue;
    if (token.text === '&' || token.text === '(' || token.text === ')') throw unsupportedShell(command);
    if (commands.length > 0) {
      list.push({ commands, joined, source: oneLine(command.slice(start, end)) });
      commands = [];
      joined = ';';
    }
    if (token.text === '&&' || token.text === '||') joined = token.text;
  }
  return list;
}

export function unsupportedShell(command: string, why?: string): DrillSkip {
  return new DrillSkip(`unsupported shell command: ${oneLine(command)}${why === undefined ? '' : ` (${why})`}`);
}

function oneLine(command: string): string {
  return command
    .replace(/\\\r?\n/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function commandOf(tokens: readonly Token[]): Command {
  const words: string[] = [];
  let output: string | null = null;
  for (let i = 0; i < tokens.length; i++) {
    const { kind, text } = tokens[i] as Token;
    if (kind === 'word') words.push(text);
    else if (!text.includes('>&')) {
      const file = tokens[++i]?.text ?? '';
      if (/^(?:1?>>?|&>>?)$/.test(text) && file !== '/dev/null') output = file;
    }
  }
  return { words, output };
}

function tokensOf(command: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < command.length) {
    const rest = command.slice(at);
    const skipped = /^(?:[ \t\r]|\\\r?\n|#[^\n]*)+/.exec(rest);
    if (skipped !== null) {
      at += skipped[0].length;
      continue;
    }
    const operator = OPERATOR.exec(rest)?.[0];
    const found = operator === undefined ? wordAt(rest, command) : { text: operator, length: operator.length };
    tokens.push({
      kind: operator === undefined ? 'word' : 'operator',
      text: found.text,
      start: at,
      end: at + found.length,
    });
    at += Math.max(found.length, 1);
  }
  return tokens;
}

function wordAt(rest: string, command: string): { text: string; length: number } {
  let text = '';
  let at = 0;
  let quote = '';
  while (at < rest.length) {
    const c = rest.charAt(at);
    const arithmetic = quote === "'" ? null : ARITHMETIC.exec(rest.slice(at));
    if (arithmetic !== null) {
      text += calculated(arithmetic[1] ?? '', command);
      at += arithmetic[0].length;
    } else if (c === quote) {
      quote = '';
      at++;
    } else if (quote === '' && (c === '"' || c === "'")) {
      quote = c;
      at++;
    } else if (c === '\\' && quote !== "'") {
      const joined = /^\\\r?\n/.exec(rest.slice(at));
      if (joined === null) text += rest.charAt(at + 1);
      at += joined?.[0].length ?? 2;
    } else if (quote === '' && /[\s;&|<>()]/.test(c)) break;
    else if (c === '$' && rest.charAt(at + 1) === '(' && quote !== "'") throw unsupportedShell(command);
    else {
      text += c;
      at++;
    }
  }
  if (quote !== '') throw unsupportedShell(command, 'a quote is not closed');
  return { text, length: at };
}

/** Sums and products of integers. */
function calculated(text: string, command: string): string {
  const tokens = text.match(/0[xX][\da-fA-F]+|\d+|[-+*/()]/g) ?? [];
  let next = 0;
  const sum = (): number => {
    let value = product();
    while (tokens[next] === '+' || tokens[next] === '-') value += tokens[next++] === '+' ? product() : -product();
    return value;
  };
  const product = (): number => {
    let value = factor();
    while (tokens[next] === '*' || tokens[next] === '/') {
      value = tokens[next++] === '*' ? value * factor() : Math.trunc(value / factor());
    }
    return value;
  };
  const factor = (): number => {
    const token = tokens[next++] ?? '';
    if (token === '-') return -factor();
    if (token !== '(') return Number(token === '' ? Number.NaN : token);
    const value = sum();
    return tokens[next++] === ')' ? value : Number.NaN;
  };
  const value = sum();
  if (next !== tokens.length || !Number.isSafeInteger(value)) throw unsupportedShell(command);
  return String(value);
}
