/** Owns: the packets so far as a table, a page at a time; the one selected is the one selected on the ladder. */

import { computed, useSignal, useSignalEffect } from '@preact/signals';
import type { PacketRecord } from '../../engine/types.ts';
import { more } from '../../words/index.ts';
import { numbers } from '../ladder/text.ts';
import { noted, run, selected } from '../store.ts';
import { figure, nameOf } from './shared.tsx';

const PAGE = 50;
const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];

/** Where each packet first is in the events: it is not shown before that. */
const firsts = computed(() => {
  const found = new Map<number, number>();
  run.value?.events.forEach((event, i) => {
    if ('packet' in event && !found.has(event.packet)) found.set(event.packet, i);
  });
  return found;
});

/** Packets that have been sent by now. */
export const sent = computed<readonly PacketRecord[]>(() => {
  const count = noted.seen.value;
  return (run.value?.packets ?? []).filter(({ packet, copyOf }) => {
    const first = firsts.value.get(packet) ?? firsts.value.get(copyOf ?? packet);
    return first !== undefined && first < count;
  });
});

export function flagsOf(flags: number): string {
  return FLAGS.filter((_, i) => flags & (1 << i)).join(',');
}

export function Segments() {
  const { segments: text } = more.value;
  const all = sent.value;
  const page = useSignal(0);
  // The page follows what is selected, else what has come last.
  useSignalEffect(() => {
    const last = sent.value.length - 1;
    const at = selected.value === null ? last : sent.value.findIndex(({ packet }) => packet === selected.value);
    page.value = Math.floor(Math.max(0, at < 0 ? last : at) / PAGE);
  });
  const pages = Math.max(1, Math.ceil(all.length / PAGE));
  const shown = all.slice(page.value * PAGE, (page.value + 1) * PAGE);
  return (
    <>
      {pages > 1 && (
        <p class="pager small">
          <button type="button" class="button" disabled={page.value === 0} onClick={() => page.value--}>
            {text.earlier}
          </button>
          {text.page(page.value + 1, pages, figure(all.length))}
          <button type="button" class="button" disabled={page.value >= pages - 1} onClick={() => page.value++}>
            {text.later}
          </button>
        </p>
      )}
      <div class="scroll">
        <table class="rows">
          <caption class="sr">{text.caption}</caption>
          <thead>
            <tr>
              {text.columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((record) => (
              <Row key={record.packet} record={record} />
            ))}
          </tbody>
        </table>
      </div>
      {all.length === 0 && <p class="faint">{text.none}</p>}
    </>
  );
}

function Row({ record }: { readonly record: PacketRecord }) {
  const { segments: text } = more.value;
  const { packet, from, to, sent: at, segment, fate, retransmission, copyOf } = record;
  const { seq, ack } = numbers(record);
  const flags = flagsOf(segment.flags);
  const chosen = selected.value === packet;
  const remarks = [
    ...(fate === 'delivered' ? [] : [text.fates[fate]]),
    ...(retransmission ? [text.again] : []),
    ...(copyOf === null ? [] : [text.copy]),
  ];
  return (
    // The button in the row does the same for the keyboard.
    <tr
      class={`${chosen ? 'chosen' : ''} ${fate === 'delivered' || fate === 'in flight' ? '' : 'lost'}`}
      onClick={() => {
        selected.value = packet;
      }}
    >
      <th scope="row">
        <button type="button" class="term mono" aria-pressed={chosen}>
          {nameOf(record)}
        </button>
      </th>
      <td class="mono">{figure(at)}</td>
      <td>{`${from} → ${to}`}</td>
      <td class="mono flags">{flags}</td>
      <td class="mono">{figure(seq)}</td>
      <td class="mono">{figure(flags.includes('ACK') ? ack : null)}</td>
      <td class="mono">{figure(segment.length)}</td>
      <td class="mono">{figure(segment.window)}</td>
      <td>{remarks.join(text.comma)}</td>
    </tr>
  );
}
