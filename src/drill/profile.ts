/**
 * Owns: the kernel settings that scripts assume and set, under Linux's names: the record of them, the named profiles, and which
 * values are accepted. What is accepted is honoured (`settings.ts`) or cannot be seen from here; the rest skips the script.
 */

import { DrillSkip } from './errors.ts';

type Triple = readonly [least: number, initial: number, most: number];

/** /proc/sys/net/ipv4, as far as it matters. Times are in the kernel's units, which differ. */
export interface Sysctls {
  readonly ip_default_ttl: number;
  readonly tcp_rmem: Triple;
  readonly tcp_wmem: Triple;
  readonly tcp_timestamps: number;
  readonly tcp_sack: number;
  readonly tcp_window_scaling: number;
  readonly tcp_ecn: number;
  readonly tcp_reordering: number;
  readonly tcp_congestion_control: string;
  readonly tcp_slow_start_after_idle: number;
  readonly tcp_early_retrans: number;
  readonly tcp_syn_retries: number;
  /** So many repetitions of a SYN come at even intervals before they become rarer. */
  readonly tcp_syn_linear_timeouts: number;
  readonly tcp_retries1: number;
  readonly tcp_retries2: number;
  readonly tcp_syncookies: number;
  readonly tcp_fastopen: number;
  /** Four words of eight hexadecimal digits; empty for none. */
  readonly tcp_fastopen_key: string;
  readonly tcp_mtu_probing: number;
  readonly tcp_base_mss: number;
  readonly tcp_min_snd_mss: number;
  readonly tcp_min_tso_segs: number;
  readonly tcp_tso_win_divisor: number;
  readonly tcp_pacing_ss_ratio: number;
  readonly tcp_pacing_ca_ratio: number;
  readonly tcp_notsent_lowat: number;
  readonly tcp_fin_timeout: number;
  readonly tcp_keepalive_time: number;
  readonly tcp_keepalive_intvl: number;
  readonly tcp_keepalive_probes: number;
  readonly tcp_rto_min_us: number;
  readonly tcp_rto_max_ms: number;
  readonly tcp_invalid_ratelimit: number;
}

/** What scripts without a profile of their own were verified with: Linux's defaults, but for the buffers. */
export const plainSysctls: Sysctls = {
  ip_default_ttl: 64,
  tcp_rmem: [4096, 87_380, 3_732_736],
  tcp_wmem: [4096, 16_384, 4_194_304],
  tcp_timestamps: 1,
  tcp_sack: 1,
  tcp_window_scaling: 1,
  tcp_ecn: 2,
  tcp_reordering: 3,
  tcp_congestion_control: 'cubic',
  tcp_slow_start_after_idle: 1,
  tcp_early_retrans: 3,
  tcp_syn_retries: 6,
  tcp_syn_linear_timeouts: 4,
  tcp_retries1: 3,
  tcp_retries2: 15,
  tcp_syncookies: 1,
  tcp_fastopen: 1,
  tcp_fastopen_key: '',
  tcp_mtu_probing: 0,
  tcp_base_mss: 1024,
  tcp_min_snd_mss: 48,
  tcp_min_tso_segs: 2,
  tcp_tso_win_divisor: 3,
  tcp_pacing_ss_ratio: 200,
  tcp_pacing_ca_ratio: 120,
  tcp_notsent_lowat: 4_294_967_295,
  tcp_fin_timeout: 60,
  tcp_keepalive_time: 7200,
  tcp_keepalive_intvl: 75,
  tcp_keepalive_probes: 9,
  tcp_rto_min_us: 200_000,
  tcp_rto_max_ms: 120_000,
  tcp_invalid_ratelimit: 500,
};

/** What packetdrill's `defaults.sh` stands for. Fast open: both sides, and listeners without the socket option. */
export const defaultsSysctls: Sysctls = {
  ...plainSysctls,
  tcp_rmem: [4096, 540_000, 15_728_640],
  tcp_wmem: [4096, 262_144, 4_194_304],
  tcp_ecn: 0,
  tcp_slow_start_after_idle: 0,
  tcp_early_retrans: 4,
  tcp_syn_retries: 5,
  tcp_fastopen: 0x70403,
  tcp_fastopen_key: 'a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4',
};

/** The `defaults.sh` of the kernel's selftests differs in one thing: a listener has to ask for fast open. */
export const selftestsSysctls: Sysctls = { ...defaultsSysctls, tcp_fastopen: 0x3 };

export type ProfileName = 'plain' | 'defaults' | 'selftests';

export const PROFILES: Readonly<Record<ProfileName, Sysctls>> = {
  plain: plainSysctls,
  defaults: defaultsSysctls,
  selftests: selftestsSysctls,
};

/** Makes of a setting's text its value, or undefined where the value is not honoured. */
type Reader<T> = (text: string) => T | undefined;

const LARGEST = 4_294_967_295;

