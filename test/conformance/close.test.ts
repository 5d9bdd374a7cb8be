import { describe, expect, it } from 'vitest';
import { code } from '../stack/tcp-peer.ts';
import { mss, SACK_PERMITTED, timestamps } from './codec.ts';
import { both, type Family, Lab, type Setup, type Talk, type TalkFields } from './lab.ts';

const MSL = 30_000;

/** The host has closed first, and both FINs are acknowledged. */
function timeWait(setup: Setup, fields: TalkFields = {}): Talk {
  const talk = new Lab(setup).dial(fields);
  talk.socket.end();
  talk.pass(0).send('FIN,ACK').pass(0);
  talk.take();
  return talk;
}

function isWaiting(talk: Talk): boolean {
  return talk.lab.stack.sockets().some((s) => s.state === 'TIME-WAIT');
}

describe('3.6 closing a connection', () => {
  it('MUST-12: the application learns whether the peer ended in good order or with a reset', () => {
    both((family) => {
      // FIN: an end without an error, after the text.
      const lab = new Lab({ family });
      const good = lab.dial();
      good.send('FIN,PSH,ACK', { text: 'last' }).pass(0);
      expect(lab.log).toEqual(['readable', 'end']);
      expect([good.read(), good.socket.atEnd]).toEqual(['last', true]);
      good.write('may still be written');
      expect(good.texts().length).toBe(1);
      good.socket.end();
      good.pass(0).send('ACK').pass(0);
      expect(lab.log.at(-1)).toBe('close null');
      expect(good.socket.atEnd).toBe(true);

      // RST: an error, for who reads, who writes, and who does neither.
      for (const activity of ['idle', 'reading', 'writing']) {
        const torn = new Lab({ family });
        const talk = torn.dial();
        if (activity === 'reading') talk.send('PSH,ACK', { text: 'unread' });
        if (activity === 'writing') talk.write(5000);
        talk.pass(0);
        torn.log.length = 0;
        talk.send('RST').pass(0);
        expect(torn.log, activity).toEqual(['close ECONNRESET']);
        expect(talk.socket.atEnd).toBe(false);
        expect(talk.read()).toBe('');
        expect(code(() => talk.socket.write(new Uint8Array(1)))).toBe('EPIPE');
      }
    });
  });

  it('MUST-13: whoever closes first stays in TIME-WAIT for 2 MSL, and anew when the FIN comes again', () => {
    both((family) => {
      const talk = timeWait({ family });
      const start = talk.lab.now;
      talk.lab.until(start + 2 * MSL - 1);
      expect(isWaiting(talk)).toBe(true);
      // The last ACK was lost: it is said again, and the wait begins again.
      expect(talk.ask('FIN,ACK', { seq: 1 })).toEqual(['ACK 2 ack 2']);
      talk.pass(2 * MSL - 1);
      expect(isWaiting(talk)).toBe(true);
      talk.pass(1);
      expect(isWaiting(talk)).toBe(false);
      expect(talk.ask('ACK')).toEqual(['RST 2']);

      // Simultaneous close comes there too; the other side of a close does not.
      const both = new Lab({ family }).dial();
      both.socket.end();
      both.pass(0).send('FIN,ACK', { ack: 1 }).pass(0);
      expect(both.socket.state).toBe('CLOSING');
      both.send('ACK').pass(0);
      expect(isWaiting(both)).toBe(true);
      const late = new Lab({ family }).dial();
      late.send('FIN,ACK').pass(0);
      late.socket.end();
      late.pass(0).send('ACK').pass(0);
      expect([isWaiting(late), late.lab.stack.tcp.table.size]).toEqual([false, 0]);

      const short = timeWait({ family, config: { tcp: { msl: 500 } } });
      short.pass(999);
      expect(isWaiting(short)).toBe(true);
      short.pass(1);
      expect(isWaiting(short)).toBe(false);
    });
  });

  it('MAY-1: CLOSE leaves the reading direction open; an application may also go for good', () => {
    both((family) => {
      const half = new Lab({ family }).dial();
      half.socket.end();
      half.pass(0).send('PSH,ACK', { text: 'still' }).pass(0);
      expect(half.read()).toBe('still');
      const gone = new Lab({ family }).dial();
      gone.socket.destroy();
      gone.pass(0);
      gone.take();
      expect(gone.ask('PSH,ACK', { text: 'still' })).toEqual(['RST 2']);
    });
  });

  it('SHLD-3: closing with text unread, or text that comes after a full close, sends a reset', () => {
    both((family) => {
      const unread = new Lab({ family }).dial();
      unread.send('PSH,ACK', { text: 'unread' }).pass(0);
      unread.take();
      unread.socket.destroy();
      unread.pass(0);
      expect(unread.said()).toEqual(['RST,ACK 1 ack 7']);
      expect(unread.lab.stack.tcp.table.size).toBe(0);

      for (const state of ['FIN-WAIT-1', 'FIN-WAIT-2']) {
        const late = new Lab({ family }).dial();
        late.socket.destroy();
        late.pass(0);
        expect(late.said()).toEqual(['FIN,ACK 1 ack 1']);
        if (state === 'FIN-WAIT-2') late.send('ACK').pass(0);
        expect(late.socket.state).toBe(state);
        expect(late.ask('PSH,ACK', { text: 'late', ack: state === 'FIN-WAIT-2' ? 2 : 1 })).toEqual([
          `RST ${state === 'FIN-WAIT-2' ? 2 : 1}`,
        ]); // where the peer takes it
        expect(late.socket.state).toBe('CLOSED');
      }
      // Not when all was read and nothing comes.
      const clean = new Lab({ family }).dial();
      clean.send('PSH,ACK', { text: 'read' }).pass(0);
      clean.read();
      clean.take();
      clean.socket.destroy();
      clean.pass(0).send('FIN,ACK').pass(0);
      expect(clean.said().some((line) => line.startsWith('RST'))).toBe(false);
    });
  });

  it('MAY-2: a SYN beyond the old connection reopens a pair in TIME-WAIT; one that proves old leads back there', () => {
    both((family) => {
      const old = timeWait({ family });
      const { iss } = old;
      old.pass(20_000);
      // Old: nothing happens. New: opened, with an ISN beyond all that was sent.
      expect(old.ask('SYN', { seq: -50 })).toEqual([]);
      expect(isWaiting(old)).toBe(true);
      const again = old
        .send('SYN', { seq: 1000, options: mss(1460) })
        .pass(0)
        .take();
      expect(again.map((f) => f.flags)).toEqual(['SYN,ACK']);
      expect((again[0]!.seq - iss + 2 ** 32) % 2 ** 32).toBeGreaterThan(2);
      expect((again[0]!.seq - iss + 2 ** 32) % 2 ** 32).toBeLessThan(2 ** 31);
      // The peer knows nothing of it: its reset says that the SYN was an old duplicate.
      old.send('RST', { seq: 1001 }).pass(0);
      expect(isWaiting(old)).toBe(true);
      old.pass(2 * MSL - 20_000 - 1);
      expect(isWaiting(old)).toBe(true);
      old.pass(1);
      expect(isWaiting(old)).toBe(false);

      const next = timeWait({ family });
      next.send('SYN', { seq: 1000, options: mss(1460) }).pass(0);
      next.take();
      next.send('ACK', { seq: 1001, ack: 1 }).pass(0);
      expect(next.lab.listener!.accept()?.state).toBe('ESTABLISHED');
      expect(isWaiting(next)).toBe(false);
    });
  });

  it('SHLD-4: timestamps shorten TIME-WAIT: a SYN with a later one reopens the pair, an older one does not', () => {
    const at = 5_000_000;
    const syn = (family: Family, tsVal: number | null, seq: number): string[] => {
      const options = [...mss(1460), ...SACK_PERMITTED, ...timestamps(at, 0)];
      const talk = timeWait({ family, tcp: { timestamps: true } }, { options });
      talk.pass(1000);
      talk.take();
      const offer = tsVal === null ? mss(1460) : [...mss(1460), ...timestamps(tsVal, 0)];
      talk.send('SYN', { seq, options: offer }).pass(0);
      return talk.take().map((f) => f.flags);
    };
    both((family) => {
      // RFC 6191 2: later timestamp, whatever the sequence number; equal, only with a greater number; older, never.
      expect(syn(family, at + 1, -100_000)).toEqual(['SYN,ACK']);
      expect(syn(family, at + 1, 100_000)).toEqual(['SYN,ACK']);
      expect(syn(family, at, 100_000)).toEqual(['SYN,ACK']);
      expect(syn(family, at, -100_000)).toEqual([]);
      expect(syn(family, at - 1, 100_000)).toEqual([]);
      expect(syn(family, null, 100_000)).toEqual(['SYN,ACK']);
      expect(syn(family, null, -100_000)).toEqual([]);
    });
  });

  it('SHLD-2: a reset that carries text is a reset; its text is not the stream', () => {
    both((family) => {
      const lab = new Lab({ family });
      const talk = lab.dial();
      talk.send('PSH,ACK', { text: 'stream' }).pass(0);
      expect(talk.read()).toBe('stream');
      talk.take();
      lab.log.length = 0;
      expect(talk.ask('RST', { text: 'why it happened' })).toEqual([]);
      expect([lab.log, talk.socket.readableLength]).toEqual([['close ECONNRESET'], 0]);
      const opening = lab.connect();
      opening.take();
      opening.send('RST,ACK', { text: 'no such service' }).pass(0);
      expect(lab.log.at(-1)).toBe('close ECONNREFUSED');
    });
  });
});
