/**
 * Wrong arguments: what Node's module throws is computed here, and tsyn's has to throw the same, name, code and words. What
 * Node's takes, tsyn's takes. Tables first, then whatever fast-check makes up.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { host, type Net, thrownBy, tsyn } from './modules.ts';

type Call = (net: Net) => unknown;

/** Values that are hardly ever right. */
const ODD: ReadonlyArray<readonly [string, unknown]> = [
  ['undefined', undefined],
  ['null', null],
  ['true', true],
  ['false', false],
  ['-1', -1],
  ['1.5', 1.5],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['65536', 65536],
  ['2 ** 32', 2 ** 32],
  ["''", ''],
  ["' '", ' '],
  ["'x'", 'x'],
  ["'12x'", '12x'],
  ["'0x50'", '0x50'],
  ["'65536'", '65536'],
  ["'-1'", '-1'],
  ['{}', {}],
  ['[]', []],
  ['[80]', [80]],
  ['a function', function named() {}],
  ['a symbol', Symbol('s')],
  ['a bigint', 80n],
  ['a date', new Date(0)],
  ['a class', new (class Odd {})()],
];

/** Where an odd value is put. Nothing is reached: what is made is destroyed at once. */
const PLACES: ReadonlyArray<readonly [string, (net: Net, value: never) => unknown]> = [
  ['connect(value)', (net, value) => net.connect(value)],
  ['connect({ port: value })', (net, port) => net.connect({ port, host: '127.0.0.1' })],
  ['connect({ host: value })', (net, name) => net.connect({ port: 80, host: name, lookup: () => {} })],
  ['connect({ localAddress: value })', (net, localAddress) => net.connect({ ...TO, localAddress })],
  ['connect({ localPort: value })', (net, localPort) => net.connect({ ...TO, localPort })],
  ['connect({ family: value })', (net, family) => net.connect({ ...NAMED, family })],
  ['connect({ hints: value })', (net, hints) => net.connect({ ...NAMED, hints })],
  ['connect({ lookup: value })', (net, lookup) => net.connect({ port: 80, host: 'name.invalid', lookup })],
  ['connect({ timeout: value })', (net, timeout) => net.connect({ ...TO, timeout })],
  ['connect({ autoSelectFamily: value })', (net, autoSelectFamily) => net.connect({ ...TO, autoSelectFamily })],
  [
    'connect({ autoSelectFamilyAttemptTimeout: value })',
    (net, autoSelectFamilyAttemptTimeout) => net.connect({ ...TO, autoSelectFamilyAttemptTimeout }),
  ],
  ['connect({ noDelay: value })', (net, noDelay) => net.connect({ ...TO, noDelay })],
  ['connect({ keepAlive: value })', (net, keepAlive) => net.connect({ ...TO, keepAlive })],
  ['connect({ keepAliveInitialDelay: value })', (net, delay) => net.connect({ ...TO, keepAliveInitialDelay: delay })],
  ['connect({ onread: value })', (net, onread) => net.connect({ ...TO, onread })],
  ['connect({ signal: value })', (net, signal) => net.connect({ ...TO, signal } as object as typeof TO)],
  ['connect({ allowHalfOpen: value })', (net, allowHalfOpen) => net.connect({ ...TO, allowHalfOpen } as typeof TO)],
  ['socket.connect(value)', (net, value) => new net.Socket().connect(value)],
  ['socket.connect({ port: value })', (net, port) => new net.Socket().connect({ port, host: '127.0.0.1' })],
  ['socket.connect({ path: value })', (net, path) => new net.Socket().connect({ path })],
  ['new Socket(value)', (net, value) => new net.Socket(value)],
  ['new Socket({ objectMode: value })', (net, objectMode) => new net.Socket({ objectMode } as object)],
  ['new Socket({ readableObjectMode: value })', (net, mode) => new net.Socket({ readableObjectMode: mode } as object)],
  ['new Socket({ writableObjectMode: value })', (net, mode) => new net.Socket({ writableObjectMode: mode } as object)],
  ['new Socket({ highWaterMark: value })', (net, mark) => new net.Socket({ highWaterMark: mark } as object)],
  ['new Socket({ signal: value })', (net, signal) => new net.Socket({ signal })],
  ['new Socket({ onread: value })', (net, onread) => new net.Socket({ onread } as object)],
  ['new Socket({ noDelay: value })', (net, noDelay) => new net.Socket({ noDelay } as object)],
  ['socket.setTimeout(value)', (net, ms) => new net.Socket().setTimeout(ms)],
  ['socket.setTimeout(1, value)', (net, callback) => new net.Socket().setTimeout(1, callback)],
  ['socket.setNoDelay(value)', (net, on) => new net.Socket().setNoDelay(on)],
  ['socket.setKeepAlive(value)', (net, on) => new net.Socket().setKeepAlive(on)],
  ['socket.setKeepAlive(true, value)', (net, delay) => new net.Socket().setKeepAlive(true, delay)],
  ['socket.setEncoding(value)', (net, encoding) => new net.Socket().setEncoding(encoding)],
  ['socket.write(value)', (net, chunk) => writing(net, (socket) => socket.write(chunk))],
  ["socket.write('x', value)", (net, encoding) => writing(net, (socket) => socket.write('x', encoding))],
  ['socket.end(value)', (net, chunk) => writing(net, (socket) => socket.end(chunk))],
  ['createServer(value)', (net, value) => net.createServer(value)],
  ['createServer({}, value)', (net, value) => net.createServer({}, value)],
  ['createServer({ highWaterMark: value })', (net, highWaterMark) => net.createServer({ highWaterMark })],
  ['createServer({ noDelay: value })', (net, noDelay) => net.createServer({ noDelay })],
  ['createServer({ keepAlive: value })', (net, keepAlive) => net.createServer({ keepAlive })],
  [
    'createServer({ keepAliveInitialDelay: value })',
    (net, delay) => net.createServer({ keepAliveInitialDelay: delay }),
  ],
  ['createServer({ allowHalfOpen: value })', (net, allowHalfOpen) => net.createServer({ allowHalfOpen })],
  ['createServer({ pauseOnConnect: value })', (net, pauseOnConnect) => net.createServer({ pauseOnConnect })],
  ['listen({ port: value })', (net, port) => server(net).listen({ port, host: '127.0.0.1' })],
  ['listen({ backlog: value })', (net, backlog) => server(net).listen({ port: 0, backlog })],
  ['listen({ host: value })', (net, name) => server(net).listen({ port: 0, host: name })],
  ['listen({ signal: value })', (net, signal) => server(net).listen({ port: 0, signal })],
  ['listen({ ipv6Only: value })', (net, ipv6Only) => server(net).listen({ port: 0, ipv6Only })],
  ['listen({ exclusive: value })', (net, exclusive) => server(net).listen({ port: 0, exclusive })],
  ['listen(0, value)', (net, value) => server(net).listen(0, value)],
  ['server.close(value)', (net, value) => server(net).close(value)],
  ['isIP(value)', (net, value) => net.isIP(value)],
  ['isIPv4(value)', (net, value) => net.isIPv4(value)],
  ['isIPv6(value)', (net, value) => net.isIPv6(value)],
  ['setDefaultAutoSelectFamily(value)', (net, value) => keeping(net, () => net.setDefaultAutoSelectFamily(value))],
  [
    'setDefaultAutoSelectFamilyAttemptTimeout(value)',
    (net, value) => keeping(net, () => net.setDefaultAutoSelectFamilyAttemptTimeout(value)),
  ],
];

