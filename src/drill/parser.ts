/**
 * Owns: a script as a whole: options, a command to begin with, events and their times, a command to end with. Reads from left to
 * right with two tokens ahead, and says where the text stops making sense and what would.
 */

import { Cursor, shorten } from './cursor.ts';
import type { Token } from './lexer.ts';
import { parseCall } from './parse-call.ts';
import { definesOf, parseOptions } from './parse-options.ts';
import { parsePacket } from './parse-packet.ts';
import type { Action, EventTime, Script, ScriptEvent, ShellAction } from './script.ts';

/** More than thirty years; in microseconds it is still an exact number. */
const MAX_SECONDS = 1_000_000_000;
const MICROSECONDS = 1_000_000;

/**
 * @param name for messages: the path, or what the caller calls it
 * @param defines symbols and what they stand for, as in `--define`: `"a string"`, `` `a command` ``, a number, or a word; they
 *   win over the script's own
 * @throws DrillSyntaxError if the text is no script
 * @throws DrillSkip if it is one, with what is not to be had here
 */
export function parseScript(name: string, text: string, defines: ReadonlyMap<string, string> = new Map()): Script {
  const cursor = new Cursor(name, text);
  const options = parseOptions(cursor);
  cursor.define(definesOf(options, defines));
  const init = cursor.peek().kind === 'shell' ? shell(cursor) : null;
  const events = parseEvents(cursor);
  const cleanup = cursor.peek().kind === 'shell' ? shell(cursor) : null;
  if (cursor.peek().kind !== 'end') throw cursor.found('the end of the file after the command that cleans up');
  return { name, text, options, init, events, cleanup };
}

/** At least one, and then up to the end, or to a command without a time. */
function parseEvents(cursor: Cursor): ScriptEvent[] {
  const events: ScriptEvent[] = [];
  let absolute: ScriptEvent | null = null;
  do {
    const next = event(cursor);
    if (events.length === 0 && next.time.start !== 0) throw cursor.error(next.at, 'the first event is at time 0');
    if (next.time.kind !== 'any' && !next.time.relative) {
      if (absolute !== null && next.time.start < absolute.time.start) {
        throw cursor.error(next.at, `time goes back: the event of line ${absolute.at.line} is later`);
      }
      absolute = next;
    }
    events.push(next);
  } while (cursor.peek().kind !== 'end' && cursor.peek().kind !== 'shell');
  return events;
}

function shell(cursor: Cursor): ShellAction {
  const { text, at } = cursor.next();
  return { kind: 'shell', at, command: text };
}

function event(cursor: Cursor): ScriptEvent {
  const { at, kind } = cursor.peek();
  if (kind === 'option') throw cursor.error(at, 'options stand before the first event');
  if (kind === 'end') throw cursor.found('an event');
  const begin = beginning(cursor);
  const time = cursor.peek().kind === 'ellipsis' ? blocking(cursor, begin) : begin;
  const happens = action(cursor, time);
  const expected = happens.kind === 'packet' && happens.direction === 'outbound';
  if (!expected && (time.kind === 'any' || time.kind === 'range')) {
    const what = time.kind === 'any' ? 'the time *' : 'a range of times';
    throw cursor.error(at, `${what} is only for packets expected (>)`);
  }
  return { at, time, action: happens };
}

/** `T`, `+T`, `*`, `T~T`, `+T~+T`. */
function beginning(cursor: Cursor): EventTime {
  const { at } = cursor.peek();
  if (cursor.take('*')) return { kind: 'any', relative: false, start: 0, end: 0 };
  const relative = cursor.take('+');
  const start = time(cursor, relative ? 'a time after +' : 'a time (0.1, +0.1, or *)');
  if (!cursor.take('~')) return { kind: 'at', relative, start, end: start };
  if (relative) cursor.expect('+', 'before the end of a range that begins with +');
  else if (cursor.at('+')) throw cursor.found('the end of the range as an absolute time, as its beginning');
  const end = time(cursor, 'the end of the range of times');
  if (end < start) throw cursor.error(at, 'the range of times ends before it begins');
  return { kind: 'range', relative, start, end };
}

/** `...T` after the time at which the call begins. */
function blocking(cursor: Cursor, begin: EventTime): EventTime {
  const { at } = cursor.next();
  if (begin.kind !== 'at') throw cursor.error(at, 'a call that blocks begins at one time');
  if (cursor.at('+'))
    throw cursor.found('the time at which the call returns, without +: it is relative if its beginning is');
  const end = time(cursor, 'the time at which the call returns');
  if (end < begin.start) throw cursor.error(at, 'the call returns before it begins');
  return { ...begin, kind: 'blocking', end };
}

/** Seconds, as microseconds. */
function time(cursor: Cursor, expected: string): number {
  const token = cursor.peek();
  if (token.kind !== 'integer' && token.kind !== 'fraction') throw cursor.found(expected);
  if (token.text.startsWith('-')) throw cursor.error(token.at, `a time is not negative, found ${shorten(token.text)}`);
  cursor.next();
  const value = microseconds(token);
  if (value > MAX_SECONDS * MICROSECONDS) throw cursor.error(token.at, `a time is at most ${MAX_SECONDS} s`);
  return value;
}

/** Digit by digit: 0.1 is exactly 100,000 µs. What is smaller rounds to the nearest. */
function microseconds(token: Token): number {
  const [whole = '', fraction = ''] = token.text.split('.');
  const rounded = fraction.charCodeAt(6) >= '5'.charCodeAt(0) ? 1 : 0;
  return Number(whole || '0') * MICROSECONDS + Number(fraction.slice(0, 6).padEnd(6, '0')) + rounded;
}

function action(cursor: Cursor, time: EventTime): Action {
  const { kind, text, at } = cursor.peek();
  const call = kind === 'word';
  if (!call && time.kind === 'blocking') throw cursor.found('a system call after the time at which it returns');
  if (call) return parseCall(cursor);
  if (cursor.at('<') || cursor.at('>')) return parsePacket(cursor);
  if (kind === 'shell') return shell(cursor);
  if (kind !== 'code') throw cursor.found('a packet (< or >), a system call, a `command` or a %{ Python block }%');
  cursor.next();
  return { kind: 'code', at, text };
}
