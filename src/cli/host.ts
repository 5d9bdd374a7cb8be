/**
 * Owns: a host for a command: a stack on the event loop, on the link that the options name, with addresses, routes and,
 * if wanted, the kernel's end of the device configured.
 */

import type { Link } from '../link/index.ts';
import { connectFrameStream, EventLoopDriver, openTun, randomKey, systemRandom } from '../node/index.ts';
import { configureTun } from '../node/tun.ts';
import { createStack, type Interface, type Stack, TsynError } from '../stack/index.ts';
import type { TraceSink } from '../trace/index.ts';
import { formatMac, isGroupMac, type Mac, parseAddress, parseMac, parsePrefix } from '../wire/index.ts';
import { type Arguments, type OptionSpecs, UsageError, wrong } from './args.ts';

export const HOST_OPTIONS: OptionSpecs = {
  link: { type: 'string' },
  address: { type: 'string' },
  mac: { type: 'string' },
  gateway: { type: 'string' },
  mtu: { type: 'string' },
  'no-offload': { type: 'boolean' },
  configure: { type: 'string' },
};

export const HOST_HELP = `  --link tun:NAME      a Linux TUN device: IP packets (needs koffi, and the right to make an interface)
         tap:NAME      a Linux TAP device: Ethernet frames
         unix:PATH     a Unix socket of passt or QEMU: Ethernet frames; needs no rights
  --address A/P,...    the host's addresses with the length of their networks' prefix: 10.77.0.2/24,fd77::2/64
  --configure A/P,...  give the kernel's end of the TUN or TAP device these addresses and bring it up
  --gateway G,...      the default router: an IPv4 address, an IPv6 address, or both
  --mac M              the hardware address, on Ethernet; by default a random one
  --mtu N              octets of the largest IP packet (1500)
  --no-offload         TUN, TAP: compute all checksums here, send and receive single segments only
`;

/** What the options say, checked as far as that is possible without a link. */
export interface HostSettings {
  readonly link: { readonly kind: 'tun' | 'tap' | 'unix'; readonly target: string };
  readonly addresses: readonly string[];
  readonly mac: Mac | null;
  readonly gateways: readonly string[];
  readonly mtu: number;
  readonly offload: boolean;
  readonly configure: readonly string[];
}

/** @throws UsageError */
export function hostSettings(args: Arguments): HostSettings {
  const text = args.text('link');
  if (text === undefined) throw new UsageError('a link is needed: --link tun:NAME, tap:NAME or unix:PATH');
  const [, kind, target] = /^(tun|tap|unix):(.+)$/.exec(text) ?? [];
  if (kind === undefined || target === undefined) throw wrong('--link', 'tun:NAME, tap:NAME or unix:PATH', text);
  const addresses = args.list('address');
  if (addresses.length === 0) throw new UsageError('an address is needed: --address 10.77.0.2/24');
  for (const address of addresses) checkPrefix('--address', address);
  const configure = args.list('configure');
  for (const address of configure) checkPrefix('--configure', address);
  if (configure.length > 0 && kind === 'unix') throw new UsageError('--configure is for tun and tap links');
  const gateways = args.list('gateway');
  const families = gateways.map((gateway) => {
    const address = parseAddress(gateway);
    if (address === null) throw wrong('--gateway', 'an IP address', gateway);
    return address.family;
  });
  if (new Set(families).size < families.length) {
    throw wrong('--gateway', 'at most one address of each family', gateways.join(','));
  }
  return {
    link: { kind: kind as 'tun' | 'tap' | 'unix', target },
    addresses,
    mac: macOf(args, kind),
    gateways,
    mtu: args.integer('mtu', 68, 65535) ?? 1500,
    offload: !args.has('no-offload'),
    configure,
  };
}

function checkPrefix(option: string, text: string): void {
  const expected = 'an address with the length of its prefix, like 10.77.0.2/24';
  if (!text.includes('/') || parsePrefix(text) === null) throw wrong(option, expected, text);
}

function macOf(args: Arguments, kind: string): Mac | null {
  const text = args.text('mac');
  if (text === undefined) return null;
  const mac = parseMac(text);
  if (mac === null || isGroupMac(mac)) throw wrong('--mac', 'a unicast hardware address, like 02:00:00:00:00:01', text);
  if (kind === 'tun') throw new UsageError('--mac is for tap and unix links: a tun link has no hardware addresses');
  return mac;
}

export interface Host {
  readonly stack: Stack;
  readonly driver: EventLoopDriver;
  readonly iface: Interface;
  /** The link in a few words: `tun tsyn0, MTU 1500`. */
  readonly description: string;
  /** Fulfilled when the link ends by itself, with the reason if there is one. */
  readonly lost: Promise<TsynError | null>;
  /** Lets what was sent last leave, then ends everything. */
  close(): Promise<void>;
}

/** @throws UsageError, TsynError of the device or the socket */
export async function openHost(settings: HostSettings, name: string, trace: TraceSink | null = null): Promise<Host> {
  const driver = new EventLoopDriver();
  const { scheduler } = driver;
  const stack = createStack({ name, scheduler, random: systemRandom, secret: randomKey(), trace });
  try {
    const { link, interfaceName, lost } = await openLink(settings, stack);
    try {
      const mac = link.medium === 'ethernet' ? { mac: settings.mac ?? randomMac() } : {};
      const iface = stack.addInterface({ link, name: interfaceName, addresses: settings.addresses, ...mac });
      for (const via of settings.gateways) {
        stack.addRoute({ destination: via.includes(':') ? '::/0' : '0.0.0.0/0', via, interface: iface });
      }
      iface.announce();
      const description = `${settings.link.kind} ${interfaceName}, MTU ${iface.mtu}`;
      const hardware = iface.mac === null ? '' : `, ${formatMac(iface.mac)}`;
      const close = async (): Promise<void> => {
        driver.wake();
        // Resets on their way out: a stream sends them in the next turns of the event loop.
        await new Promise((resolve) => setTimeout(resolve, settings.link.kind === 'unix' ? 50 : 1));
        stack.close();
        driver.close();
      };
      return { stack, driver, iface, description: description + hardware, lost, close };
    } catch (error) {
      link.close();
      throw error;
    }
  } catch (error) {
    stack.close();
    driver.close();
    // An address that no host can have, and the like: the options are wrong, not the world.
    if (error instanceof TsynError && error.code === 'ERR_INVALID_ARG_VALUE') throw new UsageError(error.message);
    throw error;
  }
}

async function openLink(
  { link, mtu, offload, configure }: HostSettings,
  { pool, scheduler }: Stack,
): Promise<{ link: Link; interfaceName: string; lost: Promise<TsynError | null> }> {
  if (link.kind === 'unix') {
    const stream = await connectFrameStream({ path: link.target }, { pool, scheduler, mtu });
    return { link: stream, interfaceName: 'eth0', lost: stream.closed };
  }
  const device = await openTun({ name: link.target, mode: link.kind, offload, mtu, pool, scheduler });
  try {
    if (configure.length > 0) configureTun(device.name, { addresses: configure, mtu, up: true });
  } catch (error) {
    device.close();
    throw error;
  }
  return { link: device, interfaceName: device.name, lost: device.closed };
}

/** Locally administered, unicast. */
function randomMac(): string {
  const octets = [0x02, ...Array.from({ length: 5 }, () => systemRandom.uint32() & 0xff)];
  return octets.map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}
