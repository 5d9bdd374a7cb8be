/**
 * Owns: the ladder as a picture: what of it is in sight, up to where it has happened, and the keys that walk along its arrows.
 * Leaves to others: one arrow (`arrow.tsx`), gestures (`../faults/drag.ts`).
 *
 * The picture is as high as the whole run, so that nothing in it moves when the reader scrolls.
 */

import { computed } from '@preact/signals';
import type { VNode } from 'preact';
import type { LadderBar, LadderText } from 'tsyn/trace';
import { words } from '../../words/index.ts';
import { grab, grabGap } from '../faults/drag.ts';
import { actOnKey } from '../faults/keys.ts';
import { openMenu } from '../faults/menu.tsx';
import { foresight, now, run, seen, selected } from '../store.ts';
import { ArrowMark, Cross, isLost } from './arrow.tsx';
import { type Arrow, character, geometry, heightOf } from './geometry.ts';
import { Ghosts } from './ghosts.tsx';
import { Preview } from './preview.tsx';
import { bottom, drawn, headY, top, wanted } from './scroll.ts';
import { span } from './text.ts';

/** What a sorted list has between the heights that are drawn. */
function inSight<T extends { readonly top: number; readonly bottom: number }>(items: readonly T[] | undefined): T[] {
  const { from, until } = drawn.value;
  const found: T[] = [];
  for (const item of items ?? []) {
    if (item.top > until) break;
    if (item.bottom >= from) found.push(item);
  }
  return found;
}

/** As high as what is in sight, even where the run is shorter. */
const heightNow = computed(() => Math.max(geometry.value.layout?.height ?? 0, bottom.value - top.value));

/** Whether one of an arrow's ends is drawn, and has happened. */
function endInSight({ y1, y2, ends }: Arrow): boolean {
  const { from, until } = drawn.value;
  return y1 >= from || (y2 <= until && ends < seen.value);
}

/** Arrows that have begun. */
const begun = computed(() => geometry.value.arrows.filter(({ begins }) => begins < seen.value));

/** The arrow that the tabulator key comes to: the selected one, else the last one. */
const reached = computed(
  () => begun.value.find(({ record }) => record.packet === selected.value) ?? begun.value.at(-1),
);

export function Picture() {
  const { layout, arrows } = geometry.value;
  if (layout === null) return null;
  const shown = inSight(arrows).filter(
    (arrow) => (foresight.value || arrow.begins < seen.value) && (!arrow.steep || endInSight(arrow)),
  );
  const focus = reached.value;
  if (focus !== undefined && !shown.includes(focus)) shown.push(focus);
  return (
    <svg
      class={character.value < 7 ? 'picture narrow' : 'picture'}
      width={layout.width}
      height={heightNow.value}
      role="group"
      aria-label={words.value.ladder.title}
      onPointerDown={(event) => {
        const arrow = arrowAt(event.target);
        if (arrow === null) grabGap(event);
        else grab(event, arrow);
      }}
      onClick={(event) => choose(arrowAt(event.target))}
      onFocusCapture={(event) => choose(arrowAt(event.target))}
      onContextMenu={(event) => {
        const arrow = arrowAt(event.target);
        if (arrow === null) return;
        event.preventDefault();
        openMenu(arrow.record, new DOMRect(event.clientX, event.clientY, 0, 0), elementOf(event.target)!);
      }}
      onKeyDown={onKey}
    >
      <Cuts />
      <Lines />
      {inSight(layout.ticks).map(({ y, time, text }) => (
        <text key={`t${time}`} class={past(time)} x={layout.clock} y={y + 4} text-anchor="end">
          {text}
        </text>
      ))}
      {inSight(layout.bars)
        .filter(({ events }) => events[0]! < seen.value)
        .map((bar) => (
          <Bar key={`b${bar.events[0]}`} bar={bar} />
        ))}
      {inSight(layout.texts)
        .filter(({ event }) => event < seen.value)
        .map((text) => (
          <Text key={`x${text.event}`} text={text} />
        ))}
      {inSight(layout.notes)
        .filter(({ event }) => event < seen.value)
        .map((note) => (
          <text key={`n${note.event}`} class="note" x={middle(layout.lanes)} y={(note.top + note.bottom) / 2 + 4}>
            {words.value.ladder.crashes(run.value!.events[note.event]!.host)}
          </text>
        ))}
      <Ghosts />
      {shown.map((arrow) => markOf(arrow, arrow === focus))}
      {/* Above the texts of other arrows, which would hide them. */}
      {shown.map(
        (arrow) => isLost(arrow) && arrow.ends < seen.value && <Cross key={`c${arrow.record.packet}`} arrow={arrow} />,
      )}
      <Preview />
    </svg>
  );
}

