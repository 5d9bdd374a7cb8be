/**
 * Owns: reading the Python that scripts' assertions are written in: statements joined by `;` or line ends; expressions of integers,
 * names, operators, comparisons, a few calls. Compound statements, attributes, subscripts and imports are not understood.
 */

import type { Position } from './script.ts';

/** The text is not understood, or (`PythonFailure`) fails when it is run. Positions count from 1 within the block. */
export class PythonError extends Error {
  readonly code: string = 'ERR_DRILL_PYTHON';
  readonly at: Position;
  /** What is wrong, without the place. */
  readonly reason: string;

  constructor(at: Position, reason: string) {
    super(`Python line ${at.line}, column ${at.column}: ${reason}`);
    this.name = 'PythonError';
    this.at = at;
    this.reason = reason;
  }
}

interface Place {
  readonly at: Position;
  /** Where its source begins and ends in the text. */
  readonly start: number;
  readonly end: number;
}

export type Literal = bigint | boolean | string | null | { readonly float: number };

export type Expr = Place &
  (
    | { readonly kind: 'literal'; readonly value: Literal }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'tuple'; readonly items: readonly Expr[] }
    | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expr }
    /** Operators of one rank, from left to right; `**` has one operand after the first. */
    | { readonly kind: 'arithmetic'; readonly first: Expr; readonly rest: readonly Step[] }
    | { readonly kind: 'comparison'; readonly first: Expr; readonly rest: readonly Step[] }
    | { readonly kind: 'logic'; readonly operator: 'and' | 'or'; readonly items: readonly Expr[] }
    | { readonly kind: 'choice'; readonly test: Expr; readonly yes: Expr; readonly no: Expr }
    | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expr[] }
  );

export interface Step {
  readonly operator: string;
  readonly operand: Expr;
}

export type Statement = Place &
  (
    | { readonly kind: 'assert'; readonly test: Expr; readonly message: Expr | null }
    /** `name = value`; with an operator, `name += value`. */
    | { readonly kind: 'assign'; readonly name: string; readonly operator: string | null; readonly value: Expr }
    | { readonly kind: 'expression'; readonly value: Expr }
    | { readonly kind: 'pass' }
  );

interface Token extends Place {
  readonly kind: 'name' | 'number' | 'string' | 'operator' | 'newline' | 'end';
  /** The source; of a string, what it says. */
  readonly text: string;
}

const OPERATORS =
  /^(?:\*\*=|\/\/=|<<=|>>=|\*\*|\/\/|<<|>>|<=|>=|==|!=|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|[-+*/%&|^~<>=(),;:.[\]{}@])/;
