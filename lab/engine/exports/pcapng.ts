/** Owns: a run as a capture: what both hosts would have seen, each at an interface of its own, with what was done to packets. */

import { LINKTYPE_RAW, PcapngWriter } from 'tsyn/trace';
import type { HostName, PacketRecord, Run } from '../types.ts';

/**
 * A pcapng file. Times count from the beginning of 1970. A packet stands in it twice: where it leaves, and where it arrives, if
 * it does. What an attacker sends is seen where it arrives.
 */
export function toPcapng(run: Run): Uint8Array {
  const writer = new PcapngWriter();
  const blocks = [
    writer.header({ application: 'tsyn lab', comment: `preset ${run.input.preset}, seed ${run.input.seed}` }),
  ];
  const hosts: readonly HostName[] = run.lanes.filter((host) => host !== 'C');
  for (const host of hosts) blocks.push(writer.interface({ linkType: LINKTYPE_RAW, name: host }));
  for (const { time, host, packet, direction } of sightings(run)) {
    const number = hosts.indexOf(host);
    if (number < 0) continue;
    const { octets } = packet;
    const comment = commentsOn(run, packet);
    const options = comment.length === 0 ? { direction } : { direction, comment };
    blocks.push(writer.packet(number, time, octets, 0, octets.length, options));
  }
  return joined(blocks);
}

interface Sighting {
  readonly time: number;
  readonly host: HostName;
  readonly packet: PacketRecord;
  readonly direction: 'inbound' | 'outbound';
}

/** In the order of time. */
function sightings({ packets }: Run): readonly Sighting[] {
  const seen: Sighting[] = [];
  for (const packet of packets) {
    const { from, to, sent, arrives, fate, copyOf } = packet;
    if (copyOf === null) seen.push({ time: sent, host: from, packet, direction: 'outbound' });
    if (fate === 'delivered' || fate === 'corrupted')
      seen.push({ time: arrives, host: to, packet, direction: 'inbound' });
  }
  return seen.sort((a, b) => a.time - b.time);
}

/** What happened to it on its way. */
function commentsOn(run: Run, { fate, copyOf, injected, name, edit }: PacketRecord): readonly string[] {
  const comments: string[] = [];
  if (copyOf !== null) comments.push(`${injected ? 'injected' : 'duplicate'}: a copy of ${name.host}#${name.nth}`);
  else if (injected) comments.push('forged');
  if (fate === 'lost' || fate === 'corrupted') comments.push(`${fate} on the way`);
  const op = edit === null ? undefined : run.input.edits[edit]?.op;
  if (op === 'delay' || op === 'swap') comments.push(`${op} by an edit`);
  return comments;
}

function joined(blocks: readonly Uint8Array[]): Uint8Array {
  const octets = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const block of blocks) {
    octets.set(block, at);
    at += block.length;
  }
  return octets;
}
