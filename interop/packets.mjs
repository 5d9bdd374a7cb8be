/** Owns: packets as octets: what recorded ones say, and forging: a SYN made to look newer or older than it is. */

import { CSUM_PARTIAL, complete, Packet } from '../dist/link/index.js';
import { readU32, writeU32 } from '../dist/wire/index.js';

const OPTION_TIMESTAMPS = 8;

/** The TCP header of a packet without extension headers. */
function tcpOffset(bytes) {
  return bytes[0] >> 4 === 4 ? (bytes[0] & 15) * 4 : 40;
}

/** The flags of a TCP segment without extension headers, `SYN` and so on of `wire`. */
export function flagsOf(bytes) {
  return bytes[tcpOffset(bytes) + 13];
}

/** Where TSval stands, -1 where there is none. */
function timestampOffset(bytes) {
  const tcp = tcpOffset(bytes);
  const end = tcp + (bytes[tcp + 12] >> 4) * 4;
  for (let at = tcp + 20; at < end; ) {
    const kind = bytes[at];
    if (kind === 0) break;
    if (kind === 1) {
      at++;
      continue;
    }
    if (kind === OPTION_TIMESTAMPS) return at + 2;
    at += Math.max(bytes[at + 1], 2);
  }
  return -1;
}

/** A copy of a packet with its sequence number and TSval moved, and a right checksum. */
export function moved(bytes, { sequence, timestamp }) {
  const packet = new Packet(bytes.length + 64);
  packet.len = bytes.length;
  packet.buf.set(bytes, packet.off);
  const copy = packet.buf.subarray(packet.off, packet.off + packet.len);
  const at = tcpOffset(copy) + 4;
  writeU32(copy, at, (readU32(copy, at) + sequence) >>> 0);
  const stamp = timestampOffset(copy);
  if (stamp >= 0) writeU32(copy, stamp, (readU32(copy, stamp) + timestamp) >>> 0);
  packet.checksum = CSUM_PARTIAL;
  complete(packet, 'ip');
  return copy.slice();
}
