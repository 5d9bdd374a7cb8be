/** Owns: what was on the ladder before the last change and is not any more, faintly, for a moment. */

import { computed } from '@preact/signals';
import type { PacketRecord } from '../../engine/types.ts';
import { ghost, ghostUntil, run } from '../store.ts';
import { formerly, geometry, heightOf } from './geometry.ts';
import { drawn } from './scroll.ts';
import { title } from './text.ts';

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
  const { value: before } = ghost;
  const old = before && formerly(before);
  if (layout === null || it === null || old === null || gone.value.length === 0) return null;
  const x = new Map(layout.lanes.map((lane) => [lane.host, lane.x]));
  const then = new Map(old.arrows.map((arrow) => [arrow.record.packet, arrow]));
  /** Where a time is now, for what was that far below it then. */
  const moved = (time: number, y: number): number =>
    y + heightOf(geometry.value, it, time) - heightOf(old, before!, time);
  const { from, until } = drawn.value;
  return (
    <g class="ghosts" aria-hidden="true">
      {gone.value.map((packet) => {
        const arrow = then.get(packet.packet);
        if (arrow === undefined) return null;
        const [y1, y2] = [moved(packet.sent, arrow.y1), moved(packet.arrives, arrow.y2)];
        if (y1 > until || y2 < from) return null;
        const [x1, x2] = [x.get(packet.from)!, x.get(packet.to)!];
        return (
          <g key={packet.packet}>
            <path d={`M${x1} ${y1}L${x2} ${y2}`} />
            <text x={(x1 + x2) / 2} y={(y1 + y2) / 2 - 4}>
              {title(packet)}
            </text>
          </g>
        );
      })}
    </g>
  );
}
