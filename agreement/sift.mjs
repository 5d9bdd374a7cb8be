/**
 * Owns: which of many captures have TCP: those in which tsyn finds it, and those in which Wireshark does. It is asked once, about
 * one file with all of their packets, because it takes long to start.
 */

import { writeFileSync } from 'node:fs';
import { Connections } from '../dist/explain/index.js';
import { CaptureReader, ipStart, PcapngWriter } from '../dist/trace/index.js';
import { run } from './wireshark.mjs';

/**
 * @param captures a list of `{ octets }`
 * @param path where the file with all packets may be written
 * @returns { captures, unread }: those with TCP; how many are in no format that tsyn reads
 */
export async function withTcp(captures, path) {
  const writer = new PcapngWriter();
  const blocks = [writer.header()];
  const found = new Set();
  const owners = [];
  let unread = 0;
  captures.forEach(({ octets }, i) => {
    const connections = new Connections();
    const numbers = new Map();
    const told = read(octets, (packet) => {
      const { linkType } = packet;
      if (!numbers.has(linkType)) {
        numbers.set(linkType, owners.length);
        owners.push(i);
        blocks.push(writer.interface({ linkType }));
      }
      blocks.push(writer.packet(numbers.get(linkType), 0, packet.octets, 0, packet.octets.length));
      const at = ipStart(packet);
      if (at >= 0) connections.take(packet, at);
    });
    if (!told) unread++;
    if (connections.size > 0) found.add(i);
  });
  writeFileSync(path, Buffer.concat(blocks));
  const { output } = await run('tshark', ['-n', '-r', path, '-Y', 'tcp', '-T', 'fields', '-e', 'frame.interface_id']);
  for (const number of output.split('\n')) if (number !== '') found.add(owners[Number(number)]);
  return { captures: captures.filter((_, i) => found.has(i)), unread };
}

/** @returns whether it is a capture at all; one that breaks off is */
function read(octets, onPacket) {
  const reader = new CaptureReader(onPacket);
  try {
    reader.push(octets);
    reader.end();
  } catch (error) {
    if (error.code !== 'ERR_CAPTURE') throw error;
    if (error.block === 'file') return false;
  }
  return true;
}
