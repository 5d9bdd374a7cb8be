import { describe, expect, it } from 'vitest';
import type { Stack } from '../../src/stack/stack.ts';
import type { TcpHandler, TcpSocket } from '../../src/stack/tcp-socket.ts';
import { bytes, pattern } from '../helpers/endpoint.ts';
import { World } from './hosts.ts';
import { ask, code, drain, forge, message, recorder, see, shake } from './tcp-peer.ts';

interface Two {
  w: World;
  a: Stack;
  b: Stack;
  log: string[];
  /** Connects a to b's port 80; both sides note their events in `log`. */
  join(client?: TcpHandler, server?: TcpHandler): { client: TcpSocket; server: TcpSocket };
}

function two(): Two {
  const w = new World();
  const { a, b } = w.pair();
  const log: string[] = [];
  const join: Two['join'] = (client = {}, server = {}) => {
    const sockets: TcpSocket[] = [];
    const listener = b.tcp.listen({
      port: 80,
      handler: recorder(log, 'b', server),
      onConnection: (socket) => void sockets.push(socket),
    });
    const socket = a.tcp.connect({ address: '10.0.0.2', port: 80, handler: recorder(log, 'a', client) });
    w.run(1000);
    listener.close();
    return { client: socket, server: sockets[0]! };
  };
  return { w, a, b, log, join };
}

/** Nothing is left of any connection. */
function empty({ w, a, b }: Two): void {
  w.run(300_000);
  expect([a.tcp.table.size, b.tcp.table.size, w.scheduler.size]).toEqual([0, 0, 0]);
  w.judge();
}

describe('events', () => {
  it('come in the order of things: connect, readable, end, close', () => {
    const t = two();
    const { client, server } = t.join();
    client.write(bytes('question'));
    client.end();
    t.w.run(1000);
    expect(new TextDecoder().decode(drain(server))).toBe('question');
    expect(server.atEnd).toBe(true);
    server.write(bytes('answer'));
    server.end();
    t.w.run(1000);
    expect(t.log).toEqual([
      'a connect',
      'b connect',
      'b readable',
      'b end',
      'a readable',
      'a end',
      'a close null',
      'b close null',
    ]);
    expect(new TextDecoder().decode(drain(client))).toBe('answer');
    empty(t);
  });

  it('of one burst come in that order too', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const log: string[] = [];
    a.tcp.listen({ port: 80, handler: recorder(log, 'x'), onConnection: () => void log.push('x accepted') });
    const [synAck] = ask(raw, forge('SYN'));
    const next = { seq: 1001, ack: synAck!.seq + 1 };
    raw.send(forge('ACK', next));
    raw.send(forge('PSH,ACK', { ...next, data: 'hello' }));
    raw.send(forge('FIN,ACK', { ...next, seq: 1006 }));
    raw.received.length = 0;
    w.run(0);
    expect(log).toEqual(['x accepted', 'x connect', 'x readable', 'x end']);
    // MUST-58, MUST-59: one ACK for all of it.
    expect(raw.received.map((p) => see(p)!).map((s) => [s.flags, s.ack])).toEqual([['ACK', 1007]]);
    w.judge();
  });

  it('are never told from within a call', () => {
    const t = two();
    let depth = 0;
    const strict: TcpHandler = {
      onConnect: () => expect(depth).toBe(0),
      onReadable: (s) => {
        expect(depth).toBe(0);
        guarded(() => drain(s));
      },
      onWritable: () => expect(depth).toBe(0),
      onDrained: () => expect(depth).toBe(0),
      onEnd: (s) => {
        expect(depth).toBe(0);
        guarded(() => s.end());
      },
      onClose: () => expect(depth).toBe(0),
    };
    const guarded = <T>(call: () => T): T => {
      depth++;
      try {
        return call();
      } finally {
        depth--;
      }
    };
    t.b.tcp.listen({ port: 81, handler: recorder(t.log, 'b', strict), onConnection: () => {} });
    const socket = guarded(() =>
      t.a.tcp.connect({ address: '10.0.0.2', port: 81, handler: recorder(t.log, 'a', strict) }),
    );
    t.w.run(100);
    guarded(() => socket.write(pattern(5000)));
    t.w.run(100);
    guarded(() => socket.end());
    const other = guarded(() =>
      t.a.tcp.connect({ address: '10.0.0.2', port: 81, handler: recorder(t.log, 'c', strict) }),
    );
    guarded(() => other.abort());
    const third = guarded(() =>
      t.a.tcp.connect({ address: '10.0.0.2', port: 81, handler: recorder(t.log, 'd', strict) }),
    );
    t.w.run(100);
    guarded(() => third.abort());
    expect(t.log).not.toContain('d close null');
    guarded(() => {
      const fourth = t.a.tcp.connect({ address: '127.0.0.1', port: 9, handler: recorder(t.log, 'e', strict) });
      expect(fourth.state).toBe('SYN-SENT');
    });
    t.w.run(1000);
    expect(t.log).toContain('a close null');
    expect(t.log).toContain('c close null');
    expect(t.log).toContain('d close null');
    expect(t.log).toContain('e close ECONNREFUSED');
    for (const listener of [...t.b.tcp.listeners]) guarded(() => listener.close());
    empty(t);
  });

  it('of a closed connection are over: one close, whatever is called afterwards', () => {
    for (const first of ['active', 'passive', 'reset', 'abort'] as const) {
      const t = two();
      const { client, server } = t.join();
      const calls = (s: TcpSocket): void => {
        for (let i = 0; i < 2; i++) {
          s.end();
          s.destroy();
          s.abort();
          s.abort();
          s.setNoDelay(true);
          s.setKeepAlive(true, 1000);
          s.setUserTimeout(1000);
          expect(s.read(new Uint8Array(10))).toBe(0);
          expect(code(() => s.write(new Uint8Array(1)))).toBe('EPIPE');
          expect(s.peek().length).toBe(0);
          s.consume(0);
          s.info();
        }
      };
      if (first === 'active') [client, server].map((s) => s.end());
      else if (first === 'passive') [server, client].map((s) => s.end());
      else if (first === 'reset') server.abort();
      else client.abort();
      t.w.run(1000);
      calls(client);
      calls(server);
      t.w.run(1000);
      calls(client);
      calls(server);
      empty(t);
      expect(t.log.filter((line) => line.startsWith('a close')).length, first).toBe(1);
      expect(t.log.filter((line) => line.startsWith('b close')).length, first).toBe(1);
    }
  });

  it('drained comes when everything written is acknowledged, not before', () => {
    const t = two();
    const drained: number[] = [];
    const { client } = t.join({ onDrained: (s) => void drained.push(s.writableLength) });
    drained.length = 0;
    client.write(pattern(40_000));
    client.write(pattern(7));
    t.w.run(1000);
    expect(drained).toEqual([0]);
  });

  it('writable follows a write that was cut short', () => {
    const t = two();
    const data = pattern(3_000_000);
    let at = 0;
    const more = (s: TcpSocket): void => {
      at += s.write(data, at);
    };
    const got: Uint8Array[] = [];
    const { client } = t.join(
      {},
      {
        onReadable: (s) => {
          got.push(drain(s));
        },
      },
    );
    client.handler = { onWritable: more };
    more(client);
    expect(at).toBe(512 * 1024);
    t.w.run(5000);
    expect(at).toBe(3_000_000);
    expect(got.reduce((n, part) => n + part.length, 0)).toBe(3_000_000);
  });
});

