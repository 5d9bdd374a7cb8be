/** Owns: what a drag is about to do, drawn while it lasts. */

import { dragged } from '../faults/drag.ts';
import { geometry } from './geometry.ts';

export function Preview() {
  const { layout } = geometry.value;
  const { value: drag } = dragged;
  if (layout === null || drag === null) return null;
  const { x, y, text, line, band } = drag;
  return (
    <g class={`preview ${drag.kind}`} aria-hidden="true">
      {band && <rect x={band.x} y={band.y} width={band.width} height={band.height} />}
      {line && <path d={`M${line.x1} ${line.y1}L${line.x2} ${line.y2}`} />}
      <text x={Math.max(90, Math.min(layout.width - 90, x))} y={y - 14}>
        {text}
      </text>
    </g>
  );
}
