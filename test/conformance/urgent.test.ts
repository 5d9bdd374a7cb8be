import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../house/source.ts';
import { both, Lab, pattern, type Talk } from './lab.ts';

function count(talk: Talk): number {
  return talk.lab.log.filter((line) => line === 'urgent').length;
}

describe('3.8.5 urgent', () => {
  it('MUST-30: urgent text is sent and received', () => {
    both((family) => {
      const talk = new Lab({ family }).dial();
      talk.socket.writeUrgent(new Uint8Array(5));
      talk.pass(0);
      expect(talk.said()).toEqual(['PSH,ACK,URG 1+5 ack 1 urg 5']);
      talk.send('ACK').pass(0);
      talk.send('PSH,ACK,URG', { text: 'urgent', urgent: 6 }).pass(0);
      expect([count(talk), talk.socket.urgentRemaining]).toEqual([1, 6]);
      expect(talk.read()).toBe('urgent'); // in line
      // Ordinary text has neither flag nor pointer.
      talk.send('ACK').write('plain');
      const [plain] = talk.take().slice(-1);
      expect([plain!.flags, plain!.urgent]).toEqual(['PSH,ACK', 0]);
    });
  });

  it('MUST-31: urgent text may have any length, on both sides', () => {
    both((family) => {
      for (const length of [1, 1400, 65_535, 200_000]) {
        // Sending: every segment before the end says where the end is, as far as the field can.
        const sender = new Lab({ family }).dial().warm(200_000);
        const start = sender.expected;
        sender.socket.writeUrgent(new Uint8Array(length));
        for (let i = 0; i < 400 && sender.expected < start + length; i++) sender.pass(0).send('ACK').pass(0);
        const sent = sender.take().filter((f) => f.text.length > 0);
        for (const f of sent) {
          expect(f.flags).toContain('URG');
          expect(f.urgent).toBe(Math.min(start + length - f.from, 65_535));
        }
        expect(sent.reduce((sum, f) => sum + f.text.length, 0)).toBe(length);

        // Receiving: the pointer moves ahead segment by segment.
        const receiver = new Lab({ family }).dial();
        let left = length;
        let got = 0;
        while (left > 0) {
          const size = Math.min(left, 1400);
          receiver.send('ACK,URG', { text: pattern(size, got), urgent: Math.min(left, 65_535) }).pass(0);
          left -= size;
          got += size;
          if (got % 14_000 === 0) {
            expect(receiver.socket.urgentRemaining).toBeGreaterThan(0);
            receiver.read();
          }
        }
        receiver.read();
        expect(receiver.socket.urgentRemaining).toBe(0);
        receiver.send('PSH,ACK', { text: 'after' }).pass(0);
        expect([receiver.read(), receiver.socket.urgentRemaining]).toEqual(['after', 0]);
      }
    });
  });

  it('MUST-32: the application is told, without asking, whenever urgent text is announced or its end moves ahead', () => {
    both((family) => {
      const talk = new Lab({ family }).dial();
      let moves = 0;
      let mark = 0;
      for (const [flags, urgent, text] of [
        ['ACK,URG', 3, ''],
        ['ACK,URG', 3, ''], // the same again
        ['ACK,URG', 10, ''],
        ['ACK,URG', 5, ''], // backwards
        ['PSH,ACK,URG', 10, 'abc'],
        ['PSH,ACK', 500, 'abc'], // without the flag
        ['PSH,ACK,URG', 100, 'abc'],
        ['ACK,URG', 65_535, ''],
      ] as const) {
        const up = talk.next + urgent;
        if (flags.includes('URG') && up > mark) {
          mark = up;
          moves++;
        }
        talk.send(flags, { urgent, text }).pass(0);
        expect(count(talk), `${flags} ${urgent} ${text}`).toBe(moves);
      }
      expect(moves).toBe(4);
      // One that points at what was read long ago is no news.
      talk.read();
      talk.send('ACK,URG', { seq: 1, urgent: 2, text: 'abc' }).pass(0);
      expect(count(talk)).toBe(moves);
    });
  });

  it('MUST-33: the application learns how much urgent text is left, down to nothing at its end', () => {
    both((family) => {
      const talk = new Lab({ family }).dial();
      talk.send('ACK,URG', { urgent: 10 }).pass(0);
      expect(talk.socket.urgentRemaining).toBe(10);
      talk.send('PSH,ACK,URG', { text: '0123456789ordinary', urgent: 10 }).pass(0);
      const octet = new Uint8Array(1);
      for (let left = 9; left >= 0; left--) {
        talk.socket.read(octet);
        expect([String.fromCharCode(octet[0]!), talk.socket.urgentRemaining]).toEqual([String(9 - left), left]);
      }
      expect(talk.read()).toBe('ordinary');
      expect(talk.socket.urgentRemaining).toBe(0);
    });
  });

  it('MUST-62: the urgent pointer names the octet after the urgent text', () => {
    both((family) => {
      const talk = new Lab({ family }).dial();
      for (const n of [1, 2, 100]) {
        const start = talk.expected;
        talk.socket.writeUrgent(new Uint8Array(n));
        talk.socket.write(new Uint8Array(3)); // not urgent
        talk.pass(0).send('ACK').pass(0).send('ACK').pass(0);
        const urgent = talk.take().filter((f) => f.flags.includes('URG'));
        for (const f of urgent) expect(f.from + f.urgent).toBe(start + n);
        expect(urgent.length).toBeGreaterThan(0);
      }
      // Received: the octet at the pointer is the first that is not urgent.
      talk.send('PSH,ACK,URG', { text: 'abcX', urgent: 3 }).pass(0);
      expect(talk.socket.urgentRemaining).toBe(3);
      talk.socket.read(new Uint8Array(3));
      expect(talk.socket.urgentRemaining).toBe(0);
      expect(talk.read()).toBe('X');
    });
  });

  it('SHLD-13: new applications are told not to use it, and ours do not', () => {
    const source = readFileSync(join(ROOT, 'src/stack/tcp-socket.ts'), 'utf8');
    const comment = source.slice(0, source.indexOf('  writeUrgent(')).split('/**').at(-1)!;
    expect(comment).toContain('@deprecated');
    expect(comment).toContain('RFC 6093');
    let read = 0;
    for (const folder of ['examples', 'src/cli', 'src/node', 'interop', 'bench']) {
      for (const file of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
        if (!/\.m?[jt]s$/.test(file)) continue;
        read++;
        expect(readFileSync(join(ROOT, folder, file), 'utf8').includes('writeUrgent'), file).toBe(false);
      }
    }
    expect(read).toBeGreaterThan(20);
  });
});
