/**
 * Owns: getsockopt and setsockopt: which option does what to a connection, or to the one that is to come.
 */

import type { TcpOptions } from '../tcp/index.ts';
import { behind, described, integer, integerField } from './arguments.ts';
import { done, failed, type Outcome } from './descriptor.ts';
import { DrillMismatch, DrillSkip } from './errors.ts';
import type { Expression } from './script.ts';
import { synTimeoutOption, unsentLowOption } from './settings.ts';
import { errnoNumber, symbol } from './symbols.ts';
import type { TcpDescriptor } from './tcp-descriptor.ts';

interface SocketOption {
  /** @returns an errno, or null */
  readonly set?: (descriptor: TcpDescriptor, value: number) => string | null;
  readonly get?: (descriptor: TcpDescriptor) => number;
}

/** Changes the options of the connection, now or when it comes. With `most` the value is from 1 to that, else EINVAL. */
function option(of: (value: number) => Partial<TcpOptions>, most: number | null = null): SocketOption {
  return {
    set: (descriptor, value) => {
      if (most !== null && (value < 1 || value > most)) return 'EINVAL';
      descriptor.change(of(value));
      return null;
    },
  };
}

/** Kept and told again, with no effect on what can be seen here. */
const REMEMBERED: SocketOption = { set: () => null };

const SECOND = 1000;

const OPTIONS: Readonly<Record<string, Readonly<Record<string, SocketOption>>>> = {
  SOL_SOCKET: {
    SO_REUSEADDR: REMEMBERED,
    SO_REUSEPORT: REMEMBERED,
    SO_DEBUG: REMEMBERED,
    SO_MARK: REMEMBERED,
    SO_PRIORITY: REMEMBERED,
    SO_ZEROCOPY: {
      set: (descriptor, value) => {
        descriptor.setZeroCopy(value !== 0);
        return value === 0 || value === 1 ? null : 'EINVAL';
      },
    },
    SO_TIMESTAMPING: {
      set: (descriptor, value) => descriptor.setTimeStamps(value),
      get: (descriptor) => descriptor.stamps?.flags ?? 0,
    },
    SO_ERROR: { get: (descriptor) => errno(descriptor.takeError()) },
    SO_KEEPALIVE: {
      set: (descriptor, value) => {
        descriptor.change({ keepAlive: value !== 0 });
        descriptor.socket?.setKeepAlive(value !== 0);
        return null;
      },
    },
    SO_RCVBUF: { set: (descriptor, value) => descriptor.setReceiveBuffer(value), get: (d) => d.receiveBuffer },
    SO_SNDBUF: { set: (descriptor, value) => descriptor.setSendBuffer(value), get: (d) => d.sendBuffer },
  },
  IPPROTO_TCP: {
    TCP_NODELAY: {
      set: (descriptor, value) => {
        descriptor.change({ noDelay: value !== 0 });
        descriptor.socket?.setNoDelay(value !== 0);
        return null;
      },
    },
    TCP_CORK: {
      set: (descriptor, value) => {
        descriptor.cork(value !== 0);
        return null;
      },
    },
    TCP_MAXSEG: {
      set: (descriptor, value) => descriptor.setMaxSegment(value),
      get: (descriptor) => descriptor.maxSegment,
    },
    TCP_NOTSENT_LOWAT: {
      set: (descriptor, value) => {
        descriptor.setUnsentLow(unsentLowOption(value, Infinity));
        return null;
      },
    },
    TCP_SYNCNT: {
      set: (descriptor, value) => {
        if (value < 1 || value > 127) return 'EINVAL';
        descriptor.setSynTimeout(synTimeoutOption(value));
        return null;
      },
    },
    TCP_QUICKACK: {
      set: (descriptor, value) => {
        descriptor.socket?.setQuickAck(value !== 0);
        return null;
      },
    },
    TCP_KEEPIDLE: option((value) => ({ keepAliveIdle: value * SECOND }), 32_767),
    TCP_KEEPINTVL: option((value) => ({ keepAliveInterval: value * SECOND }), 32_767),
    TCP_KEEPCNT: option((value) => ({ keepAliveProbes: value }), 127),
    TCP_USER_TIMEOUT: {
      set: (descriptor, value) => {
        const timeout = value === 0 ? null : value;
        descriptor.change({ userTimeout: timeout });
        descriptor.socket?.setUserTimeout(timeout);
        return null;
      },
    },
    TCP_INQ: {
      set: (descriptor, value) => {
        descriptor.tellsQueued = value === 1;
        return value === 0 || value === 1 ? null : 'EINVAL';
      },
    },
    TCP_FASTOPEN: {
      set: (descriptor, value) => descriptor.setFastOpenQueue(value),
      get: (descriptor) => descriptor.fastOpenQueue,
    },
    TCP_FASTOPEN_CONNECT: {
      set: (descriptor, value) => descriptor.setFastOpenConnect(value),
      get: (descriptor) => Number(descriptor.fastOpenConnect),
    },
    TCP_FASTOPEN_NO_COOKIE: {
      set: (descriptor, value) => descriptor.setFastOpenWithoutCookie(value),
      get: (descriptor) => Number(descriptor.fastOpenWithoutCookie),
    },
  },
  SOL_IP: {
    IP_MTU_DISCOVER: REMEMBERED,
    IP_TOS: option((value) => ({ dscp: (value & 0xff) >> 2 })),
    IP_TTL: option((value) => ({ ttl: value }), 255),
    IP_FREEBIND: REMEMBERED,
    IP_RECVERR: REMEMBERED,
  },
  SOL_IPV6: {
    IPV6_MTU_DISCOVER: REMEMBERED,
    IPV6_TCLASS: option((value) => ({ dscp: (value & 0xff) >> 2 })),
    IPV6_UNICAST_HOPS: option((value) => ({ ttl: value }), 255),
    IPV6_RECVERR: REMEMBERED,
  },
};

