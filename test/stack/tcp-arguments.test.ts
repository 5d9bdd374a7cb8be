import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { createStack } from '../../src/stack/stack.ts';
import { World } from './hosts.ts';
import { code, drain, echo, message } from './tcp-peer.ts';

describe('wrong arguments', () => {
  const w = new World();
  const { a, b } = w.pair();
  const odd = (value: unknown): never => value as never;

  it('are errors with a code that name the argument and the value', () => {
    const tcp = a.tcp;
    const cases: [() => unknown, string][] = [
      [
        () => tcp.listen({ port: odd('80') }),
        "ERR_INVALID_ARG_VALUE: port must be an integer from 0 to 65535, not '80'",
      ],
      [() => tcp.listen({ port: 65_536 }), 'ERR_INVALID_ARG_VALUE: port must be an integer from 0 to 65535, not 65536'],
      [() => tcp.listen({ port: -1 }), 'ERR_INVALID_ARG_VALUE: port must be an integer from 0 to 65535, not -1'],
      [
        () => tcp.listen({ port: odd(undefined) }),
        'ERR_INVALID_ARG_VALUE: port must be an integer from 0 to 65535, not undefined',
      ],
      [
        () => tcp.listen({ port: 80, address: 'localhost' }),
        "ERR_INVALID_ARG_VALUE: address must be an IP address, not 'localhost'",
      ],
      [() => tcp.listen({ port: 80, address: odd(7) }), 'ERR_INVALID_ARG_VALUE: address must be an IP address, not 7'],
      [
        () => tcp.listen({ port: 80, backlog: 0 }),
        'ERR_INVALID_ARG_VALUE: backlog must be an integer from 1 to 1000000, not 0',
      ],
      [
        () => tcp.listen({ port: 80, backlog: NaN }),
        'ERR_INVALID_ARG_VALUE: backlog must be an integer from 1 to 1000000, not NaN',
      ],
      [
        () => tcp.connect({ address: '10.0.0.2', port: 0 }),
        'ERR_INVALID_ARG_VALUE: port must be an integer from 1 to 65535, not 0',
      ],
      [
        () => tcp.connect({ address: '10.0.0.2', port: 1.5 }),
        'ERR_INVALID_ARG_VALUE: port must be an integer from 1 to 65535, not 1.5',
      ],
      [
        () => tcp.connect({ address: odd(undefined), port: 1 }),
        'ERR_INVALID_ARG_VALUE: address must be an IP address, not undefined',
      ],
      [
        () => tcp.connect({ address: odd(null), port: 1 }),
        'ERR_INVALID_ARG_VALUE: address must be an IP address, not null',
      ],
      [
        () => tcp.connect({ address: '10.0.0.256', port: 1 }),
        "ERR_INVALID_ARG_VALUE: address must be an IP address, not '10.0.0.256'",
      ],
      [
        () => tcp.connect({ address: '10.0.0.2', port: 1, localAddress: 'x' }),
        "ERR_INVALID_ARG_VALUE: localAddress must be an IP address, not 'x'",
      ],
      [
        () => tcp.connect({ address: '10.0.0.2', port: 1, localPort: -5 }),
        'ERR_INVALID_ARG_VALUE: localPort must be an integer from 0 to 65535, not -5',
      ],
    ];
    for (const [call, text] of cases) expect(message(call)).toBe(text);
    expect(a.tcp.table.size).toBe(0);
  });

  it('options are checked before anything happens, wherever they are given', () => {
    const bad: Record<string, unknown[]> = {
      receiveBuffer: [0, -1, 1.5, NaN, '9', 2 ** 28],
      sendBuffer: [0, Infinity, null],
      noDelay: [1, 'yes', null],
      keepAlive: [0],
      keepAliveIdle: [0, -1, NaN, '1'],
      keepAliveInterval: [0],
      keepAliveProbes: [-1, 0.5],
      keepAliveGarbage: [1],
      userTimeout: [0, -1, NaN, '1'],
      userTimeoutOption: [0, -5, NaN, 'on', null],
      linger: [-1, NaN, '1', true],
      timestamps: ['on'],
      windowScaling: [7],
      sack: [null],
      maxSegment: [7, 65_536, 'x'],
      mtuProbing: ['on', '', true, null],
      ttl: [0, 256, 1.5],
      dscp: [-1, 64],
      congestion: ['bbr', 'toString', null, 5],
      colour: ['red'],
    };
    for (const [key, values] of Object.entries(bad)) {
      for (const value of values) {
        const options = { [key]: value } as never;
        const shown = typeof value === 'string' ? `'${value}'` : String(value);
        for (const call of [
          () => a.tcp.connect({ address: '10.0.0.2', port: 1, options }),
          () => a.tcp.listen({ port: 80, options }),
          () => createStack({ scheduler: w.scheduler, random: new SeededRandom(1), tcp: options }),
        ]) {
          const text = message(call);
          expect(text).toMatch(/^ERR_INVALID_ARG_VALUE: options\./);
          expect(text).toContain(`options.${key}`);
          expect(text).toContain(`not ${shown}`);
        }
      }
    }
    expect(code(() => a.tcp.connect({ address: '10.0.0.2', port: 1, options: odd('x') }))).toBe(
      'ERR_INVALID_ARG_VALUE',
    );
    expect(a.tcp.table.size).toBe(0);
    a.tcp.connect({ address: '10.0.0.2', port: 1, options: { userTimeout: Infinity, ttl: odd(undefined) } }).abort();
  });

  it('of socket calls are errors too, and the connection goes on', () => {
    echo(b, 7);
    const socket = a.tcp.connect({ address: '10.0.0.2', port: 7 });
    w.run(100);
    for (const data of ['text', null, undefined, [1, 2], new Uint16Array(2), 5]) {
      expect(
        code(() => socket.write(odd(data))),
        String(data),
      ).toBe('ERR_INVALID_ARG_TYPE');
      expect(
        code(() => socket.writeUrgent(odd(data))),
        String(data),
      ).toBe('ERR_INVALID_ARG_TYPE');
      expect(
        code(() => socket.read(odd(data))),
        String(data),
      ).toBe('ERR_INVALID_ARG_TYPE');
    }
    expect(message(() => socket.write(odd('text')))).toBe(
      "ERR_INVALID_ARG_TYPE: data must be a Uint8Array, not 'text'",
    );
    const data = new Uint8Array(10);
    for (const [offset, length] of [
      [-1, 1],
      [11, 0],
      [0, 11],
      [5, 6],
      [0, -1],
      [0.5, 1],
      [NaN, 1],
      [0, NaN],
    ] as const) {
      expect(code(() => socket.write(data, offset, length))).toBe('ERR_OUT_OF_RANGE');
      expect(code(() => socket.read(data, offset, length))).toBe('ERR_OUT_OF_RANGE');
    }
    for (const count of [-1, 1, 0.5, NaN]) expect(code(() => socket.consume(count))).toBe('ERR_INVALID_ARG_VALUE');
    for (const ttl of [0, 256, 1.5, odd('1')]) expect(code(() => socket.setTtl(ttl))).toBe('ERR_INVALID_ARG_VALUE');
    for (const dscp of [-1, 64]) expect(code(() => socket.setDscp(dscp))).toBe('ERR_INVALID_ARG_VALUE');
    for (const ms of [0, -1, NaN]) expect(code(() => socket.setUserTimeout(ms))).toBe('ERR_INVALID_ARG_VALUE');
    for (const ms of [0, -1, NaN]) expect(code(() => socket.setKeepAlive(true, ms))).toBe('ERR_INVALID_ARG_VALUE');
    expect(socket.write(data, 2, 3)).toBe(3);
    w.run(100);
    expect(drain(socket).length).toBe(3);
    w.judge();
  });

  it('of a closed stack is ERR_INVALID_STATE', () => {
    const { a: gone } = new World().pair();
    gone.close();
    expect(code(() => gone.tcp.connect({ address: '10.0.0.1', port: 1 }))).toBe('ERR_INVALID_STATE');
    expect(code(() => gone.tcp.listen({ port: 1 }))).toBe('ERR_INVALID_STATE');
  });
});
