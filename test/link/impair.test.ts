import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { type ImpairedLink, type ImpairOptions, impair } from '../../src/link/impair.ts';
import { type Impairment, ImpairmentError } from '../../src/link/impairment.ts';
import { CSUM_COMPLETE, CSUM_PARTIAL, type Packet } from '../../src/link/packet.ts';
import { createPipe, type PipeEnd, type PipeOptions } from '../../src/link/pipe.ts';
import { tcpSegment } from '../../src/link/transport.ts';
import type { TraceEvent } from '../../src/trace/events.ts';
import { seq } from '../../src/wire/seq.ts';
import { ACK, Segment, SYN } from '../../src/wire/tcp.ts';
import { numbered, Recorder, type World, world } from '../helpers/links.ts';
import { checkFrame } from '../helpers/oracle.ts';
import { RUNS, tcpPacket, V4_A, V4_B, V6_A, V6_B } from '../helpers/wire.ts';

interface Line extends World {
  /** The impaired end. 'send' is from near to far. */
  readonly near: ImpairedLink;
  readonly far: PipeEnd;
  readonly atNear: Recorder;
  readonly atFar: Recorder;
  readonly trace: TraceEvent[];
}

function line(options: Partial<ImpairOptions> = {}, seed = 1, pipe: PipeOptions = {}): Line {
  const w = world();
  const [inner, far] = createPipe(w.scheduler, w.pool, pipe);
  const trace: TraceEvent[] = [];
  const near = impair(inner, w.scheduler, w.pool, {
    random: new SeededRandom(seed),
    name: 'wan',
    trace: (event) => trace.push(event),
    ...options,
  });
  return { ...w, near, far, atNear: new Recorder(w, near), atFar: new Recorder(w, far), trace };
}