const TO = { port: 80, host: '127.0.0.1' };
const NAMED = { port: 80, host: 'name.invalid', lookup: () => {} };

/** Calls that throw, each for a reason of its own. */
const THROWING: ReadonlyArray<readonly [string, Call]> = [
  ['connect()', (net) => (net.connect as (...words: unknown[]) => unknown)()],
  ['connect({})', (net) => net.connect({} as never)],
  ["connect({ host: 'x' })", (net) => net.connect({ host: 'x' } as never)],
  ['socket.connect()', (net) => (new net.Socket().connect as (...words: unknown[]) => unknown)()],
  ['socket.connect({ port: undefined, path: undefined })', (net) => new net.Socket().connect({} as never)],
  ["localAddress 'localhost'", (net) => net.connect({ ...TO, localAddress: 'localhost' })],
  ["localAddress '127.0.0.1.1'", (net) => net.connect({ ...TO, localAddress: '127.0.0.1.1' })],
  ["localPort '80'", (net) => net.connect({ ...TO, localPort: '80' as never })],
  ['hints 42', (net) => net.connect({ port: 80, host: 'name.invalid', hints: 42 })],
  ['createServer(string)', (net) => net.createServer('x' as never)],
  ['createServer(number)', (net) => net.createServer(5 as never)],
  ['listen(-1)', (net) => server(net).listen(-1)],
  ['listen(65536)', (net) => server(net).listen(65536)],
  ['listen({})', (net) => server(net).listen({})],
  ["listen({ host: 'localhost' })", (net) => server(net).listen({ host: 'localhost' })],
  ['listen(false)', (net) => server(net).listen(false as never)],
  ['listen twice', (net) => listening(net).listen(0)],
  ['listen({ fd: -1 })', (net) => server(net).listen({ fd: -1 } as never)],
  ['new Socket({ fd: -1 })', (net) => new net.Socket({ fd: -1 })],
  ["new Socket({ fd: 'x' })", (net) => new net.Socket({ fd: 'x' as never })],
  ['write(null)', (net) => writing(net, (socket) => socket.write(null as never))],
  ['write(1)', (net) => writing(net, (socket) => socket.write(1 as never))],
  ['setTimeout(ms, 1)', (net) => new net.Socket().setTimeout(100, 1 as never)],
  ['new BlockList().addAddress(1)', (net) => new net.BlockList().addAddress(1 as never)],
  ['new SocketAddress(1)', (net) => new net.SocketAddress(1 as never)],
];

