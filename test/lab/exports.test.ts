import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playText } from 'tsyn/drill';
import { readCaptureContents } from 'tsyn/trace';
import { describe, expect, it } from 'vitest';
import { toDrill } from '../../lab/engine/exports/drill.ts';
import { toJson } from '../../lab/engine/exports/json.ts';
import { toMermaid } from '../../lab/engine/exports/mermaid.ts';
import { toPcapng } from '../../lab/engine/exports/pcapng.ts';
import { run } from '../../lab/engine/run.ts';
import type { Edit, HostName, Run } from '../../lab/engine/types.ts';
import { PRESETS } from '../../lab/presets/index.ts';
import { hasCommand, skipTitle } from '../helpers/needs.ts';

function play(preset: string, edits: readonly Edit[] = []): Run {
  return run({ preset, seed: 1, settings: {}, edits });
}

const SMALL = PRESETS.filter(({ id }) => id !== 'big').map(({ id }) => id);

describe('a run as JSON', () => {
  it('has everything in it', () => {
    const one = play('half-close');
    const read = JSON.parse(toJson(one));
    expect(read.events).toHaveLength(one.events.length);
    expect(read.packets[0].octets).toBe(
      [...one.packets[0]!.octets].map((o) => o.toString(16).padStart(2, '0')).join(''),
    );
  });
});

describe('a run as a Mermaid diagram', () => {
  const LINE = /^ {2}(?:participant [ABC]|Note over [ABC]: [^;#%{}]+|[ABC](?:->>|-x)[ABC]: [^;#%{}]+)$/;

  it.each(SMALL)(
    'of %s has only lines of the language, and an arrow for each packet that has come to its end',
    (id) => {
      const one = play(id);
      const [head, ...lines] = toMermaid(one).trimEnd().split('\n');
      expect(head).toBe('sequenceDiagram');
      expect(lines.filter((line) => !LINE.test(line))).toEqual([]);
      const arrows = lines.filter((line) => /^ {2}[ABC]-/.test(line));
      expect(arrows).toHaveLength(one.packets.filter(({ fate }) => fate !== 'in flight').length);
    },
  );

  it('reads like the handshake', () => {
    expect(toMermaid(play('handshake'))).toMatchInlineSnapshot(`
      "sequenceDiagram
        participant A
        participant B
        Note over B: 0 ms OPEN
        Note over B: LISTEN
        Note over A: 20 ms OPEN
        Note over A: SYN-SENT
        A->>B: 20 ms SYN seq=0 win=65535 mss=1460 sackOK
        Note over B: SYN-RECEIVED
        B->>A: 70 ms SYN,ACK seq=0 ack=1 win=65535 mss=1460 sackOK
        Note over A: ESTABLISHED
        A->>B: 120 ms ACK seq=1 ack=1 win=65535
        Note over B: ESTABLISHED
      "
    `);
  });
});

/** Views that no script can tell, and why. */
const NO_SCRIPT: Readonly<Record<string, string>> = {
  'stale-syn A': 'an answer comes before anything is asked',
  'timewait-reuse A': 'a second connection of the same ports',
  'timewait-reuse B': 'a second connection of the same ports',
  'half-open B': 'a crash',
  'half-open-syn A': 'a crash',
  'rst-closed-port B': 'nobody listens, and a script of a server begins with listen',
  'syn-flood A': 'the first SYN is for somebody else',
  'nagle-delayed-ack A': 'ACKs that wait for another time than the stack’s own',
  'nagle-delayed-ack B': 'ACKs that wait for another time than the stack’s own',
  'paws B': 'a timestamp from before the beginning',
  'ecn B': 'traces do not have the marks of IP headers',
  'figure-8 B': 'two connections at once, each with numbers of its own',
  'figure-9 A': 'a crash',
  'figure-9 B': 'a second connection of the same ports',
  'figure-10 A': 'a crash',
};

describe('a run as a packetdrill script', () => {
  it.each(SMALL.flatMap((id) => (['A', 'B'] as const).map((host) => [id, host] as const)))(
    'of %s, as %s saw it, plays',
    (id, host) => {
      const why = NO_SCRIPT[`${id} ${host}`];
      if (why === undefined) expect(outcome(id, host)).toBe('pass');
      else expect(outcome(id, host), why).not.toBe('pass');
    },
  );

  function outcome(id: string, host: HostName): string {
    try {
      const { result, reason } = playText(`${id}.pkt`, toDrill(play(id), host), 'ipv4');
      return result === 'pass' ? result : `${result}: ${reason}`;
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  }
});

describe('a run as a capture', () => {
  it('has an interface for each host, and every packet where it leaves and where it arrives', () => {
    const one = play('lost-synack');
    const { packets, error } = readCaptureContents(toPcapng(one));
    expect(error).toBeNull();
    const seen = packets.map(({ interface: number, comments }) => `${number} ${comments.join()}`.trimEnd());
    expect(seen).toEqual(['0', '1', '1 lost on the way', '0', '1', '1', '0', '0', '1']);
  });

  it('says what was done to packets', () => {
    const edits: Edit[] = [
      { op: 'duplicate', packet: { host: 'A', nth: 1 }, by: 20 },
      { op: 'corrupt', packet: { host: 'A', nth: 2 } },
      { op: 'inject', packet: { host: 'B', nth: 1 }, at: 900 },
    ];
    const { packets } = readCaptureContents(toPcapng(play('handshake', edits)));
    const comments = new Set(packets.flatMap((packet) => packet.comments));
    expect([...comments].sort()).toEqual([
      'corrupted on the way',
      'duplicate: a copy of A#1',
      'injected: a copy of B#1',
    ]);
  });

  const missing = hasCommand('tshark') ? null : 'needs tshark';
  it.skipIf(missing !== null)(skipTitle('is read by tshark, with the same flags in the same order', missing), () => {
    const folder = mkdtempSync(join(tmpdir(), 'tsyn-lab-'));
    try {
      for (const id of ['handshake', 'half-close', 'syn-flood', 'fast-retransmit', 'figure-8']) {
        const one = play(id);
        const file = join(folder, `${id}.pcapng`);
        writeFileSync(file, toPcapng(one));
        const words = [
          '-r',
          file,
          '-T',
          'fields',
          '-e',
          'tcp.flags',
          '-e',
          'frame.interface_name',
          '-e',
          'ip.checksum.status',
          '-e',
          'tcp.checksum.status',
        ];
        const checks = ['-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE'];
        const rows = execFileSync('tshark', [...words, ...checks], { encoding: 'utf8', stdio: 'pipe' })
          .trimEnd()
          .split('\n');
        const own = readCaptureContents(toPcapng(one)).packets.map(
          ({ octets, interface: number }) => `${octets[33]} ${'AB'[number]}`,
        );
        expect(rows.map((row) => row.split('\t')).map(([flags, name]) => `${Number(flags)} ${name}`)).toEqual(own);
        expect(rows.every((row) => row.endsWith('\t1\t1'))).toBe(true);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