function sendMany(l: Line, count: number, size = 100, spacing = 0): void {
  for (let n = 0; n < count; n++) {
    l.near.send(numbered(l.pool, n, size));
    if (spacing > 0) l.scheduler.runUntil(l.scheduler.now + spacing);
  }
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const within = (value: number, low: number, high: number): void => {
  expect(value).toBeGreaterThanOrEqual(low);
  expect(value).toBeLessThanOrEqual(high);
};

describe('an impaired link with nothing set', () => {
  test('passes packets on in both directions, in order, at the same instant', () => {
    const l = line();
    sendMany(l, 3);
    for (let n = 10; n < 13; n++) l.far.send(numbered(l.pool, n));
    l.scheduler.runUntil(0);
    expect(l.atFar.log).toEqual([0, 1, 2, 'end']);
    expect(l.atNear.log).toEqual([10, 11, 12, 'end']);
    expect([l.pool.out, l.trace]).toEqual([0, []]);
    expect(l.near.counters.send).toMatchObject({ offered: 3, delivered: 3 });
  });

  test('does not call the receiver from within send, nor from within inject', () => {
    const l = line();
    l.near.send(numbered(l.pool, 1));
    l.near.inject(new Uint8Array([0, 2]), 'receive');
    l.near.inject(new Uint8Array([0, 3]), 'send');
    expect([l.atFar.log, l.atNear.log]).toEqual([[], []]);
    l.scheduler.runUntil(0);
    expect([l.atFar.numbers, l.atNear.numbers]).toEqual([[1, 3], [2]]);
  });
});

describe('delay, jitter and reordering', () => {
  test('a delay is exact, in the direction it is set for', () => {
    const l = line({ send: { delay: 12.5 } });
    l.scheduler.runUntil(100);
    sendMany(l, 2);
    l.far.send(numbered(l.pool, 7));
    l.scheduler.runUntil(112.4);
    expect([l.atFar.log, l.atNear.numbers]).toEqual([[], [7]]);
    expect(l.near.inFlight('send')).toBe(2);
    l.scheduler.runUntil(200);
    expect([l.atFar.numbers, l.atFar.times, l.near.inFlight('send')]).toEqual([[0, 1], [112.5, 112.5], 0]);
  });

  test('with any settings but jitter and reordering, packets stay in order, also when settings change', () => {
    const settings = fc.record({ delay: fc.integer({ min: 0, max: 50 }), rate: fc.constantFrom(Infinity, 1e5, 1e6) });
    fc.assert(
      fc.property(fc.array(fc.tuple(settings, fc.integer({ min: 0, max: 20 })), { maxLength: 30 }), (steps) => {
        const l = line();
        steps.forEach(([change, wait], n) => {
          l.near.set('send', change);
          l.near.send(numbered(l.pool, n));
          l.scheduler.runUntil(l.scheduler.now + wait);
        });
        l.scheduler.runUntil(Infinity);
        expect(l.atFar.numbers).toEqual(upTo(steps.length));
        expect(l.pool.out).toBe(0);
      }),
      RUNS,
    );
  });

  test('jitter adds up to its value, and lets packets overtake', () => {
    const l = line({ send: { delay: 10, jitter: 20 } });
    sendMany(l, 200);
    l.scheduler.runUntil(100);
    expect(l.atFar.numbers.slice().sort((a, b) => a - b)).toEqual(upTo(200));
    expect(l.atFar.numbers).not.toEqual(upTo(200));
    within(Math.min(...l.atFar.times), 10, 11);
    within(Math.max(...l.atFar.times), 29, 30);
  });

  test('a reordered packet is overtaken by those within its extra delay, and the others keep their order', () => {
    const l = line({ send: { delay: 5, reorder: 0.2, reorderDelay: 3.5 } });
    sendMany(l, 200, 100, 1);
    l.scheduler.runUntil(1000);
    const { reordered } = l.near.counters.send;
    within(reordered, 20, 60);
    const late = l.trace
      .filter((event) => event.type === 'packet-reordered')
      .map((event) => (event as { packet: number }).packet);
    expect(late).toHaveLength(reordered);
    l.atFar.numbers.forEach((n, i) => {
      expect(l.atFar.times[i]! - n).toBe(late.includes(n) ? 8.5 : 5);
    });
    const others = l.atFar.numbers.filter((n) => !late.includes(n));
    expect(others).toEqual(others.slice().sort((a, b) => a - b));
  });
});

describe('reordering by a bounded time', () => {
  test('a packet chosen is late by reorderDelay and up to reorderJitter more', () => {
    const l = line({ send: { delay: 5, reorder: 0.2, reorderDelay: 2, reorderJitter: 4 } });
    sendMany(l, 1000);
    l.scheduler.runUntil(Infinity);
    const late = l.atFar.times.filter((time) => time !== 5);
    expect(late.length).toBe(l.near.counters.send.reordered);
    within(late.length, 150, 250);
    within(Math.min(...late), 7, 7.3);
    within(Math.max(...late), 10.7, 11);
    within(late.reduce((a, b) => a + b, 0) / late.length, 8.7, 9.3);
  });
});

describe('loss, duplication, corruption', () => {
  test('about as many packets are lost as was asked for, and the trace names them', () => {
    const l = line({ send: { loss: 0.3 } });
    sendMany(l, 1000);
    l.scheduler.runUntil(0);
    const { lost, delivered } = l.near.counters.send;
    within(lost, 250, 350);
    expect(delivered).toBe(1000 - lost);
    expect(l.trace.every((event) => event.type === 'packet-lost' && event.host === 'wan')).toBe(true);
    const named = new Set(l.trace.map((event) => (event as { packet: number }).packet));
    expect(l.atFar.numbers).toEqual(upTo(1000).filter((n) => !named.has(n)));
    expect(l.pool.out).toBe(0);
  });

  test.each([
    [0.03, 5],
    [0.1, 2],
    [0.5, 10],
  ])('a loss of %d in bursts of %d packets has that share and that length of runs', (loss, lossBurst) => {
    const l = line({ send: { loss, lossBurst } });
    const count = 40_000;
    sendMany(l, count);
    l.scheduler.runUntil(0);
    const lost = new Set(l.trace.map((event) => (event as { packet: number }).packet));
    const runs = [...lost].filter((n) => !lost.has(n - 1)).length;
    within(lost.size / count / loss, 0.9, 1.1);
    within(lost.size / runs / lossBurst, 0.92, 1.08);
  });

  test('loss 1 loses all and loss 0 none', () => {
    for (const loss of [0, 1]) {
      const l = line({ send: { loss } });
      sendMany(l, 100);
      l.scheduler.runUntil(0);
      expect(l.near.counters.send.lost).toBe(loss * 100);
    }
  });

  test('a duplicate follows its original with the same name', () => {
    const l = line({ send: { duplicate: 1, delay: 1 } });
    sendMany(l, 3);
    l.scheduler.runUntil(1);
    expect(l.atFar.numbers).toEqual([0, 0, 1, 1, 2, 2]);
    expect(l.near.counters.send).toMatchObject({ duplicated: 3, delivered: 6 });
    expect(l.trace.map((event) => (event as { packet: number }).packet)).toEqual([0, 1, 2]);
    expect(l.pool.out).toBe(0);
  });

  test('corruption flips one bit', () => {
    const l = line({ send: { corrupt: 1 } });
    sendMany(l, 200);
    l.scheduler.runUntil(0);
    const places = new Set<number>();
    l.atFar.packets.forEach((bytes, n) => {
      const before = new Uint8Array(100);
      before[1] = n;
      let flipped = 0;
      for (const [i, octet] of bytes.entries()) {
        const change = octet ^ before[i]!;
        if (change !== 0) places.add(i);
        flipped += change.toString(2).replaceAll('0', '').length;
      }
      expect(flipped).toBe(1);
    });
    within(places.size, 60, 100);
    expect(l.near.counters.send.corrupted).toBe(200);
  });

  test('corruption cannot hide behind a checksum that was to be made later', () => {
    const pipe = { offload: { checksum: true, segmentation: 65535 } };
    const l = line({ send: { corrupt: 1 } }, 1, pipe);
    const kinds: number[] = [];
    l.atFar.onPacket = (packet) => kinds.push(packet.checksum);
    for (let i = 0; i < 200; i++) {
      const s = new Segment();
      Object.assign(s, { srcPort: 1, dstPort: 2, flags: ACK });
      const packet = packetOf(l, tcpPacket(V4_A, V4_B, s, new Uint8Array(100)));
      packet.checksum = CSUM_PARTIAL;
      packet.buf[packet.off + 36] = 0x12; // whatever was there
      l.near.send(packet);
    }
    l.scheduler.runUntil(0);
    expect(new Set(kinds)).toEqual(new Set([CSUM_COMPLETE]));
    for (const bytes of l.atFar.packets) expect(checkFrame(bytes, 'ip', { lenient: true })).not.toEqual([]);
  });
});

describe('rate', () => {
  test('each packet takes its octets at the rate, one after the other, exactly', () => {
    const l = line({ send: { rate: 8000, delay: 100 } });
    l.scheduler.runUntil(50);
    sendMany(l, 3, 250);
    l.scheduler.runUntil(Infinity);
    expect(l.atFar.times).toEqual([400, 650, 900]);
  });

  test('an idle link owes nothing for the time it was idle', () => {
    const l = line({ send: { rate: 1_000_000 } });
    sendMany(l, 2, 1250, 100);
    l.scheduler.runUntil(Infinity);
    expect(l.atFar.times).toEqual([10, 110]);
  });

  test('on Ethernet the IP packet is counted, not the frame', () => {
    const l = line({ send: { rate: 8000 } }, 1, { medium: 'ethernet' });
    sendMany(l, 1, 114);
    l.scheduler.runUntil(Infinity);
    expect(l.atFar.times).toEqual([100]);
  });

  test('a full queue drops the newest, by packets and by octets', () => {
    const byPackets = line({ send: { rate: 8000, queuePackets: 3 } });
    sendMany(byPackets, 5, 100);
    byPackets.scheduler.runUntil(100);
    byPackets.near.send(numbered(byPackets.pool, 5, 100));
    byPackets.near.send(numbered(byPackets.pool, 6, 100));
    byPackets.scheduler.runUntil(Infinity);
    expect(byPackets.atFar.numbers).toEqual([0, 1, 2, 5]);
    expect(byPackets.near.counters.send.overflowed).toBe(3);
    expect(byPackets.trace.map((event) => [event.type, (event as { packet: number }).packet])).toEqual([
      ['packet-dropped', 3],
      ['packet-dropped', 4],
      ['packet-dropped', 6],
    ]);
    const byOctets = line({ send: { rate: 8000, queueBytes: 250 } });
    sendMany(byOctets, 4, 100);
    byOctets.near.send(numbered(byOctets.pool, 9, 50));
    byOctets.scheduler.runUntil(Infinity);
    expect([byOctets.atFar.numbers, byOctets.pool.out]).toEqual([[0, 1, 9], 0]);
  });

  test('the queue of hundreds of packets is exact too', () => {
    const l = line({ send: { rate: 8_000_000, queuePackets: 500 } });
    sendMany(l, 1000, 1000);
    l.scheduler.runUntil(Infinity);
    expect(l.atFar.times).toEqual(upTo(500).map((n) => n + 1));
  });
});

describe('determinism', () => {
  const settings: Partial<Impairment> = {
    loss: 0.1,
    delay: 5,
    jitter: 3,
    duplicate: 0.1,
    reorder: 0.1,
    corrupt: 0.1,
    rate: 1e6,
    queuePackets: 50,
  };
  const run = (seed: number, noise: boolean): unknown => {
    const l = line({ send: settings, receive: settings }, seed);
    for (let n = 0; n < 300; n++) {
      l.near.send(numbered(l.pool, n));
      if (noise && n % 3 === 0) l.far.send(numbered(l.pool, n));
      l.scheduler.runUntil(l.scheduler.now + 0.5);
    }
    l.scheduler.runUntil(Infinity);
    expect([l.pool.out, l.scheduler.size]).toEqual([0, 0]);
    return [l.atFar.numbers, l.atFar.times, l.atFar.packets, l.near.counters.send];
  };

  test('the same seed gives the same fates, another seed others', () => {
    expect(run(1, true)).toEqual(run(1, true));
    expect(run(1, true)).not.toEqual(run(2, true));
  });

  test('the fates of one direction do not depend on the traffic of the other', () => {
    expect(run(3, true)).toEqual(run(3, false));
  });

  test('makes no packet in the steady state, whatever happens to them', () => {
    const l = line({ send: settings, receive: settings });
    const round = (): void => {
      sendMany(l, 100);
      for (let n = 0; n < 100; n++) l.far.send(numbered(l.pool, n));
      l.scheduler.runUntil(l.scheduler.now + 1000);
    };
    for (let i = 0; i < 20; i++) round();
    const { made } = l.pool;
    for (let i = 0; i < 100; i++) round();
    within(l.pool.made, made, made + 20); // the most that were ever doubled at once may still grow a little
    expect(l.pool.out).toBe(0);
  });
});

function packetOf(l: World, bytes: Uint8Array): Packet {
  const packet = l.pool.take(bytes.length);
  packet.len = bytes.length;
  packet.buf.set(bytes, packet.off);
  return packet;
}

describe('packets chosen by hand', () => {
  const odd = (packet: Packet): boolean => packet.buf[packet.off + 1]! % 2 === 1;

  test('drop takes the next so many that match', () => {
    const l = line();
    const drop = l.near.drop(odd, 2);
    sendMany(l, 8);
    l.scheduler.runUntil(0);
    expect([l.atFar.numbers, drop.count]).toEqual([[0, 2, 4, 5, 6, 7], 2]);
    expect(l.near.counters.send).toMatchObject({ dropped: 2, delivered: 6, lost: 0 });
    expect(l.trace.map((event) => event.type)).toEqual(['packet-lost', 'packet-lost']);
  });

  test('drop without a count takes all until stopped', () => {
    const l = line();
    const drop = l.near.drop(odd);
    sendMany(l, 8);
    drop.stop();
    sendMany(l, 4);
    l.scheduler.runUntil(0);
    expect(l.atFar.numbers).toEqual([0, 2, 4, 6, 0, 1, 2, 3]);
    expect([drop.count, l.pool.out]).toEqual([4, 0]);
  });

  test('predicates are told the direction', () => {
    const l = line();
    l.near.drop((_, direction) => direction === 'receive');
    sendMany(l, 2);
    l.far.send(numbered(l.pool, 9));
    l.scheduler.runUntil(0);
    expect([l.atFar.numbers, l.atNear.numbers]).toEqual([[0, 1], []]);
    expect(l.near.counters.receive.dropped).toBe(1);
  });

  test('held packets wait and are released as they came, past all impairments', () => {
    const l = line({ send: { delay: 10 } });
    const hold = l.near.hold(odd);
    sendMany(l, 6);
    l.scheduler.runUntil(50);
    expect([l.atFar.numbers, hold.packets.map((packet) => packet.id)]).toEqual([
      [0, 2, 4],
      [1, 3, 5],
    ]);
    l.near.set('send', { loss: 1 });
    hold.release();
    expect(l.atFar.numbers).toEqual([0, 2, 4]);
    l.scheduler.runUntil(50);
    expect([l.atFar.numbers, hold.packets]).toEqual([[0, 2, 4, 1, 3, 5], []]);
    expect(l.trace.map((event) => event.type)).toEqual([
      ...new Array<string>(3).fill('packet-held'),
      ...new Array<string>(3).fill('packet-released'),
    ]);
    expect(l.pool.out).toBe(0);
  });

  test('held packets are released in any order asked for', () => {
    for (const [order, expected] of [
      ['fifo', [0, 1, 2, 3]],
      ['reverse', [3, 2, 1, 0]],
      [
        [2, 0, 3, 1],
        [2, 0, 3, 1],
      ],
      [
        [3, 3, 99, -1, 0.5],
        [3, 0, 1, 2],
      ],
    ] as const) {
      const l = line();
      const hold = l.near.hold(() => true);
      sendMany(l, 4);
      hold.release(order);
      sendMany(l, 1);
      l.scheduler.runUntil(0);
      expect(l.atFar.numbers).toEqual([...expected, 0]);
    }
  });

  test('released packets go the way they were going', () => {
    const l = line();
    const hold = l.near.hold(() => true);
    sendMany(l, 1);
    l.far.send(numbered(l.pool, 7));
    l.scheduler.runUntil(0);
    hold.release('reverse');
    l.scheduler.runUntil(0);
    expect([l.atFar.numbers, l.atNear.numbers]).toEqual([[0], [7]]);
  });

  test('held packets can be dropped, and stop keeps them held', () => {
    const l = line();
    const hold = l.near.hold(odd);
    sendMany(l, 4);
    hold.stop();
    sendMany(l, 2);
    l.scheduler.runUntil(0);
    expect([l.atFar.numbers, hold.packets.length]).toEqual([[0, 2, 0, 1], 2]);
    hold.drop();
    l.scheduler.runUntil(0);
    expect([l.atFar.numbers.length, l.pool.out, l.near.counters.send.dropped]).toEqual([4, 0, 2]);
  });

  test('a hold is bounded', () => {
    const l = line();
    const hold = l.near.hold(() => true);
    sendMany(l, 5000);
    expect([hold.packets.length, l.near.counters.send.overflowed]).toEqual([4096, 904]);
    l.near.close();
    expect(l.pool.out).toBe(0);
  });

  test('the first rule that matches has the packet', () => {
    const l = line();
    const hold = l.near.hold(odd, 1);
    const drop = l.near.drop(() => true, 2);
    sendMany(l, 4);
    l.scheduler.runUntil(0);
    expect([l.atFar.numbers, hold.packets.length, drop.count]).toEqual([[3], 1, 2]);
  });

  test('a predicate can choose by the TCP segment inside', () => {
    for (const [src, dst] of [
      [V4_A, V4_B],
      [V6_A, V6_B],
    ] as const) {
      const l = line();
      l.near.drop((packet) => tcpSegment(packet, 'ip')?.seq === 7, 1);
      const s = new Segment();
      Object.assign(s, { srcPort: 1, dstPort: 2, flags: SYN });
      for (const n of [6, 7, 8, 7]) {
        s.seq = seq(n);
        l.near.send(packetOf(l, tcpPacket(src, dst, s)));
      }
      sendMany(l, 1);
      l.scheduler.runUntil(0);
      expect([l.atFar.packets.length, l.near.counters.send.dropped]).toEqual([4, 1]);
    }
  });

  test('injected packets go past rules and impairments', () => {
    const l = line({ send: { loss: 1 } });
    l.near.drop(() => true);
    l.near.inject(new Uint8Array([0, 42, 1]), 'send');
    l.scheduler.runUntil(0);
    expect([l.atFar.numbers, l.atFar.packets]).toEqual([[42], [new Uint8Array([0, 42, 1])]]);
    expect(l.near.counters.send).toMatchObject({ injected: 1, delivered: 1, offered: 0 });
    expect(l.trace).toEqual([{ type: 'packet-injected', time: 0, host: 'wan', packet: 0 }]);
    expect(l.pool.out).toBe(0);
  });
});

describe('settings', () => {
  test('are read and changed one by one', () => {
    const l = line({ send: { delay: 5 } });
    l.near.set('both', { loss: 0.5 });
    l.near.set('receive', { delay: 7 });
    expect(l.near.settings('send')).toMatchObject({ delay: 5, loss: 0.5 });
    expect(l.near.settings('receive')).toMatchObject({ delay: 7, loss: 0.5 });
  });

  test.each<Partial<Impairment>>([
    { loss: -0.1 },
    { loss: 1.1 },
    { loss: Number.NaN },
    { corrupt: 2 },
    { duplicate: -1 },
    { reorder: 5 },
    { delay: -1 },
    { delay: Infinity },
    { jitter: Number.NaN },
    { reorderDelay: -1 },
    { reorderJitter: -1 },
    { lossBurst: 0.5 },
    { lossBurst: Infinity },
    { lossBurst: 4, loss: 0.81 },
    { rate: 0 },
    { rate: -5 },
    { queuePackets: 0 },
    { queueBytes: Number.NaN },
  ])('%o is refused and changes nothing', (changes) => {
    const l = line({ send: { delay: 5 } });
    expect(() => l.near.set('send', changes)).toThrow(ImpairmentError);
    expect(l.near.settings('send').delay).toBe(5);
    expect(() => line({ receive: changes })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  });

  test('closing gives back what is under way, and what comes later', () => {
    const l = line({ send: { delay: 10 }, receive: { delay: 10 } });
    l.near.hold((packet) => packet.id === 1);
    sendMany(l, 3);
    l.far.send(numbered(l.pool, 7));
    l.scheduler.runUntil(1);
    l.near.close();
    l.near.close();
    sendMany(l, 1);
    l.near.inject(new Uint8Array(2), 'receive');
    l.scheduler.runUntil(100);
    expect([l.atFar.log, l.atNear.log, l.pool.out, l.scheduler.size]).toEqual([[], [], 0, 0]);
  });
});

describe('super-segments', () => {
  const offload = { checksum: true, segmentation: 65535 };
  const big = (l: Line): Packet => {
    const s = new Segment();
    Object.assign(s, { srcPort: 1, dstPort: 2, flags: ACK });
    const packet = packetOf(l, tcpPacket(V4_A, V4_B, s, new Uint8Array(14600).fill(3)));
    packet.segmentSize = 1460;
    return packet;
  };

  test('are not offered, and those that come are taken apart, so that faults hit real segments', () => {
    const l = line({ receive: { loss: 0.5 } }, 1, { offload });
    expect(l.near.offload).toEqual({ checksum: true, segmentation: 0 });
    l.far.send(big(l));
    l.scheduler.runUntil(0);
    const { offered, lost } = l.near.counters.receive;
    expect(offered).toBe(10);
    within(lost, 1, 9);
    expect(l.atNear.packets.map((bytes) => bytes.length)).toEqual(new Array(10 - lost).fill(1500));
    for (const bytes of l.atNear.packets) expect(checkFrame(bytes, 'ip')).toEqual([]);
    expect(l.pool.out).toBe(0);
  });

  test('stay whole when that was asked for', () => {
    const l = line({ keepSegments: true }, 1, { offload });
    expect(l.near.offload).toEqual(offload);
    l.near.send(big(l));
    l.far.send(big(l));
    l.scheduler.runUntil(0);
    expect([l.atFar.packets.length, l.atNear.packets.length, l.atFar.packets[0]!.length]).toEqual([1, 1, 14640]);
  });
});
