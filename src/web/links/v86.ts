/**
 * Owns: a link to the network card of a machine that v86 emulates, by the events of its bus: `net0-send` is a frame of
 * the guest's, `net0-receive` one for it. Leaves to others: the emulator, which goes on when the link closes.
 */

import { invalidType } from '../../stack/errors.ts';
import { type LinkHost, MessageLink, type MessageLinkOptions } from './message-link.ts';

type Listener = (frame: unknown) => void;

/** What is used of v86's bus. */
export interface V86Bus {
  register(event: string, listener: Listener, receiver: unknown): void;
  unregister(event: string, listener: Listener): void;
  send(event: string, frame: Uint8Array): void;
}

/** What is used of an emulator. */
export interface V86Emulator {
  readonly bus: V86Bus;
}

/**
 * A link to a guest's Ethernet, by its emulator (`new V86({ net_device: { type: 'virtio' }, ... })`) or that one's bus.
 *
 * @throws TsynError ERR_INVALID_ARG_TYPE for what is neither
 */
export function v86Link(target: V86Emulator | V86Bus, host: LinkHost, options: MessageLinkOptions = {}): MessageLink {
  const bus = target !== null && typeof target === 'object' && 'bus' in target ? target.bus : target;
  if (typeof bus?.register !== 'function' || typeof bus.send !== 'function') {
    throw invalidType('emulator', target, 'an emulator of v86 or its bus');
  }
  const link = new MessageLink(host, 'ethernet', options);
  const sent: Listener = (frame) => link.arrived(frame);
  bus.register('net0-send', sent, undefined);
  link.carriedBy({
    send: (frame) => bus.send('net0-receive', frame),
    close: () => bus.unregister('net0-send', sent),
  });
  return link;
}
