/**
 * Owns: the text of a TCP option list, `<mss 1460,nop,wscale 8>`, and whether the list fits a header (RFC 9293 3.1, RFC 2018,
 * RFC 7323, RFC 7413, RFC 2385, RFC 9768 for AccECN).
 */

import { type Cursor, shorten } from './cursor.ts';
import { encodeOptions } from './options.ts';
import type { OptionSpec } from './script.ts';

const U8 = 0xff;
const U16 = 0xffff;
const U24 = 0xff_ffff;
const U32 = 0xffff_ffff;
/** A header of 60 octets without its 20 fixed ones. */
const MAX_OPTIONS = 40;
const MAX_SACK_BLOCKS = 4;
const MD5_DIGEST = 16;

/** The list, its opening `<` being next; null for `<...>`. */
export function parseTcpOptions(cursor: Cursor): OptionSpec[] | null {
  const opening = cursor.next();
  if (cursor.peek().kind === 'ellipsis') {
    cursor.next();
    cursor.expect('>', 'after <...');
    return null;
  }
  const options: OptionSpec[] = [];
  let length = 0;
  do {
    const { at } = cursor.peek();
    const option = parseTcpOption(cursor);
    length += encodeOptions([option]).length;
    if (length > MAX_OPTIONS)
      throw cursor.error(at, `the length of the options is ${length} up to here, and ${MAX_OPTIONS} fit`);
    options.push(option);
  } while (cursor.take(','));
  cursor.expect('>', "or ','");
  if (length % 4 !== 0) {
    throw cursor.error(opening.at, `the length of the options is ${length}, no multiple of 4: fill up with nop`);
  }
  return options;
}

function parseTcpOption(cursor: Cursor): OptionSpec {
  const token = cursor.peek();
  const parse = token.kind === 'word' ? OPTIONS.get(token.text) : undefined;
  if (parse === undefined) throw cursor.found(`a TCP option (${[...OPTIONS.keys()].join(', ')})`);
  cursor.next();
  return parse(cursor);
}

/** What follows the name of each option. */
const OPTIONS: ReadonlyMap<string, (cursor: Cursor) => OptionSpec> = new Map([
  ['mss', (cursor: Cursor): OptionSpec => ({ kind: 'mss', value: cursor.integer('the MSS', U16) })],
  ['wscale', (cursor: Cursor): OptionSpec => ({ kind: 'wscale', value: cursor.integer('the window scale', U8) })],
  ['sackOK', (): OptionSpec => ({ kind: 'sackOK' })],
  ['sack', sack],
  ['TS', timestamp],
  ['nop', (): OptionSpec => ({ kind: 'nop' })],
  ['eol', (): OptionSpec => ({ kind: 'eol' })],
  ['FO', (cursor: Cursor): OptionSpec => fastOpen(cursor, false)],
  ['FOEXP', (cursor: Cursor): OptionSpec => fastOpen(cursor, true)],
  ['md5', md5],
  ['ECN', accEcn],
]);

function sack(cursor: Cursor): OptionSpec {
  const blocks: [number, number][] = [];
  do {
    if (blocks.length === MAX_SACK_BLOCKS) {
      throw cursor.error(cursor.peek().at, `no more than ${MAX_SACK_BLOCKS} SACK blocks fit into a header`);
    }
    const left = cursor.integer('the left edge of a SACK block', U32);
    cursor.expect(':', 'and the right edge of the SACK block');
    blocks.push([left, cursor.integer('the right edge of a SACK block', U32)]);
  } while (cursor.peek().kind === 'integer');
  return { kind: 'sack', blocks };
}

function timestamp(cursor: Cursor): OptionSpec {
  if (!cursor.takeWord('val')) throw cursor.found("'val' after TS");
  const value = cursor.integer('TS val', U32);
  if (!cursor.takeWord('ecr')) throw cursor.found("'ecr' after TS val");
  return { kind: 'timestamp', value, echo: cursor.integer('TS ecr', U32) };
}

/** Of any length that fits: a peer's cookie may be wrong (RFC 7413 has 4 to 16 octets), and scripts try that. */
function fastOpen(cursor: Cursor, experimental: boolean): OptionSpec {
  const cookie = cursor.at(',') || cursor.at('>') ? [] : hexOctets(cursor, 'a cookie');
  return { kind: 'fastOpen', experimental, cookie };
}

function md5(cursor: Cursor): OptionSpec {
  const { at } = cursor.peek();
  const digest = hexOctets(cursor, 'an MD5 digest');
  if (digest.length === MD5_DIGEST) return { kind: 'md5', digest };
  throw cursor.error(at, `an MD5 digest is ${MD5_DIGEST} octets, found ${digest.length}`);
}

/** Digits two an octet, whether they look like a word or like a number. */
function hexOctets(cursor: Cursor, what: string): number[] {
  const { kind, text, at } = cursor.peek();
  if (kind !== 'word' && kind !== 'integer') throw cursor.found(`${what} in hexadecimal digits`);
  cursor.next();
  if (!/^[0-9a-fA-F]+$/.test(text)) {
    const hint = /^[A-Z_]+$/.test(text) ? ` (a symbol is defined with --define=${shorten(text)}=value)` : '';
    throw cursor.error(at, `${what} is written in hexadecimal digits, found '${shorten(text)}'${hint}`);
  }
  if (text.length % 2 !== 0) throw cursor.error(at, `${what} has two digits an octet, found ${text.length} digits`);
  const octets: number[] = [];
  for (let i = 0; i < text.length; i += 2) octets.push(Number.parseInt(text.slice(i, i + 2), 16));
  return octets;
}

/** Which counter comes first is the option's kind; ceb is second, and the remaining one last. */
function accEcn(cursor: Cursor): OptionSpec {
  const counters: ['e0b' | 'ceb' | 'e1b', number][] = [];
  const counter = (name: 'e0b' | 'ceb' | 'e1b'): boolean => {
    if (!cursor.takeWord(name)) return false;
    counters.push([name, cursor.integer(name, U24)]);
    return true;
  };
  const zeroFirst = counter('e0b');
  if (!zeroFirst && !counter('e1b')) throw cursor.found("'e0b' or 'e1b' after ECN");
  if (counter('ceb')) counter(zeroFirst ? 'e1b' : 'e0b');
  return { kind: 'accEcn', counters };
}
