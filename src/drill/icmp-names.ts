/**
 * Owns: the words of the language for ICMP types and codes (RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1; RFC 4443).
 */

import { DrillMismatch } from './errors.ts';
import type { IcmpSpec } from './script.ts';

type Names = Readonly<Record<string, number>>;

const TYPES4: Names = {
  echo_reply: 0,
  unreachable: 3,
  source_quench: 4,
  redirect: 5,
  echo_request: 8,
  time_exceeded: 11,
  parameter_problem: 12,
  timestamp_request: 13,
  timestamp_reply: 14,
  information_request: 15,
  information_reply: 16,
  address_mask_request: 17,
  address_mask_reply: 18,
};

const CODES4: Readonly<Record<number, Names>> = {
  3: {
    net_unreachable: 0,
    host_unreachable: 1,
    protocol_unreachable: 2,
    port_unreachable: 3,
    frag_needed: 4,
    source_route_failed: 5,
    net_unknown: 6,
    host_unknown: 7,
    source_host_isolated: 8,
    net_prohibited: 9,
    host_prohibited: 10,
    net_unreachable_for_tos: 11,
    host_unreachable_for_tos: 12,
    packet_filtered: 13,
    precedence_violation: 14,
    precedence_cutoff: 15,
  },
};

const TYPES6: Names = {
  unreachable: 1,
  packet_too_big: 2,
  time_exceeded: 3,
  parameter_problem: 4,
  echo_request: 128,
  echo_reply: 129,
};

const CODES6: Readonly<Record<number, Names>> = {
  1: {
    net_unreachable: 0,
    no_route: 0,
    admin_prohibited: 1,
    not_neighbour: 2,
    address_unreachable: 3,
    port_unreachable: 4,
  },
  3: { exceeded_hop_limit: 0, exceeded_frag_time: 1 },
  4: { header_field: 0, unknown_next_header: 1, unknown_option: 2 },
};

/** The names of types, of either version. */
export const ICMP_TYPES: ReadonlySet<string> = new Set([...Object.keys(TYPES4), ...Object.keys(TYPES6)]);

/** The names that codes of a type have, in either version. */
export function icmpCodes(type: string): ReadonlySet<string> {
  const codes4 = CODES4[TYPES4[type] ?? -1] ?? {};
  const codes6 = CODES6[TYPES6[type] ?? -1] ?? {};
  return new Set([...Object.keys(codes4), ...Object.keys(codes6)]);
}

/** A message on the wire; `growth` octets are to be added to an MTU in it. */
export interface IcmpNumbers {
  readonly type: number;
  readonly code: number;
  readonly growth: number;
}

/** What becomes of codes of IPv4's "unreachable" over IPv6 (RFC 7915 4.2): type and code, or null where nothing does. */
const UNREACHABLE_OVER_6: Readonly<Record<number, readonly [type: number, code: number] | null>> = {
  0: [1, 0],
  1: [1, 0],
  2: [4, 1],
  3: [1, 4],
  4: [2, 0],
  5: [1, 0],
  6: [1, 0],
  7: [1, 0],
  8: [1, 0],
  9: [1, 1],
  10: [1, 1],
  11: [1, 0],
  12: [1, 0],
  13: [1, 1],
  14: null,
  15: [1, 1],
};

/**
 * The numbers of a message. A script may be played over the other version of IP than its names are of: then IPv4's are translated
 * as a gateway would (RFC 7915 4.2).
 *
 * @returns null where IPv6 has no such message, and the gateway would drop it
 * @throws DrillMismatch a name that neither version has, or only IPv6 over IPv4
 */
export function icmpNumbers(spec: IcmpSpec, family: 4 | 6): IcmpNumbers | null {
  const { type: word, code: codeWord } = spec;
  if (family === 6 && !Object.hasOwn(TYPES6, word) && Object.hasOwn(TYPES4, word)) return null;
  const type = lookUp(word, family === 4 ? TYPES4 : TYPES6, 'type_', `ICMP type for IPv${family}`);
  if (codeWord === null) return { type, code: 0, growth: 0 };
  const codes = (family === 4 ? CODES4 : CODES6)[type] ?? {};
  const code4 = word === 'unreachable' && !Object.hasOwn(codes, codeWord) ? CODES4[3]![codeWord] : undefined;
  if (family === 6 && code4 !== undefined) {
    const translated = UNREACHABLE_OVER_6[code4] ?? null;
    // The header of IPv6 is 20 octets longer: the same text fits in as much more.
    return translated && { type: translated[0], code: translated[1], growth: 20 };
  }
  return { type, code: lookUp(codeWord, codes, 'code_', `code of ICMP ${word}`), growth: 0 };
}

function lookUp(word: string, names: Names, prefix: string, what: string): number {
  if (Object.hasOwn(names, word)) return names[word]!;
  const number = word.startsWith(prefix) ? Number(word.slice(prefix.length)) : NaN;
  if (!Number.isInteger(number) || number < 0 || number > 255) throw new DrillMismatch(`no ${what} is called ${word}`);
  return number;
}