/** Arrows as they were drawn last: one that has not changed is the same node, which is not compared again. */
const marks = computed(() => ({ of: geometry.value, words: words.value, made: new Map<Arrow, Mark>() }));

interface Mark {
  readonly as: string;
  readonly node: VNode;
}

function markOf(arrow: Arrow, focus: boolean): VNode {
  const phase = seen.value <= arrow.begins ? 'future' : seen.value <= arrow.ends ? 'flight' : 'past';
  const chosen = arrow.record.packet === selected.value;
  const as = `${phase} ${chosen} ${focus}`;
  const { made } = marks.value;
  const known = made.get(arrow);
  if (known?.as === as) return known.node;
  const node = (
    <ArrowMark
      key={`${arrow.packet} ${arrow.record.packet}`}
      arrow={arrow}
      phase={phase}
      chosen={chosen}
      reached={focus}
    />
  );
  made.set(arrow, { as, node });
  return node;
}

function past(time: number): string {
  return time <= now.value && headY.value > 0 ? 'tick' : 'tick future';
}

/** Where a text across the lanes stands: a third lane has none across it. */
function middle(lanes: readonly { readonly x: number }[]): number {
  return (lanes[0]!.x + lanes[1]!.x) / 2;
}

/** The lanes, and the strips where time is left out. */
function Lines() {
  const { layout } = geometry.value;
  const y = headY.value;
  return (
    <>
      {layout!.lanes.map(({ host, x }) => (
        <path key={host} class="lane-line future" d={`M${x} 0V${heightNow.value}`} />
      ))}
      {layout!.lanes.map(({ host, x }) => (
        <path key={host} class="lane-line" d={`M${x} 0V${y}`} />
      ))}
      {inSight(layout!.folds)
        .filter(({ top }) => top < y)
        .map((fold) => (
          <g key={fold.from} class="fold">
            {layout!.lanes.map(({ host, x }) => (
              <path key={host} d={zigzag(x, fold.top, fold.bottom)} />
            ))}
            <text x={middle(layout!.lanes)} y={(fold.top + fold.bottom) / 2 + 4}>
              {character.value < 7 ? fold.text : words.value.ladder.fold(fold.text)}
            </text>
          </g>
        ))}
      {y > 0 && <path class="now" d={`M${layout!.clock + 6} ${y}H${layout!.width}`} />}
    </>
  );
}

function zigzag(x: number, from: number, until: number): string {
  const step = (until - from) / 4;
  return `M${x} ${from}l-5 ${step}l10 ${step}l-10 ${step}l5 ${step}`;
}

/** Where the network is cut. */
function Cuts() {
  const { value: it } = run;
  const { layout } = geometry.value;
  if (it === null || layout === null) return null;
  const [first, last] = [layout.lanes[0]!.x, layout.lanes.at(-1)!.x];
  const third = (last - first) / 3;
  return (
    <>
      {it.input.edits.map((one, at) => {
        if (one.op !== 'partition') return null;
        const y = heightOf(geometry.value, it, one.at);
        const x = one.host === null || one.host === it.lanes[0] ? first : last - third;
        return (
          <rect
            key={at}
            class="cut"
            x={x}
            y={y}
            width={one.host === null ? last - first : third}
            height={Math.max(4, heightOf(geometry.value, it, one.until) - y)}
          />
        );
      })}
    </>
  );
}

