/**
 * Owns: where the parser stands in a script: the tokens ahead, with defined symbols replaced, and the sentences in which it says
 * what it found and what it expected.
 */

import { DrillSkip, type DrillSyntaxError } from './errors.ts';
import { Lexer, type Token } from './lexer.ts';
import type { Position } from './script.ts';

/** The language's own words are never replaced, as in the tool this language comes from. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'sa_family sin_port sin_addr msg_name msg_iov msg_flags msg_control cmsg_level cmsg_type cmsg_data ee_errno ee_origin ' +
    'ee_type ee_code ee_info ee_data scm_sec scm_nsec fd u32 u64 ptr events revents onoff linger htons inet_addr inet6_addr ' +
    'ipv4 ipv6 icmp udp gre raw mpls ttl tos flowlabel ack win urg mss mtu id nop eol sack sackOK TS val ecr wscale FO FOEXP ' +
    'md5 ECN e0b e1b ceb noecn ect0 ect1 ect01 ce'
  ).split(' '),
);

export class Cursor {
  readonly file: string;
  readonly text: string;
  readonly #lexer: Lexer;
  /** Read, and not yet taken. */
  #ahead: Token[] = [];
  #defines: ReadonlyMap<string, string> = new Map();

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    this.#lexer = new Lexer(file, text);
  }

  /** From the next token on these words stand for their values. */
  define(defines: ReadonlyMap<string, string>): void {
    this.#defines = defines;
    this.#ahead = this.#ahead.map((token) => this.#replace(token));
  }

  peek(distance = 0): Token {
    while (this.#ahead.length <= distance) this.#ahead.push(this.#replace(this.#lexer.next()));
    return this.#ahead[distance]!;
  }

  next(): Token {
    const token = this.peek();
    this.#ahead.shift();
    return token;
  }

  /** Is this mark next? */
  at(mark: string): boolean {
    const token = this.peek();
    return token.kind === 'mark' && token.text === mark;
  }

  atWord(word: string): boolean {
    const token = this.peek();
    return token.kind === 'word' && token.text === word;
  }

  /** Takes the mark if it is next. */
  take(mark: string): boolean {
    if (!this.at(mark)) return false;
    this.next();
    return true;
  }

  takeWord(word: string): boolean {
    if (!this.atWord(word)) return false;
    this.next();
    return true;
  }

  /** Takes the mark, or says what stands in its place. */
  expect(mark: string, where: string): Token {
    if (!this.at(mark)) throw this.found(`'${mark}' ${where}`);
    return this.next();
  }

  /** A decimal number from 0 to `max`. */
  integer(what: string, max: number): number {
    const token = this.peek();
    if (token.kind !== 'integer') throw this.found(what);
    return this.inRange(this.next(), what, max);
  }

  inRange(token: Token, what: string, max: number): number {
    const value = Number(token.text);
    if (value >= 0 && value <= max) return value;
    throw this.error(token.at, `${what} is from 0 to ${max}, found ${shorten(token.text)}`);
  }

  error(at: Position, reason: string): DrillSyntaxError {
    return this.#lexer.error(at, reason);
  }

  /** What is next is not what it should be. */
  found(expected: string): DrillSyntaxError {
    const token = this.peek();
    return this.error(token.at, `expected ${expected}, found ${describe(token)}`);
  }

  /** Right as the language goes, and nothing this runner has. */
  unsupported(what: string, at: Position = this.peek().at): DrillSkip {
    return new DrillSkip(`${this.file}:${at.line}:${at.column}: ${what}`);
  }

  #replace(token: Token): Token {
    if (token.kind !== 'word' || RESERVED.has(token.text)) return token;
    const value = this.#defines.get(token.text);
    if (value === undefined) return token;
    const mark = value[0];
    if (mark === '"' || mark === '`') {
      const inside = new Lexer(`--define=${token.text}`, value).next();
      return { ...token, kind: inside.kind, text: inside.text };
    }
    if (/^0x[0-9a-fA-F]+$/.test(value)) return { ...token, kind: 'hex', text: value };
    if (/^-?[0-9]+$/.test(value)) return { ...token, kind: 'integer', text: value };
    return { ...token, text: value };
  }
}

/** A token as a message names it. */
function describe(token: Token): string {
  const text = shorten(token.text);
  switch (token.kind) {
    case 'end':
      return 'the end of the file';
    case 'ellipsis':
    case 'mark':
      return `'${text}'`;
    case 'integer':
    case 'hex':
    case 'fraction':
      return text;
    case 'word':
      return `'${text}'`;
    case 'string':
      return `the string "${text}"`;
    case 'shell':
      return `the shell command \`${text}\``;
    case 'code':
      return 'a Python block';
    case 'option':
      return `the option --${text}`;
  }
}

/** A message is a line, whatever the script's words are. */
export function shorten(text: string): string {
  const line = text.replace(/[^\x20-\x7e]/g, '?');
  return line.length <= 40 ? line : `${line.slice(0, 37)}...`;
}
