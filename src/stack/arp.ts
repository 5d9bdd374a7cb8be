/**
 * Owns: the Address Resolution Protocol as a host speaks it (RFC 826, RFC 1122 2.3.2) and the defence of its addresses
 * (RFC 5227 2.4). Leaves to others: the cache (`neighbours.ts`). Probing an address before its first use (RFC 5227 2.1)
 * is left to whoever configures addresses.
 *
 * What is believed: a request makes or updates an entry of its sender, as RFC 826 has it; a reply counts only where a
 * request is under way. A reply that nobody asked for never makes an entry and never changes one: it makes us ask the
 * address we know again.
 */

import type { Packet } from '../link/packet.ts';
import { type Address, ANY4, isLimitedBroadcast, isLoopback, isMulticast, isUnspecified } from '../wire/address.ts';
import { ARP_LENGTH, ARP_REPLY, ARP_REQUEST, ArpPacket, type ArpParse, parseArp, writeArp } from '../wire/arp.ts';
import { BROADCAST_MAC, ETHERTYPE_ARP, isGroupMac, Mac, sameMac } from '../wire/ethernet.ts';
import type { DropReason } from './counters.ts';
import type { Ethernet } from './ethernet.ts';
import type { Interface } from './interface.ts';
import type { Stack } from './stack.ts';

const REASON: Record<Exclude<ArpParse, 'ok'>, DropReason> = {
  truncated: 'arp-truncated',
  'hardware-type': 'arp-hardware-type',
  'protocol-type': 'arp-protocol-type',
  'address-length': 'arp-address-length',
  operation: 'arp-operation',
};

const NO_MAC: Mac = new Mac();

export class Arp {
  readonly #stack: Stack;
  readonly #ethernet: Ethernet;
  readonly #in: ArpPacket = new ArpPacket();
  readonly #out: ArpPacket = new ArpPacket();

  constructor(stack: Stack, ethernet: Ethernet) {
    this.#stack = stack;
    this.#ethernet = ethernet;
  }

  /** An ARP packet has arrived. */
  input(packet: Packet, iface: Interface, mac: Mac): void {
    const stack = this.#stack;
    const arp = this.#in;
    const result = parseArp(packet.buf, packet.off, packet.len, arp);
    if (result !== 'ok') {
      stack.drop(REASON[result], packet);
      return;
    }
    const { senderMac, senderAddress, targetAddress } = arp;
    if (isGroupMac(senderMac) || (senderMac.hi === 0 && senderMac.lo === 0) || badSender(senderAddress, iface)) {
      stack.drop('arp-sender', packet);
      return;
    }
    if (iface.owns(senderAddress)) {
      // Our own announcement on its way back is no conflict.
      if (!sameMac(senderMac, mac)) this.#conflict(iface, mac, senderAddress);
      stack.drop('arp-conflict', packet);
      return;
    }
    if (arp.operation === ARP_REPLY) {
      stack.mib.ArpInReplies++;
      if (!iface.neighbours!.answered(senderAddress, senderMac)) {
        stack.drop('arp-unsolicited', packet);
        return;
      }
      stack.pool.give(packet);
      return;
    }
    stack.mib.ArpInRequests++;
    const forUs = iface.owns(targetAddress);
    const probe = isUnspecified(senderAddress);
    if (!probe) iface.neighbours!.heard(senderAddress, senderMac, forUs && onLink(senderAddress, iface));
    if (!forUs) {
      stack.drop('arp-not-for-us', packet);
      return;
    }
    stack.mib.ArpOutReplies++;
    this.#send(iface, mac, ARP_REPLY, targetAddress, senderAddress, senderMac, senderMac);
    stack.pool.give(packet);
  }

  /**
   * Asks who has `target`, everybody or, to verify what is known, `known` alone.
   *
   * @returns whether there is an address to ask from
   */
  request(iface: Interface, target: Address, known: Mac | null): boolean {
    const source = sourceFor(target, iface);
    if (source === null) return false;
    this.#stack.mib.ArpOutRequests++;
    this.#send(iface, iface.mac!, ARP_REQUEST, source, target, NO_MAC, known ?? BROADCAST_MAC);
    return true;
  }

  /** Tells everybody that `address` is ours (RFC 5227 2.3): caches and switches that remember another are put right. */
  announce(iface: Interface, address: Address): void {
    this.#stack.mib.ArpOutRequests++;
    this.#send(iface, iface.mac!, ARP_REQUEST, address, address, NO_MAC, BROADCAST_MAC);
  }

  /** Another host claims our address: we keep it, and say so once in DEFEND_INTERVAL (RFC 5227 2.4 (b)). */
  #conflict(iface: Interface, mac: Mac, address: Address): void {
    const { mib } = this.#stack;
    mib.ArpConflicts++;
    if (!iface.neighbours!.mayDefend()) return;
    mib.ArpDefences++;
    this.#send(iface, mac, ARP_REQUEST, address, address, NO_MAC, BROADCAST_MAC);
  }

  #send(
    iface: Interface,
    mac: Mac,
    operation: number,
    sender: Address,
    target: Address,
    targetMac: Mac,
    dst: Mac,
  ): void {
    const arp = this.#out;
    arp.operation = operation;
    arp.senderMac = mac;
    arp.senderAddress = sender;
    arp.targetAddress = target;
    arp.targetMac = targetMac;
    const packet = this.#stack.pool.take(ARP_LENGTH);
    packet.len = writeArp(packet.buf, packet.off, arp);
    this.#ethernet.output(packet, iface, dst, ETHERTYPE_ARP);
    arp.senderAddress = ANY4;
    arp.targetAddress = ANY4;
  }
}

function badSender(a: Address, iface: Interface): boolean {
  // 0.0.0.0 is a probe (RFC 5227 2.1.1).
  return isMulticast(a) || isLimitedBroadcast(a) || isLoopback(a) || iface.isDirectedBroadcast(a);
}

function onLink(a: Address, iface: Interface): boolean {
  return iface.addresses.some((own) => own.prefix.contains(a));
}

/** Our address in the target's network, or else any of the family. */
export function sourceFor(target: Address, iface: Interface): Address | null {
  let any: Address | null = null;
  for (const { address, prefix } of iface.addresses) {
    if (prefix.contains(target)) return address;
    if (any === null && address.family === target.family) any = address;
  }
  return any;
}
