/**
 * Owns: the text of a packet: what stands in brackets before it, TCP (RFC 9293 3.1, with AE of RFC 9768), UDP; and that it can
 * exist: lengths agree and fields are in range.
 */

import { type Cursor, shorten } from './cursor.ts';
import type { Token } from './lexer.ts';
import { encodeOptions } from './options.ts';
import { parseIcmp } from './parse-icmp.ts';
import { parseSequence } from './parse-sequence.ts';
import { parseTcpOptions } from './parse-tcp-options.ts';
import type { IpInfo, OptionSpec, PacketAction, PacketSpec, TcpSpec, UdpSpec } from './script.ts';

const U8 = 0xff;
const U16 = 0xffff;
const U20 = 0xf_ffff;
const U32 = 0xffff_ffff;
/** The shortest headers there are: what is longer than they leave fits into no packet. */
const IP_HEADER = 20;
const TCP_HEADER = 20;
const MAX_UDP_LENGTH = U16 - IP_HEADER - 8;
const FLAGS = 'FSRPEWAU';

type Direction = PacketAction['direction'];

/** The next token is `<` or `>`. */
export function parsePacket(cursor: Cursor): PacketAction {
  const { text, at } = cursor.next();
  const direction = text === '<' ? 'inbound' : 'outbound';
  return { kind: 'packet', at, direction, packet: packet(cursor, direction) };
}

function packet(cursor: Cursor, direction: Direction): PacketSpec {
  refuseForeign(cursor);
  const brackets = cursor.peek();
  const ip = ipInfo(cursor);
  if (ip.ecn === 'ect01' && direction === 'inbound') {
    throw cursor.error(brackets.at, 'ect01 is either of two, and only for packets expected (>)');
  }
  refuseForeign(cursor);
  if (cursor.atWord('icmp')) return parseIcmp(cursor, ip);
  if (!cursor.atWord('udp')) return tcp(cursor, direction, ip);
  if (ip.ecn !== null) throw cursor.error(brackets.at, 'ECN is only for TCP and ICMP packets');
  return udp(cursor, ip);
}

/** What the tool also knows, and nothing here carries. */
function refuseForeign(cursor: Cursor): void {
  const { kind, text } = cursor.peek();
  if (kind !== 'word' || !/^(ipv4|ipv6|gre|GREv0|mpls|encap|udplite|sctp)$/.test(text)) return;
  throw cursor.unsupported(`packets with '${text}' are not supported`);
}

/** `[ect0]`, `(tos 0x10, ttl 64)`, or nothing. */
function ipInfo(cursor: Cursor): IpInfo {
  const ip = { ecn: null, tos: null, ttl: null, flowLabel: null } as { -readonly [K in keyof IpInfo]: IpInfo[K] };
  const closing = cursor.at('[') ? ']' : cursor.at('(') ? ')' : null;
  if (closing === null) return ip;
  cursor.next();
  do {
    const token = cursor.peek();
    const name = fieldOf(token);
    if (name === null) {
      throw cursor.found('a field of the IP header (noecn, ect0, ect1, ect01, ce, tos, ttl, flowlabel)');
    }
    if (ip[name] !== null || (name === 'tos' && ip.ecn !== null) || (name === 'ecn' && ip.tos !== null)) {
      throw cursor.error(token.at, `'${token.text}' contradicts what stands before it`);
    }
    cursor.next();
    if (name === 'ecn') ip.ecn = token.text as NonNullable<IpInfo['ecn']>;
    else ip[name] = number(cursor, token.text, name === 'flowLabel' ? U20 : U8);
  } while (cursor.take(','));
  cursor.expect(closing, "or ','");
  return ip;
}

function fieldOf(token: Token): keyof IpInfo | null {
  if (token.kind !== 'word') return null;
  if (/^(noecn|ect0|ect1|ect01|ce)$/.test(token.text)) return 'ecn';
  return token.text === 'tos' || token.text === 'ttl' ? token.text : token.text === 'flowlabel' ? 'flowLabel' : null;
}

/** Decimal or hexadecimal. */
function number(cursor: Cursor, what: string, max: number): number {
  const { kind } = cursor.peek();
  if (kind !== 'integer' && kind !== 'hex') throw cursor.found(`a number after ${what}`);
  return cursor.inRange(cursor.next(), what, max);
}

