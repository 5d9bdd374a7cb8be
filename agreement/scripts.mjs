/** Owns: a capture of the repository's packetdrill scripts being played one after the other, each between two hosts of its own. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ipVersions, playText } from '../dist/drill/index.js';
import { ABSENT, Address, Segment, seq } from '../dist/wire/index.js';
import { tcpPacket } from './packets.mjs';

const FOLDER = fileURLToPath(new URL('../scripts', import.meta.url));
/** Between the end of one and the beginning of the next, ms. */
const PAUSE = 10_000;

/** @returns packets `{ time, octets }`, time in ms */
export function scriptPackets() {
  const packets = [];
  let begin = PAUSE;
  const files = readdirSync(FOLDER, { recursive: true }).filter((file) => file.endsWith('.pkt'));
  files.sort().forEach((file, i) => {
    const text = readFileSync(join(FOLDER, file), 'utf8');
    const { trace } = playText(file, text, ipVersions(file, text)[0]);
    let last = 0;
    for (const event of trace) {
      if (event.type !== 'segment-sent' && event.type !== 'segment-received') continue;
      last = event.time;
      packets.push({ time: begin + last, octets: octetsOf(event, i) });
    }
    begin += last + PAUSE;
  });
  return packets;
}

/** The packet again, between the hosts of script number `script`. */
function octetsOf({ type, segment: view }, script) {
  const ends = [
    new Address(4, 0, 0, 0xffff, 0x0a000001 + (script << 8)),
    new Address(4, 0, 0, 0xffff, 0x0a000002 + (script << 8)),
  ];
  const [src, dst] = type === 'segment-sent' ? ends : [ends[1], ends[0]];
  const segment = new Segment();
  const { srcPort, dstPort, flags, window, urgent } = view;
  Object.assign(segment, { srcPort, dstPort, flags, window, urgent });
  segment.seq = seq(view.seq);
  segment.ack = seq(view.ack);
  segment.mss = view.mss ?? ABSENT;
  segment.windowScale = view.windowScale ?? ABSENT;
  segment.sackPermitted = view.sackPermitted ?? false;
  if (view.tsVal !== undefined) {
    segment.timestamps = true;
    segment.tsVal = seq(view.tsVal);
    segment.tsEcr = seq(view.tsEcr);
  }
  if (view.fastOpen !== undefined) {
    segment.fastOpenLength = view.fastOpen.length / 2;
    segment.fastOpenCookie.set(Buffer.from(view.fastOpen, 'hex'));
  }
  for (const edge of (view.sack ?? []).flat()) segment.sack[segment.sackCount++] = seq(edge);
  segment.sackCount /= 2;
  return tcpPacket(src, dst, segment, new Uint8Array(view.length));
}
