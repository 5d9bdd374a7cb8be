/**
 * Owns: which of our addresses a packet leaves with when nobody said (RFC 6724 5, the rules that matter to a host with
 * configured addresses: 1 same address, 2 scope, 5 outgoing interface, 8 longest matching prefix; RFC 1122 3.3.4.3).
 * Deprecated, home and temporary addresses (rules 3, 4, 7) do not exist here.
 */

import { type Address, isLinkLocal, isLoopback, isMulticast, sameAddress } from '../wire/address.ts';
import type { Interface, InterfaceAddress } from './interface.ts';

/** RFC 4007 scopes as RFC 6724 3.1 maps them: 1 interface, 2 link, 5 site, 14 global. */
function scope(a: Address): number {
  if (a.family === 6 && isMulticast(a)) return (a.w0 >>> 16) & 15;
  if (isLoopback(a)) return 1;
  return isLinkLocal(a) ? 2 : 14;
}

/** Leading bits that two addresses of one family share. */
export function commonPrefix(a: Address, b: Address): number {
  if (a.family === 4) return Math.clz32(a.w3 ^ b.w3);
  if (a.w0 !== b.w0) return Math.clz32(a.w0 ^ b.w0);
  if (a.w1 !== b.w1) return 32 + Math.clz32(a.w1 ^ b.w1);
  if (a.w2 !== b.w2) return 64 + Math.clz32(a.w2 ^ b.w2);
  return 96 + Math.clz32(a.w3 ^ b.w3);
}

/**
 * The address to send from to `remote` over `out`, or null. Addresses of other interfaces serve where the outgoing one
 * has none of the family (an unnumbered link), except link-local and loopback ones, which mean nothing elsewhere.
 */
export function selectSource(
  remote: Address,
  nextHop: Address,
  out: Interface,
  all: readonly Interface[],
): Address | null {
  const own = best(remote, nextHop, out.addresses, false);
  if (own !== null) return own;
  for (const other of all) {
    if (other === out || !other.up) continue;
    const found = best(remote, nextHop, other.addresses, true);
    if (found !== null) return found;
  }
  return null;
}

function best(
  remote: Address,
  nextHop: Address,
  candidates: readonly InterfaceAddress[],
  elsewhere: boolean,
): Address | null {
  let chosen: InterfaceAddress | null = null;
  for (const candidate of candidates) {
    const a = candidate.address;
    if (a.family !== remote.family) continue;
    if (sameAddress(a, remote)) return a;
    if (elsewhere && (isLinkLocal(a) || isLoopback(a))) continue;
    if (chosen === null || preferred(candidate, chosen, remote, nextHop)) chosen = candidate;
  }
  return chosen === null ? null : chosen.address;
}

/** Whether `a` beats `b` (earlier ones win ties). */
function preferred(a: InterfaceAddress, b: InterfaceAddress, remote: Address, nextHop: Address): boolean {
  const wanted = scope(remote);
  const sa = scope(a.address);
  const sb = scope(b.address);
  // Rule 2: the smaller scope that still reaches the destination; else the larger.
  if (sa !== sb) return sa < sb ? sa >= wanted : sb < wanted;
  // IPv4 (RFC 1122 3.3.4.3): the address in the network of the next hop.
  if (remote.family === 4) {
    const na = a.prefix.contains(nextHop);
    if (na !== b.prefix.contains(nextHop)) return na;
  }
  // Rule 8, with the comparison limited to the source's prefix.
  const la = Math.min(commonPrefix(a.address, remote), a.prefix.length);
  const lb = Math.min(commonPrefix(b.address, remote), b.prefix.length);
  return la > lb;
}
