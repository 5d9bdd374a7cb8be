/**
 * Owns: an interface: a link, the addresses a host has on it, and what it takes to be spoken to there (RFC 1122 3.3.1,
 * RFC 4291 2.8). Leaves to others: routes (`routes.ts`), frames (`ethernet.ts`), packets (`ip-input.ts`).
 */

import type { Link, LinkReceiver } from '../link/link.ts';
import type { Packet } from '../link/packet.ts';
import {
  type Address,
  ALL_NODES,
  broadcastOf,
  formatAddress,
  isLimitedBroadcast,
  isMulticast,
  isUnspecified,
  networkOf,
  type Prefix,
  parsePrefix,
  sameAddress,
  solicitedNode,
} from '../wire/address.ts';
import { isGroupMac, linkLocalOf, type Mac, parseMac } from '../wire/ethernet.ts';
import { invalidArgument, TsynError } from './errors.ts';
import { NeighbourCache } from './neighbours.ts';
import type { Stack } from './stack.ts';

export interface InterfaceOptions {
  readonly link: Link;
  /** `eth0`, `tun0`; by default `if` and the index. */
  readonly name?: string;
  /** Needed where the link's medium is 'ethernet': a unicast address, `02:00:00:00:00:01`. */
  readonly mac?: Mac | string;
  /** Addresses with the length of the network's prefix: `10.0.0.1/24`, `fd00::1/64`. */
  readonly addresses?: readonly string[];
  /** Octets of the largest IP packet; the link's by default, and never more than that. */
  readonly mtu?: number;
  /**
   * Whether an Ethernet interface with an IPv6 address also gets the link-local address of its MAC (RFC 4291 2.8);
   * true by default. There is no duplicate address detection: addresses are the configuration's word.
   */
  readonly linkLocal?: boolean;
}

/** One address of an interface. */
export interface InterfaceAddress {
  readonly address: Address;
  /** The network it is in. */
  readonly prefix: Prefix;
  /** The directed broadcast address of that network, where there is one. */
  readonly broadcast: Address | null;
}

export class Interface implements LinkReceiver {
  readonly stack: Stack;
  /** 1, 2, 3, ... in the order in which interfaces were added; the internal loopback is 1. */
  readonly index: number;
  readonly name: string;
  readonly link: Link;
  readonly medium: 'ip' | 'ethernet';
  /** The hardware address; null where the medium has none. */
  readonly mac: Mac | null;
  /** Octets of the largest IP packet. */
  readonly mtu: number;
  /** The internal loopback, which alone may carry 127/8, ::1 and packets from ourselves to ourselves. */
  readonly loopback: boolean;
  /** Neighbours on an Ethernet; null where packets need no hardware address. */
  readonly neighbours: NeighbourCache | null;
  readonly addresses: InterfaceAddress[] = [];
  /** Joined for the sake of the addresses: the solicited-node groups (RFC 4291 2.7.1). */
  readonly #groups: Address[] = [];
  #up = true;

  /** For `stack.addInterface`. */
  constructor(stack: Stack, index: number, options: InterfaceOptions, loopback: boolean) {
    const { link } = options;
    this.stack = stack;
    this.index = index;
    this.name = options.name ?? `if${index}`;
    this.link = link;
    this.medium = link.medium;
    this.loopback = loopback;
    this.mtu = Math.min(link.mtu, options.mtu ?? link.mtu);
    if (!Number.isInteger(this.mtu) || this.mtu < 68) throw invalidArgument('mtu', this.mtu, 'at least 68 (RFC 791)');
    this.mac = this.medium === 'ethernet' ? checkMac(options.mac) : null;
    this.neighbours = this.mac === null ? null : new NeighbourCache(stack, this);
    for (const text of options.addresses ?? []) this.addAddress(text);
    const ipv6 = this.addresses.some((a) => a.address.family === 6);
    if (this.mac !== null && ipv6 && options.linkLocal !== false) {
      const address = linkLocalOf(this.mac);
      if (!this.owns(address)) this.addAddress(`${formatAddress(address)}/64`);
    }
  }

  get up(): boolean {
    return this.#up;
  }

