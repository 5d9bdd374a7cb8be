/**
 * Owns: what follows when a neighbour does not answer: whoever sent the packet that waited is told. That is a transport
 * of ours (as if an ICMP error had come, RFC 1122 3.3.1.4), or the source of a packet that we forward (RFC 1812 5.2.7.1).
 */

import type { Packet } from '../link/packet.ts';
import { ICMP_HOST_UNREACHABLE, ICMP_UNREACHABLE } from '../wire/icmp.ts';
import { ICMPV6_ADDRESS_UNREACHABLE, ICMPV6_UNREACHABLE } from '../wire/icmpv6.ts';
import { Ipv4Header, parseIpv4Quote } from '../wire/ipv4.ts';
import { Ipv6Header, parseIpv6Quote } from '../wire/ipv6.ts';
import type { Interface } from './interface.ts';
import type { Stack } from './stack.ts';
import { IcmpError } from './transport.ts';

export class Unreachable {
  readonly #stack: Stack;
  readonly #v4: Ipv4Header = new Ipv4Header();
  readonly #v6: Ipv6Header = new Ipv6Header();
  readonly #error: IcmpError = new IcmpError();

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /** The next hop of `packet` (an IP packet; it stays the caller's) does not answer on `iface`. */
  host(packet: Packet, iface: Interface): void {
    const stack = this.#stack;
    const { buf, off, len } = packet;
    const family = buf[off]! >> 4 === 4 ? 4 : 6;
    const h = family === 4 ? this.#v4 : this.#v6;
    const result = family === 4 ? parseIpv4Quote(buf, off, len, this.#v4) : parseIpv6Quote(buf, off, len, this.#v6);
    if (result !== 'ok') return;
    if (!stack.isLocal(h.src)) {
      if (family === 4) stack.icmp.sendError(packet, iface, ICMP_UNREACHABLE, ICMP_HOST_UNREACHABLE, 0);
      else stack.icmpv6.sendError(packet, iface, ICMPV6_UNREACHABLE, ICMPV6_ADDRESS_UNREACHABLE, 0);
      return;
    }
    if (h.fragmentOffset > 0 || h.payloadLength < 8) return;
    const error = this.#error;
    error.kind = 'unreachable';
    error.hard = false;
    error.family = family;
    error.type = family === 4 ? ICMP_UNREACHABLE : ICMPV6_UNREACHABLE;
    error.code = family === 4 ? ICMP_HOST_UNREACHABLE : ICMPV6_ADDRESS_UNREACHABLE;
    error.mtu = 0;
    error.local = h.src;
    error.remote = h.dst;
    error.protocol = h.protocol;
    error.from = h.src;
    error.buf = buf;
    error.quoteOffset = h.payloadOffset;
    error.quoteLength = h.payloadLength;
    stack.transports[h.protocol]?.error(error);
  }
}
