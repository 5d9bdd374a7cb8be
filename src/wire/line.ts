/**
 * Owns: one line of text for any packet, in the manner of tcpdump. Total: whatever the bytes, it returns a line.
 */

import { Address, formatAddress } from './address.ts';
import { ARP_REQUEST, ArpPacket, parseArp } from './arp.ts';
import { readU32 } from './bytes.ts';
import {
  ETHERNET_HEADER,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  EthernetHeader,
  formatMac,
  parseEthernet,
} from './ethernet.ts';
import { ICMP_HEADER, IcmpMessage, isIcmpError, readIcmp } from './icmp.ts';
import { ICMPV6_PACKET_TOO_BIG, isIcmpv6Error } from './icmpv6.ts';
import { Ipv4Header, PROTO_ICMP, PROTO_ICMPV6, PROTO_TCP, PROTO_UDP, parseIpv4, parseIpv4Quote } from './ipv4.ts';
import { Ipv6Header, parseIpv6, parseIpv6Quote } from './ipv6.ts';
import { add, unsigned } from './seq.ts';
import { ABSENT, ACK, CWR, ECE, FIN, PSH, parseTcp, RST, Segment, SYN, URG } from './tcp.ts';
import { parseUdp, UdpHeader } from './udp.ts';

/**
 * Describes the packet of `len` octets at `off`. Checksums of the transport are not verified.
 *
 * @example `IP 192.0.2.1.49152 > 192.0.2.2.80: Flags [S], seq 1, win 65535, options [mss 1460,sackOK], length 0`
 */
export function packetLine(buf: Uint8Array, off: number, len: number, medium: 'ip' | 'ethernet'): string {
  const start = Math.min(Math.max(0, off), buf.length);
  const length = Math.min(Math.max(0, len), buf.length - start);
  return medium === 'ethernet' ? ethernetLine(buf, start, length) : ipLine(buf, start, length);
}

function ethernetLine(buf: Uint8Array, off: number, len: number): string {
  const header = new EthernetHeader();
  const result = parseEthernet(buf, off, len, header);
  if (result === 'truncated') return `Ethernet [${result}], length ${len}`;
  const at = off + ETHERNET_HEADER;
  const rest = len - ETHERNET_HEADER;
  if (header.type === ETHERTYPE_ARP) return arpLine(buf, at, rest);
  if (header.type === ETHERTYPE_IPV4 && (rest === 0 || buf[at]! >> 4 === 4)) return ipv4Line(buf, at, rest);
  if (header.type === ETHERTYPE_IPV6 && (rest === 0 || buf[at]! >> 4 === 6)) return ipv6Line(buf, at, rest);
  const src = formatMac({ hi: header.src0, lo: header.src1 });
  const dst = formatMac({ hi: header.dst0, lo: header.dst1 });
  const what = result === 'ok' ? `ethertype 0x${hex(header.type, 4)}` : `802.3 length ${header.type}`;
  return `${src} > ${dst}, ${what}, length ${len}`;
}

function arpLine(buf: Uint8Array, off: number, len: number): string {
  const arp = new ArpPacket();
  const result = parseArp(buf, off, len, arp);
  if (result !== 'ok') return `ARP [${result}], length ${len}`;
  const sender = formatAddress(arp.senderAddress);
  return arp.operation === ARP_REQUEST
    ? `ARP, Request who-has ${formatAddress(arp.targetAddress)} tell ${sender}, length ${len}`
    : `ARP, Reply ${sender} is-at ${formatMac(arp.senderMac)}, length ${len}`;
}

function ipLine(buf: Uint8Array, off: number, len: number): string {
  if (len === 0) return 'IP [truncated], length 0';
  const version = buf[off]! >> 4;
  if (version === 4) return ipv4Line(buf, off, len);
  if (version === 6) return ipv6Line(buf, off, len);
  return `IP [version ${version}], length ${len}`;
}

function ipv4Line(buf: Uint8Array, off: number, len: number): string {
  const ip = new Ipv4Header();
  const result = parseIpv4(buf, null, off, len, ip);
  if (result !== 'ok') return `IP [${result}], length ${len}`;
  const { src, dst, protocol } = ip;
  if (ip.fragmentOffset > 0) {
    return `IP ${formatAddress(src)} > ${formatAddress(dst)}: ${protocolName(protocol)} ${fragmentText(ip.id, ip.payloadLength, ip.fragmentOffset, ip.moreFragments)}`;
  }
  const tail = ip.moreFragments ? ' ' + fragmentText(ip.id, ip.payloadLength, 0, true) : '';
  return `IP ${transportLine(buf, ip.payloadOffset, ip.payloadLength, protocol, src, dst)}${tail}`;
}

