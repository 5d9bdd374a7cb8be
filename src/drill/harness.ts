/**
 * Owns: the symbols that the suites' own harness defines for their scripts (`-D NAME=VALUE`): the fast open cookies that a host
 * with the suites' keys gives its peer, and words that depend on the version of IP.
 */

import { fastOpenCookie, fastOpenKeys } from '../stack/tcp-fastopen.ts';
import { parseAddress } from '../wire/address.ts';
import type { IpVersion } from './host.ts';
import { defaultsSysctls, type Sysctls } from './profile.ts';
import { NETWORKS } from './run-settings.ts';
import { fastOpenKey } from './settings.ts';

/** What the harness defines for a run over this version of IP. */
export function harnessDefines(ip: IpVersion): Map<string, string> {
  const family = ip === 'ipv4' ? 'IP' : 'IPV6';
  return new Map([
    ['TFO_COOKIE', cookie(ip, defaultsSysctls)],
    ['TFO_COOKIE_ZERO', cookie(ip, { ...defaultsSysctls, tcp_fastopen_key: ZERO_KEY })],
    // What ICMP calls it, and ICMPv6.
    ['CODE', ip === 'ipv6' ? 'address_unreachable' : 'host_unreachable'],
    ['CMSG_LEVEL_IP', `SOL_${family}`],
    ['CMSG_TYPE_RECVERR', `${family}_RECVERR`],
  ]);
}

const ZERO_KEY = '00000000-00000000-00000000-00000000';

/** As a script writes it: hexadecimal digits. */
function cookie(ip: IpVersion, sysctls: Sysctls): string {
  const { remoteAddress, localAddress } = NETWORKS[ip];
  const { current } = fastOpenKeys(fastOpenKey(sysctls)!, null);
  const octets = fastOpenCookie(current, parseAddress(remoteAddress)!, parseAddress(localAddress)!);
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('');
}
