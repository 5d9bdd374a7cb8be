/** Owns: what several panels have in common: numbers as text, references to RFCs, focus that moves through a group. */

import { useRef, useState } from 'preact/hooks';
import type { PacketRecord } from '../../engine/types.ts';

/** 12345.6 as `12,345.6`; nothing as a dash. */
export function figure(value: number | null): string {
  if (value === null) return '–';
  const [whole, part] = String(Math.round(value * 1000) / 1000).split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ',');
  return part === undefined ? grouped : `${grouped}.${part}`;
}

/** A time or a length of time: ms below ten seconds, then seconds. */
export function duration(ms: number): string {
  return Math.abs(ms) < 10_000 ? `${figure(Math.round(ms * 10) / 10)} ms` : `${figure(Math.round(ms / 100) / 10)} s`;
}

/** The packet's name as the ladder has it: `A#3`; what nobody's TCP has sent has a number only. */
export function nameOf({ name, packet }: PacketRecord): string {
  return name === null ? `#${packet}` : `${name.host}#${name.nth}`;
}

/** `RFC 9293 3.5` as a link to the section. */
export function Rfc({ of }: { readonly of: string }) {
  const [, number, section] = /^RFC (\d+) ?([\w.]*)/.exec(of) ?? [];
  const anchor = section === undefined || section === '' ? '' : `#section-${section}`;
  return (
    <a class="rfc" href={`https://www.rfc-editor.org/rfc/rfc${number}${anchor}`} target="_blank" rel="noreferrer">
      {of}
    </a>
  );
}

/**
 * One stop of the tabulator key for a group of many: the arrows go from one to the next.
 *
 * @param count how many there are
 * @param columns how many of them are in a row, for up and down
 */
export function useRoving(count: number, columns = 1) {
  const [wanted, choose] = useState(0);
  const at = Math.max(0, Math.min(wanted, count - 1));
  const group = useRef<HTMLElement | null>(null);
  const go = (to: number): void => {
    choose(to);
    group.current?.querySelectorAll<HTMLElement>('[data-rove]')[to]?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const next: Readonly<Record<string, number>> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at + columns,
      ArrowUp: at - columns,
      Home: 0,
      End: count - 1,
    };
    const to = next[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (to >= 0 && to < count) go(to);
  };
  /** For each of them: its place in the order of the tabulator key, and that being pointed at chooses it. */
  const stop = (index: number) => ({
    'data-rove': '',
    tabIndex: index === at ? 0 : -1,
    onFocus: () => choose(index),
    onPointerEnter: () => choose(index),
  });
  return { at, choose, group, onKeyDown, stop };
}
