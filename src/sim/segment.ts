/**
 * Owns: a segment of a simulated network: what is on one link, or on switches joined to each other, and hears each other
 * without a router; and an attachment, a host's place on one. Leaves to others: the way between segments (`routing.ts`).
 */

import type { Interface } from '../stack/interface.ts';
import { formatAddress, type Prefix, parsePrefix, sameAddress } from '../wire/address.ts';
import type { Network } from './addressing.ts';
import { captured } from './capture.ts';
import { impossible } from './errors.ts';
import type { SimHost } from './host.ts';
import type { Port } from './port.ts';

/** Which side of a NAT an attachment is on; null where its host translates nothing. */
export type Side = 'inside' | 'outside' | null;

/** A host on a segment, by one interface. */
export class Attachment {
  readonly host: SimHost;
  readonly port: Port;
  readonly side: Side;
  /** With their prefixes. */
  readonly addresses: readonly string[];
  /** The same, read. */
  readonly prefixes: readonly Prefix[];
  /** Null where the medium has none. */
  readonly mac: string | null;
  segment: Segment | null = null;
  /** That of the host's present stack. */
  iface: Interface;

  /** Gives the host's present stack an interface. Throws as `Stack.addInterface`. */
  constructor(host: SimHost, port: Port, place: Pick<Attachment, 'addresses' | 'mac' | 'side'>) {
    this.host = host;
    this.port = port;
    this.side = place.side;
    this.addresses = place.addresses;
    this.prefixes = place.addresses.map(parsePrefix).filter((prefix) => prefix !== null);
    this.mac = place.mac;
    this.iface = this.attach();
  }

  /**
   * Becomes part of a segment.
   *
   * @throws SimulationError ERR_SIM_TOPOLOGY when somebody there has one of the addresses; the interface is gone then
   */
  join(segment: Segment): void {
    for (const { address } of this.prefixes) {
      const owner = segment.members.find((member) => member.prefixes.some((p) => sameAddress(p.address, address)));
      if (owner === undefined) continue;
      this.host.stack.removeInterface(this.iface);
      throw impossible(`'${this.host.name}' cannot have ${formatAddress(address)}, which '${owner.host.name}' has`);
    }
    this.segment = segment;
    segment.members.push(this);
    this.host.attachments.push(this);
  }

  /** Takes all that back. */
  detach(): void {
    for (const list of [this.segment?.members ?? [], this.host.attachments]) list.splice(list.indexOf(this), 1);
    this.host.stack.removeInterface(this.iface);
  }

  /** Gives the host's present stack an interface here. */
  attach(): Interface {
    const { port, addresses, mac, host } = this;
    const link = captured(host, port, host.wrap(this));
    this.iface = host.stack.addInterface({ link, addresses, ...(mac === null ? {} : { mac }) });
    return this.iface;
  }
}

export class Segment {
  readonly members: Attachment[] = [];
  readonly network: Network;

  constructor(network: Network) {
    this.network = network;
  }

  /** Takes in the members of another segment, whose switches have been joined to this one's. */
  merge(other: Segment): void {
    for (const member of other.members.splice(0)) {
      member.segment = this;
      this.members.push(member);
    }
  }
}
