/** The public surface: what there is, of which kind, with how many arguments, on a module, a socket and a server. */

import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import { inherits } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BOTH, host, tsyn } from './modules.ts';

const FUNCTIONS = [
  'connect',
  'createConnection',
  'createServer',
  'isIP',
  'isIPv4',
  'isIPv6',
  'getDefaultAutoSelectFamily',
  'setDefaultAutoSelectFamily',
  'getDefaultAutoSelectFamilyAttemptTimeout',
  'setDefaultAutoSelectFamilyAttemptTimeout',
  'Socket',
  'Stream',
  'Server',
  'BlockList',
  'SocketAddress',
] as const;

const SOCKET_METHODS = [
  ...['connect', 'write', 'end', 'destroy', 'destroySoon', 'resetAndDestroy', 'pause', 'resume', 'read', 'setEncoding'],
  ...['setTimeout', 'setNoDelay', 'setKeepAlive', 'address', 'ref', 'unref', 'cork', 'uncork', 'pipe', 'unpipe'],
  ...['_final', '_read', '_write', '_writev', '_destroy', 'unshift', 'compose', 'isPaused', 'setDefaultEncoding'],
  ...['_onTimeout', '_unrefTimer', '_writeGeneric', '_getpeername', '_getsockname', '_reset'],
];

const SOCKET_PROPERTIES = [
  ...['autoSelectFamilyAttemptedAddresses', 'bufferSize', 'bytesRead', 'bytesWritten', 'connecting', '_connecting'],
  ...[
    'destroyed',
    'localAddress',
    'localPort',
    'localFamily',
    'pending',
    'readyState',
    'remoteAddress',
    'remoteFamily',
  ],
  ...['remotePort', 'timeout', 'server', 'allowHalfOpen', '_handle', '_hadError', '_host', '_parent', '_server'],
  ...['_sockname', '_closeAfterHandlingError', '_bytesDispatched', 'readable', 'writable', 'readableFlowing'],
  ...['writableLength', 'writableNeedDrain', 'errored', 'closed', 'readableEncoding', 'writableCorked'],
  ...['readableHighWaterMark', 'writableHighWaterMark', 'readableObjectMode', 'writableObjectMode'],
];

const SERVER_METHODS = [...['listen', 'close', 'address', 'getConnections', 'ref', 'unref', '_emitCloseIfDrained']];

const SERVER_PROPERTIES = [
  ...['listening', 'maxConnections', '_connections', '_connectionKey', '_handle', '_usingWorkers', '_unref'],
  ...['allowHalfOpen', 'pauseOnConnect', 'noDelay', 'keepAlive', 'keepAliveInitialDelay', 'highWaterMark'],
];

type Rows = Array<readonly [string, string]>;

function kinds(of: object, names: readonly string[]): Rows {
  return names.map((name) => {
    const value = Reflect.get(of, name) as unknown;
    const kind = typeof value === 'function' ? `function of ${value.length}` : `${typeof value} ${String(value)}`;
    return [name, `${kind}${name in of ? '' : ' (not there)'}`];
  });
}

describe('the module', () => {
  it('has the functions and classes of Node, with as many arguments', () => {
    expect(kinds(tsyn, FUNCTIONS)).toEqual(kinds(host, FUNCTIONS));
  });

  it('has each of Node as a named export, and a default', async () => {
    const named = await import('../../../src/node/net/index.ts');
    expect(FUNCTIONS.filter((name) => Reflect.get(named, name) !== Reflect.get(named.default, name))).toEqual([]);
  });

  it('has the classes of pure address logic from the host', () => {
    expect(tsyn.BlockList).toBe(host.BlockList);
    expect(tsyn.SocketAddress).toBe(host.SocketAddress);
    const list = new tsyn.BlockList();
    list.addAddress('10.0.0.1');
    list.addRange('10.1.0.0', '10.1.0.9');
    list.addSubnet('fd00::', 8, 'ipv6');
    expect(['10.0.0.1', '10.1.0.5', '10.2.0.1'].map((each) => list.check(each))).toEqual([true, true, false]);
    expect(list.check('fd00::1', 'ipv6')).toBe(true);
    expect(list.rules).toHaveLength(3);
    expect(structuredClone(list).check('10.1.0.5')).toBe(true);
    const address = new tsyn.SocketAddress({ address: '::1', family: 'ipv6', port: 80, flowlabel: 7 });
    expect(address).toMatchObject({ address: '::1', family: 'ipv6', port: 80, flowlabel: 7 });
  });

  it('begins with the defaults of the host', () => {
    expect(tsyn.getDefaultAutoSelectFamily()).toBe(host.getDefaultAutoSelectFamily());
    expect(tsyn.getDefaultAutoSelectFamilyAttemptTimeout()).toBe(host.getDefaultAutoSelectFamilyAttemptTimeout());
  });
});

