/**
 * Owns: the text of a system call: `name(arguments) = result ERRNO (note)`, and the language of its arguments, which are read as
 * they stand: what a structure's fields mean is decided when the script is played.
 */

import { type Cursor, shorten } from './cursor.ts';
import type { CallAction, Expression, Field } from './script.ts';

/** No real argument is as deep; a text that is would only exhaust the stack. */
const MAX_DEPTH = 32;
/** What 64 bits hold, with a sign or without; and no number of so many is longer to write. */
const MIN_INTEGER = -0x8000_0000_0000_0000n;
const MAX_INTEGER = 0xffff_ffff_ffff_ffffn;
const MAX_DIGITS = 32;

/** The next token is the name. */
export function parseCall(cursor: Cursor): CallAction {
  const { text: name, at } = cursor.next();
  cursor.expect('(', `and the arguments of ${shorten(name)}`);
  const args = list(cursor, ')', 0);
  cursor.expect('=', `and what ${shorten(name)} returns`);
  const result = expression(cursor, 0, false);
  return { kind: 'call', at, name, args, result, errno: errno(cursor), note: note(cursor) };
}

function errno(cursor: Cursor): string | null {
  const { kind, text } = cursor.peek();
  if (kind !== 'word') return null;
  if (!/^E[A-Z0-9]+$/.test(text)) throw cursor.found('an errno (as EAGAIN), a (note), or the time of the next event');
  return cursor.next().text;
}

/** Words for people, up to the closing parenthesis; blanks between them count as one. */
function note(cursor: Cursor): string | null {
  if (!cursor.at('(')) return null;
  const opening = cursor.next();
  let text = '';
  let end = opening.to;
  while (!cursor.at(')')) {
    const token = cursor.peek();
    if (token.kind === 'end' || token.at.line > opening.at.line + 1) {
      throw cursor.error(opening.at, "this note is not closed: expected ')'");
    }
    text += (text !== '' && token.from > end ? ' ' : '') + cursor.text.slice(token.from, token.to);
    end = token.to;
    cursor.next();
  }
  cursor.next();
  return text;
}

/** Expressions with commas between them, up to the closing mark; the opening one has been taken. */
function list(cursor: Cursor, closing: string, depth: number): Expression[] {
  const items: Expression[] = [];
  if (cursor.take(closing)) return items;
  do items.push(expression(cursor, depth));
  while (cursor.take(','));
  cursor.expect(closing, "or ','");
  return items;
}

/**
 * Terms with `|` between them.
 *
 * @param applies whether a parenthesis after a word holds arguments: after a result it holds the note
 */
function expression(cursor: Cursor, depth: number, applies = true): Expression {
  const first = term(cursor, depth, applies);
  if (!cursor.at('|')) return first;
  const operands = [first];
  while (cursor.take('|')) operands.push(term(cursor, depth, applies));
  return { kind: 'operator', operator: '|', operands, at: first.at };
}

function term(cursor: Cursor, depth: number, applies: boolean): Expression {
  const token = cursor.peek();
  const { kind, text, at } = token;
  if (depth > MAX_DEPTH) throw cursor.error(at, `brackets are nested deeper than ${MAX_DEPTH}`);
  switch (kind) {
    case 'integer':
    case 'hex':
      return integer(cursor);
    case 'string':
      return string(cursor);
    case 'ellipsis':
      cursor.next();
      return { kind: 'ellipsis', at };
    case 'word':
      cursor.next();
      if (!applies || !cursor.take('(')) return { kind: 'word', name: text, at };
      return { kind: 'application', name: text, args: list(cursor, ')', depth + 1), at };
    case 'mark':
      if (cursor.take('~'))
        return { kind: 'operator', operator: '~', operands: [term(cursor, depth + 1, applies)], at };
      if (cursor.take('[')) return { kind: 'list', items: list(cursor, ']', depth + 1), at };
      if (cursor.take('{')) return { kind: 'record', fields: fields(cursor, depth + 1), at };
  }
  throw cursor.found('a value');
}

function integer(cursor: Cursor): Expression {
  const { text, at } = cursor.next();
  if (text.length > MAX_DIGITS || BigInt(text) > MAX_INTEGER || BigInt(text) < MIN_INTEGER) {
    throw cursor.error(at, `${shorten(text)} does not fit into 64 bits`);
  }
  return { kind: 'integer', value: Number(text), text, at };
}

/** Strings side by side are one. */
function string(cursor: Cursor): Expression {
  const { at } = cursor.peek();
  const parts: string[] = [];
  while (cursor.peek().kind === 'string') parts.push(cursor.next().text);
  if (cursor.peek().kind === 'ellipsis') throw cursor.unsupported('a string that goes on ("..."...)');
  return { kind: 'string', value: parts.join(''), at };
}

/** What is in braces; the opening one has been taken. */
function fields(cursor: Cursor, depth: number): Field[] {
  const found: Field[] = [];
  do found.push(field(cursor, depth));
  while (cursor.take(','));
  cursor.expect('}', "or ','");
  return found;
}

/** `name=value`, `name(parameter)=value`, or a value alone. */
function field(cursor: Cursor, depth: number): Field {
  const { at } = cursor.peek();
  const value = expression(cursor, depth);
  if (!cursor.at('=')) return { name: null, parameter: null, value };
  if (value.kind !== 'word' && (value.kind !== 'application' || value.args.length !== 1)) {
    throw cursor.error(at, 'only a name, or name(parameter), can stand before =');
  }
  cursor.next();
  const parameter = value.kind === 'application' ? value.args[0]! : null;
  return { name: value.name, parameter, value: expression(cursor, depth) };
}
