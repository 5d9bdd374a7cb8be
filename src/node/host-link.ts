/**
 * Owns: putting a stack on the link that settings name: the device or the socket opened, its interface, addresses and routes, and, if
 * wanted, the kernel's end of the device. Leaves to others: what settings make sense (`host-settings.ts`).
 */

import { existsSync } from 'node:fs';
import type { Link } from '../link/index.ts';
import { type Interface, type Stack, TsynError } from '../stack/index.ts';
import { systemRandom } from './entropy.ts';
import { beginFrameStream, connectFrameStream } from './frame-stream.ts';
import type { HostSettings } from './host-settings.ts';
import { configureTun, openTunSync } from './tun.ts';

/** A link that may hold the process or not. */
export type HostLink = Link & {
  /** Fulfilled when the link ends by itself, with the reason if there is one. */
  readonly closed: Promise<TsynError | null>;
  ref(): unknown;
  unref(): unknown;
};

/** What has been opened. */
export interface Opened {
  readonly link: HostLink;
  readonly interfaceName: string;
}

/** @throws TsynError of the device or the socket */
export async function openHostLink(settings: HostSettings, stack: Stack): Promise<Opened> {
  const { link, mtu } = settings;
  if (link.kind !== 'unix') return openDevice(settings, stack);
  const { pool, scheduler } = stack;
  return { link: await connectFrameStream({ path: link.target }, { pool, scheduler, mtu }), interfaceName: 'eth0' };
}

/** The same at once. That nobody listens at a socket shows in `closed`; what is sent until then waits. @throws TsynError */
export function openHostLinkSync(settings: HostSettings, stack: Stack): Opened {
  const { link, mtu } = settings;
  if (link.kind !== 'unix') return openDevice(settings, stack);
  const { pool, scheduler } = stack;
  if (!existsSync(link.target))
    throw new TsynError('ENOENT', `there is no socket ${link.target}`, { syscall: 'connect' });
  return { link: beginFrameStream({ path: link.target }, { pool, scheduler, mtu }), interfaceName: 'eth0' };
}

function openDevice({ link, mtu, offload, configure }: HostSettings, { pool, scheduler }: Stack): Opened {
  const mode = link.kind === 'tap' ? 'tap' : 'tun';
  const device = openTunSync({ name: link.target, mode, offload, mtu, pool, scheduler });
  try {
    if (configure.length > 0) configureTun(device.name, { addresses: configure, mtu, up: true });
  } catch (error) {
    device.close();
    throw error;
  }
  return { link: device, interfaceName: device.name };
}

/** Gives the stack an interface on the link, and its routes. @throws TsynError ERR_INVALID_ARG_VALUE for addresses that no host can have */
export function addHostInterface(
  stack: Stack,
  settings: HostSettings,
  { link, interfaceName }: { readonly link: Link; readonly interfaceName: string },
): Interface {
  const mac = link.medium === 'ethernet' ? { mac: settings.mac ?? randomMac() } : {};
  const iface = stack.addInterface({ link, name: interfaceName, addresses: settings.addresses, ...mac });
  for (const via of settings.gateways) {
    stack.addRoute({ destination: via.includes(':') ? '::/0' : '0.0.0.0/0', via, interface: iface });
  }
  iface.announce();
  return iface;
}

/** Locally administered, unicast. */
function randomMac(): string {
  const octets = [0x02, ...Array.from({ length: 5 }, () => systemRandom.uint32() & 0xff)];
  return octets.map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}
