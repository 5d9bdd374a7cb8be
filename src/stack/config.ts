/**
 * Owns: every default and bound of a stack, with its name, unit and reason, and the check of what a user gives instead.
 * All times are milliseconds, all sizes octets.
 */

import { defaultTcpConfig, type TcpConfig } from '../tcp/index.ts';
import { invalidArgument } from './errors.ts';

/** The IP layer: RFC 791, RFC 8200, RFC 1122 3.2, RFC 1812. */
export interface IpConfig {
  /** Hop limit of what this host sends (RFC 1122 3.2.1.7; 64 is the assigned default). */
  readonly ttl: number;
  /** Whether packets for others are forwarded. A host does not (RFC 1122 3.1). */
  readonly forwarding: boolean;
  /** Whether IPv4 source routes are sent, followed and answered (RFC 1122 3.2.1.8). RFC 7126 4.3 advises against. */
  readonly sourceRoutes: boolean;
  /** Remembered (remote, local) pairs with their route and path MTU; the least recently asked for is forgotten first. */
  readonly maxPaths: number;
  /** Smallest path MTU believed for IPv4 (RFC 1191 3 allows 68; 552 is what Linux holds against RFC 5927 7.2 attacks). */
  readonly minPmtu4: number;
  /** How long a reduced path MTU is kept before the link's is tried again (RFC 1191 6.3, RFC 8201 4: 10 min). */
  readonly pmtuAge: number;
  /** Addresses an interface takes at most. */
  readonly maxAddresses: number;
  /** Interfaces a stack takes at most. */
  readonly maxInterfaces: number;
  /** Routes a stack takes at most. */
  readonly maxRoutes: number;
  /** Packets waiting on the internal loopback at most. */
  readonly loopbackQueue: number;
  /** MTU of the internal loopback. */
  readonly loopbackMtu: number;
}

/** ICMP of both families: RFC 792, RFC 4443, RFC 1812 4.3.2.8. */
export interface IcmpConfig {
  /** Whether echo requests to unicast addresses are answered (RFC 1122 3.2.2.6). Never to broadcast (RFC 2644). */
  readonly echoReply: boolean;
  /** Error messages a second, all destinations together (RFC 4443 2.4 (f)). */
  readonly errorRate: number;
  /** Error messages at once. */
  readonly errorBurst: number;
  /** Error messages a second to one destination (destinations share 256 buckets by a keyed hash). */
  readonly errorRatePerHost: number;
  /** Error messages at once to one destination. */
  readonly errorBurstPerHost: number;
}

/** ARP and Neighbor Discovery: RFC 826, RFC 1122 2.3.2, RFC 4861, RFC 5227. */
export interface NeighbourConfig {
  /** Cache entries, each interface (RFC 6583). */
  readonly maxEntries: number;
  /** Entries still being resolved, each interface; the oldest gives way. */
  readonly maxIncomplete: number;
  /** Packets waiting for one resolution; the oldest is dropped (RFC 1122 2.3.2.2 asks for at least 1). */
  readonly maxPendingPackets: number;
  /** Octets of buffers waiting for resolutions, each interface. */
  readonly maxPendingBytes: number;
  /** RETRANS_TIMER: between solicitations for one address (RFC 4861 10; RFC 1122 2.3.2.1 asks for 1/s at most). */
  readonly retransTimer: number;
  /** MAX_MULTICAST_SOLICIT. */
  readonly maxMulticastSolicit: number;
  /** MAX_UNICAST_SOLICIT. */
  readonly maxUnicastSolicit: number;
  /** Solicitations a second, each interface, all addresses together (RFC 6583 6.2). */
  readonly solicitRate: number;
  /** BASE_REACHABLE_TIME, from which 0.5 to 1.5 times is drawn. */
  readonly reachableTime: number;
  /** DELAY_FIRST_PROBE_TIME. */
  readonly delayFirstProbeTime: number;
  /** Entries that nothing was sent to for so long are forgotten. */
  readonly staleAge: number;
  /** DEFEND_INTERVAL: own address defended at most once in this time (RFC 5227 2.4). */
  readonly defendInterval: number;
}

