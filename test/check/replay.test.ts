/** A trace played again: what ladders, captures and scripts are made of. */
import { describe, expect, it } from 'vitest';
import {
  answer,
  EXPERIMENTS,
  type Model,
  modelAt,
  QUIET,
  type Replay,
  rehearse,
  replay,
  type StepRecord,
} from '../../src/check/index.ts';
import { readCapture } from '../../src/trace/capture-reader.ts';
import { LINKTYPE_RAW, PcapngWriter, renderLadder, type SegmentEvent } from '../../src/trace/index.ts';
import { transportChecksum } from '../../src/wire/checksum.ts';
import { Ipv4Header, PROTO_TCP, parseIpv4 } from '../../src/wire/ipv4.ts';
import { parseTcp, RST, Segment } from '../../src/wire/tcp.ts';

interface Found {
  readonly model: Model;
  readonly trace: readonly StepRecord[];
  readonly played: Replay;
}

function found(name: string): Found {
  const { question } = EXPERIMENTS.find((experiment) => experiment.name === name)!;
  const model = modelAt(question, 1);
  const { trace } = answer(question, 1);
  return { model, trace, played: replay(model, trace, { mutant: question.mutant }) };
}

const segmentsOf = ({ events }: Replay, type: SegmentEvent['type']): SegmentEvent[] =>
  events.filter((event): event is SegmentEvent => event.type === type);

const ladder = ({ events, hosts }: Replay): string =>
  renderLadder(events, { left: hosts[0], right: hosts[1], windows: false });

describe('a trace played again', () => {
  it('is a ladder: states, calls, segments', () => {
    expect(ladder(found('two-way').played)).toBe(
      `
ms  client                                                        server        ms
    CLOSED        |                                            |  LISTEN
 0                | OPEN                                       |
 0  SYN-SENT      |---- SYN seq=0 mss=536 -------------------->|  SYN-RECEIVED   0
 0  CLOSED        | ABORT                                      |
                  |.......---- SYN,ACK seq=0 ack=1 mss=536 ----|  ESTABLISHED    0`.slice(1),
    );
  });

  it('names a packet the same where it leaves and where it arrives', () => {
    const { played } = found('two-way');
    const [sent] = segmentsOf(played, 'segment-sent');
    const [received] = segmentsOf(played, 'segment-received');
    expect(received).toEqual({ ...sent, type: 'segment-received', host: 'server' });
  });

  it('leaves what is late late', () => {
    const { trace, played } = found('one-msl');
    const late = trace.filter(({ kind, age }) => kind === 'deliver' && age !== 0);
    expect(late.length).toBeGreaterThan(0);
    const sent = new Map(segmentsOf(played, 'segment-sent').map((event) => [event.packet, event.time]));
    const delays = segmentsOf(played, 'segment-received').map(({ packet, time }) => time - sent.get(packet)!);
    expect(delays.filter((delay) => delay > 0)).toEqual(late.map(({ age }) => age! * 1000));
  });

  it('says which of several connections a segment belongs to', () => {
    const { played } = found('constant-isn');
    const said = segmentsOf(played, 'segment-sent').map(({ host, incarnation }) => `${host} #${incarnation}`);
    expect(said).toEqual(['client #1', 'server #1', 'client #2', 'client #2']);
    const drawn = ladder(played);
    expect(drawn).toContain('|---- #2 SYN seq=0 mss=536 ----');
    expect(drawn).toMatch(/CLOSED +\| ABORT .*\n.*SYN-SENT +\| OPEN/);
    expect(drawn).not.toContain('retransmission');
    expect(segmentsOf(found('two-way').played, 'segment-sent')[0]).not.toHaveProperty('incarnation');
  });

  it('has what the network does to a packet', () => {
    const lost = found('fin-once').played.events.filter(({ type }) => type === 'packet-lost');
    expect(lost).toEqual([{ type: 'packet-lost', time: 0, host: 'network', packet: 4 }]);
    const model: Model = { ...QUIET, duplicates: 1 };
    const steps: StepRecord[] = [{ kind: 'open A' }];
    const syn = found('two-way').trace.find(({ kind }) => kind === 'deliver')!.segment!;
    steps.push({ kind: 'deliver and keep', segment: syn, age: 0, copy: false });
    steps.push({ kind: 'deliver', segment: syn, age: 0, copy: true });
    const kinds = replay(model, steps)
      .events.map(({ type, host }) => `${type} ${host}`)
      .filter((kind) => /duplicated|received/.test(kind));
    expect(kinds).toEqual(['packet-duplicated network', 'segment-received server', 'segment-received server']);
  });

  it('has what a stranger sends and what ICMP reports', () => {
    const model: Model = { ...QUIET, intrusions: 2 };
    // A forged RST,ACK that refuses the SYN would end it; a soft error does not.
    const { events, packets } = replay(model, [
      { kind: 'open A' },
      { kind: 'intrude A', place: 19 },
      { kind: 'intrude A', place: 14 },
    ]);
    expect(events.slice(-5).map(({ type, host }) => `${type} ${host}`)).toEqual([
      'note client',
      'packet-injected network',
      'segment-received client',
      'timer-stopped client',
      'state client',
    ]);
    expect(events.at(-5)).toMatchObject({ text: 'ICMP reports an error to client' });
    expect(packets.at(-1)).toMatchObject({ host: 'client', direction: 'inbound', packet: 2 });
  });

  it('counts what grows older than MSL as lost, at that time', () => {
    const model: Model = { ...QUIET, losses: 1, rto: 7 };
    const waiting: StepRecord[] = [{ kind: 'open A' }, { kind: 'tick' }, { kind: 'tick' }, { kind: 'tick' }];
    const { events } = replay(model, waiting);
    expect(events.at(-1)).toEqual({ type: 'packet-lost', time: 2000, host: 'network', packet: 1 });
  });

  it('says what no segment shows, in the words that it is given', () => {
    const { model, trace } = found('constant-isn-text');
    const words = { crashes: (host: string) => `${host} kaputt`, forgets: () => 'never said', reports: () => '' };
    const { events } = replay(model, trace, { mutant: 'constant-isn', words });
    expect(events.filter(({ type }) => type === 'note')).toEqual([
      { type: 'note', time: 0, host: 'client', text: 'client kaputt' },
    ]);
    expect(ladder(found('no-time-wait').played)).toContain('== client forgets the connection ==');
  });

  it('calls them peers where nobody listens', () => {
    expect(found('no-cross').played.hosts).toEqual(['peer A', 'peer B']);
  });

  it('is refused in another model', () => {
    const { trace } = found('one-msl');
    expect(() => replay(QUIET, trace)).toThrow(
      "quiet: 'close A' cannot be taken here: the trace belongs to another model",
    );
    const { question } = EXPERIMENTS.find((experiment) => experiment.name === 'old-fin')!;
    expect(() => replay({ ...question.model, isn: 7 }, trace)).toThrow(/reused: no segment for 'deliver'/);
  });
});