describe('an exception in a handler', () => {
  /** Runs on and collects what handlers throw. */
  function brave(w: World, ms: number): string[] {
    const thrown: string[] = [];
    for (;;) {
      try {
        w.run(ms);
        return thrown;
      } catch (error) {
        thrown.push((error as Error).message);
        ms = 0;
      }
    }
  }

  it('reaches whoever runs the scheduler, and takes no event from other connections', () => {
    const t = two();
    const N = 20;
    t.b.tcp.listen({ port: 80, onConnection: () => {}, handler: { onConnect: (s) => void s.write(bytes('hi')) } });
    for (let i = 0; i < N; i++) {
      const bad = i % 3 === 0 ? { onConnect: fail, onReadable: fail } : {};
      t.a.tcp.connect({ address: '10.0.0.2', port: 80, handler: recorder(t.log, String(i), bad) });
    }
    const thrown = brave(t.w, 1000);
    expect(thrown.length).toBe(14);
    for (let i = 0; i < N; i++) {
      expect(t.log.filter((line) => line.startsWith(`${i} `))).toEqual([`${i} connect`, `${i} readable`]);
    }
    t.w.judge();
  });

  it('takes no later event from its own connection', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const log: string[] = [];
    const bad: TcpHandler = { onConnect: fail, onReadable: fail, onEnd: fail, onClose: fail };
    a.tcp.listen({
      port: 80,
      handler: recorder(log, 'x', bad),
      onConnection: () => {
        log.push('x accepted');
        fail();
      },
    });
    const [synAck] = ask(raw, forge('SYN'));
    const next = { seq: 1001, ack: synAck!.seq + 1 };
    raw.send(forge('ACK', next));
    raw.send(forge('PSH,ACK', { ...next, data: 'hello' }));
    raw.send(forge('FIN,ACK', { ...next, seq: 1006 }));
    const thrown = brave(w, 0);
    expect(log).toEqual(['x accepted', 'x connect', 'x readable', 'x end']);
    expect(thrown.length).toBe(3); // of two in one event the last is seen
    raw.send(forge('RST', { ...next, seq: 1007 }));
    expect(brave(w, 0)).toEqual(['a handler failed']);
    expect(log.at(-1)).toBe('x close ECONNRESET');
    w.run(100_000);
    expect([a.tcp.table.size, w.scheduler.size]).toEqual([0, 0]);
  });

  it('does not undo the end() that waited for the connection', () => {
    const t = two();
    t.b.tcp.listen({ port: 80, onConnection: () => {}, handler: recorder(t.log, 'b', { onEnd: (s) => s.end() }) });
    const socket = t.a.tcp.connect({ address: '10.0.0.2', port: 80, handler: { onConnect: fail } });
    socket.end();
    expect(brave(t.w, 1000)).toEqual(['a handler failed']);
    expect(socket.state).toBe('TIME-WAIT');
  });

  it('still lets the answers of its burst go out', () => {
    const w = new World();
    const { a, raw } = w.victim();
    a.tcp.listen({ port: 80, onConnection: () => {}, handler: { onReadable: fail } });
    const next = shake(raw);
    raw.received.length = 0;
    raw.send(forge('PSH,ACK', { ...next, data: pattern(1460) }));
    raw.send(forge('PSH,ACK', { ...next, seq: next.seq + 1460, data: pattern(1460) }));
    expect(brave(w, 0).length).toBe(1);
    expect(raw.received.map((p) => see(p)!.ack)).toEqual([next.seq + 2920]);
  });
});

