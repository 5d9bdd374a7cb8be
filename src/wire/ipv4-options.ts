/**
 * Owns: the options of an IPv4 header as far as they mean anything here: source routes (RFC 791 3.1). Others, Record Route
 * and Timestamp among them, are passed over. What a route means is for `stack/`.
 */

import { Address, readAddress4 } from './address.ts';
import { writeU32 } from './bytes.ts';
import { IPV4_HEADER } from './ipv4.ts';

const END = 0;
const NO_OPERATION = 1;
/** Loose and strict source and record route. */
export const LSRR = 131;
export const SSRR = 137;

/** Octets of a route's option before the addresses: type, length, pointer. */
const FIXED = 3;
/** The pointer of a route of which nothing has been used. */
const FIRST = 4;
/** Most addresses in one route: the header has room for 40 octets of options. */
export const MAX_ROUTE = 9;

/** Where a header's source route lies. */
export class SourceRouteOption {
  /** From the start of the buffer; -1 when there is none. */
  at = -1;
  /** Octets of the option. */
  length = 0;
  /** From the start of the option, counted from 1: the next address to go to. */
  pointer = 0;
  strict = false;

  /** Nothing of the route is left: the packet has arrived. */
  get complete(): boolean {
    return this.pointer > this.length;
  }
}

/**
 * `option-length`: an option runs beyond the header, or a route is not whole addresses. `option-pointer`: one that points into
 * an address or beyond the route. `option-twice`: a second source route (RFC 1122 3.2.1.8 (c)).
 */
export type Ipv4OptionsParse = 'ok' | 'option-length' | 'option-pointer' | 'option-twice';

/** Reads the options of the header of `headerLength` octets at `off`. */
export function parseIpv4Options(
  buf: Uint8Array,
  off: number,
  headerLength: number,
  into: SourceRouteOption,
): Ipv4OptionsParse {
  into.at = -1;
  const end = off + headerLength;
  for (let at = off + IPV4_HEADER; at < end; ) {
    const type = buf[at]!;
    if (type === END) break;
    if (type === NO_OPERATION) {
      at++;
      continue;
    }
    const length = at + 1 < end ? buf[at + 1]! : 0;
    if (length < 2 || at + length > end) return 'option-length';
    if (type === LSRR || type === SSRR) {
      if (into.at >= 0) return 'option-twice';
      if (length < FIXED || (length - FIXED) & 3) return 'option-length';
      const pointer = buf[at + 2]!;
      if (pointer < FIRST || pointer & 3 || pointer > length + 1) return 'option-pointer';
      into.at = at;
      into.length = length;
      into.pointer = pointer;
      into.strict = type === SSRR;
    }
    at += length;
  }
  return 'ok';
}

/** The addresses that a complete route recorded, in the order in which the packet came by. */
export function recordedRoute(buf: Uint8Array, option: SourceRouteOption): Address[] {
  const route: Address[] = [];
  for (let at = option.at + FIXED; at < option.at + option.length; at += 4) {
    const address = new Address();
    readAddress4(buf, at, address);
    route.push(address);
  }
  return route;
}

/** Octets that {@link writeSourceRoute} writes for so many addresses: whole words. */
export function sourceRouteLength(addresses: number): number {
  return 1 + FIXED + 4 * addresses;
}

/** Writes a loose source route of at most {@link MAX_ROUTE} addresses, none of them used yet. */
export function writeSourceRoute(buf: Uint8Array, at: number, addresses: readonly Address[]): void {
  buf[at] = NO_OPERATION;
  buf[at + 1] = LSRR;
  buf[at + 2] = FIXED + 4 * addresses.length;
  buf[at + 3] = FIRST;
  addresses.forEach((address, i) => {
    writeU32(buf, at + 4 + 4 * i, address.w3);
  });
}
