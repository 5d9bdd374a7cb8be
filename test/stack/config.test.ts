import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { createPipe } from '../../src/link/pipe.ts';
import { defaultStackConfig, mergeConfig } from '../../src/stack/config.ts';
import { DROP_REASONS } from '../../src/stack/counters.ts';
import { TsynError } from '../../src/stack/errors.ts';
import { EphemeralPorts } from '../../src/stack/ports.ts';
import { TokenBucket } from '../../src/stack/token-bucket.ts';
import { address, World } from './hosts.ts';

const RUNS = { seed: 20260105, numRuns: 200 } as const;

describe('configuration', () => {
  it('is the defaults where nothing is said', () => {
    expect(mergeConfig()).toEqual(defaultStackConfig);
    expect(mergeConfig({})).toEqual(defaultStackConfig);
  });

  it('takes any part, and freezes the whole', () => {
    const merged = mergeConfig({ ip: { ttl: 32 }, icmp: { echoReply: false } });
    expect(merged.ip).toEqual({ ...defaultStackConfig.ip, ttl: 32 });
    expect(merged.icmp.echoReply).toBe(false);
    expect(merged.neighbours).toEqual(defaultStackConfig.neighbours);
    expect(Object.isFrozen(merged)).toBe(true);
    expect(Object.isFrozen(merged.ip)).toBe(true);
  });

  it.each([
    [{ ip: { ttl: 0 } }, 'config.ip.ttl must be an integer from 1 to 255, not 0'],
    [{ ip: { ttl: '64' } }, "config.ip.ttl must be an integer from 1 to 255, not '64'"],
    [{ ip: { forwarding: 1 } }, 'config.ip.forwarding must be true or false, not 1'],
    [{ ip: { minPmtu4: 67 } }, 'config.ip.minPmtu4 must be an integer from 68 to 1500, not 67'],
    [
      { neighbours: { retransTimer: Number.NaN } },
      'config.neighbours.retransTimer must be an integer from 1000 to 86400000, not NaN',
    ],
    [{ tcp: { synCookies: 'yes' } }, "config.tcp.synCookies must be one of when-full, always, off, not 'yes'"],
    [{ tcp: { synCookies: 1 } }, 'config.tcp.synCookies must be one of when-full, always, off, not 1'],
    [{ udp: null }, 'config.udp must be an object, not null'],
    [{ upd: {} }, 'config.upd must be a known setting, not [object Object]'],
    [{ ip: { tll: 3 } }, 'config.ip.tll must be a known setting, not 3'],
    [{ fragments: { highMark: 10 } }, 'config.fragments.lowMark must be at most highMark, not 3145728'],
    [{ ports: { first: 60_000, last: 50_000 } }, 'config.ports.first must be at most last, not 60000'],
  ])('refuses %j', (options, message) => {
    try {
      mergeConfig(options as never);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TsynError);
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE', message });
    }
  });
});

