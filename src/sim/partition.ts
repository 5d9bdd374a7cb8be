/**
 * Owns: a partition of the network: which hosts do not hear each other, whatever links there are. A packet is stopped
 * where it arrives at a host or switch of one group when it comes from another: by the link it came over, or by the
 * address that sent it. Hosts in no group hear everybody.
 */

import type { Packet } from '../link/packet.ts';
import { Address, formatAddress, readAddress4, readAddress6 } from '../wire/address.ts';
import { readU16 } from '../wire/bytes.ts';
import { ETHERNET_HEADER, ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../wire/ethernet.ts';
import { impossible } from './errors.ts';
import type { LinkEnd } from './link.ts';

const scratch = new Address();

export class Partition {
  readonly #group: Map<LinkEnd, number> = new Map();
  /** By address, as text: few packets are looked at, and only while there is a partition. */
  readonly #owner: ReadonlyMap<string, LinkEnd>;

  /**
   * @param owner whose an address is
   * @throws SimulationError ERR_SIM_TOPOLOGY when somebody is in two groups
   */
  constructor(groups: readonly (readonly LinkEnd[])[], owner: ReadonlyMap<string, LinkEnd>) {
    this.#owner = owner;
    groups.forEach((group, number) => {
      for (const member of group) {
        const other = this.#group.get(member);
        if (other !== undefined && other !== number)
          throw impossible(`'${member.name}' is on both sides of the partition`);
        this.#group.set(member, number);
      }
    });
  }

  /** Whether a packet may not arrive at `to` over a link from `neighbour`. */
  stops(to: LinkEnd, neighbour: LinkEnd, packet: Packet, medium: 'ip' | 'ethernet'): boolean {
    const group = this.#group.get(to);
    if (group === undefined) return false;
    if (this.#differs(group, neighbour)) return true;
    const source = sourceOf(packet, medium);
    const sender = source === null ? undefined : this.#owner.get(formatAddress(source));
    return sender !== undefined && this.#differs(group, sender);
  }

  #differs(group: number, of: LinkEnd): boolean {
    const other = this.#group.get(of);
    return other !== undefined && other !== group;
  }
}

/** Who sent an IP packet or an ARP message; null where that cannot be seen. Overwritten by the next call. */
function sourceOf(packet: Packet, medium: 'ip' | 'ethernet'): Address | null {
  let { off: at, len: rest } = packet;
  const { buf } = packet;
  let type = rest > 0 && buf[at]! >> 4 === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
  if (medium === 'ethernet') {
    if (rest < ETHERNET_HEADER) return null;
    type = readU16(buf, at + 12);
    at += ETHERNET_HEADER;
    rest -= ETHERNET_HEADER;
  }
  if (type === ETHERTYPE_IPV4 && rest >= 20) readAddress4(buf, at + 12, scratch);
  else if (type === ETHERTYPE_IPV6 && rest >= 40) readAddress6(buf, at + 8, scratch);
  else if (type === ETHERTYPE_ARP && rest >= 28) readAddress4(buf, at + 14, scratch);
  else return null;
  return scratch;
}