describe('its packets', () => {
  it('are IPv4 with right checksums, and say what the events say', () => {
    const { played } = found('no-reassembly');
    expect(played.packets.length).toBe(
      segmentsOf(played, 'segment-sent').length + segmentsOf(played, 'segment-received').length,
    );
    for (const { octets, packet, direction } of played.packets) {
      const header = new Ipv4Header();
      expect(parseIpv4(octets, null, 0, octets.length, header)).toBe('ok');
      const { payloadOffset, payloadLength, src, dst } = header;
      expect(transportChecksum(octets, null, payloadOffset, payloadLength, PROTO_TCP, src, dst)).toBe(0);
      const segment = new Segment();
      expect(parseTcp(octets, payloadOffset, payloadLength, segment)).toBe('ok');
      const type = direction === 'outbound' ? 'segment-sent' : 'segment-received';
      const event = segmentsOf(played, type).find((one) => one.packet === packet)!;
      expect([segment.seq >>> 0, segment.flags, segment.dataLength, segment.dstPort]).toEqual([
        event.segment.seq,
        event.segment.flags,
        event.segment.length,
        event.segment.dstPort,
      ]);
    }
  });

  it('can be written as a capture', () => {
    const { packets } = found('two-way').played;
    const writer = new PcapngWriter();
    const blocks = [writer.header(), writer.interface({ linkType: LINKTYPE_RAW })];
    for (const { time, octets } of packets) blocks.push(writer.packet(0, time, octets, 0, octets.length));
    const read = readCapture(Uint8Array.from(blocks.flatMap((block) => [...block])));
    expect(read.map(({ time }) => time)).toEqual(packets.map(({ time }) => time));
  });
});

describe('the schedule of a counter-example, given to the TCP that ships', () => {
  it('comes to a good end: the old SYN is answered, and the answer refused', () => {
    const { model, trace } = found('two-way');
    const played = replay(model, rehearse(model, trace));
    expect(segmentsOf(played, 'segment-received').at(-1)!.segment.flags & RST).toBe(RST);
    expect(ladder(played)).toMatch(/RST seq=1 -+>\| {2}LISTEN/);
  });

  it.each([
    'two-way-stuck',
    'no-last-ack',
    'fin-once',
    'no-time-wait',
    'one-msl',
    'no-retransmission',
    'no-reassembly',
  ])('does not violate the property that it was found for: %s', (name) => {
    const { model, trace } = found(name);
    const steps = rehearse(model, trace);
    expect(steps.length).toBeGreaterThanOrEqual(trace.length);
    expect(ladder(replay(model, steps))).not.toMatch(/forgets/);
  });

  it('stops with the schedule where nothing more is asked for', () => {
    const { model, trace } = found('two-way');
    expect(rehearse(model, trace, false)).toEqual(trace);
  });
});