function ipv6Line(buf: Uint8Array, off: number, len: number): string {
  const ip = new Ipv6Header();
  const result = parseIpv6(buf, off, len, ip);
  if (result !== 'ok') return `IP6 [${result}], length ${len}`;
  const { src, dst, protocol } = ip;
  const fragment = ip.hasFragment
    ? fragmentText(ip.fragmentId, ip.fragmentablePartLength, ip.fragmentOffset, ip.moreFragments)
    : '';
  if (ip.fragmentOffset > 0) {
    return `IP6 ${formatAddress(src)} > ${formatAddress(dst)}: ${protocolName(protocol)} ${fragment}`;
  }
  const tail = fragment === '' ? '' : ' ' + fragment;
  return `IP6 ${transportLine(buf, ip.payloadOffset, ip.payloadLength, protocol, src, dst)}${tail}`;
}

/** `(frag 7:1480@0+)`: id, octets, offset, and `+` while more follow. */
function fragmentText(id: number, length: number, offset: number, more: boolean): string {
  return `(frag ${id}:${length}@${offset}${more ? '+' : ''})`;
}

function protocolName(protocol: number): string {
  if (protocol === PROTO_TCP) return 'TCP';
  if (protocol === PROTO_UDP) return 'UDP';
  if (protocol === PROTO_ICMP) return 'ICMP';
  return protocol === PROTO_ICMPV6 ? 'ICMP6' : `proto ${protocol}`;
}

function transportLine(
  buf: Uint8Array,
  off: number,
  len: number,
  protocol: number,
  src: Address,
  dst: Address,
): string {
  const from = formatAddress(src);
  const to = formatAddress(dst);
  if (protocol === PROTO_TCP) return tcpLine(buf, off, len, from, to);
  if (protocol === PROTO_UDP) {
    const udp = new UdpHeader();
    const result = parseUdp(buf, off, len, udp);
    if (result !== 'ok') return `${from} > ${to}: UDP [${result}], length ${len}`;
    return `${from}.${udp.srcPort} > ${to}.${udp.dstPort}: UDP, length ${udp.payloadLength}`;
  }
  if ((protocol === PROTO_ICMP && src.family === 4) || (protocol === PROTO_ICMPV6 && src.family === 6)) {
    return `${from} > ${to}: ${icmpText(buf, off, len, src.family)}, length ${len}`;
  }
  return `${from} > ${to}: ${protocolName(protocol)}, length ${len}`;
}

function tcpLine(buf: Uint8Array, off: number, len: number, from: string, to: string): string {
  const s = new Segment();
  const result = parseTcp(buf, off, len, s);
  if (result === 'truncated') return `${from} > ${to}: TCP [${result}], length ${len}`;
  const ends = `${from}.${s.srcPort} > ${to}.${s.dstPort}: `;
  if (result === 'data-offset') return `${ends}TCP [${result}], length ${len}`;
  const parts = [`Flags [${tcpdumpFlags(s.flags)}]`];
  const spans = s.dataLength > 0 || s.flags & (SYN | FIN | RST);
  if (spans) parts.push(`seq ${unsigned(s.seq)}` + (s.dataLength > 0 ? `:${unsigned(add(s.seq, s.dataLength))}` : ''));
  if (s.flags & ACK) parts.push(`ack ${unsigned(s.ack)}`);
  parts.push(`win ${s.window}`);
  if (s.flags & URG) parts.push(`urg ${s.urgent}`);
  const options = optionsText(s);
  if (result === 'option-length') options.push('[bad length]');
  if (options.length > 0) parts.push(`options [${options.join(',')}]`);
  parts.push(`length ${s.dataLength}`);
  return ends + parts.join(', ');
}

function tcpdumpFlags(flags: number): string {
  const letters: ReadonlyArray<readonly [number, string]> = [
    [FIN, 'F'],
    [SYN, 'S'],
    [RST, 'R'],
    [PSH, 'P'],
    [ACK, '.'],
    [URG, 'U'],
    [ECE, 'E'],
    [CWR, 'W'],
  ];
  const text = letters
    .filter(([bit]) => flags & bit)
    .map(([, letter]) => letter)
    .join('');
  return text === '' ? 'none' : text;
}