/** Reassembly: RFC 791 3.2, RFC 8200 4.5, RFC 5722. */
export interface FragmentConfig {
  /** Octets held at most, overhead included; above it the oldest datagrams are dropped ... */
  readonly highMark: number;
  /** ... until this much is left. */
  readonly lowMark: number;
  /** From the first piece that came to giving up (RFC 8200 4.5: 60 s; RFC 1122 3.3.2: 60 to 120 s). */
  readonly timeout: number;
  /** Pieces of one datagram; one more drops it (FragmentSmack, CVE-2018-5391). */
  readonly maxPieces: number;
}

/** UDP: RFC 768. */
export interface UdpConfig {
  /** Octets a socket queues for its user, 256 of overhead for each datagram included. */
  readonly receiveBuffer: number;
  /** UDP sockets at most. */
  readonly maxSockets: number;
}

/** Ephemeral ports: RFC 6056 3.2. */
export interface PortConfig {
  readonly first: number;
  readonly last: number;
}

/** TCP: what the engine wants to know, and the bounds of the host's tables. */
export interface TcpStackConfig extends TcpConfig {
  /**
   * Connections of one listener on their way through the handshake at most; then come cookies, or the oldest gives way
   * (`synCookies`). More than a backlog, or a rush of honest clients would turn itself away.
   */
  readonly maxHalfOpen: number;
  /**
   * SYN cookies (RFC 4987 3.6). 'when-full': a listener with `maxHalfOpen` connections half open answers further SYNs
   * without remembering them; a client without timestamps then does without window scaling and SACK. 'always': every
   * SYN is answered so. 'off': the oldest half-open connection gives way to the newest (RFC 4987 3.2).
   */
  readonly synCookies: 'when-full' | 'always' | 'off';
  /** Peers whose fast open cookies are remembered at most; the one asked for least recently is forgotten (RFC 7413 4.1.3). */
  readonly maxFastOpenPeers: number;
  /**
   * No fast open with a service for so long after a SYN with text or the option was lost there, ms; twice as long after the next,
   * and so on. 0 tries again at once.
   */
  readonly fastOpenPause: number;
  /** A service that gave no cookie is not asked again for so long (RFC 7413 4.2.1), ms. */
  readonly fastOpenRefusal: number;
  /** A service that gave no cookie is asked once more in the option of before RFC 7413. */
  readonly fastOpenOldOption: boolean;
  /** Largest packet of a SYN with text, whatever MSS the peer announced (RFC 7413 4.1.3). */
  readonly fastOpenMtu: number;
  /** TIME-WAIT records at most; above it the oldest gives way. */
  readonly maxTimeWaits: number;
  /**
   * Whether `connect` may take a pair of ports that still rests here in TIME-WAIT: a second old at least, and with timestamps,
   * which tell the old connection's segments (RFC 6191, RFC 7323 5), if the new connection has them too. 'loopback' only where
   * nothing lingers on the way, as in Linux (net.ipv4.tcp_tw_reuse = 2).
   */
  readonly reuseTimeWait: 'off' | 'loopback' | 'on';
}

export interface StackConfig {
  readonly ip: IpConfig;
  readonly icmp: IcmpConfig;
  readonly neighbours: NeighbourConfig;
  readonly fragments: FragmentConfig;
  readonly udp: UdpConfig;
  readonly tcp: TcpStackConfig;
  readonly ports: PortConfig;
}

/** Any part of a configuration. */
export type PartialConfig<T = StackConfig> = {
  readonly [K in keyof T]?: T[K] extends object ? PartialConfig<T[K]> : T[K];
};