function Bar({ bar: { x, top: y1, bottom: y2, timer, end, events } }: { readonly bar: LadderBar }) {
  const over = events.at(-1)! < seen.value && end !== 'running';
  const to = over ? y2 : Math.max(y1, Math.min(y2, headY.value));
  return (
    <g class={`timer-bar timer-${timer}`}>
      <title>{timer}</title>
      <path d={`M${x} ${y1}V${to}`} />
      {over && <path d={end === 'fired' ? `M${x - 3.5} ${to}h7` : `M${x - 2} ${to}h4`} />}
    </g>
  );
}

function Text({ text }: { readonly text: LadderText }) {
  const { x, y, anchor, kind, whole } = text;
  const short = beside(text);
  const width = short.length * character.value + 12;
  const left = anchor === 'end' ? x - width : x;
  return (
    <g class={`beside ${kind === 'state' ? 'in-state' : kind}`}>
      {whole !== short && <title>{whole}</title>}
      {kind === 'state' && <rect x={left} y={y - 9} width={width} height={18} rx={9} />}
      <text x={left + width / 2} y={y + 4}>
        {short}
      </text>
    </g>
  );
}

/** What is beside a lane, in as few letters as on a small screen. */
function beside({ kind, text, whole, event }: LadderText): string {
  const told = run.value?.events[event];
  const { ladder } = words.value;
  if (told?.type === 'timer-fired') return ladder.fires[told.timer];
  if (told?.type === 'timer-set') return ladder.waits(told.timer, span((told.due ?? told.time) - told.time));
  if (told?.type === 'call') return told.count === undefined ? told.call : `${told.call} ${told.count}`;
  return kind === 'state' && whole !== text ? whole.replace('RECEIVED', 'RCVD') : text;
}

// ---- What is pointed at, and the keys ----

function elementOf(target: EventTarget | null): SVGElement | null {
  return target instanceof Element ? target.closest<SVGElement>('[data-packet]') : null;
}

function arrowAt(target: EventTarget | null): Arrow | null {
  const number = Number(elementOf(target)?.dataset['packet']);
  return geometry.value.arrows.find(({ record }) => record.packet === number) ?? null;
}

function choose(arrow: Arrow | null): void {
  if (arrow !== null) selected.value = arrow.record.packet;
}

function onKey(event: KeyboardEvent): void {
  const arrow = arrowAt(event.target);
  if (arrow === null || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Enter' || event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
    const element = elementOf(event.target)!;
    openMenu(arrow.record, element.getBoundingClientRect(), element);
  } else if (!walk(arrow, event.key) && !actOnKey(event, arrow.record)) return;
  event.preventDefault();
  event.stopPropagation();
}

/** @returns whether the key goes anywhere */
function walk(arrow: Arrow, key: string): boolean {
  const way = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[key];
  if (way === undefined) return false;
  const across = key === 'ArrowLeft' || key === 'ArrowRight';
  const all = begun.value;
  let at = all.indexOf(arrow) + way;
  // Across: to the next one that leaves the other side.
  while (across && all[at] !== undefined && all[at]!.from === arrow.from) at += way;
  const next = all[at];
  if (next !== undefined) focusArrow(next);
  return true;
}

/** Brings an arrow in sight and gives it the focus, when it is drawn. */
function focusArrow(arrow: Arrow): void {
  wanted.value = { top: arrow.top, bottom: arrow.bottom };
  selected.value = arrow.record.packet;
  requestAnimationFrame(() => {
    document
      .querySelector<SVGElement>(`.picture [data-packet='${arrow.record.packet}']`)
      ?.focus({ preventScroll: true });
  });
}
