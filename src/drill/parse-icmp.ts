/**
 * Owns: the text of an ICMP message (RFC 792, RFC 1812, RFC 4443): `icmp unreachable frag_needed mtu 1200 [1:1461(1460)]`. Which
 * number a name stands for depends on the IP version, which the text does not say; that a name exists is looked at here.
 */

import { type Cursor, shorten } from './cursor.ts';
import { ICMP_TYPES, icmpCodes } from './icmp-names.ts';
import { parseSequence } from './parse-sequence.ts';
import type { IcmpSpec, IpInfo } from './script.ts';

const U16 = 0xffff;
const U32 = 0xffff_ffff;

/** The next token is `icmp`. */
export function parseIcmp(cursor: Cursor, ip: IpInfo): IcmpSpec {
  const { at } = cursor.next();
  const type = icmpType(cursor);
  const code = icmpCode(cursor, type);
  const mtu = icmpMtu(cursor, type, code);
  const id = cursor.takeWord('id') ? cursor.integer('id', U16) : null;
  return { protocol: 'icmp', ip, type, code, mtu, id, quoted: quoted(cursor), at };
}

function icmpType(cursor: Cursor): string {
  const { kind, text, at } = cursor.peek();
  if (kind !== 'word') throw cursor.found('a type of ICMP message');
  if (!ICMP_TYPES.has(text) && !isNumbered('type', text)) {
    const known = `type_N or one of ${[...ICMP_TYPES].join(', ')}`;
    throw cursor.error(at, `'${shorten(text)}' is no type of ICMP message: expected ${known}`);
  }
  return cursor.next().text;
}

function icmpCode(cursor: Cursor, type: string): string | null {
  const { kind, text, at } = cursor.peek();
  if (kind !== 'word' || text === 'mtu' || text === 'id') return null;
  const names = icmpCodes(type);
  if (!names.has(text) && !isNumbered('code', text)) {
    const known = names.size === 0 ? 'code_N' : `code_N or one of ${[...names].join(', ')}`;
    throw cursor.error(at, `'${shorten(text)}' is no code of ${type}: expected ${known}`);
  }
  return cursor.next().text;
}

/** Only messages that say what fits have it: 16 bits in IPv4, 32 in IPv6. */
function icmpMtu(cursor: Cursor, type: string, code: string | null): number | null {
  if (!cursor.atWord('mtu')) return null;
  const tooBig = type === 'packet_too_big' || type === 'type_2';
  const fragmentation = (type === 'unreachable' || type === 'type_3') && (code === 'frag_needed' || code === 'code_4');
  if (!tooBig && !fragmentation) {
    throw cursor.error(cursor.peek().at, 'only unreachable frag_needed and packet_too_big tell an MTU');
  }
  cursor.next();
  return cursor.integer('mtu', tooBig ? U32 : U16);
}

/** The packet it is about: `[seq:end(length)]` of TCP, or `[udp(length)]`. */
function quoted(cursor: Cursor): IcmpSpec['quoted'] {
  if (!cursor.take('[')) return null;
  if (cursor.atWord('raw')) throw cursor.unsupported('ICMP messages with raw octets are not supported');
  if (!cursor.takeWord('udp')) {
    const range = parseSequence(cursor);
    cursor.expect(']', 'after the sequence range');
    return { protocol: 'tcp', ...range };
  }
  cursor.expect('(', 'and the length of the UDP payload');
  const length = cursor.integer('the length of the UDP payload', U16);
  cursor.expect(')', 'after the length');
  cursor.expect(']', 'after the quoted packet');
  return { protocol: 'udp', length };
}

/** `type_N`, `code_N`: an octet by its number. */
function isNumbered(prefix: string, text: string): boolean {
  const number = /^[a-z]+_([0-9]{1,3})$/.exec(text)?.[1];
  return number !== undefined && text.startsWith(`${prefix}_`) && Number(number) <= 0xff;
}