export const defaultStackConfig: StackConfig = {
  ip: {
    ttl: 64,
    forwarding: false,
    sourceRoutes: false,
    maxPaths: 4096,
    minPmtu4: 552,
    pmtuAge: 600_000,
    maxAddresses: 64,
    maxInterfaces: 256,
    maxRoutes: 1024,
    loopbackQueue: 8192,
    loopbackMtu: 65_535,
  },
  icmp: { echoReply: true, errorRate: 1000, errorBurst: 50, errorRatePerHost: 50, errorBurstPerHost: 10 },
  neighbours: {
    maxEntries: 512,
    maxIncomplete: 64,
    maxPendingPackets: 64,
    maxPendingBytes: 1024 * 1024,
    retransTimer: 1000,
    maxMulticastSolicit: 3,
    maxUnicastSolicit: 3,
    solicitRate: 200,
    reachableTime: 30_000,
    delayFirstProbeTime: 5000,
    staleAge: 600_000,
    defendInterval: 10_000,
  },
  fragments: { highMark: 4 * 1024 * 1024, lowMark: 3 * 1024 * 1024, timeout: 60_000, maxPieces: 1024 },
  udp: { receiveBuffer: 212_992, maxSockets: 65_536 },
  tcp: {
    ...defaultTcpConfig,
    maxHalfOpen: 1024,
    synCookies: 'when-full',
    maxFastOpenPeers: 1024,
    fastOpenPause: 60_000,
    fastOpenRefusal: 600_000,
    fastOpenOldOption: false,
    fastOpenMtu: 1500,
    maxTimeWaits: 131_072,
    reuseTimeWait: 'off',
  },
  ports: { first: 49_152, last: 65_535 },
};

/** Smallest and largest value of a number; 'boolean' where it is one; the words that are allowed. */
type Bounds<T> = {
  readonly [K in keyof T]: T[K] extends object
    ? Bounds<T[K]>
    : T[K] extends boolean
      ? 'boolean'
      : T[K] extends string
        ? readonly T[K][]
        : readonly [number, number];
};

const DAY = 86_400_000;
const GIB = 1024 * 1024 * 1024;

const bounds: Bounds<StackConfig> = {
  ip: {
    ttl: [1, 255],
    forwarding: 'boolean',
    sourceRoutes: 'boolean',
    maxPaths: [1, 1_000_000],
    minPmtu4: [68, 1500],
    pmtuAge: [300_000, DAY],
    maxAddresses: [1, 65_536],
    maxInterfaces: [1, 65_536],
    maxRoutes: [1, 1_000_000],
    loopbackQueue: [1, 1_000_000],
    loopbackMtu: [1280, 65_535],
  },
  icmp: {
    echoReply: 'boolean',
    errorRate: [0, 1_000_000],
    errorBurst: [1, 1_000_000],
    errorRatePerHost: [0, 1_000_000],
    errorBurstPerHost: [1, 1_000_000],
  },
  neighbours: {
    maxEntries: [2, 1_000_000],
    maxIncomplete: [1, 1_000_000],
    maxPendingPackets: [1, 1_000_000],
    maxPendingBytes: [0, GIB],
    retransTimer: [1000, DAY],
    maxMulticastSolicit: [1, 100],
    maxUnicastSolicit: [1, 100],
    solicitRate: [1, 1_000_000],
    reachableTime: [1000, DAY],
    delayFirstProbeTime: [1000, DAY],
    staleAge: [1000, DAY],
    defendInterval: [10_000, DAY],
  },
  fragments: { highMark: [0, GIB], lowMark: [0, GIB], timeout: [1000, 120_000], maxPieces: [1, 8192] },
  udp: { receiveBuffer: [256, GIB], maxSockets: [1, 1_000_000] },
  tcp: {
    initialRto: [1, 60_000],
    minRto: [1, 60_000],
    maxRto: [1000, DAY],
    r1: [1, 100],
    r2: [1, 100 * DAY],
    minUserTimeout: [1, 100 * DAY],
    maxUserTimeout: [1, 100 * DAY],
    synR2: [1, 100 * DAY],
    evenSyns: [0, 100],
    orphanR2: [1, 100 * DAY],
    delayedAck: [0, 499],
    quickAcks: [0, 1000],
    wholeSegmentWindow: 'boolean',
    takeBeyondWindow: 'boolean',
    windowProbe: ['octet', 'empty'],
    readAfterFailure: 'boolean',
    errorsEndOpening: 'boolean',
    maxPersist: [1000, DAY],
    msl: [1, DAY],
    finWait2: [1, DAY],
    challengeInterval: [0, DAY],
    maxReorderRanges: [1, 1_000_000],
    maxBufferMemory: [0, 64 * GIB],
    initialWindow: [1, 1000],
    duplicateThreshold: [1, 1000],
    earlyRetransmit: ['off', 'at-once', 'delayed'],
    tailLossProbe: 'boolean',
    restartAfterIdle: 'boolean',
    requireTimestamps: 'boolean',
    minMss: [8, 1460],
    maxCookieMss: [536, 65_535],
    baseMss: [48, 65_495],
    probeFloor: [8, 1460],
    searchWhileFull: 'boolean',
    probeInterval: [1000, DAY],
    blackHoleTimeouts: [1, 100],
    pushBursts: 'boolean',
    minBurst: [1, 1000],
    burstOverhead: [0, 65_535],
    maxHalfOpen: [1, 1_000_000],
    synCookies: ['when-full', 'always', 'off'],
    maxFastOpenPeers: [1, 1_000_000],
    fastOpenPause: [0, DAY],
    fastOpenRefusal: [0, DAY],
    fastOpenOldOption: 'boolean',
    fastOpenMtu: [576, 65_535],
    maxTimeWaits: [1, 100_000_000],
    reuseTimeWait: ['off', 'loopback', 'on'],
  },
  ports: { first: [1, 65_535], last: [1, 65_535] },
};

