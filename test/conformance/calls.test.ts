import { describe, expect, it } from 'vitest';
import { code } from '../stack/tcp-peer.ts';
import { mss } from './codec.ts';
import { both, Lab, pattern } from './lab.ts';

describe('3.9.1 user calls that are optional', () => {
  it('MAY-15: a SEND may be one without PUSH: no PSH leaves until there is one with', () => {
    both((family) => {
      const peer = new Lab({ family }).dial({ options: mss(1000) });
      peer.socket.writeMore(new Uint8Array(2500));
      peer.pass(0);
      const first = peer.take();
      expect(first.map((f) => f.text.length)).toEqual([1000, 1000]);
      expect(first.some((f) => f.flags.includes('PSH'))).toBe(false);
      peer.send('ACK').pass(0); // not Nagle's doing: nothing is outstanding
      expect(peer.said()).toEqual([]);
      peer.write(10);
      expect(peer.said()).toEqual(['PSH,ACK 2001+510 ack 1']);
    });
  });

  it('MAY-16: text that is not pushed is collected, for a short time', () => {
    both((family) => {
      const peer = new Lab({ family }).dial({ options: mss(1000) });
      for (let i = 0; i < 30; i++) {
        peer.socket.writeMore(pattern(100));
        peer.pass(1).send('ACK').pass(0);
      }
      const sizes = peer.take().map((f) => f.text.length);
      expect(sizes).toEqual([1000, 1000, 1000]);
      peer.socket.writeMore(pattern(7));
      const start = peer.lab.now;
      peer.pass(1000);
      const [last] = peer.take();
      expect(last!.text.length).toBe(7);
      expect(last!.time - start).toBeLessThanOrEqual(200); // MUST-60
      // The same for a while, by a cork.
      peer.send('ACK').pass(0);
      peer.socket.cork();
      peer.write(1).write(2).write(3);
      expect(peer.said()).toEqual([]);
      peer.socket.cork(false);
      peer.pass(0);
      expect(peer.take().map((f) => [f.text.length, f.flags])).toEqual([[6, 'PSH,ACK']]);
    });
  });

  it('MAY-17: an application can see how far the peer has pushed', () => {
    both((family) => {
      const peer = new Lab({ family }).dial();
      peer.send('ACK', { text: 'begin ' }).pass(0);
      expect([peer.socket.readableLength, peer.socket.pushedLength]).toEqual([6, 0]);
      peer.send('PSH,ACK', { text: 'end.' }).send('ACK', { text: 'next' }).pass(0);
      expect([peer.socket.readableLength, peer.socket.pushedLength]).toEqual([14, 10]);
      peer.socket.read(new Uint8Array(4));
      expect(peer.socket.pushedLength).toBe(6);
      peer.read();
      expect(peer.socket.pushedLength).toBe(0);
    });
  });

  it('MAY-14: FLUSH forgets what was written and never sent, and both sides stay in step', () => {
    both((family) => {
      const peer = new Lab({ family }).dial({ options: mss(1000), window: 2000 });
      peer.write(9000);
      expect(peer.texts()).toEqual(['1+1000', '1001+1000']);
      expect(peer.socket.discardUnsent()).toBe(7000);
      expect(peer.socket.writableLength).toBe(2000);
      expect(peer.socket.discardUnsent()).toBe(0);
      // What was sent is still sent again; what is written afterwards comes right behind it.
      peer.pass(2000);
      expect(peer.texts()[0]).toBe('1+1000');
      peer.write('after').send('ACK', { window: 5000 }).pass(0);
      expect(peer.texts()).toContain('2001+5');
      peer.socket.end();
      peer.pass(0);
      peer.send('ACK', { ack: peer.expected }).pass(0);
      expect(peer.all().at(-1)!.from).toBe(2006);
      expect(peer.socket.state).toBe('FIN-WAIT-2');
    });
  });

  it('MAY-9: the DS field of what arrives can be asked for', () => {
    both((family) => {
      const peer = new Lab({ family }).dial();
      for (const dscp of [46, 0, 63]) {
        peer.send('PSH,ACK', { text: 'x', tos: (dscp << 2) | 1 }).pass(100);
        expect(peer.socket.receivedDscp).toBe(dscp);
      }
    });
  });

  it('MAY-6: a keep-alive carries one octet of garbage where the application wants that', () => {
    both((family) => {
      const idle = { keepAlive: true, keepAliveIdle: 1000 };
      const peer = new Lab({ family }).connected({ ...idle, keepAliveGarbage: true });
      peer.write('four').send('ACK').pass(0);
      peer.take();
      peer.pass(1000);
      const [probe] = peer.take();
      // SND.NXT is 5: the octet stands where the peer has one already.
      expect([probe!.from, probe!.text.length]).toEqual([4, 1]);
      peer.send('ACK', { ack: 5 }).pass(0);
      peer.write('more');
      expect(peer.texts()).toEqual(['5+4']);
      expect(code(() => new Lab({ family }).connect({ keepAliveGarbage: 1 as unknown as boolean }))).toBe(
        'ERR_INVALID_ARG_VALUE',
      );
      const plain = new Lab({ family }).connected(idle);
      plain.pass(1000);
      expect(plain.take()[0]!.text.length).toBe(0);
    });
  });
});