  /** Takes the interface down (nothing goes in or out) or up again. */
  setUp(up: boolean): void {
    if (this.#up === up) return;
    this.#up = up;
    this.neighbours?.flush();
    this.stack.paths.invalidate();
  }

  /**
   * Gives the interface one more address; the route to its network comes with it.
   *
   * @throws TsynError ERR_INVALID_ARG_VALUE (not an address with a prefix, or not one a host can have),
   *   EADDRINUSE (this stack has it already), ENOSPC (config.ip.maxAddresses)
   */
  addAddress(text: string): void {
    const prefix = parsePrefix(text);
    if (prefix === null) throw invalidArgument('address', text, "an address with a prefix length, like '10.0.0.1/24'");
    const { address } = prefix;
    const broadcast = broadcastOf(prefix);
    // Host parts of all ones and all zeros are everybody's (RFC 1122 3.3.6).
    const shared = broadcast !== null && (sameAddress(address, broadcast) || sameAddress(address, networkOf(prefix)));
    const isBroadcast = isLimitedBroadcast(address) || shared;
    if (isUnspecified(address) || isMulticast(address) || isBroadcast) {
      throw invalidArgument('address', text, 'a unicast address');
    }
    if (address.family === 6 && this.mtu < 1280) {
      throw invalidArgument('address', text, 'an IPv4 address on a link with an MTU below 1280 (RFC 8200 5)');
    }
    if (this.owns(address) || (!this.loopback && this.stack.isLocal(address))) {
      throw new TsynError('EADDRINUSE', `${text} is configured already`, { address: formatAddress(address) });
    }
    if (this.addresses.length >= this.stack.config.ip.maxAddresses) {
      throw new TsynError('ENOSPC', `${this.name} has config.ip.maxAddresses addresses already`);
    }
    this.addresses.push({ address, prefix, broadcast });
    if (address.family === 6) this.#groups.push(solicitedNode(address));
    this.stack.paths.invalidate();
  }

  /** Takes an address away, if the interface has it. Connections that use it find that out by themselves. */
  removeAddress(address: Address): void {
    const at = this.addresses.findIndex((a) => sameAddress(a.address, address));
    if (at < 0) return;
    this.addresses.splice(at, 1);
    const group = solicitedNode(address);
    const joined = this.#groups.findIndex((g) => sameAddress(g, group));
    if (joined >= 0) this.#groups.splice(joined, 1);
    this.stack.paths.invalidate();
  }

  /**
   * Tells the Ethernet which addresses are here (RFC 5227 2.3, RFC 4861 7.2.6), so that a switch or a gateway in between
   * knows where to send before this host has said anything. On other media there is nobody to tell.
   */
  announce(): void {
    if (this.mac === null || !this.#up) return;
    for (const { address } of this.addresses) {
      if (address.family === 4) this.stack.ethernet.arp.announce(this, address);
      else this.stack.icmpv6.nd.announce(this, address);
    }
  }

  /** Whether `address` is one of this interface's. */
  owns(address: Address): boolean {
    const { addresses } = this;
    for (let i = 0; i < addresses.length; i++) if (sameAddress(addresses[i]!.address, address)) return true;
    return false;
  }

  /** Whether `address` is a directed broadcast address of this interface's networks, or their host part is zero. */
  isDirectedBroadcast(address: Address): boolean {
    if (address.family !== 4) return false;
    const { addresses } = this;
    for (let i = 0; i < addresses.length; i++) {
      const { broadcast, prefix } = addresses[i]!;
      if (broadcast === null) continue;
      if (broadcast.w3 === address.w3) return true;
      // The old BSD broadcast, host part all zero (RFC 1122 3.3.6 asks to recognise it too).
      if (address.w3 === (prefix.address.w3 & (-1 << (32 - prefix.length)))) return true;
    }
    return false;
  }

  /** Whether what is sent to the multicast address `group` is for this interface. There is no MLD or IGMP (hosts on a
   *  switch that snoops would need them): groups are all-hosts, all-nodes and the solicited-node ones. */
  joined(group: Address): boolean {
    if (group.family === 4) return group.w3 === ALL_HOSTS;
    if (sameAddress(group, ALL_NODES)) return true;
    const groups = this.#groups;
    for (let i = 0; i < groups.length; i++) if (sameAddress(groups[i]!, group)) return true;
    return false;
  }

  // LinkReceiver

  packet(packet: Packet): void {
    if (!this.#up) this.stack.drop('interface-down', packet);
    else if (this.mac === null) this.stack.ip.input(packet, this);
    else this.stack.ethernet.input(packet, this, this.mac);
  }

  burstEnd(): void {
    this.stack.burstEnd();
  }
}

/** 224.0.0.1 */
const ALL_HOSTS = 0xe0000001 | 0;

function checkMac(given: Mac | string | undefined): Mac {
  const mac = typeof given === 'string' ? parseMac(given) : given;
  if (mac === null || mac === undefined || isGroupMac(mac) || (mac.hi === 0 && mac.lo === 0)) {
    throw invalidArgument('mac', typeof given === 'object' ? 'a group address' : given, 'a unicast hardware address');
  }
  return mac;
}