describe('interfaces', () => {
  it.each([
    [{ addresses: ['10.0.0.1'] }, 'ERR_INVALID_ARG_VALUE'],
    [{ addresses: ['10.0.0.0.1/24'] }, 'ERR_INVALID_ARG_VALUE'],
    [{ addresses: ['224.0.0.1/24'] }, 'ERR_INVALID_ARG_VALUE'],
    [{ addresses: ['255.255.255.255/32'] }, 'ERR_INVALID_ARG_VALUE'],
    [{ addresses: ['10.0.0.255/24'] }, 'ERR_INVALID_ARG_VALUE'],
    [{ addresses: ['0.0.0.0/8'] }, 'ERR_INVALID_ARG_VALUE'],
    [{ addresses: ['10.0.0.0/24'] }, 'ERR_INVALID_ARG_VALUE'],
    [{ addresses: ['127.0.0.1/8'] }, 'EADDRINUSE'],
    [{ addresses: ['::/64'] }, 'ERR_INVALID_ARG_VALUE'],
    [{ addresses: ['10.0.0.1/24', '10.0.0.1/24'] }, 'EADDRINUSE'],
    [{ mtu: 67 }, 'ERR_INVALID_ARG_VALUE'],
    [{ mtu: 1279, addresses: ['fd00::1/64'] }, 'ERR_INVALID_ARG_VALUE'],
  ])('refuse %j with %s', (options, code) => {
    const w = new World();
    const a = w.stack('a');
    const [link] = createPipe(w.scheduler, w.pool);
    expect(() => a.addInterface({ link, ...options })).toThrow(expect.objectContaining({ code }));
    expect(a.interfaces().length).toBe(1);
  });

  it.each([undefined, 'x', '01:00:00:00:00:01', '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff'])(
    'refuse the hardware address %s',
    (given) => {
      const w = new World();
      const a = w.stack('a');
      const options = { link: w.ethernet().addPort(), ...(given === undefined ? {} : { mac: given }) };
      expect(() => a.addInterface(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
    },
  );

  it('are bounded in number and addresses', () => {
    const w = new World();
    const a = w.stack('a', { ip: { maxInterfaces: 2, maxAddresses: 2 } });
    const add = (addresses: string[]): unknown =>
      a.addInterface({ link: createPipe(w.scheduler, w.pool)[0], addresses });
    expect(() => add(['10.0.0.1/24', '10.0.0.2/24', '10.0.0.3/24'])).toThrow(
      expect.objectContaining({ code: 'ENOSPC' }),
    );
    add(['10.0.0.1/24']);
    expect(() => add(['10.0.0.2/24'])).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
  });

  it('take no packets when down or removed', async () => {
    const w = new World();
    const { a, b, ib } = w.pair();
    ib.setUp(false);
    await expect(w.settle(a.ping('10.0.0.2', { timeout: 10 }))).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(b.mib.drops['interface-down']).toBe(1);
    await expect(b.ping('10.0.0.1')).rejects.toMatchObject({ code: 'ENETUNREACH' });
    ib.setUp(true);
    await w.settle(a.ping('10.0.0.2'));
    b.removeInterface(ib);
    b.removeInterface(ib);
    expect(b.interfaces().map((i) => i.name)).toEqual(['lo']);
    expect(b.isLocal(address('10.0.0.2'))).toBe(false);
  });

  it('routes over strangers, twice the same, or to nonsense are refused', () => {
    const w = new World();
    const { a, ia, ib } = w.pair({}, { ip: { maxRoutes: 1 } });
    const route = { destination: '192.0.2.0/24', via: '10.0.0.2', interface: ia };
    expect(() => a.addRoute({ ...route, interface: ib })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(() => a.addRoute({ ...route, destination: 'default' })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(() => a.addRoute({ ...route, via: 'fd00::2' })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    a.addRoute(route);
    expect(() => a.addRoute({ ...route, via: '10.0.0.3' })).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(() => a.addRoute({ ...route, destination: '192.0.3.0/24' })).toThrow(
      expect.objectContaining({ code: 'ENOSPC' }),
    );
  });
});

describe('counters', () => {
  it('have one number for each drop reason, and names without doubles', () => {
    expect(new Set(DROP_REASONS).size).toBe(DROP_REASONS.length);
    const w = new World();
    const { a } = w.pair();
    const snapshot = a.counters();
    for (const reason of DROP_REASONS) expect(snapshot[`Drop:${reason}`]).toBe(0);
    expect(snapshot['IpInReceives']).toBe(0);
    expect(Object.values(snapshot).every((n) => typeof n === 'number')).toBe(true);
  });

  it('drop() counts, traces and gives the packet back', () => {
    const w = new World();
    const { a } = w.pair();
    const events: unknown[] = [];
    a.trace = (event): void => {
      events.push(event);
    };
    const packet = w.pool.take(10);
    packet.id = 42;
    const { made } = w.pool;
    a.drop('tcp-checksum', packet);
    expect(events).toEqual([{ type: 'packet-dropped', time: 1000, host: 'a', packet: 42, reason: 'tcp-checksum' }]);
    expect(w.pool.take(10)).toBe(packet);
    expect(w.pool.made).toBe(made);
  });
});

describe('ephemeral ports', () => {
  const secret = [1, 2, 3, 4] as const;
  const make = (first = 49_152, last = 65_535): EphemeralPorts =>
    new EphemeralPorts({ first, last }, secret, new SeededRandom(5));
  const local = address('10.0.0.1');

  it('stay in their range and are never in use', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 65_000 }),
        fc.integer({ min: 0, max: 300 }),
        fc.nat(0xffff),
        (first, size, remotePort) => {
          const last = Math.min(65_535, first + size);
          const ports = make(first, last);
          const used = new Set<number>();
          for (let i = first; i <= last; i++) {
            const port = ports.choose(local, address('192.0.2.1'), remotePort, (p) => used.has(p));
            expect(port).toBeGreaterThanOrEqual(first);
            expect(port).toBeLessThanOrEqual(last);
            expect(used.has(port)).toBe(false);
            used.add(port);
          }
          expect(ports.choose(local, address('192.0.2.1'), remotePort, (p) => used.has(p))).toBe(0);
        },
      ),
      { ...RUNS, numRuns: 40 },
    );
  });

  it('go up by one towards one destination, and from an offset of its own towards another (RFC 6056 3.3.4)', () => {
    const ports = make();
    const none = (): boolean => false;
    const starts = new Set<number>();
    for (let i = 0; i < 50; i++) {
      const remote = address(`192.0.2.${i}`);
      const one = ports.choose(local, remote, 80, none);
      const two = ports.choose(local, remote, 80, none);
      expect((two - one + 16_384) % 16_384).toBe(1);
      starts.add(one);
    }
    expect(starts.size).toBeGreaterThan(45);
  });
});

describe('token buckets', () => {
  it('let no more through than burst and rate', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.nat(50), { maxLength: 200 }),
        (rate, burst, gaps) => {
          const bucket = new TokenBucket(rate, burst);
          let now = 0;
          let passed = 0;
          for (const gap of gaps) {
            now += gap;
            while (bucket.take(now)) passed++;
          }
          expect(passed).toBeLessThanOrEqual(burst + (rate * now) / 1000 + 1e-6);
        },
      ),
      RUNS,
    );
  });
});
