/** Owns: the graphs of a run up to now: sequence numbers of one direction, the congestion window of one host. */

import { type Signal, signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { congestionGraphSvg, type SegmentEvent, sequenceGraphSvg, type TraceEvent } from 'tsyn/trace';
import type { HostName } from '../../engine/types.ts';
import { more } from '../../words/index.ts';
import { language, noted, run } from '../store.ts';
import { Drawn } from './drawn.tsx';

/** Whose text, or whose window. */
const sender: Signal<HostName> = signal('A');

export function SequenceGraph() {
  return <Graph draw={sequenceGraphSvg} label={more.value.graphs.direction} />;
}

export function CongestionGraph() {
  return <Graph draw={congestionGraphSvg} label={more.value.graphs.host} />;
}

interface Props {
  readonly draw: typeof sequenceGraphSvg & typeof congestionGraphSvg;
  readonly label: string;
}

function Graph({ draw, label }: Props) {
  const { graphs: text, tabs } = more.value;
  const lanes: readonly HostName[] = (run.value?.lanes ?? []).filter((one) => one !== 'C');
  const host = lanes.includes(sender.value) ? sender.value : 'A';
  const title = `${draw === sequenceGraphSvg ? tabs.names.sequence : tabs.names.congestion}: ${text.from(host)}`;
  const svg = useMemo(() => {
    const events = (run.value?.events ?? []).slice(0, noted.seen.value);
    return draw(events, { host, ...endsOf(events, host), lang: language.value, title, now: noted.now.value });
  }, [draw, host, run.value, noted.seen.value, language.value]);
  return (
    <>
      <fieldset class="tab-options small">
        <legend class="sr">{label}</legend>
        {lanes.map((one) => (
          <label key={one}>
            <input
              type="radio"
              name="sender"
              checked={one === host}
              onChange={() => {
                sender.value = one;
              }}
            />{' '}
            {text.from(one)}
          </label>
        ))}
      </fieldset>
      <Drawn svg={svg} label={title} />
    </>
  );
}

/** Both ends of the connection on which a host has sent text, or anything at all. */
function endsOf(events: readonly TraceEvent[], host: HostName): { readonly from?: string; readonly to?: string } {
  const sent = events.filter((event): event is SegmentEvent => event.type === 'segment-sent' && event.host === host);
  const found = sent.find(({ segment }) => segment.length > 0) ?? sent[0];
  if (found === undefined) return { from: host };
  const { src, dst, segment } = found;
  return { from: `${src}:${segment.srcPort}`, to: `${dst}:${segment.dstPort}` };
}
