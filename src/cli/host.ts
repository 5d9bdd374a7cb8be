/**
 * Owns: a host for a command: a stack on the event loop, on the link that the options name, with addresses, routes and,
 * if wanted, the kernel's end of the device configured.
 */

import { tap } from '../link/index.ts';
import { addHostInterface, openHostLink } from '../node/host-link.ts';
import { checkSettings, type HostSettings } from '../node/host-settings.ts';
import { type Capture, EventLoopDriver, openCapture, randomKey, systemRandom } from '../node/index.ts';
import { createStack, type Interface, type Stack, TsynError } from '../stack/index.ts';
import type { TraceSink } from '../trace/index.ts';
import { formatMac } from '../wire/index.ts';
import { type Arguments, type OptionSpecs, UsageError } from './args.ts';

export const HOST_OPTIONS: OptionSpecs = {
  link: { type: 'string' },
  address: { type: 'string' },
  mac: { type: 'string' },
  gateway: { type: 'string' },
  mtu: { type: 'string' },
  'no-offload': { type: 'boolean' },
  configure: { type: 'string' },
  capture: { type: 'string' },
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
  --capture FILE       write every packet to FILE as pcapng, while it passes
`;

/** @throws UsageError */
export function hostSettings(args: Arguments): HostSettings {
  const given = {
    link: args.text('link'),
    address: args.list('address'),
    mac: args.text('mac'),
    gateway: args.list('gateway'),
    mtu: args.text('mtu'),
    offload: !args.has('no-offload'),
    configure: args.list('configure'),
  };
  try {
    return checkSettings(given, (setting) => `--${setting}`);
  } catch (error) {
    throw asUsageError(error);
  }
}

export interface Host {
  readonly stack: Stack;
  readonly driver: EventLoopDriver;
  readonly iface: Interface;
  /** The link in a few words: `tun tsyn0, MTU 1500`. */
  readonly description: string;
  /** What passes on the link, as a file; null where nobody asked for one. */
  readonly capture: Capture | null;
  /** Fulfilled when the link ends by itself, with the reason if there is one. */
  readonly lost: Promise<TsynError | null>;
  /** Lets what was sent last leave, then ends everything. */
  close(): Promise<void>;
}

export interface HostOptions {
  readonly trace?: TraceSink | null;
  /** The file to capture to. */
  readonly capture?: string | undefined;
}

/** @throws UsageError, TsynError of the device, the socket or the file */
export async function openHost(settings: HostSettings, name: string, options: HostOptions = {}): Promise<Host> {
  const { trace = null } = options;
  const capture = options.capture === undefined ? null : openCapture(options.capture);
  const driver = new EventLoopDriver();
  const { scheduler } = driver;
  const stack = createStack({ name, scheduler, random: systemRandom, secret: randomKey(), trace });
  try {
    const opened = await openHostLink(settings, stack);
    try {
      const { interfaceName } = opened;
      const { medium } = opened.link;
      const link = capture === null ? opened.link : tap(opened.link, scheduler, capture.port(interfaceName, medium));
      const iface = addHostInterface(stack, settings, { link, interfaceName });
      const description = `${settings.link.kind} ${interfaceName}, MTU ${iface.mtu}`;
      const hardware = iface.mac === null ? '' : `, ${formatMac(iface.mac)}`;
      const close = async (): Promise<void> => {
        driver.wake();
        // Resets on their way out: a stream sends them in the next turns of the event loop.
        await new Promise((resolve) => setTimeout(resolve, settings.link.kind === 'unix' ? 50 : 1));
        stack.close();
        driver.close();
        capture?.close();
      };
      const { closed: lost } = opened.link;
      return { stack, driver, iface, description: description + hardware, capture, lost, close };
    } catch (error) {
      opened.link.close();
      throw error;
    }
  } catch (error) {
    stack.close();
    driver.close();
    capture?.close();
    throw asUsageError(error);
  }
}

/** A setting that makes no sense, an address that no host can have: the options are wrong, not the world. */
function asUsageError(error: unknown): unknown {
  const usage = error instanceof TsynError && error.code === 'ERR_INVALID_ARG_VALUE';
  return usage ? new UsageError(error.message) : error;
}
