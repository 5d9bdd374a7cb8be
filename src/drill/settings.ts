/**
 * Owns: what the kernel's settings (`profile.ts`) mean to the stack under test, in the stack's own words and units. How Linux
 * makes use of its buffers is modelled here: half of a receive buffer is window, the other half is overhead.
 */

import type { PartialConfig } from '../stack/index.ts';
import { type CongestionController, cubicWithHyStart, type TcpOptions } from '../tcp/index.ts';
import { reversed, writeU32 } from '../wire/bytes.ts';
import type { Sysctls } from './profile.ts';

export interface StackSettings {
  readonly config: PartialConfig;
  readonly options: Partial<TcpOptions>;
}

/** The bits of tcp_fastopen. */
export interface FastOpenSettings {
  readonly client: boolean;
  readonly server: boolean;
  /** Text goes with a SYN that has no cookie. */
  readonly clientWithoutCookie: boolean;
  /** Text on a SYN is taken without a cookie. */
  readonly serverWithoutCookie: boolean;
  /** Listeners take part that did not ask. */
  readonly allListeners: boolean;
}

/** What text of a full segment takes on a device with the usual MTU. */
const MSS = 1460;
/** Sizes from here on are no bound. */
const UNBOUNDED = 0x7fff_ffff;
const INITIAL_RTO = 1000;
const QUICK_ACKS = 16;
/** What the kernel's description of a packet to be sent takes of the send buffer, with room for its headers. */
const BUFFER_OVERHEAD = 960;
const LARGEST_PACKET = 65_535;
/** Where ECN is accurate (RFC 9768) it is spoken as RFC 3168 says, as with a peer that knows no better. */
const ECN = ['off', 'request', 'accept', 'request', 'request', 'accept'] as const;
const MTU_PROBING = ['off', 'black-hole', 'always'] as const;
/** tcp_early_retrans as it was before RACK: 1 for RFC 5827, 2 with a delay. From 3 on there are tail loss probes. */
const EARLY_RETRANSMIT = ['off', 'at-once', 'delayed'] as const;
const TAIL_LOSS_PROBES = 3;
const SYN_COOKIES = ['off', 'when-full', 'always'] as const;

export function stackSettings(sysctls: Sysctls): StackSettings {
  const minRto = Math.max(1, Math.round(sysctls.tcp_rto_min_us / 1000));
  const maxRto = sysctls.tcp_rto_max_ms;
  return {
    config: {
      ip: { ttl: sysctls.ip_default_ttl },
      tcp: {
        initialRto: INITIAL_RTO,
        minRto,
        maxRto,
        maxPersist: maxRto,
        r1: sysctls.tcp_retries1,
        r2: patience(minRto, maxRto, sysctls.tcp_retries2),
        synR2: patience(INITIAL_RTO, maxRto, sysctls.tcp_syn_retries),
        finWait2: sysctls.tcp_fin_timeout * 1000,
        challengeInterval: sysctls.tcp_invalid_ratelimit,
        duplicateThreshold: sysctls.tcp_reordering,
        earlyRetransmit: EARLY_RETRANSMIT[sysctls.tcp_early_retrans] ?? 'off',
        tailLossProbe: sysctls.tcp_early_retrans >= TAIL_LOSS_PROBES,
        restartAfterIdle: sysctls.tcp_slow_start_after_idle !== 0,
        minMss: sysctls.tcp_min_snd_mss,
        baseMss: sysctls.tcp_base_mss,
        requireTimestamps: false,
        searchWhileFull: true,
        pushBursts: true,
        minBurst: sysctls.tcp_min_tso_segs,
        burstOverhead: BUFFER_OVERHEAD,
        maxCookieMss: MSS,
        quickAcks: QUICK_ACKS,
        wholeSegmentWindow: true,
        takeBeyondWindow: true,
        windowProbe: 'empty',
        evenSyns: sysctls.tcp_syn_linear_timeouts,
        readAfterFailure: true,
        errorsEndOpening: true,
        fastOpenPause: 0,
        fastOpenRefusal: 0,
        fastOpenOldOption: true,
        fastOpenMtu: LARGEST_PACKET,
        synCookies: SYN_COOKIES[sysctls.tcp_syncookies] ?? 'when-full',
      },
    },
    options: {
      ...receiveBuffers(sysctls.tcp_rmem),
      sendBuffer: sysctls.tcp_wmem[1],
      sendBufferMax: Math.max(sysctls.tcp_wmem[1], sysctls.tcp_wmem[2]),
      unsentLow: sysctls.tcp_notsent_lowat >= UNBOUNDED ? Infinity : Math.max(sysctls.tcp_notsent_lowat, 1),
      timestamps: sysctls.tcp_timestamps !== 0,
      sack: sysctls.tcp_sack !== 0,
      windowScaling: sysctls.tcp_window_scaling !== 0,
      ecn: ECN[sysctls.tcp_ecn] ?? 'off',
      mtuProbing: MTU_PROBING[sysctls.tcp_mtu_probing] ?? 'off',
      congestion: sysctls.tcp_congestion_control === 'reno' ? 'newreno' : sysctls.tcp_congestion_control,
      keepAliveIdle: sysctls.tcp_keepalive_time * 1000,
      keepAliveInterval: sysctls.tcp_keepalive_intvl * 1000,
      keepAliveProbes: sysctls.tcp_keepalive_probes,
      ttl: sysctls.ip_default_ttl,
    },
  };
}

