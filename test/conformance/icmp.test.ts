import { describe, expect, it } from 'vitest';
import { copyTcb } from '../../src/tcp/tcb.ts';
import { encode, icmp, mss } from './codec.ts';
import { both, type Family, HOST, Lab, PEER, type Talk } from './lab.ts';

/** Type and code of messages, and what the application hears (RFC 9293 3.9.2.2, RFC 4443). */
const SOFT: Readonly<Record<Family, readonly (readonly [number, number, string])[]>> = {
  4: [
    [3, 0, 'net-unreachable'],
    [3, 1, 'host-unreachable'],
    [3, 5, 'unreachable'],
    [3, 6, 'unreachable'],
    [3, 7, 'unreachable'],
    [3, 8, 'unreachable'],
    [3, 9, 'unreachable'],
    [3, 10, 'unreachable'],
    [3, 11, 'unreachable'],
    [3, 12, 'unreachable'],
    [3, 13, 'unreachable'],
    [11, 0, 'time-exceeded'],
    [11, 1, 'time-exceeded'],
    [12, 0, 'parameter-problem'],
    [12, 2, 'parameter-problem'],
  ],
  6: [
    [1, 0, 'net-unreachable'],
    [1, 2, 'beyond-scope'],
    [1, 3, 'host-unreachable'],
    [3, 0, 'time-exceeded'],
    [3, 1, 'time-exceeded'],
    [4, 0, 'parameter-problem'],
    [4, 1, 'parameter-problem'],
    [4, 2, 'parameter-problem'],
  ],
};

const HARD: Readonly<Record<Family, readonly (readonly [number, number, string])[]>> = {
  4: [
    [3, 2, 'EHOSTUNREACH'],
    [3, 3, 'ECONNREFUSED'],
  ],
  6: [
    [1, 1, 'EHOSTUNREACH'],
    [1, 4, 'ECONNREFUSED'],
  ],
};

/** A router says that a segment of this connection did not arrive. */
function complain(
  talk: Talk,
  type: number,
  code: number,
  change: { seq?: number; sport?: number; dport?: number } = {},
  rest = 0,
): void {
  const { family } = talk.lab;
  const quoted = encode({
    src: HOST[family],
    dst: PEER[family],
    sport: change.sport ?? talk.hostPort,
    dport: change.dport ?? talk.peerPort,
    seq: (talk.iss + (change.seq ?? talk.expected - 1) + 2 ** 32) % 2 ** 32,
    flags: 'ACK',
  });
  talk.lab.put(icmp(PEER[family], HOST[family], type, code, rest, quoted)).pass(0);
}

/** A connection in each state but LISTEN and CLOSED, with something in flight where the state has that. */
const STATES: Readonly<Record<string, (family: Family) => Talk>> = {
  'SYN-SENT': (family) => new Lab({ family }).connect(),
  'SYN-RECEIVED': (family) => {
    const talk = new Lab({ family }).connect();
    return talk.send('SYN').pass(0);
  },
  ESTABLISHED: (family) => new Lab({ family }).dial().write('text'),
  'FIN-WAIT-1': (family) => {
    const talk = new Lab({ family }).dial();
    talk.socket.end();
    return talk.pass(0);
  },
  'FIN-WAIT-2': (family) => {
    const talk = new Lab({ family }).dial();
    talk.socket.end();
    return talk.pass(0).send('ACK').pass(0);
  },
  'CLOSE-WAIT': (family) => new Lab({ family }).dial().send('FIN,ACK').pass(0).write('text'),
  CLOSING: (family) => {
    const talk = new Lab({ family }).dial();
    talk.socket.end();
    return talk.pass(0).send('FIN,ACK', { ack: 1 }).pass(0);
  },
  'LAST-ACK': (family) => {
    const talk = new Lab({ family }).dial().send('FIN,ACK').pass(0);
    talk.socket.end();
    return talk.pass(0);
  },
};

