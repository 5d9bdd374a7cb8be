/**
 * Owns: the tokens of a packetdrill script, one at a time as the parser asks for them, so that a hostile text costs no more
 * than what is read of it. Every character is looked at once.
 */

import { DrillSyntaxError } from './errors.ts';
import type { Position } from './script.ts';

/**
 * An 'integer' is decimal, a 'hex' begins with 0x, a 'fraction' has a point. An 'option' is `--name` at the head of a file with
 * what follows its `=`. A 'mark' is any other single character.
 */
export type TokenKind =
  | 'integer'
  | 'hex'
  | 'fraction'
  | 'word'
  | 'string'
  | 'shell'
  | 'code'
  | 'ellipsis'
  | 'option'
  | 'mark'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** As written; of a string what it stands for, of what is enclosed the inside, of an option its name. */
  readonly text: string;
  /** The value of an option; null if it has none. */
  readonly value: string | null;
  readonly at: Position;
  /** Where it begins and ends in the text. */
  readonly from: number;
  readonly to: number;
}

export class Lexer {
  readonly #file: string;
  readonly #text: string;
  #next = 0;
  #line = 1;
  /** Where the current line begins. */
  #lineStart = 0;

  /** @throws DrillSyntaxError if it is no text at all */
  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
    this.#refuseBinary();
    if (text.charCodeAt(0) === 0xfeff) this.#next = 1;
  }

  /** The next token; at the end of the text 'end', again and again. */
  next(): Token {
    this.#skipBlank();
    const text = this.#text;
    const from = this.#next;
    const c = text[from];
    if (c === undefined) return this.#token('end', from, '');
    if (c === '"') return this.#string();
    if (c === '`') return this.#shell();
    if (text.startsWith('%{', from)) return this.#code();
    if (text.startsWith('...', from)) return this.#token('ellipsis', from + 3, '...');
    if (c === '-' && (text.startsWith('-D', from) || (text[from + 1] === '-' && isWord(text.charCodeAt(from + 2))))) {
      return this.#option();
    }
    return this.#number() ?? this.#word() ?? this.#token('mark', from + 1, c);
  }

  error(at: Position, reason: string): DrillSyntaxError {
    return new DrillSyntaxError(this.#file, this.#text, at, reason);
  }

  /** White space and comments. */
  #skipBlank(): void {
    const text = this.#text;
    for (;;) {
      const c = text.charCodeAt(this.#next);
      if (c === NEWLINE) this.#newline(this.#next++);
      else if (c === SPACE || c === TAB || c === RETURN) this.#next++;
      else if (text.startsWith('//', this.#next)) this.#next = endOfLine(text, this.#next);
      else if (text.startsWith('/*', this.#next)) this.#enclosed(2, '*/', 'comment');
      else return;
    }
  }

  #newline(at: number): void {
    this.#line++;
    this.#lineStart = at + 1;
  }

  /** Goes to `to`, counting lines. */
  #goTo(to: number): void {
    for (let i = this.#next; i < to; i++) if (this.#text.charCodeAt(i) === NEWLINE) this.#newline(i);
    this.#next = to;
  }

  #here(): Position {
    return { line: this.#line, column: this.#next - this.#lineStart + 1 };
  }

  #token(kind: TokenKind, to: number, text: string, value: string | null = null): Token {
    const from = this.#next;
    const at = this.#here();
    this.#goTo(to);
    return { kind, text, value, at, from, to };
  }

  /** Passes what ends with `closing`; the inside. */
  #enclosed(opening: number, closing: string, what: string): string {
    const end = this.#text.indexOf(closing, this.#next + opening);
    if (end < 0) throw this.error(this.#here(), `this ${what} is not closed: expected ${closing}`);
    const inside = this.#text.slice(this.#next + opening, end);
    this.#goTo(end + closing.length);
    return inside;
  }

  #code(): Token {
    const { at, from } = this.#token('code', this.#next, '');
    const text = trimBlanks(this.#enclosed(2, '}%', 'Python block'));
    return { kind: 'code', text, value: null, at, from, to: this.#next };
  }

  /** A back slash keeps the character after it, itself included, from closing the command: the rest is the shell's affair. */
  #shell(): Token {
    const end = this.#closing(this.#next, '`');
    if (end < 0) throw this.error(this.#here(), 'this shell command is not closed: expected `');
    return this.#token('shell', end + 1, this.#text.slice(this.#next + 1, end));
  }

  #string(): Token {
    const end = this.#closing(this.#next, '"');
    if (end < 0 || this.#text.slice(this.#next, end).includes('\n')) {
      throw this.error(this.#here(), 'this string is not closed on its line: expected "');
    }
    return this.#token('string', end + 1, this.#unescape(this.#next + 1, end));
  }

  /** Where the quotation mark is that closes what one opens at `from`; -1 without. */
  #closing(from: number, mark: string): number {
    const text = this.#text;
    for (let i = from + 1; i < text.length; i++) {
      if (text[i] === '\\') i++;
      else if (text[i] === mark) return i;
      else if (mark === '"' && text[i] === '\n') return -1;
    }
    return -1;
  }

  /** The octets of a string, a character each. */
  #unescape(from: number, to: number): string {
    const text = this.#text;
    const octets: string[] = [];
    for (let i = from; i < to; i++) {
      if (text[i] !== '\\') {
        const point = text.codePointAt(i)!;
        if (point > 0xffff) i++;
        octets.push(utf8(point));
        continue;
      }
      const letter = text[++i]!;
      const hex = letter === 'x' ? /^[0-9a-fA-F]{2}/.exec(text.slice(i + 1, Math.min(i + 3, to)))?.[0] : undefined;
      const octet = hex === undefined ? ESCAPES.get(letter) : String.fromCharCode(Number.parseInt(hex, 16));
      if (octet === undefined) {
        const at = { line: this.#line, column: i - this.#lineStart };
        throw this.error(at, `unknown escape \\${letter}: expected one of \\\\ \\" \\f \\n \\r \\t \\v \\xHH`);
      }
      octets.push(octet);
      if (hex !== undefined) i += 2;
    }
    return octets.join('');
  }

  /** `-?digits`, `-?digits.digits` (digits may be missing before the point), `0x...`; what goes on with letters is a word. */
  #number(): Token | null {
    const text = this.#text;
    const from = this.#next;
    const first = text[from] === '-' ? from + 1 : from;
    const whole = endOfDigits(text, first);
    if (text[whole] === '.' && isDigit(text.charCodeAt(whole + 1))) {
      const to = endOfDigits(text, whole + 1);
      return this.#token('fraction', to, text.slice(from, to));
    }
    if (whole === first) return null;
    if (first > from || !isWord(text.charCodeAt(whole))) return this.#token('integer', whole, text.slice(from, whole));
    const to = endOfWord(text, from);
    const word = text.slice(from, to);
    return isHex(word) ? this.#token('hex', to, word) : null;
  }

  #word(): Token | null {
    const to = endOfWord(this.#text, this.#next);
    return to === this.#next ? null : this.#token('word', to, this.#text.slice(this.#next, to));
  }

  /** `--name`, `--name=value`; `-D` is short for `--define=`. A value is in quotation marks or ends where white space begins. */
  #option(): Token {
    const text = this.#text;
    const { at, from } = this.#token('option', this.#next, '');
    const short = text[from + 1] === 'D';
    this.#next = short ? from + 2 : endOfWord(text, from + 2);
    const name = short ? 'define' : text.slice(from + 2, this.#next);
    const equals = this.#skipOnLine(this.#next);
    let value: string | null = null;
    if (short || text[equals] === '=') {
      this.#next = this.#skipOnLine(short ? equals : equals + 1);
      value = name === 'define' ? this.#definition() : this.#optionValue();
      if (value === '') throw this.error(this.#here(), `expected a value for --${name}`);
    }
    return { kind: 'option', text: name, value, at, from, to: this.#next };
  }

  #skipOnLine(from: number): number {
    let i = from;
    while (this.#text[i] === ' ' || this.#text[i] === '\t') i++;
    return i;
  }

  #optionValue(): string {
    if (this.#text[this.#next] === '"') return this.#string().text;
    const from = this.#next;
    this.#next = endOfValue(this.#text, from);
    return this.#text.slice(from, this.#next);
  }

  /** `NAME=value`, with its quotation marks: they say what it is. */
  #definition(): string {
    const from = this.#next;
    this.#next = endOfWord(this.#text, from);
    const name = this.#text.slice(from, this.#next);
    this.#next = this.#skipOnLine(this.#next);
    if (name === '' || this.#text[this.#next] !== '=') throw this.error(this.#here(), 'expected NAME=value to define');
    this.#next = this.#skipOnLine(this.#next + 1);
    const valueFrom = this.#next;
    const mark = this.#text[valueFrom];
    if (mark === '"') this.#string();
    else if (mark === '`') this.#shell();
    else this.#next = endOfValue(this.#text, valueFrom);
    if (this.#next === valueFrom) throw this.error(this.#here(), `expected a value for ${name}`);
    return `${name}=${this.#text.slice(valueFrom, this.#next)}`;
  }

  /** A file that is no text is told so once, and not by its first odd octet as if that were the only one. */
  #refuseBinary(): void {
    const text = this.#text;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c === NEWLINE) this.#newline(i);
      if ((c >= SPACE && c !== DELETE && c !== REPLACEMENT) || c === NEWLINE || c === TAB || c === RETURN) continue;
      const what = c === REPLACEMENT ? 'an octet that is no UTF-8' : `the control octet 0x${hexOctet(c)}`;
      const at = { line: this.#line, column: i - this.#lineStart + 1 };
      throw this.error(at, `this is no text file: found ${what}`);
    }
    this.#line = 1;
    this.#lineStart = 0;
  }
}

const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const DELETE = 127;
/** What a decoder leaves where there was no character. */
const REPLACEMENT = 0xfffd;

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\'],
  ['"', '"'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

/** Letters, digits, underscore. */
function isWord(c: number): boolean {
  return isDigit(c) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95;
}

function endOfDigits(text: string, from: number): number {
  let i = from;
  while (isDigit(text.charCodeAt(i))) i++;
  return i;
}

function endOfWord(text: string, from: number): number {
  let i = from;
  while (isWord(text.charCodeAt(i))) i++;
  return i;
}

/** White space or a comment ends a value without quotation marks. */
function endOfValue(text: string, from: number): number {
  let i = from;
  while (text.charCodeAt(i) > SPACE && !text.startsWith('//', i) && !text.startsWith('/*', i)) i++;
  return i;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function isHex(word: string): boolean {
  return /^0x[0-9a-fA-F]+$/.test(word);
}

/** Python cares for blanks before its first line, and for the lines between. */
function trimBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (text[from] === ' ' || text[from] === '\t') from++;
  while (to > from && (text[to - 1] === ' ' || text[to - 1] === '\t')) to--;
  return text.slice(from, to);
}

/** A character's octets in UTF-8, a character each. */
function utf8(point: number): string {
  if (point < 0x80) return String.fromCharCode(point);
  const tail = (shift: number): number => 0x80 | ((point >> shift) & 0x3f);
  if (point < 0x800) return String.fromCharCode(0xc0 | (point >> 6), tail(0));
  if (point < 0x10000) return String.fromCharCode(0xe0 | (point >> 12), tail(6), tail(0));
  return String.fromCharCode(0xf0 | (point >> 18), tail(12), tail(6), tail(0));
}

/** An octet as two hexadecimal digits. */
export function hexOctet(octet: number): string {
  return octet.toString(16).padStart(2, '0');
}
