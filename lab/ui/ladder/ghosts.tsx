/** Owns: what was on the ladder before the last change and is not any more, faintly, for a moment. */

import { computed } from '@preact/signals';
import type { PacketRecord } from '../../engine/types.ts';
import { words } from '../../words/index.ts';
import { ghost, ghostUntil, run } from '../store.ts';
import { geometry, heightOf } from './geometry.ts';
import { drawn } from './scroll.ts';
import { label } from './text.ts';

function same(one: PacketRecord, other: PacketRecord): boolean {
  return (
    one.sent === other.sent &&
    one.arrives === other.arrives &&
    one.fate === other.fate &&
    one.segment.seq === other.segment.seq
  );
}

function nameOf({ name, copyOf }: PacketRecord): string {
  return `${name.host}${name.nth}${copyOf === null ? '' : ' copy'}`;
}

/** Packets of the former run that the reader had seen and that are gone, or have become different. */
const gone = computed<readonly PacketRecord[]>(() => {
  if (ghost.value === null || run.value === null || ghost.value === run.value) return [];
  const there = new Map(run.value.packets.map((packet) => [nameOf(packet), packet]));
  return ghost.value.packets.filter((packet) => {
    const now = there.get(nameOf(packet));
    return packet.sent <= ghostUntil.value && (now === undefined || !same(packet, now));
  });
});

export function Ghosts() {
  const { layout } = geometry.value;
  const { value: it } = run;
  if (layout === null || it === null || gone.value.length === 0) return null;
  const x = new Map(layout.lanes.map((lane) => [lane.host, lane.x]));
  const { from, until } = drawn.value;
  return (
    <g class="ghosts" aria-hidden="true">
      {gone.value.map((packet) => {
        const [y1, y2] = [heightOf(geometry.value, it, packet.sent), heightOf(geometry.value, it, packet.arrives)];
        if (y1 > until || y2 < from) return null;
        const [x1, x2] = [x.get(packet.from)!, x.get(packet.to)!];
        return (
          <g key={packet.packet}>
            <path d={`M${x1} ${y1}L${x2} ${y2}`} />
            <text x={(x1 + x2) / 2} y={(y1 + y2) / 2 - 4}>
              {label(packet, words.value)}
            </text>
          </g>
        );
      })}
    </g>
  );
}
