/**
 * Owns: a packet as a middlebox sees it: fields to read and to write, and the way back to octets, with lengths and checksums made
 * right. What is no whole and sound IP packet (ARP, fragments, damage) is octets alone. Leaves to others: what becomes of it
 * (`middlebox.ts`).
 */

import { type Address, formatAddress, parseAddress, writeAddress } from '../wire/address.ts';
import { readU16, readU32, writeU16, writeU32 } from '../wire/bytes.ts';
import { finish, sum, transportChecksum } from '../wire/checksum.ts';
import { ETHERNET_HEADER } from '../wire/ethernet.ts';
import { PROTO_ICMP, PROTO_ICMPV6, PROTO_TCP, PROTO_UDP } from '../wire/ipv4.ts';
import { IPV6_HEADER } from '../wire/ipv6.ts';
import { TCP_HEADER, TCP_OPTIONS } from '../wire/tcp.ts';
import { Located, locate } from './transport.ts';

/** An option of a TCP segment. NOP (1) has no data; what follows the end of options (0) is its data. */
export interface BoxOption {
  readonly kind: number;
  readonly data: Uint8Array;
}

/** A packet that a middlebox has made impossible. `code` is `ERR_OUT_OF_RANGE`. */
export class BoxError extends RangeError {
  readonly code = 'ERR_OUT_OF_RANGE';
  override readonly name = 'BoxError';
}

const NOTHING: Uint8Array = new Uint8Array(0);
const END_OF_OPTIONS = 0;
const NOP = 1;

export class BoxPacket {
  /** 4 or 6; 0 for what is no whole and sound IP packet, of which there is the payload alone. */
  readonly family: 0 | 4 | 6;
  /** The protocol above IP: 6 is TCP, 17 UDP, 1 ICMP, 58 ICMPv6. */
  readonly protocol: number;
  /** Whether the fields of TCP are there. */
  readonly isTcp: boolean;

  /** As text. */
  src = '';
  dst = '';
  /** The hop limit of IPv6. */
  ttl = 0;
  /** DSCP and ECN. */
  tos = 0;

  // TCP: 0, or empty, elsewhere.
  srcPort = 0;
  dstPort = 0;
  /** Unsigned. */
  seq = 0;
  ack = 0;
  /** FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128 */
  flags = 0;
  /** As on the wire, unscaled. */
  window = 0;
  urgent = 0;
  /** In their order. At most 40 octets of them. */
  options: BoxOption[] = [];

  /** The text of a TCP segment; of other IP packets what follows the IP header; elsewhere everything but an Ethernet header. */
  payload: Uint8Array = NOTHING;
  /** The transport checksum stays as it was, whatever changes under it. */
  keepChecksum = false;

  /** Ethernet header, IP header with what it has of options or extensions, and TCP header, as they came. */
  readonly #frame: Uint8Array;
  readonly #ip: Uint8Array;
  readonly #tcp: Uint8Array;
  readonly #medium: 'ip' | 'ethernet';

  /** For {@link readBox}. @param at where its parts are; null where they cannot be told */
  constructor(octets: Uint8Array, medium: 'ip' | 'ethernet', at: Located | null) {
    this.#medium = medium;
    const frame = medium === 'ethernet' ? Math.min(ETHERNET_HEADER, octets.length) : 0;
    this.#frame = octets.slice(0, frame);
    this.family = at === null ? 0 : at.family;
    this.protocol = at === null ? 0 : at.protocol;
    if (at === null) {
      this.#ip = NOTHING;
      this.#tcp = NOTHING;
      this.isTcp = false;
      this.payload = octets.slice(frame);
      return;
    }
    const end = at.offset + at.length;
    this.#ip = octets.slice(frame, at.offset);
    this.#readIp(at);
    const options = at.protocol === PROTO_TCP ? readOptions(octets, at.offset, at.length) : null;
    this.isTcp = options !== null;
    const header = options === null ? 0 : (octets[at.offset + 12]! >> 4) << 2;
    this.#tcp = octets.slice(at.offset, at.offset + header);
    this.payload = octets.slice(at.offset + header, end);
    if (options !== null) this.#readTcp(options);
  }

