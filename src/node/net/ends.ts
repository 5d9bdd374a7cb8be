/** Owns: the ends of a connection as `getsockname` and `getpeername` tell them. */

import { type Address, formatAddress } from '../../wire/address.ts';

/** What `getsockname` fills in. */
export interface Name {
  address?: string;
  family?: 'IPv4' | 'IPv6';
  port?: number;
}

/** @param v6 of an IPv6 socket, which shows IPv4 addresses as mapped ones */
export function fillName(out: Name, address: Address, port: number, v6: boolean): void {
  const text = formatAddress(address);
  out.address = v6 && address.family === 4 ? `::ffff:${text}` : text;
  out.family = v6 ? 'IPv6' : 'IPv4';
  out.port = port;
}