function errno(name: string | null): number {
  return name === null ? 0 : (errnoNumber(name) ?? 0);
}

/** By number, so that every name of a constant means the same. */
const BY_NUMBER: ReadonlyMap<string, SocketOption> = new Map(
  Object.entries(OPTIONS).flatMap(([level, options]) =>
    Object.entries(options).map(([name, each]) => [`${symbol(level)}/${symbol(name)}`, each] as const),
  ),
);

/** @throws DrillSkip an option that is not known here */
export function setSocketOption(
  descriptor: TcpDescriptor,
  level: Expression,
  name: Expression,
  value: Expression,
  length: Expression,
): Outcome {
  const key = keyOf(level, name);
  if (key === LINGER) {
    const on = integerField(value, 'onoff') !== 0;
    descriptor.setLinger(on ? integerField(value, 'linger') * SECOND : null);
    return done(0);
  }
  if (value.kind === 'string') return setText(descriptor, key, value.value.slice(0, integer(length)), name);
  const known = BY_NUMBER.get(key);
  if (known?.set === undefined) throw new DrillSkip(`unsupported socket option ${described(name)}`);
  const number = value.kind === 'list' ? behind(value) : integer(value);
  const error = known.set(descriptor, number);
  if (error !== null) return failed(error);
  descriptor.values.set(key, number);
  return done(0);
}

const LINGER = `${symbol('SOL_SOCKET')}/${symbol('SO_LINGER')}`;
const CONGESTION = `${symbol('IPPROTO_TCP')}/${symbol('TCP_CONGESTION')}`;

const FASTOPEN_KEY = `${symbol('IPPROTO_TCP')}/${symbol('TCP_FASTOPEN_KEY')}`;

function setText(descriptor: TcpDescriptor, key: string, value: string, name: Expression): Outcome {
  if (key === CONGESTION) return descriptor.setCongestion(value);
  if (key !== FASTOPEN_KEY) throw new DrillSkip(`unsupported socket option ${described(name)} with a string`);
  const error = descriptor.setFastOpenKeys(Uint8Array.from(value, (character) => character.charCodeAt(0)));
  return error === null ? done(0) : failed(error);
}

/** Compares what the option is with what the script says. @throws DrillMismatch, DrillSkip */
export function getSocketOption(
  descriptor: TcpDescriptor,
  level: Expression,
  name: Expression,
  value: Expression,
): Outcome {
  const key = keyOf(level, name);
  const known = BY_NUMBER.get(key);
  if (known === undefined) throw new DrillSkip(`unsupported socket option ${described(name)}`);
  const expected = value.kind === 'list' ? behind(value) : integer(value);
  const actual = known.get === undefined ? (descriptor.values.get(key) ?? 0) : known.get(descriptor);
  if ((expected | 0) !== (actual | 0)) {
    throw new DrillMismatch(`${described(name)}: expected ${expected}, actual ${actual}`);
  }
  return done(0);
}

function keyOf(level: Expression, name: Expression): string {
  return `${integer(level)}/${integer(name)}`;
}
