/**
 * Owns: frames in and out of an Ethernet interface (RFC 894, RFC 2464): for us or not, which protocol, the header in
 * the packet's headroom. Leaves to others: whose hardware address it is (`neighbours.ts`).
 */

import { HEADROOM, type Packet } from '../link/packet.ts';
import {
  ETHERNET_HEADER,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  EthernetHeader,
  type Mac,
  parseEthernet,
  writeEthernet,
} from '../wire/ethernet.ts';
import { Arp } from './arp.ts';
import type { Interface } from './interface.ts';
import type { Stack } from './stack.ts';

export class Ethernet {
  readonly arp: Arp;
  readonly #stack: Stack;
  readonly #header: EthernetHeader = new EthernetHeader();

  constructor(stack: Stack) {
    this.#stack = stack;
    this.arp = new Arp(stack, this);
  }

  /** A frame has arrived at the interface with hardware address `mac`. */
  input(packet: Packet, iface: Interface, mac: Mac): void {
    const h = this.#header;
    const result = parseEthernet(packet.buf, packet.off, packet.len, h);
    if (result === 'truncated') {
      this.#stack.drop('ethernet-truncated', packet);
      return;
    }
    if (result === 'length-field') {
      this.#stack.drop('ethernet-length-field', packet);
      return;
    }
    const group = (h.dst0 & 0x0100) !== 0;
    if (!group && (h.dst0 !== mac.hi || h.dst1 !== mac.lo)) {
      this.#stack.drop('ethernet-not-for-us', packet);
      return;
    }
    // A source is never a group, and our own frames do not come back.
    if ((h.src0 & 0x0100) !== 0 || (h.src0 === mac.hi && h.src1 === mac.lo)) {
      this.#stack.drop('ethernet-source', packet);
      return;
    }
    packet.off += ETHERNET_HEADER;
    packet.len -= ETHERNET_HEADER;
    if (h.type === ETHERTYPE_IPV4) this.#stack.ip.input4(packet, iface, group);
    else if (h.type === ETHERTYPE_IPV6) this.#stack.ip.input6(packet, iface, group);
    else if (h.type === ETHERTYPE_ARP) this.arp.input(packet, iface, mac);
    else this.#stack.drop('ethernet-type', packet);
  }

  /** Puts a header before the packet and sends the frame. */
  output(packet: Packet, iface: Interface, dst: Mac, type: number): void {
    // A packet whose headroom was used up on another interface moves to make room.
    if (packet.off < ETHERNET_HEADER) {
      packet.buf.copyWithin(HEADROOM, packet.off, packet.off + packet.len);
      packet.off = HEADROOM;
    }
    packet.off -= ETHERNET_HEADER;
    packet.len += ETHERNET_HEADER;
    writeEthernet(packet.buf, packet.off, dst, iface.mac!, type);
    iface.link.send(packet);
  }
}
