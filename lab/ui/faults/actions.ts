/**
 * Owns: what can be done to a packet, to a direction and to a host, each as one function: a drag, the menu and a key end here,
 * and therefore in the same edit.
 *
 * Leaves to others: the gestures (`drag.ts`), the menu (`menu.tsx`), the keys (`../keys.ts`).
 */

import { signal } from '@preact/signals';
import type { Edit, HostName, PacketName, PacketRecord } from '../../engine/types.ts';
import { dialog, edit, now, run, selected } from '../store.ts';

/** What `duplicate` and `delay` wait for unless told otherwise, ms: the field beside the buttons. */
export const wait = signal(50);

export const PACKET_ACTIONS = ['lose', 'duplicate', 'delay', 'swap', 'corrupt', 'inject'] as const;
export type PacketAction = (typeof PACKET_ACTIONS)[number];

/** As `KeyboardEvent.key` has them. */
export const ACTION_KEYS: Readonly<Record<string, PacketAction>> = {
  x: 'lose',
  Delete: 'lose',
  d: 'duplicate',
  r: 'swap',
  c: 'corrupt',
  i: 'inject',
};

/** What is shown of a key beside the action. */
export const SHOWN_KEYS: Readonly<Record<PacketAction, string>> = {
  lose: 'x',
  duplicate: 'd',
  delay: ']',
  swap: 'r',
  corrupt: 'c',
  inject: 'i',
};

/** The packet of a run by its number. */
export function packetOf(number: number | null): PacketRecord | null {
  return (number !== null && run.value?.packets[number - 1]) || null;
}

export function chosen(): PacketRecord | null {
  return packetOf(selected.value);
}

/** A copy is what its cause makes it: edits are about the original. */
export function editable(packet: PacketRecord): boolean {
  return packet.copyOf === null;
}

/** @param amount ms, for `duplicate` and `delay`; the time, for `inject` */
export function act(action: PacketAction, packet: PacketRecord, amount?: number): void {
  if (action === 'inject' || editable(packet)) edit(editOf(action, packet.name, amount));
}

function editOf(action: PacketAction, packet: PacketName, amount?: number): Edit {
  switch (action) {
    case 'duplicate':
    case 'delay':
      return { op: action, packet, by: amount ?? wait.value };
    case 'inject':
      return { op: action, packet, at: amount ?? now.value };
    default:
      return { op: action, packet };
  }
}

export function crash(host: HostName): void {
  edit({ op: 'crash', host, at: now.value });
}

/** What the dialog for a partition begins with: from when until when, and whose packets; null is everybody's. */
export const partition = signal<{ readonly host: HostName | null; readonly at: number; readonly until: number }>({
  host: null,
  at: 0,
  until: 1000,
});

export function askPartition(host: HostName | null = null): void {
  partition.value = { host, at: now.value, until: now.value + 1000 };
  dialog.value = 'partition';
}

/** @returns false when there is no such time: it has to end after it begins */
export function cut(host: HostName | null, at: number, until: number): boolean {
  if (!(at >= 0 && until > at)) return false;
  edit({ op: 'partition', host, at, until });
  return true;
}