function fail(): never {
  throw new Error('a handler failed');
}

describe('calls from within handlers', () => {
  it('connect: a chain of connections, each made by the one before', () => {
    const t = two();
    t.b.tcp.listen({ port: 80, onConnection: () => {}, handler: { onEnd: (s) => s.end() } });
    let made = 0;
    const next = (): void => {
      if (++made > 50) return;
      t.a.tcp.connect({
        address: '10.0.0.2',
        port: 80,
        handler: {
          onConnect: (s) => {
            s.end();
            next();
          },
        },
      });
    };
    next();
    t.w.run(1000);
    expect(made).toBe(51);
    expect(t.a.tcp.timeWaits.size).toBe(50);
    for (const listener of [...t.b.tcp.listeners]) listener.close();
    empty(t);
  });

  it('abort: in any event, of the own and of another connection', () => {
    for (const event of ['onConnect', 'onReadable', 'onEnd', 'onClose'] as const) {
      const t = two();
      let other: TcpSocket | null = null;
      t.b.tcp.listen({
        port: 81,
        onConnection: (s) => {
          s.write(bytes('x'));
          s.end();
        },
      });
      const abort = (s: TcpSocket): void => {
        s.abort();
        other?.abort();
        if (other !== null) expect(other.state).toBe('CLOSED');
      };
      const { client } = t.join();
      other = client;
      t.a.tcp.connect({
        address: '10.0.0.2',
        port: 81,
        handler: recorder(t.log, 'c', { [event]: abort, ...(event === 'onClose' ? { onEnd: (s) => s.end() } : {}) }),
      });
      t.w.run(1000);
      for (const listener of [...t.b.tcp.listeners]) listener.close();
      expect(
        t.log.filter((line) => line === 'c close null'),
        event,
      ).toEqual(['c close null']);
      expect(t.log.filter((line) => line === 'a close null')).toEqual(['a close null']);
      expect(t.log.filter((line) => line === 'b close ECONNRESET')).toEqual(['b close ECONNRESET']);
      empty(t);
    }
  });

  it('write and end: the answer takes the acknowledgment and the FIN with it', () => {
    const w = new World();
    const { a, raw } = w.victim();
    a.tcp.listen({
      port: 80,
      onConnection: () => {},
      handler: {
        onReadable: (s) => {
          drain(s);
          s.write(bytes('answer'));
          s.end();
        },
      },
    });
    const next = shake(raw);
    const out = ask(raw, forge('PSH,ACK', { ...next, data: 'question' }));
    expect(out.map((s) => [s.flags, s.ack - next.seq, s.text.length])).toEqual([['FIN,PSH,ACK', 8, 6]]);
    w.judge();
  });

  it('stack.close: nothing more is sent, told or due', () => {
    const t = two();
    const { server } = t.join({ onReadable: () => t.a.close(), onClose: () => {} });
    for (let i = 0; i < 3; i++) t.a.tcp.connect({ address: '10.0.0.2', port: 90 + i, handler: recorder(t.log, 'c') });
    t.w.run(0);
    server.write(bytes('x'));
    t.log.length = 0;
    t.w.run(0);
    t.b.close();
    expect(t.log.filter((line) => !line.startsWith('c'))).toEqual(['a readable']);
    expect(t.w.scheduler.size).toBe(0);
    t.w.judge();
  });

  it('a changed handler hears the next event', () => {
    const t = two();
    const { server, client } = t.join();
    t.log.length = 0;
    server.handler = {
      onReadable: (s) => {
        s.handler = recorder(t.log, 'new');
      },
    };
    client.write(bytes('x'));
    client.end();
    t.w.run(1000);
    expect(t.log).toEqual(['new end']);
  });
});