const READERS: { readonly [K in keyof Sysctls]: Reader<Sysctls[K]> } = {
  ip_default_ttl: between(1, 255),
  tcp_rmem: triple,
  tcp_wmem: triple,
  tcp_timestamps: between(0, 2),
  tcp_sack: between(0, 1),
  tcp_window_scaling: between(0, 1),
  tcp_ecn: between(0, 5),
  tcp_reordering: between(1, 127),
  tcp_congestion_control: (text) => (['cubic', 'reno'].includes(text) ? text : undefined),
  tcp_slow_start_after_idle: between(0, 1),
  tcp_early_retrans: between(0, 4),
  tcp_syn_retries: between(0, 127),
  tcp_syn_linear_timeouts: between(0, 127),
  tcp_retries1: between(1, 100),
  tcp_retries2: between(1, 100),
  tcp_syncookies: between(0, 2),
  tcp_fastopen: between(0, LARGEST),
  tcp_fastopen_key: (text) => (/^[\da-f]{8}(?:-[\da-f]{8}){3}$/i.test(text) ? text.toLowerCase() : undefined),
  tcp_mtu_probing: between(0, 2),
  tcp_base_mss: between(48, 65_495),
  tcp_min_snd_mss: between(48, 1460),
  tcp_min_tso_segs: between(1, 255),
  tcp_tso_win_divisor: between(0, 255),
  tcp_pacing_ss_ratio: between(0, 1000),
  tcp_pacing_ca_ratio: between(0, 1000),
  tcp_notsent_lowat: between(0, LARGEST),
  tcp_fin_timeout: between(1, 86_400),
  tcp_keepalive_time: between(1, 32_767),
  tcp_keepalive_intvl: between(1, 32_767),
  tcp_keepalive_probes: between(1, 127),
  tcp_rto_min_us: between(1000, 60_000_000),
  tcp_rto_max_ms: between(1000, 120_000),
  tcp_invalid_ratelimit: between(0, 86_400_000),
};

/** What the stack does in one way, which is the value here. */
const FIXED: Readonly<Record<string, readonly string[]>> = {
  tcp_dsack: ['1'],
  tcp_recovery: ['1'],
  tcp_frto: ['1', '2'],
  tcp_synack_retries: ['5'],
  tcp_ecn_fallback: ['1'],
  tcp_moderate_rcvbuf: ['1'],
  tcp_adv_win_scale: ['1'],
  tcp_shrink_window: ['0'],
  tcp_rfc1337: ['1'],
  tcp_abort_on_overflow: ['0'],
  tcp_thin_linear_timeouts: ['0'],
  tcp_plb_enabled: ['0'],
  tcp_comp_sack_nr: ['0'],
  tcp_fastopen_blackhole_timeout_sec: ['0'],
};

/**
 * Nothing of it can be seen of one host with one peer and a device that sends at once: limits of what the host holds
 * together, what it remembers from one script to the next, and the details of what is not in use.
 */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'tcp_autocorking',
  'tcp_available_congestion_control',
  'tcp_comp_sack_delay_ns',
  'tcp_comp_sack_slack_ns',
  'tcp_ecn_option',
  'tcp_ecn_option_beacon',
  'tcp_fack',
  'tcp_fwmark_accept',
  'tcp_limit_output_bytes',
  'tcp_low_latency',
  'tcp_max_orphans',
  'tcp_max_tw_buckets',
  'tcp_mem',
  'tcp_no_metrics_save',
  'tcp_no_ssthresh_metrics_save',
  'tcp_thin_dupack',
  'tcp_tw_reuse',
]);

/**
 * The settings with one of them changed.
 *
 * @param name as in /proc/sys/net/ipv4
 * @throws DrillSkip naming the setting: it, or this value of it, is not honoured
 */
export function withSysctl(sysctls: Sysctls, name: string, text: string): Sysctls {
  const value = text.trim();
  if (WITHOUT_EFFECT.has(name)) return sysctls;
  if (Object.hasOwn(FIXED, name)) {
    if (FIXED[name]?.includes(value)) return sysctls;
    throw new DrillSkip(`unsupported value of net.ipv4.${name}: ${value}`);
  }
  if (!Object.hasOwn(READERS, name)) throw new DrillSkip(`unsupported setting: net.ipv4.${name}`);
  const read = READERS[name as keyof Sysctls](value);
  if (read === undefined) throw new DrillSkip(`unsupported value of net.ipv4.${name}: ${value}`);
  return { ...sysctls, [name]: read };
}

function between(least: number, most: number): Reader<number> {
  return (text) => {
    const value = /^(?:\d+|0[xX][\da-fA-F]+)$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  };
}

function triple(text: string): Triple | undefined {
  const values = text.split(/\s+/).map(between(1, 0x7fff_ffff));
  const [least, initial, most] = values;
  if (values.length !== 3 || least === undefined || initial === undefined || most === undefined) return undefined;
  return [least, initial, most];
}