/** Half of the buffer is window, in whole segments. The window shift follows from the most that the buffer may become. */
function receiveBuffers(rmem: Sysctls['tcp_rmem']): Partial<TcpOptions> {
  const space = Math.floor(rmem[1] / 2);
  const receiveBuffer = space > MSS ? space - (space % MSS) : space;
  return { receiveBuffer, receiveBufferMax: Math.max(receiveBuffer, rmem[1], rmem[2]) };
}

/** The kernel's CUBIC: what ends slow start is the module's parameter hystart_detect, a bit for ACK trains, one for delay. */
export function linuxCubic(detect: number): CongestionController {
  return cubicWithHyStart({ ackTrain: (detect & 1) !== 0, delay: (detect & 2) !== 0 });
}

/** TCP_NOTSENT_LOWAT: 0 leaves it to the host. */
export function unsentLowOption(value: number, host: number): number {
  const octets = value >>> 0;
  if (octets === 0) return host;
  return octets >= UNBOUNDED ? Infinity : octets;
}

/** TCP_SYNCNT: for how long so many repetitions of a SYN go on. */
export function synTimeoutOption(repetitions: number): number {
  return patience(INITIAL_RTO, Infinity, repetitions);
}

/** What SO_RCVBUF asks for: a window of so much, which neither grows nor shifts further than it needs. */
export function receiveBufferOption(octets: number): { receiveBuffer: number; receiveBufferMax: number } {
  const receiveBuffer = Math.max(octets, 1152); // half of the kernel's least
  return { receiveBuffer, receiveBufferMax: receiveBuffer };
}

export function fastOpenSettings(sysctls: Sysctls): FastOpenSettings {
  const bit = (mask: number): boolean => (sysctls.tcp_fastopen & mask) !== 0;
  return {
    client: bit(0x1),
    server: bit(0x2),
    clientWithoutCookie: bit(0x4),
    serverWithoutCookie: bit(0x200),
    allListeners: bit(0x400),
  };
}

/** The octets of tcp_fastopen_key, as the stack takes them; null for none. */
export function fastOpenKey(sysctls: Sysctls): Uint8Array | null {
  const words = sysctls.tcp_fastopen_key.match(/[\da-f]{8}/g);
  if (words === null) return null;
  const octets = new Uint8Array(4 * words.length);
  words.forEach((word, i) => {
    writeU32(octets, 4 * i, reversed(Number.parseInt(word, 16)));
  });
  return octets;
}

/** How long so many retransmissions go on: each time-out is twice the one before, up to the greatest. */
function patience(first: number, greatest: number, retransmissions: number): number {
  let total = 0;
  let timeout = first;
  for (let sent = 0; sent <= retransmissions; sent++) {
    total += timeout;
    timeout = Math.min(timeout * 2, greatest);
  }
  return total;
}
