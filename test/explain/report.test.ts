import { describe, expect, it } from 'vitest';
import { atHosts, CaptureReport, type ReportOptions, shortened } from '../../src/explain/report.ts';
import { CaptureReader, LINKTYPE_RAW, PcapngWriter } from '../../src/trace/index.ts';
import { type Captured, letters, TwoHosts } from './two-hosts.ts';

function reportOf(packets: readonly Captured[], options: ReportOptions = {}): CaptureReport {
  const report = new CaptureReport(options);
  const writer = new PcapngWriter();
  const reader = new CaptureReader((packet) => report.take(packet));
  reader.push(writer.header());
  reader.push(writer.interface({ linkType: LINKTYPE_RAW, name: 'wire' }));
  for (const { time, octets } of packets) reader.push(writer.packet(0, time, octets, 0, octets.length));
  reader.end();
  report.end();
  return report;
}

/** Connections that each send a little. */
function several(count: number): TwoHosts {
  const hosts = new TwoHosts();
  hosts.listen();
  for (let i = 0; i < count; i++) {
    hosts.connect().write(letters(10));
    hosts.pass(100);
  }
  return hosts;
}

describe('a report', () => {
  it('tells few connections in full', () => {
    const report = reportOf(several(3).packets);
    expect(report.told().map(({ life }) => life.connection.stream)).toEqual([0, 1, 2]);
    expect(report.crowded).toBe(false);
  });

  it('tells none in full of many, or of few that are long, and counts all', () => {
    const hosts = several(6);
    for (const options of [{ few: 5 }, { few: 100, segments: 20 }]) {
      const report = reportOf(hosts.packets, options);
      expect(report.told()).toEqual([]);
      expect(report.crowded).toBe(true);
      expect(report.connections.size).toBe(6);
      expect(report.packets).toBe(hosts.packets.length);
      const counted = [...report.connections].reduce((sum, { packets }) => sum + packets, 0);
      expect(counted).toBe(hosts.packets.length);
    }
  });

  it('tells the one that is asked for, and the first ones where they are asked for', () => {
    const { packets } = several(6);
    expect(
      reportOf(packets, { connection: 4 })
        .told()
        .map(({ life }) => life.connection.stream),
    ).toEqual([4]);
    const first = reportOf(packets, { few: 2, firstOnly: true });
    expect(first.told().map(({ life }) => life.connection.stream)).toEqual([0, 1]);
    expect(first.connections.size).toBe(6);
  });

  it('keeps the beginning and the end of a long connection, and how it changed state', () => {
    const hosts = new TwoHosts({ client: { tcp: { initialWindow: 10 } } });
    const [client] = hosts.open();
    for (let i = 0; i < 300; i++) {
      client.write(letters(50_000));
      hosts.pass(400);
    }
    client.end();
    hosts.pass(100);
    const [told] = reportOf(hosts.packets, { connection: 0 }).told();
    const sent = told!.events.filter(({ type }) => type === 'segment-sent');
    expect(hosts.packets.length).toBeGreaterThan(10_000);
    expect(sent.length + told!.left).toBe(hosts.packets.length);
    expect(sent.length).toBeLessThan(8000);
    expect(told!.life.states).toEqual(['FIN-WAIT-2', 'CLOSE-WAIT']);
  });
});

describe('a trace made shorter', () => {
  it('has its first and last segments, all changes of state, and a note between', () => {
    const hosts = new TwoHosts();
    const [client] = hosts.open();
    client.write(letters(60_000));
    hosts.pass(500);
    client.end();
    hosts.pass(100);
    const { events } = reportOf(hosts.packets).told()[0]!;
    const short = shortened(events, 5, 3, (count) => `${count} more`);
    const sent = short.flatMap((event) => (event.type === 'segment-sent' ? [event.packet] : []));
    expect(sent).toEqual([1, 2, 3, 4, 5, ...[2, 1, 0].map((n) => hosts.packets.length - n)]);
    expect(short.filter(({ type }) => type === 'state')).toEqual(events.filter(({ type }) => type === 'state'));
    const notes = short.flatMap((event) => (event.type === 'note' ? [event.text] : []));
    expect(notes).toEqual([`${hosts.packets.length - 8} more`]);
    expect(shortened(events, 500, 500, String)).toBe(events);
  });
});

describe('times at the hosts', () => {
  it('are those of the hosts, as far as round trips tell', () => {
    const hosts = new TwoHosts();
    const [client, server] = hosts.open();
    client.write(letters(100));
    hosts.pass(100);
    client.end();
    server.end();
    hosts.pass(200);
    const [told] = reportOf(hosts.packets).told();
    const begin = 20; // half a round trip to the server, which is the longer way
    const estimated = atHosts(told!);
    for (const type of ['segment-sent', 'segment-received'] as const) {
      for (const [mine, host] of [
        [told!.life.follower.ends[0].host, 'client'],
        [told!.life.follower.ends[1].host, 'server'],
      ]) {
        const times = (events: readonly { type: string; host: string; time: number }[], name: string): number[] =>
          events.filter((event) => event.type === type && event.host === name).map(({ time }) => time);
        expect(times(estimated, mine!).map((time) => time - begin)).toEqual(times(hosts.events, host!));
      }
    }
  });
});