describe('3.9.2.2 ICMP', () => {
  it('MUST-56: no soft error ends a connection, in whatever state it is', () => {
    both((family) => {
      for (const [state, reach] of Object.entries(STATES)) {
        for (const [type, code] of SOFT[family]) {
          const talk = reach(family);
          expect(talk.socket.state).toBe(state);
          complain(talk, type, code);
          expect(
            [talk.socket.state, talk.lab.log.filter((l) => l.startsWith('close'))],
            `${state} ${type}/${code}`,
          ).toEqual([state, []]);
        }
      }
    });
  });

  it('MUST-47, SHLD-25: soft errors are told to the application by name, and the connection goes on', () => {
    both((family) => {
      for (const [type, code, name] of SOFT[family]) {
        for (const state of ['SYN-SENT', 'ESTABLISHED', 'FIN-WAIT-1']) {
          const talk = STATES[state]!(family);
          talk.lab.log.length = 0;
          complain(talk, type, code);
          expect(talk.lab.log, `${state} ${type}/${code}`).toEqual([`soft ${name}`]);
        }
      }
      const talk = STATES['ESTABLISHED']!(family);
      complain(talk, ...([SOFT[family][0]![0], SOFT[family][0]![1]] as const));
      talk.send('PSH,ACK', { text: 'goes on' }).pass(0);
      expect([talk.read(), talk.socket.writableLength]).toEqual(['goes on', 0]);
    });
  });

  it('SHLD-20: an application that does not listen to error reports hears none', () => {
    both((family) => {
      const lab = new Lab({ family });
      const talk = lab.dial();
      talk.write('text');
      const { onSoftError, ...rest } = talk.socket.handler;
      expect(onSoftError).toBeDefined();
      talk.socket.handler = rest;
      lab.log.length = 0;
      for (const [type, code] of SOFT[family]) complain(talk, type, code);
      lab.pass(20_000); // R1 too
      expect([lab.log, talk.socket.state]).toEqual([[], 'ESTABLISHED']);
      talk.send('ACK').pass(0);
      expect(talk.socket.writableLength).toBe(0);
      // On again, it hears the next one, and no old ones.
      talk.socket.handler = { ...rest, onSoftError: onSoftError! };
      talk.write('text');
      expect(lab.log).toEqual([]);
      complain(talk, SOFT[family][0]![0], SOFT[family][0]![1]);
      expect(lab.log).toEqual(['soft net-unreachable']);
    });
  });

  it('SHLD-26: hard errors end a connection that is being opened; afterwards they are told only (RFC 5927 5.2), and code 4 is about size', () => {
    both((family) => {
      for (const [type, code, error] of HARD[family]) {
        for (const state of ['SYN-SENT', 'SYN-RECEIVED']) {
          const talk = STATES[state]!(family);
          talk.take();
          complain(talk, type, code);
          expect([talk.socket.state, talk.lab.log], `${state} ${type}/${code}`).toEqual(['CLOSED', [`close ${error}`]]);
          talk.pass(300_000);
          expect(talk.said()).toEqual([]);
        }
        for (const state of ['ESTABLISHED', 'FIN-WAIT-1', 'CLOSE-WAIT', 'CLOSING', 'LAST-ACK']) {
          const talk = STATES[state]!(family);
          talk.lab.log.length = 0;
          complain(talk, type, code);
          expect(talk.socket.state, `${state} ${type}/${code}`).toBe(state);
          expect(talk.lab.log.length).toBe(1);
          expect(talk.lab.log[0]).toMatch(/^soft /);
        }
      }
      // "Fragmentation needed" and "packet too big" feed path MTU discovery.
      const talk = new Lab({ family }).dial({ options: mss(1400) });
      talk.write(1400 * 3);
      talk.take();
      const [type, code] = family === 4 ? [3, 4] : [2, 0];
      complain(talk, type!, code!, { seq: 1 }, 1300);
      const again = talk.take();
      expect(again.length).toBeGreaterThan(0);
      expect(Math.max(...again.map((f) => f.size))).toBe(1300);
      expect(talk.lab.log).toEqual([]);
    });
  });

  it('MUST-54: an error is acted on for the connection it quotes, and for no other', () => {
    both((family) => {
      const [type, code] = HARD[family][1]!;
      const lab = new Lab({ family });
      const [one, two] = [lab.connect(), lab.connect()];
      complain(one, type, code);
      expect([one.socket.state, two.socket.state, lab.log]).toEqual(['CLOSED', 'SYN-SENT', ['close ECONNREFUSED']]);
      // Other ports, other sequence numbers (RFC 5927 4.1): nobody's.
      for (const change of [{ sport: two.hostPort + 1000 }, { dport: 10 }, { seq: -1 }, { seq: 1 }, { seq: 2 ** 31 }]) {
        complain(two, type, code, change);
      }
      expect([two.socket.state, lab.log.length]).toEqual(['SYN-SENT', 1]);
      complain(two, type, code, { seq: 0 });
      expect(two.socket.state).toBe('CLOSED');

      const live = STATES['ESTABLISHED']!(family); // octets 1 to 4 are in flight
      const [softType, softCode] = SOFT[family][0]!;
      live.lab.log.length = 0;
      for (const seq of [0, 5, 6, -100, 2 ** 30]) complain(live, softType, softCode, { seq });
      expect(live.lab.log).toEqual([]);
      for (const seq of [1, 4]) complain(live, softType, softCode, { seq });
      expect(live.lab.log.length).toBe(2);
      expect(lab.stack.counters()['TcpExtOutOfWindowIcmps']).toBe(3);
    });
  });

  it('MUST-55: source quench is discarded in silence', () => {
    for (const [state, reach] of Object.entries(STATES)) {
      const talk = reach(4);
      const { lab } = talk;
      const snapshot = (): string => JSON.stringify(copyTcb(talk.socket.tcb, lab.stack.buffers));
      const before = snapshot();
      const sent = lab.packets.length;
      const log = lab.log.length;
      complain(talk, 4, 0);
      expect([snapshot(), lab.packets.length, lab.log.length], state).toEqual([before, sent, log]);
      expect(lab.stack.counters()['IcmpInSrcQuenchs']).toBe(1);
    }
  });
});