describe.each(BOTH)('%s', (_name, net) => {
  it('has one class under two names, and one function under two', () => {
    expect(Reflect.get(net, 'Stream')).toBe(net.Socket);
    expect(net.createConnection).toBe(net.connect);
  });

  it('makes sockets that are streams, with new and without', () => {
    const call = net.Socket as unknown as () => import('node:net').Socket;
    for (const socket of [new net.Socket(), call()]) expect(socket).toBeInstanceOf(Duplex);
    expect(call()).toBeInstanceOf(net.Socket);
  });

  it('makes servers that are emitters, with new and without', () => {
    const call = net.Server as unknown as () => import('node:net').Server;
    for (const server of [new net.Server(), call(), net.createServer()]) {
      expect(server).toBeInstanceOf(net.Server);
      expect(server).toBeInstanceOf(EventEmitter);
    }
  });

  it('can be inherited from, as classes and as functions', () => {
    class Named extends net.Socket {
      name = 'named';
    }
    const named = new Named();
    expect([named instanceof net.Socket, named.name, named.readyState]).toEqual([true, 'named', 'open']);
    function Old(this: import('node:net').Socket): void {
      (net.Socket as unknown as () => void).call(this);
    }
    inherits(Old, net.Socket);
    const old = new (Old as unknown as new () => import('node:net').Socket)();
    expect([old instanceof Duplex, old.connecting, old.setTimeout(0) === old]).toEqual([true, false, true]);
    class Service extends net.Server {}
    expect(new Service().listening).toBe(false);
  });

  it('disposes of sockets and servers', () => {
    expect(typeof new net.Socket()[Symbol.asyncDispose]).toBe('function');
    expect(typeof net.createServer()[Symbol.asyncDispose]).toBe('function');
  });

  it('takes a listener of connections as first or second argument', () => {
    const listener = (): void => {};
    expect(net.createServer(listener).listeners('connection')).toEqual([listener]);
    expect(net.createServer({}, listener).listeners('connection')).toEqual([listener]);
    expect(new net.Server({ allowHalfOpen: true }, listener).listeners('connection')).toEqual([listener]);
  });
});

describe('a new socket', () => {
  it('has the methods of Node, with as many arguments', () => {
    expect(kinds(new tsyn.Socket(), SOCKET_METHODS)).toEqual(kinds(new host.Socket(), SOCKET_METHODS));
  });

  it('has the properties of Node, with the same values', () => {
    expect(kinds(new tsyn.Socket(), SOCKET_PROPERTIES)).toEqual(kinds(new host.Socket(), SOCKET_PROPERTIES));
  });

  it('has everything that is public on sockets of Node', () => {
    const all = (socket: object): string[] => {
      const names = new Set<string>();
      for (let of: object = socket; of !== Object.prototype; of = Object.getPrototypeOf(of)) {
        for (const name of Object.getOwnPropertyNames(of)) if (!name.startsWith('_')) names.add(name);
      }
      return [...names].sort();
    };
    const own = new Set(all(new tsyn.Socket()));
    expect(all(new host.Socket()).filter((name) => !own.has(name))).toEqual([]);
  });

  it('listens to as much as sockets of Node do', () => {
    const counts = (socket: EventEmitter): unknown =>
      socket.eventNames().map((name) => [name, socket.listenerCount(name)]);
    expect(counts(new tsyn.Socket())).toEqual(counts(new host.Socket()));
  });

  it('takes options of its stream', () => {
    const marks = (net: typeof host): unknown => {
      const socket = new net.Socket({ highWaterMark: 7, allowHalfOpen: true } as object);
      return [socket.readableHighWaterMark, socket.writableHighWaterMark, socket.allowHalfOpen];
    };
    expect(marks(tsyn)).toEqual(marks(host));
  });
});

describe('a new server', () => {
  it('has the methods of Node, with as many arguments', () => {
    expect(kinds(tsyn.createServer(), SERVER_METHODS)).toEqual(kinds(host.createServer(), SERVER_METHODS));
  });

  it('has the properties of Node, with the same values', () => {
    const options = {
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 1500,
      pauseOnConnect: true,
      highWaterMark: 9,
    };
    for (const given of [{}, options]) {
      expect(kinds(tsyn.createServer(given), SERVER_PROPERTIES)).toEqual(
        kinds(host.createServer(given), SERVER_PROPERTIES),
      );
    }
  });

  it('is known by its key while it listens', async () => {
    for (const [address, key] of [
      [undefined, /^6::::0$/],
      ['127.0.0.1', /^4:127\.0\.0\.1:0$/],
    ] as const) {
      for (const [, net] of BOTH) {
        const server = net.createServer().listen(0, address);
        await new Promise((done) => server.once('listening', done));
        expect(Reflect.get(server, '_connectionKey')).toMatch(key);
        expect(Reflect.get(server, '_handle')).toBeTruthy();
        await new Promise((done) => server.close(done));
        expect(Reflect.get(server, '_handle')).toBeNull();
      }
    }
  });
});
