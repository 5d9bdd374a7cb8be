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

/** @throws DrillMismatch a name that this version of IP does not have */
export function icmpNumbers(spec: IcmpSpec, family: 4 | 6): { type: number; code: number } {
  const type = lookUp(spec.type, family === 4 ? TYPES4 : TYPES6, 'type_', `ICMP type for IPv${family}`);
  const codes = (family === 4 ? CODES4 : CODES6)[type] ?? {};
  const code = spec.code === null ? 0 : lookUp(spec.code, codes, 'code_', `code of ICMP ${spec.type}`);
  return { type, code };
}

function lookUp(word: string, names: Names, prefix: string, what: string): number {
  if (Object.hasOwn(names, word)) return names[word]!;
  const number = word.startsWith(prefix) ? Number(word.slice(prefix.length)) : NaN;
  if (!Number.isInteger(number) || number < 0 || number > 255) throw new DrillMismatch(`no ${what} is called ${word}`);
  return number;
}
