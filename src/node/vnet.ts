/**
 * Owns: the virtio network header that a TUN or TAP device puts before each packet when asked for offloads, both ways
 * (virtio 1.2, 5.1.6; the layout of 10 octets, little-endian).
 */

import { CSUM_COMPLETE, CSUM_PARTIAL, CSUM_VERIFIED, type Packet } from '../link/packet.ts';

/** Octets of the header. */
export const VNET_LENGTH = 10;

const NEEDS_CSUM = 1;
const DATA_VALID = 2;
const GSO_NONE = 0;
const GSO_TCPV4 = 1;
const GSO_TCPV6 = 4;
const GSO_ECN = 0x80;

const TCP = 6;

/** What the header before an arrived packet says about it. 'gso': a kind of super-segment that was not asked for. */
export type VnetReason = 'ok' | 'gso';

/** Reads the header at `at` into the packet's metadata. */
export function readVnet(buf: Uint8Array, at: number, packet: Packet): VnetReason {
  const flags = buf[at]!;
  const gso = buf[at + 1]! & ~GSO_ECN;
  // Partial wins: such a packet's checksum field is not a checksum, whatever else is said about it.
  packet.checksum = flags & NEEDS_CSUM ? CSUM_PARTIAL : flags & DATA_VALID ? CSUM_VERIFIED : CSUM_COMPLETE;
  packet.segmentSize = 0;
  if (gso === GSO_NONE) return 'ok';
  if (gso !== GSO_TCPV4 && gso !== GSO_TCPV6) return 'gso';
  packet.segmentSize = buf[at + 4]! | (buf[at + 5]! << 8);
  return packet.segmentSize > 0 ? 'ok' : 'gso';
}

/** Why a packet cannot be described: its transport header is not where the header must point. */
export type VnetWriteReason = 'ok' | 'transport' | 'partial';

/**
 * Writes the header for `packet` at `at`. `ip` is where the IP header starts in `packet.buf`; header offsets count from
 * `packet.off`, which on a TAP device is the Ethernet header.
 */
export function writeVnet(buf: Uint8Array, at: number, packet: Packet, ip: number): VnetWriteReason {
  for (let i = 0; i < VNET_LENGTH; i++) buf[at + i] = 0;
  if (packet.checksum !== CSUM_PARTIAL) {
    if (packet.checksum === CSUM_VERIFIED) buf[at] = DATA_VALID;
    // A super-segment is cut by the kernel, which then computes every checksum: only a partial one can be.
    return packet.segmentSize > 0 ? 'partial' : 'ok';
  }
  const end = packet.off + packet.len;
  const six = buf[ip]! >> 4 === 6;
  const protocol = six ? buf[ip + 6]! : buf[ip + 9]!;
  const transport = ip + (six ? 40 : (buf[ip]! & 15) * 4);
  const field = checksumField(protocol);
  if (field < 0 || transport + field + 2 > end) return 'transport';
  const start = transport - packet.off;
  buf[at] = NEEDS_CSUM;
  buf[at + 6] = start & 0xff;
  buf[at + 7] = start >> 8;
  buf[at + 8] = field;
  if (packet.segmentSize > 0) {
    if (protocol !== TCP) return 'transport';
    const headers = start + (buf[transport + 12]! >> 4) * 4;
    // A super-segment that fits one segment is none.
    if (packet.len - headers > packet.segmentSize) {
      buf[at + 1] = six ? GSO_TCPV6 : GSO_TCPV4;
      buf[at + 2] = headers & 0xff;
      buf[at + 3] = headers >> 8;
      buf[at + 4] = packet.segmentSize & 0xff;
      buf[at + 5] = packet.segmentSize >> 8;
    }
  }
  return 'ok';
}

/** Where the checksum is in the transport header; -1 for protocols without one. */
function checksumField(protocol: number): number {
  if (protocol === TCP) return 16;
  if (protocol === 17) return 6;
  if (protocol === 58) return 2;
  return -1;
}
