/**
 * Owns: TCP segmentation in software: a super-segment becomes the segments that it stands for, as the offload of a
 * network card would make them. For links without that offload.
 */

import { copyAddress } from '../wire/address.ts';
import { readI32, readU16, writeU16, writeU32 } from '../wire/bytes.ts';
import { finish, sum } from '../wire/checksum.ts';
import { PROTO_TCP } from '../wire/ipv4.ts';
import { IPV6_HEADER } from '../wire/ipv6.ts';
import { add, type Seq } from '../wire/seq.ts';
import { CWR, FIN, PSH, TCP_HEADER, URG } from '../wire/tcp.ts';
import { CSUM_COMPLETE, HEADROOM, type Packet, type PacketPool } from './packet.ts';
import { fillChecksum, Located, locate } from './transport.ts';

const whole: Located = new Located();
const piece: Located = new Located();

/**
 * Splits a super-segment at its `segmentSize`. Sequence numbers, IPv4 identification, lengths and checksums are each
 * segment's own; FIN and PSH go with the last, CWR with the first. A packet that is no super-segment is passed through.
 *
 * @param packet taken over
 * @param into where the segments are put, in order
 */
export function segment(packet: Packet, medium: 'ip' | 'ethernet', pool: PacketPool, into: Packet[]): void {
  const size = packet.segmentSize;
  if (size <= 0 || !locate(packet, medium, whole) || whole.protocol !== PROTO_TCP || whole.length < TCP_HEADER) {
    into.push(packet);
    return;
  }
  const header = (packet.buf[whole.offset + 12]! >> 4) << 2;
  const text = whole.length - header;
  if (header < TCP_HEADER || text < 0) {
    into.push(packet);
    return;
  }
  // Everything before the text is the same in each: link, IP and TCP headers.
  const lead = whole.offset + header - packet.off;
  for (let at = 0, index = 0; at < text || index === 0; at += size, index++) {
    const length = Math.min(size, text - at);
    const part = pool.take(lead + length);
    part.off = HEADROOM - (whole.ipOffset - packet.off);
    part.len = lead + length;
    part.id = packet.id;
    part.checksum = CSUM_COMPLETE;
    const { buf, off } = packet;
    part.buf.set(buf.subarray(off, off + lead), part.off);
    part.buf.set(buf.subarray(off + lead + at, off + lead + at + length), part.off + lead);
    fixIp(part, packet, length + header, index);
    fixTcp(part, packet, at, at + length === text);
    into.push(part);
  }
  pool.give(packet);
}

/** Gives a segment its IP lengths and identification, and notes in `piece` where its parts are. */
function fixIp(part: Packet, packet: Packet, transport: number, index: number): void {
  const move = part.off - packet.off;
  const at = whole.ipOffset + move;
  const { buf } = part;
  piece.family = whole.family;
  piece.offset = whole.offset + move;
  piece.length = transport;
  piece.protocol = PROTO_TCP;
  if (whole.family === 6) {
    writeU16(buf, at + 4, whole.offset - whole.ipOffset - IPV6_HEADER + transport);
    copyAddress(whole.ip6.src, piece.ip6.src);
    copyAddress(whole.ip6.dst, piece.ip6.dst);
    return;
  }
  const { headerLength, id, src, dst } = whole.ip4;
  copyAddress(src, piece.ip4.src);
  copyAddress(dst, piece.ip4.dst);
  writeU16(buf, at + 2, headerLength + transport);
  writeU16(buf, at + 4, id + index);
  writeU16(buf, at + 10, 0);
  writeU16(buf, at + 10, finish(sum(buf, part.words, at, headerLength, 0)));
}

/** Gives a segment its sequence number, flags and checksum. */
function fixTcp(part: Packet, packet: Packet, at: number, last: boolean): void {
  const tcp = piece.offset;
  const { buf } = part;
  const original = packet.buf[whole.offset + 13]!;
  let flags = original;
  if (!last) flags &= ~(FIN | PSH);
  if (at > 0) flags &= ~CWR;
  writeU32(buf, tcp + 4, add(readI32(packet.buf, whole.offset + 4) as Seq, at));
  if (flags & URG) {
    // The pointer counts from the segment's own sequence number.
    const urgent = readU16(packet.buf, whole.offset + 18) - at;
    if (urgent > 0) writeU16(buf, tcp + 18, urgent);
    else {
      flags &= ~URG;
      writeU16(buf, tcp + 18, 0);
    }
  }
  buf[tcp + 13] = flags;
  fillChecksum(part, piece);
}
