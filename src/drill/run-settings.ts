/**
 * Owns: what a script is played with: its own options, over which the caller's go, over the defaults.
 */

import { parseAddress } from '../wire/address.ts';
import { DrillSyntaxError } from './errors.ts';
import type { IpVersion } from './host.ts';
import type { Script, ScriptOption } from './script.ts';

export interface RunSettings {
  readonly ip: IpVersion;
  /** By how much a time may be off: µs, or percent of the time since the event before, whichever is more. */
  readonly toleranceUsecs: number;
  readonly tolerancePercent: number;
  /** Text of the segments that a larger inbound one was gathered from; 0 for one segment whatever its size. */
  readonly mss: number;
  readonly mtu: number;
  /** A script's segment is one live segment. */
  readonly strictSegments: boolean;
  /** µs of one step of TS val where that is compared; 0 where it is not. */
  readonly tsTickUsecs: number;
  readonly tsEcrScaled: boolean;
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly bindPort: number;
  readonly connectPort: number;
}

/** What a caller may say besides the script. */
export interface RunOptions {
  /** IPv4 unless the script or this says otherwise. */
  readonly ip?: IpVersion;
  /** PSH on segments with text is not compared. */
  readonly lenientPsh?: boolean;
  /** TS ecr of outbound segments is compared as written; true unless said otherwise. */
  readonly compareEcho?: boolean;
  /** After a difference the script goes on; every difference is in the result. */
  readonly keepGoing?: boolean;
  /** Options of the script, in the words of its head, that go over its own. */
  readonly options?: readonly ScriptOption[];
}

/** Addresses and MTU of a run; they leave 1460 octets for text over either version. */
export const NETWORKS: Readonly<Record<IpVersion, Pick<RunSettings, 'mtu' | 'localAddress' | 'remoteAddress'>>> = {
  ipv4: { mtu: 1500, localAddress: '192.168.0.1', remoteAddress: '192.0.2.1' },
  mapped: { mtu: 1500, localAddress: '192.168.0.1', remoteAddress: '192.0.2.1' },
  ipv6: { mtu: 1520, localAddress: 'fd3d:0a0b:17d6::1', remoteAddress: 'fd3d:fa7b:d17d::1' },
};

const DEFAULT_PORT = 8080;

export const IP_VERSIONS: Readonly<Record<string, IpVersion>> = {
  ipv4: 'ipv4',
  ipv6: 'ipv6',
  'ipv4-mapped-ipv6': 'mapped',
};

/** The version of IP that a script asks for, or null for any. */
export function scriptIpVersion(script: Script): IpVersion | null {
  const option = script.options.filter(({ name }) => name === 'ip_version').at(-1);
  return option === undefined ? null : (IP_VERSIONS[option.value] ?? null);
}

/** @throws DrillSyntaxError an option with a value that it cannot have */
export function runSettings(script: Script, options: RunOptions): RunSettings {
  const ip = options.ip ?? scriptIpVersion(script) ?? 'ipv4';
  const settings: { -readonly [K in keyof RunSettings]: RunSettings[K] } = {
    ip,
    toleranceUsecs: 4000,
    tolerancePercent: 12.5,
    mss: 0,
    strictSegments: false,
    tsTickUsecs: 0,
    tsEcrScaled: false,
    bindPort: DEFAULT_PORT,
    connectPort: DEFAULT_PORT,
    ...NETWORKS[ip],
  };
  for (const option of [...script.options, ...(options.options ?? [])]) {
    const { name, value } = option;
    const number = (): number => numeric(script, option);
    if (name === 'tolerance_usecs') settings.toleranceUsecs = number();
    else if (name === 'tolerance_percent') settings.tolerancePercent = number();
    else if (name === 'mss') settings.mss = number();
    else if (name === 'mtu') settings.mtu = number();
    else if (name === 'strict_segments') settings.strictSegments = true;
    else if (name === 'tcp_ts_tick_usecs') settings.tsTickUsecs = number();
    else if (name === 'tcp_ts_ecr_scaled') settings.tsEcrScaled = true;
    else if (name === 'local_ip') settings.localAddress = ownAddress(value, settings.localAddress);
    else if (name === 'remote_ip') settings.remoteAddress = ownAddress(value, settings.remoteAddress);
    else if (name === 'bind_port') settings.bindPort = number();
    else if (name === 'connect_port') settings.connectPort = number();
  }
  return settings;
}

/** An address of the other version of IP does not fit this run, which keeps its own. */
function ownAddress(value: string, usual: string): string {
  return parseAddress(value)?.family === parseAddress(usual)!.family ? value : usual;
}

function numeric(script: Script, { name, value, at }: ScriptOption): number {
  const number = Number(value);
  if (value === '' || !(number >= 0)) {
    throw new DrillSyntaxError(script.name, script.text, at, `--${name} wants a number, not '${value}'`);
  }
  return number;
}
