/**
 * Owns: prefixes (RFC 4632 3.1, RFC 4291 2.3): which addresses they hold, and the special addresses of a network.
 */

import { Address, formatAddress, parseAddress } from './address.ts';

/** An address and how many of its leading bits name the network: 0 .. 32 for IPv4, 0 .. 128 for IPv6. */
export class Prefix {
  /** As given: `10.0.0.1/24` keeps its `.1`. {@link networkOf} clears the host's bits. */
  readonly address: Address;
  readonly length: number;

  constructor(address: Address, length: number) {
    this.address = address;
    this.length = length;
  }

  /** Whether `a`, of the same family, begins with the same bits. */
  contains(a: Address): boolean {
    const p = this.address;
    if (a.family !== p.family) return false;
    const bits = this.length;
    if (p.family === 4) return ((a.w3 ^ p.w3) & mask(bits)) === 0;
    return (
      ((a.w0 ^ p.w0) & mask(bits)) === 0 &&
      ((a.w1 ^ p.w1) & mask(bits - 32)) === 0 &&
      ((a.w2 ^ p.w2) & mask(bits - 64)) === 0 &&
      ((a.w3 ^ p.w3) & mask(bits - 96)) === 0
    );
  }
}

/** A word with its first `bits` bits set; none for less than 1, all for more than 31. */
function mask(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits);
}

/** `10.0.0.0/8` or `fd00::/64`; null for anything else. */
export function parsePrefix(text: string): Prefix | null {
  const slash = text.indexOf('/');
  if (slash < 0 || !/^(0|[1-9][0-9]{0,2})$/.test(text.slice(slash + 1))) return null;
  const address = parseAddress(text.slice(0, slash));
  const length = Number(text.slice(slash + 1));
  if (address === null || length > (address.family === 4 ? 32 : 128)) return null;
  return new Prefix(address, length);
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}

/** The address of the network itself: the host's bits are zero. */
export function networkOf(prefix: Prefix): Address {
  const { address: a, length: bits } = prefix;
  if (a.family === 4) return new Address(4, 0, 0, 0xffff, a.w3 & mask(bits));
  return new Address(6, a.w0 & mask(bits), a.w1 & mask(bits - 32), a.w2 & mask(bits - 64), a.w3 & mask(bits - 96));
}

/** The directed broadcast address of an IPv4 network: null for IPv6 and for /31 and /32 (RFC 3021), which have none. */
export function broadcastOf(prefix: Prefix): Address | null {
  if (prefix.address.family === 6 || prefix.length > 30) return null;
  return new Address(4, 0, 0, 0xffff, prefix.address.w3 | ~mask(prefix.length));
}