const NUMBER = /^(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d+)?)/;
const NAME = /^[A-Za-z_]\w*/;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};
/** Words that begin or join what is not understood here: they are no names. */
const RESERVED = new Set(
  `and as assert async await break class continue def del elif else except finally for from global if import in is lambda
  nonlocal not or pass raise return try while with yield`.split(/\s+/),
);
const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=', 'in', 'not in', 'is', 'is not']);
/** From what binds least to what binds most. */
const RANKS: readonly (readonly string[])[] = [['|'], ['^'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/', '//', '%']];
const DEEPEST = 100;

/** @throws PythonError where the text is not understood */
export function parsePython(text: string): readonly Statement[] {
  return new Parser(text, tokens(text)).statements();
}

function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  let offset = 0;
  let line = 1;
  let lineStart = 0;
  let depth = 0;
  const here = (): Position => ({ line, column: offset - lineStart + 1 });
  const push = (kind: Token['kind'], length: number, said?: string): void => {
    const source = text.slice(offset, offset + length);
    found.push({ kind, text: said ?? source, at: here(), start: offset, end: offset + length });
    offset += length;
  };
  const nextLine = (): void => {
    line++;
    lineStart = offset;
  };
  while (offset < text.length) {
    const rest = text.slice(offset);
    const c = rest.charAt(0);
    if (c === '\n') {
      if (depth === 0) push('newline', 1);
      else offset++;
      nextLine();
    } else if (/[ \t\f\r]/.test(c)) offset++;
    else if (c === '#') offset += /^[^\n]*/.exec(rest)?.[0].length ?? 1;
    else if (c === '\\' && /^\\\r?(?:\n|$)/.test(rest)) {
      offset += rest.startsWith('\\\r') ? 3 : 2;
      nextLine();
    } else if (c === "'" || c === '"') {
      const string = stringAt(rest, here());
      push('string', string.length, string.value);
    } else {
      const number = NUMBER.exec(rest);
      const name = NAME.exec(rest);
      const operator = OPERATORS.exec(rest);
      if (number !== null) push('number', number[0].length);
      else if (name !== null) push('name', name[0].length);
      else if (operator !== null) {
        if ('([{'.includes(c)) depth++;
        if (')]}'.includes(c)) depth = Math.max(0, depth - 1);
        push('operator', operator[0].length);
      } else throw new PythonError(here(), `unexpected character ${JSON.stringify(c)}`);
    }
  }
  push('newline', 0);
  push('end', 0);
  return found;
}

function stringAt(rest: string, at: Position): { length: number; value: string } {
  const quote = rest.charAt(0);
  if (rest.startsWith(quote.repeat(3))) throw new PythonError(at, 'strings in three quotes are not supported');
  let value = '';
  for (let i = 1; i < rest.length; i++) {
    const c = rest.charAt(i);
    if (c === quote) return { length: i + 1, value };
    if (c === '\n') break;
    if (c !== '\\') {
      value += c;
      continue;
    }
    const escaped = rest.charAt(++i);
    if (escaped === 'x') {
      const hex = /^[\da-fA-F]{2}/.exec(rest.slice(i + 1));
      if (hex === null) throw new PythonError(at, 'in a string, \\x wants two hexadecimal digits');
      value += String.fromCharCode(Number.parseInt(hex[0], 16));
      i += 2;
    } else if (escaped === '\n') throw new PythonError(at, 'a string over two lines is not supported');
    else value += ESCAPES[escaped] ?? `\\${escaped}`;
  }
  throw new PythonError(at, 'a string without its closing quote');
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string, found: readonly Token[]) {
    this.#text = text;
    this.#tokens = found;
  }

  statements(): readonly Statement[] {
    const list: Statement[] = [];
    for (;;) {
      while (this.#peek().kind === 'newline') this.#next++;
      if (this.#peek().kind === 'end') return list;
      list.push(this.#statement());
      if (this.#takes(';')) continue;
      if (this.#peek().kind !== 'newline') throw this.#unexpected('the end of the statement');
    }
  }

  #statement(): Statement {
    const first = this.#peek();
    const place = (): Place => this.#since(first);
    if (this.#takes('assert')) {
      const test = this.#expression();
      const message = this.#takes(',') ? this.#expression() : null;
      return { kind: 'assert', test, message, ...place() };
    }
    if (this.#takes('pass')) return { kind: 'pass', ...place() };
    const value = this.#expressions();
    const assignment = /^(\*\*|\/\/|<<|>>|[-+*/%&|^])?=$/.exec(this.#is('operator') ? this.#peek().text : '');
    if (assignment === null) return { kind: 'expression', value, ...place() };
    if (value.kind !== 'name') throw new PythonError(value.at, 'only a name can be assigned to');
    this.#next++;
    return {
      kind: 'assign',
      name: value.name,
      operator: assignment[1] ?? null,
      value: this.#expressions(),
      ...place(),
    };
  }

  /** `a` or `a, b`, a tuple without parentheses. */
  #expressions(): Expr {
    const first = this.#expression();
    return this.#peek().text === ',' && this.#is('operator') ? this.#tuple(first) : first;
  }

  #tuple(first: Expr): Expr {
    const items = [first];
    while (this.#takes(',')) {
      if (this.#peek().kind === 'newline' || this.#sees(')') || this.#sees(';') || this.#sees('=')) break;
      items.push(this.#expression());
    }
    return { kind: 'tuple', items, at: first.at, start: first.start, end: this.#before().end };
  }

  #expression(): Expr {
    const first = this.#peek();
    if (++this.#depth > DEEPEST) throw new PythonError(first.at, 'nested too deeply');
    const yes = this.#logic('or');
    if (!this.#takes('if')) {
      this.#depth--;
      return yes;
    }
    const test = this.#logic('or');
    this.#expect('else');
    const no = this.#expression();
    this.#depth--;
    return { kind: 'choice', test, yes, no, ...this.#since(first) };
  }

  #logic(operator: 'and' | 'or'): Expr {
    const first = this.#peek();
    const one = (): Expr => (operator === 'or' ? this.#logic('and') : this.#not());
    const items = [one()];
    while (this.#takes(operator)) items.push(one());
    return items.length === 1 ? (items[0] as Expr) : { kind: 'logic', operator, items, ...this.#since(first) };
  }

  #not(): Expr {
    return this.#takesUnary(['not'], () => this.#not()) ?? this.#comparison();
  }

  #comparison(): Expr {
    const start = this.#peek();
    const first = this.#arithmetic(0);
    const rest: Step[] = [];
    for (let operator = this.#comparator(); operator !== null; operator = this.#comparator()) {
      rest.push({ operator, operand: this.#arithmetic(0) });
    }
    return rest.length === 0 ? first : { kind: 'comparison', first, rest, ...this.#since(start) };
  }

  #comparator(): string | null {
    const token = this.#peek();
    if (token.kind === 'string') return null;
    if (this.#takes('not')) {
      this.#expect('in');
      return 'not in';
    }
    if (!COMPARISONS.has(token.text)) return null;
    this.#next++;
    return token.text === 'is' && this.#takes('not') ? 'is not' : token.text;
  }

  #arithmetic(rank: number): Expr {
    const operators = RANKS[rank];
    if (operators === undefined) return this.#unary();
    const start = this.#peek();
    const first = this.#arithmetic(rank + 1);
    const rest: Step[] = [];
    while (this.#is('operator') && operators.includes(this.#peek().text)) {
      const operator = this.#peek().text;
      this.#next++;
      rest.push({ operator, operand: this.#arithmetic(rank + 1) });
    }
    return rest.length === 0 ? first : { kind: 'arithmetic', first, rest, ...this.#since(start) };
  }

  #unary(): Expr {
    return this.#takesUnary(['-', '+', '~'], () => this.#unary()) ?? this.#power();
  }

  #takesUnary(operators: readonly string[], operandOf: () => Expr): Expr | null {
    const token = this.#peek();
    if (token.kind === 'string' || !operators.includes(token.text)) return null;
    if (++this.#depth > DEEPEST) throw new PythonError(token.at, 'nested too deeply');
    this.#next++;
    const operand = operandOf();
    this.#depth--;
    return { kind: 'unary', operator: token.text, operand, ...this.#since(token) };
  }

  /** `**` binds more than a sign before it, less than one after it. */
  #power(): Expr {
    const start = this.#peek();
    const first = this.#atom();
    if (!this.#takes('**')) return first;
    if (++this.#depth > DEEPEST) throw new PythonError(start.at, 'nested too deeply');
    const operand = this.#unary();
    this.#depth--;
    return { kind: 'arithmetic', first, rest: [{ operator: '**', operand }], ...this.#since(start) };
  }

  #atom(): Expr {
    const token = this.#peek();
    this.#next++;
    if (token.kind === 'number') return this.#after({ kind: 'literal', value: numberOf(token), ...this.#since(token) });
    if (token.kind === 'string') {
      let value = token.text;
      while (this.#is('string')) value += this.#tokens[this.#next++]?.text ?? '';
      return this.#after({ kind: 'literal', value, ...this.#since(token) });
    }
    if (token.kind === 'name') return this.#after(this.#named(token));
    if (token.kind === 'operator' && token.text === '(') return this.#after(this.#parenthesised(token));
    this.#next--;
    throw this.#unexpected('an expression');
  }

  #named(token: Token): Expr {
    const constants: Readonly<Record<string, Literal>> = { True: true, False: false, None: null };
    if (Object.hasOwn(constants, token.text)) {
      return { kind: 'literal', value: constants[token.text] as Literal, ...this.#since(token) };
    }
    if (RESERVED.has(token.text)) throw new PythonError(token.at, `'${token.text}' is not supported here`);
    if (this.#is('string')) throw new PythonError(token.at, 'strings with a prefix are not supported');
    if (!this.#takes('(')) return { kind: 'name', name: token.text, ...this.#since(token) };
    const args: Expr[] = [];
    while (!this.#takes(')')) {
      args.push(this.#expression());
      if (!this.#takes(',') && !this.#sees(')')) throw this.#unexpected("',' or ')'");
    }
    return { kind: 'call', name: token.text, args, ...this.#since(token) };
  }

  #parenthesised(open: Token): Expr {
    if (this.#takes(')')) return { kind: 'tuple', items: [], ...this.#since(open) };
    const inner = this.#expressions();
    this.#expect(')');
    return { ...inner, ...this.#since(open) };
  }

  /** Nothing of what Python allows after a value is understood. */
  #after(value: Expr): Expr {
    for (const [sign, what] of [
      ['.', 'attributes are'],
      ['[', 'subscripts are'],
      ['(', 'such a call is'],
    ]) {
      if (this.#sees(sign as string)) throw new PythonError(this.#peek().at, `${what} not supported`);
    }
    return value;
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #before(): Token {
    return this.#tokens[this.#next - 1] as Token;
  }

  #is(kind: Token['kind']): boolean {
    return this.#peek().kind === kind;
  }

  #sees(text: string): boolean {
    const token = this.#peek();
    return token.text === text && (token.kind === 'operator' || token.kind === 'name');
  }

  #takes(text: string): boolean {
    if (!this.#sees(text)) return false;
    this.#next++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#takes(text)) throw this.#unexpected(`'${text}'`);
  }

  #since(first: Token): Place {
    return { at: first.at, start: first.start, end: this.#before().end };
  }

  #unexpected(wanted: string): PythonError {
    const token = this.#peek();
    if (RESERVED.has(token.text) && token.kind === 'name') {
      return new PythonError(token.at, `'${token.text}' is not supported here`);
    }
    const source = this.#text.slice(token.start, token.end);
    const found = token.kind === 'newline' || token.kind === 'end' ? 'the end of the line' : `'${source}'`;
    return new PythonError(token.at, `expected ${wanted}, found ${found}`);
  }
}

function numberOf(token: Token): Literal {
  const text = token.text;
  if (/^0[xXbBoO]/.test(text)) {
    if (!/^0.(?:_?[\da-fA-F])+$/.test(text)) throw new PythonError(token.at, `'${text}' is no number`);
    return BigInt(text.replaceAll('_', ''));
  }
  if (!/^(?:\d(?:_?\d)*)?(?:\.(?:\d(?:_?\d)*)?)?(?:[eE][-+]?\d+)?$/.test(text)) {
    throw new PythonError(token.at, `'${text}' is no number`);
  }
  const digits = text.replaceAll('_', '');
  if (/[.eE]/.test(digits)) return { float: Number(digits) };
  if (/^0+[1-9]/.test(digits)) throw new PythonError(token.at, 'an integer with a leading zero');
  return BigInt(digits);
}
