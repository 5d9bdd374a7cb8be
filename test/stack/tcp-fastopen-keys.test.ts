import { describe, expect, it } from 'vitest';
import { fastOpenCookie, fastOpenKeys } from '../../src/stack/tcp-fastopen.ts';
import type { TcpListener } from '../../src/stack/tcp-listener.ts';
import { pattern } from '../helpers/endpoint.ts';
import { address, World } from './hosts.ts';
import { ask, code, forge, PEER, type Seen, US } from './tcp-peer.ts';

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

describe('a fast open cookie', () => {
  it('is the one that Linux computes under the same key', () => {
    const of = (key: string, client: string, server: string): string => {
      const { current } = fastOpenKeys(Uint8Array.from(Buffer.from(key, 'hex')), null);
      return hex(fastOpenCookie(current, address(client), address(server)));
    };
    const a = 'a1a1a1a1b2b2b2b2c3c3c3c3d4d4d4d4';
    const zero = '0'.repeat(32);
    expect(of(a, '192.0.2.1', '192.168.0.1')).toBe('3021b9d889017eeb');
    expect(of(zero, '192.0.2.1', '192.168.0.1')).toBe('b7c12350a90dc8f5');
    expect(of(a, 'fd3d:fa7b:d17d::1', 'fd3d:a0b:17d6::1')).toBe('c1d1e9742a47a9bc');
    expect(of(zero, 'fd3d:fa7b:d17d::1', 'fd3d:a0b:17d6::1')).toBe('82af1a8f9a205c34');
  });

  it('depends on every octet of the key, in its place', () => {
    const key = pattern(16);
    const cookies = new Set<string>();
    for (let i = 0; i < 16; i++) {
      const other = key.slice();
      other[i] = other[i]! ^ 1;
      cookies.add(hex(fastOpenCookie(fastOpenKeys(other, null).current, PEER, US)));
    }
    cookies.add(hex(fastOpenCookie(fastOpenKeys(key, null).current, PEER, US)));
    expect(cookies.size).toBe(17);
  });
});

describe('the fast open settings of a listener', () => {
  function bench(settings: { fastOpen?: number; fastOpenWithoutCookie?: boolean } = {}): {
    listener: TcpListener;
    host: { tcp: { counters: { TcpExtTCPFastOpenListenOverflow: number } } };
    syn: (cookie: readonly number[] | null, port: number, data?: string) => Seen;
  } {
    const { a, raw } = new World().victim();
    const listener = a.tcp.listen({ port: 80, ...settings });
    a.tcp.setFastOpenKeys(pattern(16, 7));
    const syn = (cookie: readonly number[] | null, port: number, data = 'GET /'): Seen =>
      ask(raw, forge('SYN', { sport: port, data, ...(cookie === null ? {} : { cookie }) }))[0]!;
    return { listener, host: a, syn };
  }

  it('are changed while it listens: how many may be pending, none for no fast open', () => {
    const { listener, host, syn } = bench();
    expect(syn([], 1).cookie).toBeNull();
    listener.setFastOpen(1);
    const { cookie } = syn([], 2);
    expect(cookie?.length).toBe(8);
    expect(syn(cookie, 3).ack).toBe(1006);
    expect(syn(cookie, 4).ack).toBe(1001); // one is pending
    expect(host.tcp.counters.TcpExtTCPFastOpenListenOverflow).toBe(1);
    listener.setFastOpen(true);
    expect(syn(cookie, 5).ack).toBe(1006);
    listener.setFastOpen(false);
    expect(syn(cookie, 6).ack).toBe(1001);
    expect(code(() => listener.setFastOpen(-1))).toBe('ERR_INVALID_ARG_VALUE');
  });

  it('may have keys of its own, which go before those of the host', () => {
    const { listener, syn } = bench({ fastOpen: 8 });
    const hosts = syn([], 1).cookie!;
    listener.setFastOpenKeys(pattern(16, 1));
    const first = syn([], 2).cookie!;
    expect(first).not.toEqual(hosts);
    expect([syn(hosts, 3).ack, syn(first, 4).ack]).toEqual([1001, 1006]);
    listener.setFastOpenKeys(pattern(16, 2), pattern(16, 1));
    const exchanged = syn(first, 5);
    expect([exchanged.ack, exchanged.cookie!.length]).toEqual([1006, 8]);
    expect(code(() => listener.setFastOpenKeys(pattern(15)))).toBe('ERR_INVALID_ARG_VALUE');
  });

  it('may do without cookies: text on any SYN is taken, and no cookie given', () => {
    const { listener, syn } = bench({ fastOpen: 8, fastOpenWithoutCookie: true });
    expect([syn(null, 1).ack, listener.accept()!.info().options.synData]).toEqual([1006, true]);
    expect(syn([1, 2, 3, 4, 5, 6, 7, 8], 2)).toMatchObject({ ack: 1006, cookie: null });
    expect([syn([], 3, '').ack, listener.waiting.length]).toEqual([1001, 2]); // early, and may be written to
    expect([syn(null, 4, '').ack, listener.waiting.length]).toEqual([1001, 2]); // a plain handshake
  });

  it('say no more of the window than the SYN,ACK did, though text has been taken and read', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const listener = a.tcp.listen({ port: 80, fastOpen: 8, fastOpenWithoutCookie: true });
    const [synAck] = ask(raw, forge('SYN', { data: pattern(1000), windowScale: 7 }));
    expect([synAck!.ack, synAck!.window]).toEqual([2001, 65_535]); // as much beyond the text as without it
    ask(raw, forge('ACK', { seq: 2001, ack: synAck!.seq + 1 }));
    raw.received.length = 0;
    listener.accept()!.read(new Uint8Array(1000));
    w.run(0);
    expect(raw.received).toEqual([]);
  });

  it('without cookies still are bounded by what may be pending', () => {
    const { syn } = bench({ fastOpen: 1, fastOpenWithoutCookie: true });
    expect([syn(null, 1).ack, syn(null, 2).ack]).toEqual([1006, 1001]);
  });
});
