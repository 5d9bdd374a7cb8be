/**
 * The types: what tsyn/net declares goes wherever Node's `net` is asked for. The compiler checks it (`npm run types`); what runs is that
 * the values are there. Not promised: that a socket is an instance of the host's `net.Socket`; to TypeScript it has its shape.
 */

import type * as nodeNet from 'node:net';
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as named from '../../../src/node/net/index.ts';

/** The public part of Node's `net`. */
type Promised = Pick<
  typeof nodeNet,
  | 'connect'
  | 'createConnection'
  | 'createServer'
  | 'isIP'
  | 'isIPv4'
  | 'isIPv6'
  | 'getDefaultAutoSelectFamily'
  | 'setDefaultAutoSelectFamily'
  | 'getDefaultAutoSelectFamilyAttemptTimeout'
  | 'setDefaultAutoSelectFamilyAttemptTimeout'
  | 'Socket'
  | 'Server'
  | 'BlockList'
  | 'SocketAddress'
>;

/** Everything that Node's `net` has as a value; a name it gains shows up here. */
type Values = Exclude<keyof typeof nodeNet, 'default'>;

const asModule: Promised = named;
const asDefault: Promised = named.default;
const made: Promised = {} as ReturnType<typeof named.createNet>;

/** As users write: everything annotated with Node's own types. */
function asUsersWrite(net: Promised): void {
  const server: nodeNet.Server = net.createServer({ allowHalfOpen: true }, (accepted: nodeNet.Socket) =>
    accepted.end(),
  );
  const options: nodeNet.TcpNetConnectOpts = { port: 80, host: 'localhost' };
  const client: nodeNet.Socket = net.connect(options, () => {});
  const other: nodeNet.Socket = new net.Socket({ allowHalfOpen: true }).connect(80);
  const list: nodeNet.BlockList = new net.BlockList();
  const address: nodeNet.SocketAddress = new net.SocketAddress({ address: '::1' });
  const listen: nodeNet.Server = new net.Server().listen({ port: 0, ipv6Only: true });
  class Mine extends net.Socket {
    override setTimeout(ms: number, callback?: () => void): this {
      return super.setTimeout(ms, callback);
    }
  }
  const mine: nodeNet.Socket = new Mine();
  void [server, client, other, list, address, listen, mine];
}

describe('the types', () => {
  it('promise every value that Node declares', () => {
    expectTypeOf<Exclude<Values, keyof Promised>>().toEqualTypeOf<never>();
    expectTypeOf<ConstructorParameters<(typeof named)['Socket']>>().toEqualTypeOf<
      ConstructorParameters<typeof nodeNet.Socket>
    >();
    expectTypeOf<ConstructorParameters<(typeof named)['Server']>>().toEqualTypeOf<
      ConstructorParameters<typeof nodeNet.Server>
    >();
    expectTypeOf(named.connect).toEqualTypeOf<typeof nodeNet.connect>();
    expectTypeOf(named.createServer).toEqualTypeOf<typeof nodeNet.createServer>();
    expectTypeOf(made).toMatchTypeOf<Promised>();
  });

  it('promise what is there', () => {
    for (const name of Object.keys(asDefault) as Array<keyof Promised>) {
      if (name in asModule) expect(asModule[name]).toBe(asDefault[name]);
    }
    expect(asUsersWrite.length).toBe(1);
    expect(Object.keys(asModule).length).toBeGreaterThanOrEqual(15);
  });
});
