/**
 * Owns: what a host on a link is told: link, addresses, routers and the rest, as texts, and what is said where they make no sense. The
 * command line, the environment and files give them; each calls a setting by a name of its own.
 * Leaves to others: opening the link (`host-link.ts`).
 */

import { invalidArgument, TsynError } from '../stack/errors.ts';
import { isGroupMac, type Mac, parseAddress, parseMac, parsePrefix } from '../wire/index.ts';

/** Settings as they are given. */
export interface GivenSettings {
  readonly link?: string | undefined;
  readonly address: readonly string[];
  readonly mac?: string | undefined;
  readonly gateway: readonly string[];
  readonly mtu?: string | number | undefined;
  readonly offload: boolean;
  readonly configure: readonly string[];
}

/** Settings that make sense, as far as that can be said without a link. */
export interface HostSettings {
  readonly link: { readonly kind: 'tun' | 'tap' | 'unix'; readonly target: string };
  readonly addresses: readonly string[];
  readonly mac: Mac | null;
  readonly gateways: readonly string[];
  readonly mtu: number;
  readonly offload: boolean;
  readonly configure: readonly string[];
}

/** What a setting is called where it was given: `--address`, `TSYN_ADDRESS`. */
export type NameOf = (setting: Exclude<keyof GivenSettings, 'offload'>) => string;

/** @throws TsynError ERR_INVALID_ARG_VALUE naming the setting and the value */
export function checkSettings(given: GivenSettings, nameOf: NameOf): HostSettings {
  const { link, address, gateway, configure } = given;
  if (link === undefined) throw missing(`a link is needed: ${nameOf('link')} tun:NAME, tap:NAME or unix:PATH`);
  const [, kind, target] = /^(tun|tap|unix):(.+)$/.exec(link) ?? [];
  if (kind === undefined || target === undefined) {
    throw invalidArgument(nameOf('link'), link, 'tun:NAME, tap:NAME or unix:PATH');
  }
  if (address.length === 0) throw missing(`an address is needed: ${nameOf('address')} 10.77.0.2/24`);
  for (const text of address) checkPrefix(nameOf('address'), text);
  for (const text of configure) checkPrefix(nameOf('configure'), text);
  if (configure.length > 0 && kind === 'unix') throw missing(`${nameOf('configure')} is for tun and tap links`);
  checkGateways(nameOf('gateway'), gateway);
  return {
    link: { kind: kind as 'tun' | 'tap' | 'unix', target },
    addresses: address,
    mac: macOf(nameOf('mac'), given.mac, kind),
    gateways: gateway,
    mtu: mtuOf(nameOf('mtu'), given.mtu),
    offload: given.offload,
    configure,
  };
}

function checkPrefix(name: string, text: string): void {
  const expected = 'an address with the length of its prefix, like 10.77.0.2/24';
  if (!text.includes('/') || parsePrefix(text) === null) throw invalidArgument(name, text, expected);
}

function checkGateways(name: string, gateways: readonly string[]): void {
  const families = gateways.map((gateway) => {
    const address = parseAddress(gateway);
    if (address === null) throw invalidArgument(name, gateway, 'an IP address');
    return address.family;
  });
  if (new Set(families).size < families.length) {
    throw invalidArgument(name, gateways.join(','), 'at most one address of each family');
  }
}

function macOf(name: string, text: string | undefined, kind: string): Mac | null {
  if (text === undefined) return null;
  const mac = parseMac(text);
  if (mac === null || isGroupMac(mac)) {
    throw invalidArgument(name, text, 'a unicast hardware address, like 02:00:00:00:00:01');
  }
  if (kind === 'tun') throw missing(`${name} is for tap and unix links: a tun link has no hardware addresses`);
  return mac;
}

function mtuOf(name: string, given: string | number | undefined): number {
  if (given === undefined) return 1500;
  const mtu = /^\d{1,5}$/.test(`${given}`) ? Number(given) : Number.NaN;
  if (!(mtu >= 68 && mtu <= 65535)) throw invalidArgument(name, given, 'an integer from 68 to 65535');
  return mtu;
}

function missing(message: string): TsynError {
  return new TsynError('ERR_INVALID_ARG_VALUE', message);
}