  /** The data of the first option of a kind; null when there is none. */
  option(kind: number): Uint8Array | null {
    return this.options.find((option) => option.kind === kind)?.data ?? null;
  }

  /** Takes the options of a kind out. */
  removeOption(kind: number): void {
    this.options = this.options.filter((option) => option.kind !== kind);
  }

  /** Puts data in the place of an option's; where there is none of its kind it becomes the first. */
  setOption(kind: number, data: Uint8Array): void {
    const at = this.options.findIndex((option) => option.kind === kind);
    if (at < 0) this.options.unshift({ kind, data });
    else this.options[at] = { kind, data };
  }

  /** Another packet with what this one has now. */
  copy(): BoxPacket {
    const copy = readBox(this.octets(), this.#medium);
    copy.keepChecksum = this.keepChecksum;
    return copy;
  }

  /**
   * The packet (the frame on Ethernet) as it would go on, lengths and checksums made.
   *
   * @throws BoxError an address of another family, a field too large for its place, too many options, or too many octets
   */
  octets(): Uint8Array {
    const octets = this.plain();
    if (this.family !== 0) this.#makeChecksums(octets);
    return octets;
  }

  /** The same with the checksums that came. */
  plain(): Uint8Array {
    const options = this.isTcp ? writeOptions(this.options) : NOTHING;
    const tcp = this.isTcp ? TCP_HEADER + options.length : 0;
    const start = this.#frame.length + this.#ip.length;
    const total = start + tcp + this.payload.length;
    if (total - this.#frame.length > 65_535) throw new BoxError(`a packet of ${total} octets is too large for IP`);
    const octets = new Uint8Array(total);
    octets.set(this.#frame);
    octets.set(this.#ip, this.#frame.length);
    octets.set(this.payload, start + tcp);
    if (this.family !== 0) this.#writeIp(octets);
    if (this.isTcp) this.#writeTcp(octets, start, options);
    if (this.protocol === PROTO_UDP && this.payload.length >= 8) writeU16(octets, start + 4, this.payload.length);
    return octets;
  }

  #readIp(at: Located): void {
    const { src, dst } = at.family === 4 ? at.ip4 : at.ip6;
    this.src = formatAddress(src);
    this.dst = formatAddress(dst);
    this.ttl = at.family === 4 ? at.ip4.ttl : at.ip6.hopLimit;
    this.tos = at.family === 4 ? at.ip4.tos : at.ip6.trafficClass;
  }

  #readTcp(options: BoxOption[]): void {
    const tcp = this.#tcp;
    this.srcPort = readU16(tcp, 0);
    this.dstPort = readU16(tcp, 2);
    this.seq = readU32(tcp, 4);
    this.ack = readU32(tcp, 8);
    this.flags = tcp[13]!;
    this.window = readU16(tcp, 14);
    this.urgent = readU16(tcp, 18);
    this.options = options;
  }

  #writeIp(octets: Uint8Array): void {
    const ip = this.#frame.length;
    const length = octets.length - ip;
    within('ttl', this.ttl, 255);
    within('tos', this.tos, 255);
    if (this.family === 4) {
      octets[ip + 1] = this.tos;
      writeU16(octets, ip + 2, length);
      octets[ip + 8] = this.ttl;
      writeAddress(this.#address('src'), octets, ip + 12);
      writeAddress(this.#address('dst'), octets, ip + 16);
      return;
    }
    octets[ip] = 0x60 | (this.tos >> 4);
    octets[ip + 1] = ((this.tos & 15) << 4) | (octets[ip + 1]! & 15);
    writeU16(octets, ip + 4, length - IPV6_HEADER);
    octets[ip + 7] = this.ttl;
    writeAddress(this.#address('src'), octets, ip + 8);
    writeAddress(this.#address('dst'), octets, ip + 24);
  }

  #writeTcp(octets: Uint8Array, at: number, options: Uint8Array): void {
    for (const field of ['srcPort', 'dstPort', 'window', 'urgent'] as const) within(field, this[field], 0xffff);
    within('flags', this.flags, 255);
    octets.set(this.#tcp.subarray(0, TCP_HEADER), at);
    writeU16(octets, at, this.srcPort);
    writeU16(octets, at + 2, this.dstPort);
    // Sequence numbers wrap.
    writeU32(octets, at + 4, this.seq);
    writeU32(octets, at + 8, this.ack);
    octets[at + 12] = (((TCP_HEADER + options.length) >> 2) << 4) | (this.#tcp[12]! & 15);
    octets[at + 13] = this.flags;
    writeU16(octets, at + 14, this.window);
    writeU16(octets, at + 18, this.urgent);
    octets.set(options, at + TCP_HEADER);
  }

  #makeChecksums(octets: Uint8Array): void {
    const ip = this.#frame.length;
    if (this.family === 4) {
      writeU16(octets, ip + 10, 0);
      writeU16(octets, ip + 10, finish(sum(octets, null, ip, (octets[ip]! & 15) << 2, 0)));
    }
    if (this.keepChecksum) return;
    const at = ip + this.#ip.length;
    const length = octets.length - at;
    const place = at + (CHECKSUMS[this.protocol] ?? Infinity);
    if (place + 2 > octets.length) return;
    // A UDP datagram without one stays without.
    if (this.protocol === PROTO_UDP && readU16(octets, place) === 0) return;
    writeU16(octets, place, 0);
    const value =
      this.protocol === PROTO_ICMP
        ? finish(sum(octets, null, at, length, 0))
        : transportChecksum(octets, null, at, length, this.protocol, this.#address('src'), this.#address('dst'));
    writeU16(octets, place, value === 0 && this.protocol === PROTO_UDP ? 0xffff : value);
  }

  #address(which: 'src' | 'dst'): Address {
    const address = parseAddress(this[which]);
    if (address === null || address.family !== this.family) {
      throw new BoxError(`${which} is '${this[which]}'; it must be an IPv${this.family} address`);
    }
    return address;
  }
}

/** How far into its header a protocol keeps its checksum. */
const CHECKSUMS: Readonly<Record<number, number>> = {
  [PROTO_TCP]: 16,
  [PROTO_UDP]: 6,
  [PROTO_ICMP]: 2,
  [PROTO_ICMPV6]: 2,
};

const scratch: Located = new Located();

/** The packet in some octets: an IP packet, or an Ethernet frame. */
export function readBox(octets: Uint8Array, medium: 'ip' | 'ethernet'): BoxPacket {
  const found = locate({ buf: octets, words: null, off: 0, len: octets.length }, medium, scratch);
  return new BoxPacket(octets, medium, found ? scratch : null);
}

/** @returns null where they do not fit into the header, or have lengths that cannot be */
function readOptions(octets: Uint8Array, at: number, length: number): BoxOption[] | null {
  const header = length < TCP_HEADER ? 0 : (octets[at + 12]! >> 4) << 2;
  if (header < TCP_HEADER || header > length) return null;
  const options: BoxOption[] = [];
  const end = at + header;
  for (let i = at + TCP_HEADER; i < end; ) {
    const kind = octets[i]!;
    if (kind === END_OF_OPTIONS) {
      options.push({ kind, data: octets.slice(i + 1, end) });
      break;
    }
    const size = kind === NOP ? 1 : i + 1 < end ? octets[i + 1]! : 0;
    if ((kind !== NOP && size < 2) || i + size > end) return null;
    options.push({ kind, data: kind === NOP ? NOTHING : octets.slice(i + 2, i + size) });
    i += size;
  }
  return options;
}

/** The octets of options, filled up to whole words. */
function writeOptions(options: readonly BoxOption[]): Uint8Array {
  const octets: number[] = [];
  for (const { kind, data } of options) {
    within('kind of an option', kind, 255);
    if (kind === NOP) octets.push(NOP);
    else if (kind === END_OF_OPTIONS) octets.push(kind, ...data);
    else octets.push(kind, data.length + 2, ...data);
  }
  // After an end of options there may be less or more to fill up than before.
  while (octets.length % 4 !== 0) octets.push(END_OF_OPTIONS);
  if (octets.length > TCP_OPTIONS) throw new BoxError(`options have ${octets.length} octets; there is room for 40`);
  return new Uint8Array(octets);
}

function within(name: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new BoxError(`${name} is ${value}; it must be an integer from 0 to ${most}`);
  }
}