function udp(cursor: Cursor, ip: IpInfo): UdpSpec {
  cursor.next();
  const pair = ports(cursor);
  cursor.expect('(', 'and the length of the UDP payload');
  const length = cursor.integer('the length of the UDP payload', MAX_UDP_LENGTH);
  cursor.expect(')', 'after the length');
  return { protocol: 'udp', ip, ports: pair, length };
}

/** `source > destination`, or nothing. */
function ports(cursor: Cursor): readonly [number, number] | null {
  const arrow = cursor.peek(1);
  if (cursor.peek().kind !== 'integer' || arrow.kind !== 'mark' || arrow.text !== '>') return null;
  const source = cursor.integer('the source port', U16);
  cursor.next();
  return [source, cursor.integer('the destination port', U16)];
}

function tcp(cursor: Cursor, direction: Direction, ip: IpInfo): TcpSpec {
  const pair = ports(cursor);
  const { flags, ace } = tcpFlags(cursor);
  const first = cursor.peek();
  const { seq, length } = parseSequence(cursor);
  const ack = cursor.takeWord('ack') ? cursor.integer('ack', U32) : null;
  const window = cursor.takeWord('win') ? cursor.integer('win', U16) : null;
  const urgent = cursor.takeWord('urg') ? cursor.integer('urg', U16) : null;
  refuseDisorder(cursor);
  if (window === null && direction === 'inbound') throw cursor.found("'win' (a packet sent in needs its window)");
  const options = tcpOptions(cursor, direction);
  const octets = IP_HEADER + TCP_HEADER + encodeOptions(options ?? []).length + length;
  if (octets > U16) throw cursor.error(first.at, `the packet has ${octets} octets with its headers, ${U16} fit`);
  return { protocol: 'tcp', ip, ports: pair, flags, ace, seq, length, ack, window, urgent, options };
}

function refuseDisorder(cursor: Cursor): void {
  const { kind, text, at } = cursor.peek();
  if (kind !== 'word' || !/^(ack|win|urg)$/.test(text)) return;
  throw cursor.error(at, `'${text}' stands once, and in the order ack, win, urg`);
}

function tcpOptions(cursor: Cursor, direction: Direction): OptionSpec[] | null {
  if (!cursor.at('<')) return [];
  const { at } = cursor.peek();
  const options = parseTcpOptions(cursor);
  if (options !== null || direction === 'outbound') return options;
  throw cursor.error(at, '<...> is only for packets expected (>): a packet sent in needs its options');
}

/**
 * Letters, then `.` for ACK; a digit for AE, CWR, ECE stands among the letters or right after the point, where it has become a
 * fraction (`P.5`). `-` is none at all.
 */
function tcpFlags(cursor: Cursor): { readonly flags: string; readonly ace: number | null } {
  const expected = 'TCP flags (of FSRPUEWA, a digit, . for ACK; - for none)';
  const { at } = cursor.peek();
  if (cursor.take('-')) return { flags: '', ace: null };
  const letters = cursor.peek().kind === 'word' ? cursor.next() : null;
  const { kind, text } = cursor.peek();
  const point = cursor.at('.') || (kind === 'fraction' && text.startsWith('.')) ? cursor.next() : null;
  if (letters === null && point === null) throw cursor.found(expected);
  const written = (letters?.text ?? '') + (point?.text ?? '');
  const fault = flagFault(written);
  if (fault !== null) throw cursor.error(at, `${fault}: expected ${expected}`);
  const digit = /[0-7]/.exec(written)?.[0];
  return { flags: written.replace(/[0-7]/, ''), ace: digit === undefined ? null : Number(digit) };
}

/** What is wrong with the flags; null if nothing is. */
function flagFault(written: string): string | null {
  for (let i = 0; i < written.length; i++) {
    const flag = written[i]!;
    if (flag !== '.' && !FLAGS.includes(flag) && !/[0-7]/.test(flag)) return `'${shorten(written)}' is not TCP flags`;
    if (written.indexOf(flag) !== i) return `the flag '${flag}' stands twice`;
  }
  const digits = written.replace(/[^0-7]/g, '').length;
  if (digits > 1) return 'more than one digit stands for AE, CWR and ECE';
  return digits === 1 && /[EWA]/.test(written) ? 'a digit stands for the flags A, W and E, and excludes them' : null;
}
