import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Carrier, MessageLink, type MessageLinkOptions } from '../../../src/web/links/message-link.ts';
import { numbered, Recorder, type World, world } from '../../helpers/links.ts';

interface Rig extends World {
  readonly link: MessageLink;
  /** What the link gave to the transport. */
  readonly sent: Uint8Array[];
  readonly carrier: { waiting: number; closes: number };
  run(): void;
}

function rig(medium: 'ip' | 'ethernet' = 'ip', options: MessageLinkOptions = {}): Rig {
  const w = world();
  const link = new MessageLink(w, medium, options);
  const sent: Uint8Array[] = [];
  const carrier: Carrier & { waiting: number; closes: number } = {
    waiting: 0,
    closes: 0,
    send: (octets) => sent.push(octets),
    close() {
      carrier.closes++;
    },
  };
  link.carriedBy(carrier);
  return { ...w, link, sent, carrier, run: () => w.scheduler.runUntil(w.scheduler.now) };
}

describe('a link of messages', () => {
  it('sends a packet as octets alone in their buffer, and gives it back', () => {
    const { link, sent, pool } = rig();
    link.send(numbered(pool, 7, 60));
    expect(sent).toHaveLength(1);
    expect([...sent[0]!.subarray(0, 2)]).toEqual([0, 7]);
    expect([sent[0]!.length, sent[0]!.buffer.byteLength]).toEqual([60, 60]);
    expect(pool.out).toBe(0);
  });

  it('delivers what arrives in order, in a later task, as one burst', () => {
    const r = rig();
    const got = new Recorder(r, r.link);
    for (const n of [1, 2, 3]) r.link.arrived(Uint8Array.of(0, n));
    expect(got.log).toEqual([]);
    r.run();
    expect(got.log).toEqual([1, 2, 3, 'end']);
    expect(r.link.counters.delivered).toBe(3);
    expect(r.pool.out).toBe(0);
  });

  it('has copied a message before anybody can change it', () => {
    const r = rig();
    const got = new Recorder(r, r.link);
    const message = Uint8Array.of(0, 1, 9, 9);
    r.link.arrived(message);
    message.fill(0xff);
    r.run();
    expect([...got.packets[0]!]).toEqual([0, 1, 9, 9]);
  });

  it('takes octets in any of their forms, and the part of a buffer that a view shows', () => {
    const r = rig();
    const got = new Recorder(r, r.link);
    const { buffer } = Uint8Array.of(9, 9, 0, 5, 9, 9);
    r.link.arrived(new Uint8Array(buffer, 2, 2));
    r.link.arrived(new DataView(buffer, 2, 3));
    r.link.arrived(buffer.slice(2));
    r.link.arrived(new Uint16Array(buffer, 2, 1));
    r.run();
    expect(got.packets.map((packet) => [...packet])).toEqual([
      [0, 5],
      [0, 5, 9],
      [0, 5, 9, 9],
      [0, 5],
    ]);
  });

  it('puts the IP header of a frame on a word', () => {
    const r = rig('ethernet');
    const got = new Recorder(r, r.link);
    let place = -1;
    got.onPacket = (packet) => {
      place = (packet.off + 14) % 4;
    };
    r.link.arrived(new Uint8Array(60));
    r.run();
    expect(place).toBe(0);
  });

  it('refuses what is no packet with a counter, and never throws', () => {
    const r = rig('ethernet');
    const got = new Recorder(r, r.link);
    const hostile = [
      null,
      undefined,
      0,
      'text',
      {},
      [1, 2, 3],
      { byteLength: 60, length: 60 },
      new ArrayBuffer(0),
      new Uint8Array(13),
      new Uint8Array(65_535 + 15),
      new Uint8Array(1_000_000),
      Symbol('x'),
    ];
    for (const message of hostile) r.link.arrived(message);
    r.run();
    expect(r.link.counters.refused).toBe(hostile.length);
    expect(got.log).toEqual([]);
    r.link.arrived(new Uint8Array(14));
    r.link.arrived(new Uint8Array(65_535 + 14));
    r.run();
    expect(got.packets.map((packet) => packet.length)).toEqual([14, 65_549]);
    expect(r.pool.out).toBe(0);
  });

  it('accounts for every message, whatever came', () => {
    const message = fc.oneof(fc.anything({ withTypedArray: true }), fc.uint8Array({ maxLength: 80 }));
    const medium = fc.constantFrom('ip' as const, 'ethernet' as const);
    fc.assert(
      fc.property(
        medium,
        fc.array(message, { maxLength: 40 }),
        fc.integer({ min: 1, max: 20 }),
        (m, messages, limit) => {
          const r = rig(m, { queueLimit: limit });
          new Recorder(r, r.link);
          for (const each of messages) r.link.arrived(each);
          r.run();
          const { delivered, refused, missed } = r.link.counters;
          expect(delivered + refused + missed).toBe(messages.length);
          expect(r.pool.out).toBe(0);
        },
      ),
    );
  });

  it('gives every packet back once, in whatever order things happen', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ arrives: fc.uint8Array({ maxLength: 40 }) }) },
      { weight: 5, arbitrary: fc.record({ sends: fc.integer({ min: 1, max: 2000 }) }) },
      { weight: 3, arbitrary: fc.record({ waiting: fc.integer({ min: 0, max: 5000 }) }) },
      fc.constantFrom('run' as const, 'attach' as const, 'close' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const r = rig('ip', { maxQueued: 4000, queueLimit: 4 });
        let messages = 0;
        for (const each of [...steps, 'close' as const]) {
          if (each === 'run') r.run();
          else if (each === 'attach') new Recorder(r, r.link);
          else if (each === 'close') r.link.close();
          else if ('waiting' in each) r.carrier.waiting = each.waiting;
          else if ('sends' in each) r.link.send(numbered(r.pool, 1, each.sends));
          else {
            messages++;
            r.link.arrived(each.arrives);
          }
        }
        const { sent, oversized, overflowed, delivered } = r.link.counters;
        expect(r.pool.out).toBe(0);
        expect(r.carrier.closes).toBe(1);
        expect(r.sent.length + oversized + overflowed).toBeLessThanOrEqual(sent);
        expect(delivered).toBeLessThanOrEqual(messages);
      }),
    );
  });

  it('drops the newest of what arrives beyond its limit, and goes on', () => {
    const r = rig('ip', { queueLimit: 2 });
    const got = new Recorder(r, r.link);
    for (const n of [1, 2, 3, 4]) r.link.arrived(Uint8Array.of(0, n));
    r.run();
    r.link.arrived(Uint8Array.of(0, 5));
    r.run();
    expect(got.numbers).toEqual([1, 2, 5]);
    expect(r.link.counters.missed).toBe(2);
    expect(r.pool.out).toBe(0);
  });

  it('says that it is full where one more packet might be dropped, and drops what does not fit', () => {
    const r = rig('ip', { maxQueued: 4000 });
    expect(r.link.full).toBe(false);
    r.carrier.waiting = 2486;
    expect(r.link.full).toBe(false);
    r.carrier.waiting = 2487;
    expect(r.link.full).toBe(true);
    r.link.send(numbered(r.pool, 1, 1500));
    expect(r.sent).toHaveLength(1);
    r.carrier.waiting = 3000;
    r.link.send(numbered(r.pool, 2, 1500));
    expect(r.sent).toHaveLength(1);
    expect(r.link.counters).toMatchObject({ sent: 2, overflowed: 1 });
    expect(r.pool.out).toBe(0);
  });

  it('drops what is larger than its MTU', () => {
    const r = rig('ethernet', { mtu: 100 });
    r.link.send(numbered(r.pool, 1, 114));
    r.link.send(numbered(r.pool, 2, 115));
    expect(r.sent.map((octets) => octets.length)).toEqual([114]);
    expect(r.link.counters.oversized).toBe(1);
    expect(r.pool.out).toBe(0);
  });

  it('gives back what was under way when it is closed, and takes nothing more', async () => {
    const r = rig();
    const got = new Recorder(r, r.link);
    r.link.arrived(Uint8Array.of(0, 1));
    r.link.close();
    r.link.close();
    r.link.arrived(Uint8Array.of(0, 2));
    r.link.send(numbered(r.pool, 3));
    r.run();
    expect(await r.link.closed).toBe(null);
    expect(got.log).toEqual([]);
    expect(r.sent).toEqual([]);
    expect(r.carrier.closes).toBe(1);
    expect(r.link.counters.undelivered).toBe(2);
    expect(r.pool.out).toBe(0);
  });

  it('refuses bounds that make no sense, and names them', () => {
    const wrong: [MessageLinkOptions, RegExp][] = [
      [{ mtu: 67 }, /mtu must be an integer from 68 to 65535, not 67/],
      [{ mtu: 1500.5 }, /mtu/],
      [{ mtu: 65_536 }, /mtu/],
      [{ maxQueued: 1000 }, /maxQueued must be an integer of at least 1514, not 1000/],
      [{ queueLimit: 0 }, /queueLimit/],
    ];
    for (const [options, message] of wrong) {
      expect(() => rig('ip', options)).toThrow(message);
      expect(() => rig('ip', options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
    }
    expect(() => rig('token ring' as 'ip')).toThrow(/medium must be 'ip' or 'ethernet'/);
  });
});
