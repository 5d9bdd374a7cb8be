/**
 * Owns: giving the kernel's end of a TUN or TAP device its addresses and bringing it up, with the `ip` command.
 */

import { execFileSync } from 'node:child_process';
import { invalidArgument, TsynError } from '../stack/errors.ts';

export interface TunConfiguration {
  /** Addresses of the kernel's end, with prefix length: `10.77.0.1/24`, `fd77::1/64`. */
  readonly addresses?: readonly string[];
  /** The other end's IPv4 address, where the link is point to point: the one address then has no prefix length. */
  readonly peer?: string;
  /** Octets of the largest IP packet. */
  readonly mtu?: number;
  /** Packets the kernel queues towards us before it drops; its default is 500. */
  readonly queue?: number;
  /** Brings the interface up. */
  readonly up?: boolean;
  /** A network namespace (`ip netns`) to move the interface to first. */
  readonly namespace?: string;
}

/**
 * Configures the kernel's interface `name` by running `ip`.
 *
 * @throws TsynError ERR_INVALID_ARG_VALUE for a name or address that cannot be one, ERR_TSYN_IP_COMMAND with what `ip`
 *   said, ENOENT where there is no `ip` command
 */
export function configureTun(name: string, configuration: TunConfiguration): void {
  const words = [name, configuration.namespace, configuration.peer, ...(configuration.addresses ?? [])];
  for (const word of words) {
    // Words of a command line: nothing that it would take for an option.
    if (word !== undefined && !/^[0-9A-Za-z_][0-9A-Za-z_.:/%@-]*$/.test(word)) {
      throw invalidArgument('configuration', word, 'a name or an address');
    }
  }
  const inside = configuration.namespace === undefined ? [] : ['-n', configuration.namespace];
  if (configuration.namespace !== undefined) ip(['link', 'set', 'dev', name, 'netns', configuration.namespace]);
  if (configuration.mtu !== undefined) ip([...inside, 'link', 'set', 'dev', name, 'mtu', `${configuration.mtu}`]);
  if (configuration.queue !== undefined) {
    ip([...inside, 'link', 'set', 'dev', name, 'txqueuelen', `${configuration.queue}`]);
  }
  for (const address of configuration.addresses ?? []) {
    const six = address.includes(':');
    const peer = configuration.peer === undefined || six ? [] : ['peer', configuration.peer];
    // Nobody else is on this wire, so there is no duplicate address to wait for.
    ip([...inside, 'address', 'add', address, ...peer, 'dev', name, ...(six ? ['nodad'] : [])]);
  }
  if (configuration.up === true) ip([...inside, 'link', 'set', 'dev', name, 'up']);
}

function ip(words: readonly string[]): void {
  try {
    execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === 'ENOENT')
      throw new TsynError('ENOENT', 'there is no ip command: install iproute2', { syscall: 'spawn' });
    const said = (stderr ?? '').trim() || String(error);
    throw new TsynError('ERR_TSYN_IP_COMMAND', `ip ${words.join(' ')}: ${said}`);
  }
}
