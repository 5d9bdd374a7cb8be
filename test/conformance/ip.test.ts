import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { HEADROOM } from '../../src/link/packet.ts';
import { createPipe } from '../../src/link/pipe.ts';
import { createStack } from '../../src/stack/stack.ts';
import { World } from '../stack/hosts.ts';
import { encode, icmp, mss } from './codec.ts';
import { both, HOST, Lab, PEER, pattern } from './lab.ts';

const MAC = [2, 0, 0, 0, 0, 10];
const OTHER_MAC = [2, 0, 0, 0, 0, 11];
const BROADCAST = [255, 255, 255, 255, 255, 255];

describe('3.9.2 IP', () => {
  it('MUST-48, SHLD-22: the DS field is what the application says, in every segment of either family, and nothing alters it', () => {
    both((family) => {
      for (const dscp of [0, 1, 46, 63]) {
        const lab = new Lab({ family });
        const called = lab.connected({ dscp });
        called.write(3000).send('PSH,ACK', { text: 'x' }).pass(1000);
        called.socket.end();
        called.pass(0);
        called.socket.abort();
        lab.listen({ dscp });
        const passive = lab.dial();
        passive.send('ACK', { text: 'gap', seq: 10 }).pass(100);
        passive.socket.abort();
        lab.pass(0);
        const flags = new Set(lab.frames.map((f) => f.flags));
        for (const kind of ['SYN', 'SYN,ACK', 'ACK', 'RST,ACK']) expect(flags.has(kind), kind).toBe(true);
        expect([...new Set(lab.frames.map((f) => f.dscp))], String(dscp)).toEqual([dscp]);
      }
    });
  });

  it('SHLD-21: the DS field can be changed while the connection lasts', () => {
    both((family) => {
      const talk = new Lab({ family }).dial();
      talk.write('a');
      talk.socket.setDscp(46);
      talk.send('ACK').write('b').send('PSH,ACK', { text: 'x' }).pass(100);
      talk.socket.setDscp(8);
      talk.pass(1000);
      talk.send('ACK').write('c');
      const classes = talk.all().map((f) => f.dscp);
      expect([...new Set(classes)]).toEqual([0, 46, 8]);
      expect(() => talk.socket.setDscp(64)).toThrow(/dscp/);
    });
  });

  it('SHLD-23: changing the DS field is advised against, and what overtakes because of it arrives whole', () => {
    both((family) => {
      const lab = new Lab({ family });
      const talk = lab.dial({ options: mss(1000) });
      // The host as receiver: the peer's text of two classes overtakes itself.
      const text = pattern(20_000);
      const order = Array.from({ length: 20 }, (_, i) => (i % 4 < 2 ? i + 2 : i - 2)).map((i) => Math.min(i, 19));
      for (const i of [...new Set([...order, ...Array.from({ length: 20 }, (_, n) => n)])]) {
        const tos = i % 2 === 0 ? 0 : 46 << 2;
        talk.send('ACK', { seq: 1 + i * 1000, text: text.subarray(i * 1000, (i + 1) * 1000), tos }).pass(1);
      }
      expect(Uint8Array.from(talk.read(), (c) => c.charCodeAt(0))).toEqual(text);
    });
  });

  it('MUST-49: TTL and hop limit are what the application or the host says, in every segment, resets too', () => {
    both((family) => {
      for (const [tcp, config, ttl] of [
        [{ ttl: 7 }, {}, 7],
        [{}, { ip: { ttl: 33 } }, 33],
        [{ ttl: 255 }, { ip: { ttl: 33 } }, 255],
      ] as const) {
        const lab = new Lab({ family, tcp, config });
        const talk = lab.connected();
        talk.write('x').send('PSH,ACK', { text: 'x' }).pass(500);
        talk.socket.abort();
        lab.dial().socket.abort();
        lab.pass(0);
        // A reset that belongs to no connection, and one of TIME-WAIT's ACKs.
        lab.put(encode({ src: PEER[family], dst: HOST[family], sport: 1, dport: 2, flags: 'SYN' })).pass(0);
        const waiting = lab.dial();
        waiting.socket.end();
        waiting.pass(0).send('FIN,ACK').pass(0);
        waiting.send('FIN,ACK', { seq: 1 }).pass(0);
        expect(lab.frames.filter((f) => f.flags.startsWith('RST')).length).toBe(3);
        expect([...new Set(lab.frames.map((f) => f.ttl))]).toEqual([ttl]);
      }
      const talk = new Lab({ family }).dial();
      talk.write('x');
      talk.socket.setTtl(9);
      talk.pass(1000);
      talk.socket.abort();
      talk.pass(0);
      expect([...new Set(talk.take().map((f) => f.ttl))]).toEqual([64, 9]);
    });
  });

  it('MUST-50: IPv4 options that TCP does not know are passed over', () => {
    for (const ipOptions of [
      [1, 1, 1, 0],
      [148, 4, 0, 0], // router alert
      [130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0], // security
      [99, 8, 1, 2, 3, 4, 5, 6],
      [1, 222, 3, 7, 0],
    ]) {
      const lab = new Lab();
      const talk = lab.dial({ ipOptions });
      talk.send('PSH,ACK', { text: 'text', ipOptions }).pass(50);
      expect([talk.read(), talk.said()], ipOptions.join()).toEqual(['text', ['ACK 1 ack 5']]);
      talk.send('FIN,ACK', { ipOptions }).pass(0);
      expect(talk.socket.state).toBe('CLOSE-WAIT');
    }
  });

  it('MAY-10, MAY-11: IPv4 timestamps and record route on a segment do no harm; they are not answered', () => {
    for (const ipOptions of [
      [68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0], // timestamp
      [7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0], // record route
      [7, 11, 12, 10, 9, 9, 9, 10, 8, 8, 8], // full
    ]) {
      const lab = new Lab();
      const talk = lab.dial({ ipOptions });
      talk.send('PSH,ACK', { text: 'text', ipOptions }).pass(50);
      expect(talk.read()).toBe('text');
      for (const frame of lab.frames) expect(frame.ipOptions).toEqual([]);
    }
  });

  it('MAY-4: segments that may not be fragmented have identification 0; those that may have a fresh one, sent again or not', () => {
    const lab = new Lab();
    const talk = lab.dial();
    talk.write('text').pass(5000);
    const atomic = talk.take();
    expect(atomic.length).toBeGreaterThan(2);
    for (const f of atomic) expect([f.df, f.id]).toEqual([true, 0]);
    // A path for which routers say less than the least believed MTU: not atomic any more.
    talk.send('ACK').write(500);
    const quoted = encode({
      src: HOST[4],
      dst: PEER[4],
      sport: 80,
      dport: talk.peerPort,
      seq: (talk.iss + talk.expected - 1) % 2 ** 32,
    });
    lab.put(icmp(PEER[4], HOST[4], 3, 4, 300, quoted)).pass(0);
    talk.take();
    talk.pass(60_000);
    const again = talk.take();
    expect(again.length).toBeGreaterThan(2);
    expect(again.every((f) => !f.df)).toBe(true);
    expect(new Set(again.map((f) => f.id)).size).toBe(again.length);
  });

  it('MUST-57: segments to broadcast and multicast addresses are dropped in silence, and so are unicast ones in a broadcast frame', () => {
    for (const medium of ['ip', 'ethernet'] as const) {
      const world = new World();
      const [left, right] = createPipe(world.scheduler, world.pool, { medium });
      const stack = createStack({ scheduler: world.scheduler, random: new SeededRandom(1), pool: world.pool });
      stack.addInterface({
        link: left,
        addresses: ['10.0.0.1/24', 'fd00::1/64'],
        ...(medium === 'ip' ? {} : { mac: '02:00:00:00:00:0a' }),
      });
      let heard = 0;
      right.attach({
        packet: (p) => {
          heard++;
          world.pool.give(p);
        },
        burstEnd: () => {},
      });
      stack.tcp.listen({ port: 80 });
      const put = (bytes: Uint8Array, mac: readonly number[]): void => {
        const type = bytes[0]! >> 4 === 4 ? [8, 0] : [0x86, 0xdd];
        const frame = medium === 'ip' ? bytes : Uint8Array.from([...mac, ...OTHER_MAC, ...type, ...bytes]);
        const packet = world.pool.take(frame.length);
        packet.buf.set(frame, HEADROOM);
        packet.len = frame.length;
        right.send(packet);
        world.run(0);
      };
      const groups: [string, string][] = ['255.255.255.255', '10.0.0.255', '10.0.0.0', '224.0.0.1', '239.1.1.1'].map(
        (to) => [PEER[4], to],
      );
      groups.push([PEER[6], 'ff02::1'], [PEER[6], 'ff02::1:ff00:1'], [PEER[6], 'ff0e::1']);
      for (const flags of ['SYN', 'ACK', 'SYN,ACK', 'FIN,ACK', 'RST', '']) {
        for (const dport of [80, 81]) {
          for (const [src, dst] of groups) {
            put(encode({ src, dst, sport: 5, dport, flags }), MAC);
            put(encode({ src, dst, sport: 5, dport, flags }), BROADCAST);
          }
          if (medium === 'ip') continue;
          put(encode({ src: PEER[4], dst: HOST[4], sport: 5, dport, flags }), BROADCAST);
          put(encode({ src: PEER[6], dst: HOST[6], sport: 5, dport, flags }), [0x33, 0x33, 0, 0, 0, 1]);
        }
      }
      world.run(300_000);
      expect([heard, stack.tcp.table.size]).toEqual([0, 0]);
      expect(stack.counters()['TcpOutSegs']).toBe(0);
      // All that came as far as TCP (nobody joined 239.1.1.1 and ff0e::1) was dropped there, and for this reason.
      if (medium === 'ip') expect(stack.counters()['Drop:tcp-broadcast']).toBe(6 * 2 * 6 * 2);
    }
  });

  it('MUST-63: a SYN whose source is no single host is ignored', () => {
    const lab = new Lab();
    lab.listen();
    const bad: Readonly<Record<4 | 6, readonly string[]>> = {
      4: [
        '255.255.255.255',
        '10.0.0.255',
        '10.0.0.0',
        '224.0.0.1',
        '239.9.9.9',
        '0.0.0.0',
        '127.0.0.1',
        '127.1.2.3',
        HOST[4],
      ],
      6: ['ff02::1', 'ff0e::9', '::', '::1', HOST[6]],
    };
    both((family) => {
      for (const src of bad[family]) {
        for (const flags of ['SYN', 'ACK', 'SYN,ACK', 'FIN,ACK']) {
          for (const dport of [80, 81]) {
            lab.put(encode({ src, dst: HOST[family], sport: dport, dport, flags })).pass(0);
          }
        }
      }
    });
    lab.pass(300_000);
    expect([lab.packets.length, lab.stack.tcp.table.size, lab.listener!.halfOpen]).toEqual([0, 0, 0]);
    expect(lab.stack.counters()['TcpOutSegs']).toBe(0);
    // While one that is all right is answered.
    expect(lab.dial().socket.state).toBe('ESTABLISHED');
  });
});