/** A server whose next call may throw: what it leaves is closed in any case. */
function server(net: Net): import('node:net').Server {
  return net.createServer().on('error', () => {});
}

function listening(net: Net): import('node:net').Server {
  const open = server(net).listen(0);
  setImmediate(() => open.close());
  return open;
}

function writing(net: Net, act: (socket: import('node:net').Socket) => unknown): unknown {
  const socket = new net.Socket().on('error', () => {});
  act(socket);
  return socket;
}

function keeping(net: Net, act: () => unknown): unknown {
  const family = net.getDefaultAutoSelectFamily();
  const timeout = net.getDefaultAutoSelectFamilyAttemptTimeout();
  try {
    act();
    return [net.getDefaultAutoSelectFamily(), net.getDefaultAutoSelectFamilyAttemptTimeout()];
  } finally {
    net.setDefaultAutoSelectFamily(family);
    net.setDefaultAutoSelectFamilyAttemptTimeout(timeout);
  }
}

describe('a wrong argument throws what Node throws:', () => {
  it.each(THROWING)('%s', (_title, call) => {
    const expected = thrownBy(() => call(host));
    expect(expected).not.toBeNull();
    expect(thrownBy(() => call(tsyn))).toEqual(expected);
  });
});

describe('whatever is given, tsyn throws where Node throws, in the same words:', () => {
  it.each(PLACES)('%s', (_title, call) => {
    const outcomes = (net: Net) => ODD.map(([name, value]) => [name, thrownBy(() => call(net, value as never))]);
    expect(outcomes(tsyn)).toEqual(outcomes(host));
  });

  it('throws in enough of these places for the tables to mean something', () => {
    const thrown = PLACES.filter(([, call]) => ODD.some(([, value]) => thrownBy(() => call(host, value as never))));
    expect(thrown.length).toBeGreaterThanOrEqual(25);
  });
});

