/**
 * Owns: one arrow: a packet from when it left to when it arrived. Its kind is its colour, its stroke and its head, never colour
 * alone; what became of it is a cross and a word.
 */

import { words } from '../../words/index.ts';
import type { Arrow } from './geometry.ts';
import { headY } from './scroll.ts';
import { kindOf, sentence, stub } from './text.ts';

interface ArrowMarkProps {
  readonly arrow: Arrow;
  /** As far as the reader has got: not yet sent, under way, over. */
  readonly phase: 'future' | 'flight' | 'past';
  readonly chosen: boolean;
  /** The tabulator key comes to it. */
  readonly reached: boolean;
}

export function ArrowMark({ arrow, phase, chosen, reached }: ArrowMarkProps) {
  const { x1, y1, x2, y2, record, fate, retransmission, headless, steep } = arrow;
  const line = steep ? stubs(arrow, phase) : `M${x1} ${y1}L${x2} ${y2}`;
  const kind = kindOf(record);
  const over = phase === 'past';
  const wrong = over && isLost(arrow);
  const name = `arrow kind-${kind} ${phase}${chosen ? ' chosen' : ''}${wrong ? ' wrong' : ''}${steep ? ' steep' : ''}`;
  if (phase === 'future') {
    return (
      <g class={name} aria-hidden="true">
        <path class="line" d={line} />
      </g>
    );
  }
  return (
    <>
      <g
        class={name}
        role="button"
        tabindex={reached ? 0 : -1}
        aria-haspopup="menu"
        aria-label={sentence(record, over, words.value)}
        data-packet={record.packet}
      >
        <path class="hit" d={line} />
        {chosen && <path class="halo" d={line} />}
        <path class="line" d={line} />
        {!over && !steep && <Way arrow={arrow} />}
        {over && fate !== 'lost' && <Head arrow={arrow} open={kind === 'ack'} />}
        {/* One that begins nowhere has its sign before it, below the text, which begins further back. */}
        {headless && <Again x={x1 + (x2 > x1 ? -9 : 9)} y={y1 + 6} />}
        {retransmission && !headless && <Again x={x1 + (x2 > x1 ? 13 : -13)} y={y1 + 2} />}
      </g>
      <Label arrow={arrow} over={over} kind={`kind-${kind}${chosen ? ' chosen' : ''}`} />
    </>
  );
}

interface LabelProps {
  readonly arrow: Arrow;
  readonly over: boolean;
  readonly kind: string;
}

/** For eyes only: its name says all of it, and more. */
function Label({ arrow: { x1, x2, y1, label, steep, record }, over, kind }: LabelProps) {
  if (steep) {
    const [end, x] = x2 > x1 ? ['', x1 + 24] : [' end', x1 - 24];
    return (
      <text class={`arrow-label stub${end} ${kind}`} x={x} y={y1 - 1} aria-hidden="true">
        {stub(record)}
      </text>
    );
  }
  if (label === null) return null;
  const { cos, sin, x, y, text } = label;
  return (
    <text
      class={`arrow-label ${kind}`}
      transform={`matrix(${cos} ${sin} ${-sin} ${cos} ${x} ${y})`}
      y={-5}
      aria-hidden="true"
    >
      {written(text, over)}
    </text>
  );
}

/** Of a steep arrow its beginning and, when it has come, its end: as shares of its way from lane to lane, and how far they fall. */
const STUB = 0.42;
const STUB_FALL = 7;

function stubs({ x1, y1, x2, y2 }: Arrow, phase: ArrowMarkProps['phase']): string {
  const dx = (x2 - x1) * STUB;
  return `M${x1} ${y1}l${dx} ${STUB_FALL}${phase === 'past' ? `M${x2 - dx} ${y2 - STUB_FALL}L${x2} ${y2}` : ''}`;
}

/** What has no room is left out by words; what becomes of it is not said before it is known. */
function written(text: string, over: boolean): string {
  const whole = text.replace(/[ ,]*[^ ]*~$/, '');
  return over ? whole : whole.replace(/ \([^)]*\)$/, '');
}

/** How far it has got. */
function Way({ arrow: { x1, y1, x2, y2 } }: { readonly arrow: Arrow }) {
  const share = Math.max(0, Math.min(1, (headY.value - y1) / Math.max(1, y2 - y1)));
  const [x, y] = [x1 + (x2 - x1) * share, y1 + (y2 - y1) * share];
  return (
    <>
      <path class="way" d={`M${x1} ${y1}L${x} ${y}`} />
      <circle class="dot" cx={x} cy={y} r={4} />
    </>
  );
}

function Head({ arrow, open }: { readonly arrow: Arrow; readonly open: boolean }) {
  const { x2, y2, steep } = arrow;
  const x1 = steep ? x2 - (x2 - arrow.x1) * STUB : arrow.x1;
  const y1 = steep ? y2 - STUB_FALL : arrow.y1;
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [cos, sin] = [(x2 - x1) / length, (y2 - y1) / length];
  return (
    <path
      class={open ? 'head open' : 'head'}
      d={open ? 'M-9 -4.5L0 0L-9 4.5' : 'M0 0L-11 -5V5z'}
      transform={`matrix(${cos} ${sin} ${-sin} ${cos} ${x2} ${y2})`}
    />
  );
}

/** Whether it comes to nothing. */
export function isLost({ fate }: Arrow): boolean {
  return fate !== 'delivered' && fate !== 'under way';
}

/** Where it ends that comes to nothing. */
export function Cross({ arrow: { x2, y2 } }: { readonly arrow: Arrow }) {
  return <path class="cross" d={`M${x2 - 6} ${y2 - 6}l12 12m0 -12l-12 12`} aria-hidden="true" />;
}

/** It has been sent before. */
function Again({ x, y }: { readonly x: number; readonly y: number }) {
  return (
    <g class="again" transform={`translate(${x} ${y})`}>
      <circle r={7} />
      <path d="M3 -1.2A3.3 3.3 0 1 0 3.2 1.2M3.6 -3.4V-0.9H1.2" />
    </g>
  );
}