/**
 * The defaults with `options` in their places.
 *
 * @throws TsynError ERR_INVALID_ARG_VALUE naming the key and the value: an unknown key, a wrong type, out of bounds
 */
export function mergeConfig(options: PartialConfig = {}): StackConfig {
  const merged = mergeSection('config', defaultStackConfig, bounds, options) as unknown as StackConfig;
  if (merged.fragments.lowMark > merged.fragments.highMark) {
    throw invalidArgument('config.fragments.lowMark', merged.fragments.lowMark, 'at most highMark');
  }
  if (merged.ports.first > merged.ports.last) {
    throw invalidArgument('config.ports.first', merged.ports.first, 'at most last');
  }
  return merged;
}

type Section = Readonly<Record<string, unknown>>;

/** Sections in which nothing is changed: many hosts have the same. */
const UNCHANGED: WeakMap<object, Section> = new WeakMap();

function mergeSection(name: string, defaults: object, limits: object, options: unknown): Section {
  const known = options === defaults ? UNCHANGED.get(defaults) : undefined;
  if (known !== undefined) return known;
  if (typeof options !== 'object' || options === null) throw invalidArgument(name, options, 'an object');
  const given = options as Section;
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(defaults, key)) throw invalidArgument(`${name}.${key}`, given[key], 'a known setting');
  }
  const merged: Record<string, unknown> = {};
  for (const [key, fallback] of Object.entries(defaults)) {
    const value = given[key] === undefined ? fallback : given[key];
    const limit: unknown = (limits as Section)[key];
    const path = `${name}.${key}`;
    if (typeof fallback === 'object') merged[key] = mergeSection(path, fallback, limit as object, value);
    else merged[key] = checked(path, limit, value);
  }
  Object.freeze(merged);
  if (options === defaults) UNCHANGED.set(defaults, merged);
  return merged;
}

function checked(path: string, limit: unknown, value: unknown): unknown {
  if (limit === 'boolean') {
    if (typeof value !== 'boolean') throw invalidArgument(path, value, 'true or false');
    return value;
  }
  if (typeof (limit as readonly unknown[])[0] === 'string') {
    const words = limit as readonly string[];
    if (!words.includes(value as string)) throw invalidArgument(path, value, `one of ${words.join(', ')}`);
    return value;
  }
  const [low, high] = limit as readonly [number, number];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
    throw invalidArgument(path, value, `an integer from ${low} to ${high}`);
  }
  return value;
}