describe('what fast-check makes up', () => {
  const odd = fc.oneof(
    fc.constantFrom(...ODD.map(([, value]) => value)),
    fc.integer({ min: -10, max: 70_000 }),
    fc.string({ maxLength: 4 }),
    fc.double(),
  );
  const address = fc.constantFrom('127.0.0.1', '::1', '0.0.0.0', '::', '::ffff:127.0.0.1', '1.2.3', undefined);
  // A name that is looked up would go to the host's resolver, and what is no name at all is refused before that.
  const name = fc.oneof(address, fc.constantFrom<unknown>(5, {}, [], true, null, ''));
  const options = (record: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
    fc.record(record, { requiredKeys: [] });
  const same = (call: Call): void => {
    const strip = (net: Net) => {
      const thrown = thrownBy(() => call(net));
      return thrown === null ? null : { name: thrown.name, code: thrown.code };
    };
    expect(strip(tsyn)).toEqual(strip(host));
  };

  it('connect takes and refuses the same options', () => {
    const shape = options({
      port: odd,
      host: name,
      localAddress: fc.oneof(address, odd),
      localPort: odd,
      family: odd,
      hints: odd,
      timeout: odd,
      autoSelectFamily: odd,
      autoSelectFamilyAttemptTimeout: odd,
      noDelay: odd,
      keepAlive: odd,
      keepAliveInitialDelay: odd,
      allowHalfOpen: odd,
      signal: odd,
      onread: odd,
    });
    fc.assert(
      fc.property(shape, (given) => same((net) => net.connect({ ...given, lookup: () => {} } as never))),
      { numRuns: 500 },
    );
  });

  it('listen takes and refuses the same arguments', () => {
    const shape = options({
      port: fc.oneof(odd, fc.constant(0)),
      host: address,
      backlog: odd,
      exclusive: odd,
      ipv6Only: odd,
      signal: odd,
    });
    const words = fc.oneof(fc.tuple(shape), fc.tuple(odd), fc.tuple(odd, address), fc.tuple(odd, address, odd));
    // Node gives a port away before it looks at the rest; what can be in use is left out.
    const free = words.filter(
      ([first]) => !isPort(typeof first === 'object' && first ? (first as { port?: unknown }).port : first),
    );
    fc.assert(
      fc.property(free, (given) => same((net) => server(net).listen(...(given as unknown as [])))),
      { numRuns: 300 },
    );
  });

  it('write and end take and refuse the same arguments', () => {
    const chunk = fc.oneof(odd, fc.uint8Array({ maxLength: 4 }), fc.string());
    const encoding = fc.oneof(odd, fc.constantFrom('utf8', 'hex', 'latin1', 'base64', 'nonsense'));
    fc.assert(
      fc.property(fc.constantFrom('write', 'end'), chunk, encoding, (method, given, how) =>
        same((net) => writing(net, (socket) => socket[method as 'write'](given as never, how as never))),
      ),
      { numRuns: 500 },
    );
  });

  it('addresses are told from other texts alike', () => {
    const part = fc.constantFrom(
      '::',
      ':',
      '.',
      '1',
      '255',
      '256',
      'ffff',
      '10000',
      '%eth0',
      '%',
      'g',
      '01',
      ' ',
      '127.0.0.1',
    );
    const text = fc.oneof(
      fc.array(part, { maxLength: 9 }).map((parts) => parts.join('')),
      fc.ipV4(),
      fc.ipV6(),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (given) => {
        for (const test of ['isIP', 'isIPv4', 'isIPv6'] as const) expect(tsyn[test](given)).toBe(host[test](given));
      }),
      { numRuns: 2_000 },
    );
  });
});

/** A real port: listening at it can fail for reasons of the machine. */
function isPort(value: unknown): boolean {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number > 0 && number < 65_536;
}