function optionsText(s: Segment): string[] {
  const options: string[] = [];
  if (s.mss !== ABSENT) options.push(`mss ${s.mss}`);
  if (s.sackPermitted) options.push('sackOK');
  if (s.timestamps) options.push(`TS val ${unsigned(s.tsVal)} ecr ${unsigned(s.tsEcr)}`);
  if (s.windowScale !== ABSENT) options.push(`wscale ${s.windowScale}`);
  if (s.sackCount > 0) {
    const blocks: string[] = [];
    for (let i = 0; i < s.sackCount; i++) blocks.push(`{${unsigned(s.sack[i * 2]!)}:${unsigned(s.sack[i * 2 + 1]!)}}`);
    options.push(`sack ${s.sackCount} ${blocks.join('')}`);
  }
  if (s.userTimeout !== ABSENT) options.push(`uto ${s.userTimeout & 0x7fff}${s.userTimeout & 0x8000 ? 'm' : 's'}`);
  if (s.fastOpenLength !== ABSENT) {
    const cookie = Array.from(s.fastOpenCookie.subarray(0, s.fastOpenLength), (octet) => hex(octet, 2)).join('');
    const name = s.fastOpenExperimental ? 'exp-tfo' : 'tfo';
    options.push(cookie === '' ? `${name} cookiereq` : `${name} cookie ${cookie}`);
  }
  return options;
}

const ICMP_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'echo reply'],
  [3, 'unreachable'],
  [4, 'source quench'],
  [5, 'redirect'],
  [8, 'echo request'],
  [11, 'time exceeded'],
  [12, 'parameter problem'],
  [13, 'timestamp query'],
  [14, 'timestamp reply'],
]);

const ICMPV6_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'unreachable'],
  [2, 'packet too big'],
  [3, 'time exceeded'],
  [4, 'parameter problem'],
  [128, 'echo request'],
  [129, 'echo reply'],
  [130, 'multicast listener query'],
  [131, 'multicast listener report'],
  [132, 'multicast listener done'],
  [133, 'router solicitation'],
  [134, 'router advertisement'],
  [135, 'neighbor solicitation'],
  [136, 'neighbor advertisement'],
  [137, 'redirect'],
  [143, 'multicast listener report v2'],
]);

function icmpText(buf: Uint8Array, off: number, len: number, family: 4 | 6): string {
  const title = family === 4 ? 'ICMP' : 'ICMP6';
  if (len < ICMP_HEADER) return `${title} [truncated]`;
  const message = new IcmpMessage();
  readIcmp(buf, off, len, message);
  const { type, code } = message;
  const name = (family === 4 ? ICMP_NAMES : ICMPV6_NAMES).get(type) ?? `type ${type}`;
  if (name.startsWith('echo')) return `${title} ${name}, id ${message.id}, seq ${message.sequence}`;
  if (family === 6 && (type === 135 || type === 136) && len >= 24) {
    const verb = type === 135 ? 'who has' : 'tgt is';
    return `${title} ${name}, ${verb} ${formatAddress(new Address(6, ...words(buf, off + 8)))}`;
  }
  const error = family === 4 ? isIcmpError(type) : isIcmpv6Error(type);
  if (!error) return `${title} ${name}, code ${code}`;
  let text = `${title} ${name}, code ${code}`;
  if (family === 4 ? type === 3 && code === 4 : type === ICMPV6_PACKET_TOO_BIG) {
    text += `, mtu ${family === 4 ? message.sequence : message.rest}`;
  }
  return text + quoteText(buf, message.bodyOffset, message.bodyLength, family);
}

function words(buf: Uint8Array, off: number): [number, number, number, number] {
  return [readU32(buf, off), readU32(buf, off + 4), readU32(buf, off + 8), readU32(buf, off + 12)];
}

/** Whose packet an error quotes. */
function quoteText(buf: Uint8Array, off: number, len: number, family: 4 | 6): string {
  const ip = family === 4 ? new Ipv4Header() : new Ipv6Header();
  const result = ip instanceof Ipv4Header ? parseIpv4Quote(buf, off, len, ip) : parseIpv6Quote(buf, off, len, ip);
  if (result !== 'ok') return ` [quote: ${result}]`;
  const ported = (ip.protocol === PROTO_TCP || ip.protocol === PROTO_UDP) && ip.payloadLength >= 4;
  const ports = ported ? readU32(buf, ip.payloadOffset) : 0;
  const src = formatAddress(ip.src) + (ported ? `.${ports >>> 16}` : '');
  const dst = formatAddress(ip.dst) + (ported ? `.${ports & 0xffff}` : '');
  return ` about ${protocolName(ip.protocol)} ${src} > ${dst}`;
}

function hex(n: number, width: number): string {
  return n.toString(16).padStart(width, '0');
}