describe('end', () => {
  it('before the connection is established waits for it, and nothing can be written meanwhile', () => {
    const t = two();
    const got: Uint8Array[] = [];
    t.b.tcp.listen({
      port: 80,
      onConnection: () => {},
      handler: recorder(t.log, 'b', { onReadable: (s) => void got.push(drain(s)), onEnd: (s) => s.end() }),
    });
    const socket = t.a.tcp.connect({ address: '10.0.0.2', port: 80, handler: recorder(t.log, 'a') });
    socket.write(bytes('first'));
    socket.end();
    socket.end();
    expect(code(() => socket.write(bytes('second')))).toBe('EPIPE');
    t.w.run(1000);
    expect(got.map((part) => new TextDecoder().decode(part)).join('')).toBe('first');
    expect(t.log).toContain('a close null');
    expect(t.log).toContain('b close null');
    for (const listener of [...t.b.tcp.listeners]) listener.close();
    empty(t);
  });

  it('before a refused connection changes nothing about the refusal', () => {
    const t = two();
    const socket = t.a.tcp.connect({ address: '10.0.0.2', port: 80, handler: recorder(t.log, 'a') });
    socket.end();
    t.w.run(1000);
    expect(t.log).toEqual(['a close ECONNREFUSED']);
    empty(t);
  });

  it('twice sends one FIN', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const listener = a.tcp.listen({ port: 80 });
    shake(raw);
    const socket = listener.accept()!;
    raw.received.length = 0;
    socket.end();
    socket.end();
    w.run(100);
    expect(raw.received.map((p) => see(p)!.flags)).toEqual(['FIN,ACK']);
  });

  it('then a write is EPIPE, with the peer named', () => {
    const t = two();
    const { client } = t.join();
    client.end();
    expect(message(() => client.write(bytes('late')))).toBe('EPIPE: write EPIPE 10.0.0.2:80');
    expect(message(() => client.writeUrgent(bytes('late')))).toBe('EPIPE: write EPIPE 10.0.0.2:80');
  });

  it('then reading goes on until the peer has ended too', () => {
    const t = two();
    const { client, server } = t.join();
    client.end();
    t.w.run(100_000);
    expect(client.state).toBe('FIN-WAIT-2');
    server.write(pattern(100_000));
    server.end();
    t.w.run(1000);
    expect(drain(client)).toEqual(pattern(100_000));
    expect(client.atEnd).toBe(true);
  });
});

describe('destroy', () => {
  it('delivers what was written, and answers what nobody will read with a reset (SHLD-3)', () => {
    const t = two();
    const { client, server } = t.join();
    client.write(pattern(50_000));
    client.destroy();
    t.w.run(1000);
    expect(drain(server)).toEqual(pattern(50_000));
    expect(server.state).toBe('CLOSE-WAIT');
    server.write(bytes('too late'));
    t.w.run(1000);
    expect(t.log.at(-1)).toBe('b close ECONNRESET');
    empty(t);
  });

  it('before the connection is established ends it without a word', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const log: string[] = [];
    const socket = a.tcp.connect({ address: '10.0.0.2', port: 80, handler: recorder(log, 'a') });
    w.run(0);
    raw.received.length = 0;
    socket.destroy();
    w.run(1000);
    expect([log, raw.received]).toEqual([['a close null'], []]);
    expect([a.tcp.table.size, w.scheduler.size]).toEqual([0, 0]);
  });
});

describe('Nagle', () => {
  it('turned off lets go what it held back', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const listener = a.tcp.listen({ port: 80 });
    shake(raw);
    const socket = listener.accept()!;
    socket.write(bytes('one'));
    socket.write(bytes('two'));
    w.run(0);
    raw.received.length = 0;
    socket.setNoDelay(true);
    w.run(0);
    expect(raw.received.map((p) => new TextDecoder().decode(see(p)!.text))).toEqual(['two']);
  });
});
