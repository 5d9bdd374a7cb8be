/**
 * Owns: a run as files: the plan of its faults, a capture, packetdrill scripts, ladders. Captures and scripts are of one host's
 * side: what it sent and what came to it.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RecordError, recordTrace } from '../../drill/index.ts';
import { faultWords, type Outcome, type SeenPacket } from '../../sim/index.ts';
import {
  type Language,
  LINKTYPE_ETHERNET,
  LINKTYPE_RAW,
  PcapngWriter,
  type SegmentEvent,
  type TraceEvent,
} from '../../trace/index.ts';
import { ACK, SYN } from '../../wire/tcp.ts';
import { UsageError } from '../args.ts';
import { allLadders } from './pictures.ts';

/** Connections of which a script is written. */
const MOST_SCRIPTS = 8;

export interface RunFiles {
  readonly folder: string;
  /** Whose side; by default the host that answers the first SYN. */
  readonly side: string | undefined;
  readonly lang: Language;
  /** Above the ladder. */
  readonly head: readonly string[];
}

export interface Written {
  readonly paths: readonly string[];
  /** Why there is no script, where there is none. */
  readonly noScript: string | null;
}

/**
 * Writes `seed-N.plan.json`, `.pcapng`, `.pkt` (a second connection's is `seed-N-2.pkt`) and `.txt` into a folder, which is
 * made if need be.
 *
 * @throws UsageError a host that is not there, a folder that cannot be written to
 */
export function writeRun(outcome: Outcome, { folder, side, lang, head }: RunFiles): Written {
  const { seed, scenario, faults, trace } = outcome;
  const host = sideOf(outcome, side);
  const paths: string[] = [];
  const put = (name: string, content: string | Uint8Array): void => {
    const path = join(folder, name);
    try {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path, content);
    } catch (error) {
      throw new UsageError(`'${path}' cannot be written: ${(error as NodeJS.ErrnoException).code}`);
    }
    paths.push(path);
  };
  const plan = { seed, scenario, faults: faults.map(({ fault }) => fault) };
  put(`seed-${seed}.plan.json`, `${JSON.stringify(plan, null, 2)}\n`);
  put(`seed-${seed}.pcapng`, capture(outcome, host, lang));
  const { scripts, why } = scriptsOf(trace, host);
  for (const [i, script] of scripts.entries()) put(`seed-${seed}${i === 0 ? '' : `-${i + 1}`}.pkt`, script);
  put(`seed-${seed}.txt`, `${[...head, allLadders(trace, lang)].join('\n')}\n`);
  return { paths, noScript: scripts.length === 0 ? why : null };
}

function sideOf({ trace, packets }: Outcome, asked: string | undefined): string {
  const hosts = [...new Set(packets.map(({ host }) => host))];
  if (asked !== undefined) {
    if (hosts.includes(asked)) return asked;
    throw new UsageError(`--side must be ${hosts.join(' or ')}, hosts to which packets came, not '${asked}'`);
  }
  const syns = trace.filter(
    (event): event is SegmentEvent => event.type === 'segment-sent' && (event.segment.flags & SYN) !== 0,
  );
  const answer = syns.find(({ segment }) => (segment.flags & ACK) !== 0);
  return (answer ?? syns[0])?.host ?? hosts[0] ?? '';
}

function scriptsOf(trace: readonly TraceEvent[], host: string): { scripts: string[]; why: string } {
  const scripts: string[] = [];
  let why = '';
  for (let connection = 0; connection < 1000 && scripts.length < MOST_SCRIPTS; connection++) {
    try {
      scripts.push(recordTrace(trace, { local: host, connection }));
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      why = error.message;
      // Other hosts' connections count, too.
      if (!why.includes('is no end of')) break;
    }
  }
  return { scripts, why };
}

/** What the host saw, an interface for each of its links; faults are comments at their packets. */
function capture(outcome: Outcome, host: string, lang: Language): Uint8Array {
  const { packets, faults, trace, links, scenario, seed } = outcome;
  const words = faultWords(faults, { lang, trace, links });
  const comments = new Map<number, string>();
  faults.forEach(({ packet }, i) => {
    if (packet !== 0) comments.set(packet, [comments.get(packet), words[i]].filter(Boolean).join('; '));
  });
  const writer = new PcapngWriter();
  const blocks = [writer.header({ comment: `${scenario}, seed ${seed}: what ${host} sent and received` })];
  const numbers = new Map<string, number>();
  for (const seen of packets) {
    if (seen.host !== host) continue;
    if (!numbers.has(seen.link)) {
      numbers.set(seen.link, writer.interfaces);
      const linkType = seen.medium === 'ip' ? LINKTYPE_RAW : LINKTYPE_ETHERNET;
      blocks.push(writer.interface({ linkType, name: seen.link }));
    }
    blocks.push(packetBlock(writer, numbers.get(seen.link)!, seen, comments.get(seen.packet)));
  }
  return Buffer.concat(blocks);
}

function packetBlock(writer: PcapngWriter, number: number, seen: SeenPacket, comment: string | undefined): Uint8Array {
  const { time, octets, direction } = seen;
  return writer.packet(number, time, octets, 0, octets.length, {
    direction,
    ...(comment === undefined ? {} : { comment }),
  });
}
