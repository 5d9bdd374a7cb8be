/**
 * Owns: the IP layer as the rest of the host sees it: paths, packets out, packets in. Leaves the work to `paths.ts`,
 * `ip-output.ts`, `ip-input.ts`, `fragments.ts`, `forward.ts`.
 */

import type { Packet } from '../link/packet.ts';
import type { Address } from '../wire/address.ts';
import { IPV4_HEADER } from '../wire/ipv4.ts';
import { IPV6_HEADER } from '../wire/ipv6.ts';
import { Forwarder } from './forward.ts';
import { Reassembly } from './fragments.ts';
import type { Interface } from './interface.ts';
import { IpInput } from './ip-input.ts';
import { IpOutput } from './ip-output.ts';
import type { Path, PathResult } from './paths.ts';
import type { SourceRoute } from './source-route.ts';
import type { Stack } from './stack.ts';
import { Unreachable } from './unreachable.ts';

/** Octets to leave for the IP header at the start of a packet: no IPv4 options, no extension headers. */
export function ipHeaderLength(family: 4 | 6): number {
  return family === 4 ? IPV4_HEADER : IPV6_HEADER;
}

export class IpLayer {
  readonly output: IpOutput;
  readonly reassembly: Reassembly;
  readonly forwarder: Forwarder;
  readonly unreachable: Unreachable;
  readonly #stack: Stack;
  readonly #input: IpInput;

  constructor(stack: Stack) {
    this.#stack = stack;
    this.output = new IpOutput(stack);
    this.reassembly = new Reassembly(stack);
    this.forwarder = new Forwarder(stack, this.output);
    this.unreachable = new Unreachable(stack);
    this.#input = new IpInput(stack, this.reassembly, this.forwarder);
  }

  /**
   * The path to `remote`, from `local` or, where that is null or unspecified, from the address RFC 6724 chooses. Cached;
   * brought up to date when routes change. The arguments may be scratch.
   */
  pathTo(remote: Address, local: Address | null): PathResult {
    return this.#stack.paths.find(remote, local);
  }

  /**
   * Sends a packet whose IP header is not written yet and takes it over. `packet.off .. + packet.len` spans IP header
   * (20 or 40 octets, see {@link ipHeaderLength}) and transport segment. Writes the header, fragments where needed and
   * allowed, resolves the neighbour, and hands the packet to the link; never calls back into a transport.
   *
   * @param ttl 1 .. 255; 0 stands for `config.ip.ttl`
   * @param tos DSCP and ECN
   * @param dontFragment packets larger than the path MTU are dropped (`ip-too-big`) instead of fragmented
   * @param route an IPv4 source route, room for which is left after the header; `path` leads to its first host
   */
  send(
    packet: Packet,
    path: Path,
    protocol: number,
    ttl: number,
    tos: number,
    dontFragment: boolean,
    route: SourceRoute | null = null,
  ): void {
    this.output.send(packet, path, protocol, ttl, tos, dontFragment, route);
  }

  /** A datagram from a link whose medium is 'ip'. */
  input(packet: Packet, iface: Interface): void {
    this.#input.input(packet, iface);
  }

  /** What a frame of type IPv4 carried. @param group the frame's destination was a group address */
  input4(packet: Packet, iface: Interface, group: boolean): void {
    this.#input.input4(packet, iface, group);
  }

  /** What a frame of type IPv6 carried. @param group the frame's destination was a group address */
  input6(packet: Packet, iface: Interface, group: boolean): void {
    this.#input.input6(packet, iface, group);
  }

  close(): void {
    this.reassembly.close();
  }
}
