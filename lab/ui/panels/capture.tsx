/** Owns: a capture that somebody has: its connections in a table, and one of them told, drawn and explained. */

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Explainer, stateDiagramSvg } from 'tsyn/explain';
import { ladderSvg, type StateEvent, sequenceGraphSvg, type TraceEvent } from 'tsyn/trace';
import type { Row, Table, Told } from '../../capture/messages.ts';
import { more } from '../../words/index.ts';
import { failed, readFile, reading, stream, table, tell, told } from '../capture.ts';
import { language } from '../store.ts';
import { Drawn } from './drawn.tsx';
import { duration, figure, Rfc } from './shared.tsx';

/** Segments that are drawn and explained, before more are asked for. */
const FEW = 100;

export function Capture() {
  const { capture: text } = more.value;
  useEffect(() => {
    if (stream.value !== null && told.value?.language !== language.value) tell(stream.value);
  }, [language.value]);
  return (
    <section class="region whole" aria-label={text.title}>
      <h2>{text.title}</h2>
      <p class="answer-text">{text.about}</p>
      <label class="button primary choose">
        {text.choose}
        <input
          type="file"
          class="sr"
          accept=".pcap,.pcapng,.cap"
          onChange={({ currentTarget }) => {
            const file = currentTarget.files?.[0];
            if (file !== undefined) readFile(file);
            currentTarget.value = '';
          }}
        />
      </label>{' '}
      <span class="faint">{text.drop}</span>
      <p role="status">{reading.value !== null && text.reading(Math.round(100 * reading.value))}</p>
      {failed.value !== null && (
        <p role="alert" class="bad">
          {text.failed(failed.value)}
        </p>
      )}
      {table.value !== null && <Connections table={table.value} />}
      {told.value !== null && <Connection key={told.value.stream} told={told.value} />}
    </section>
  );
}

function Connections({ table: { name, packets, rows, more: others, problem } }: { readonly table: Table }) {
  const { capture: text } = more.value;
  return (
    <>
      <h3>{text.file(name, figure(packets), figure(rows.length + others))}</h3>
      {problem !== null && (
        <p role="alert" class="bad">
          {text.problem(figure(problem.offset), problem.block, problem.reason)}
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
      <div class="scroll connections" tabIndex={0}>
        <table class="rows">
          <caption class="sr">{text.title}</caption>
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
            {rows.map((row) => (
              <ConnectionRow key={row.stream} row={row} />
            ))}
          </tbody>
        </table>
      </div>
      {others > 0 && <p class="small">{text.others(figure(others))}</p>}
    </>
  );
}

function ConnectionRow({ row }: { readonly row: Row }) {
  const { capture: text } = more.value;
  const { stream: number, ends, opened, begins, duration: lasts, roundTrip, anomalies } = row;
  const [a, b] = ends;
  const chosen = stream.value === number;
  const again = a.retransmissions + b.retransmissions;
  return (
    <tr class={chosen ? 'chosen' : ''} onClick={() => tell(number)}>
      <th scope="row">
        <button type="button" class="term mono" aria-pressed={chosen}>
          {number}
        </button>
      </th>
      <td class="mono">{`${a.name} ${opened ? '→' : '↔'} ${b.name}`}</td>
      <td class="mono">{duration(begins)}</td>
      <td class="mono">{duration(lasts)}</td>
      <td class="mono">{`${figure(a.packets)} / ${figure(b.packets)}`}</td>
      <td class="mono">{`${figure(a.octets)} / ${figure(b.octets)}`}</td>
      <td class="mono">{roundTrip === null ? '–' : duration(roundTrip)}</td>
      <td class="mono">{again === 0 ? '–' : figure(again)}</td>
      <td>{anomalies.map(({ label, count }) => text.anomaly(label, figure(count))).join(text.comma)}</td>
    </tr>
  );
}

function Connection({ told: { hosts, story, events, left, stream: number } }: { readonly told: Told }) {
  const { capture: text } = more.value;
  const most = useSignal(FEW);
  const shown = beginning(events, most.value);
  const total = events.filter(({ type }) => type === 'segment-sent').length;
  const title = text.connection(number);
  return (
    <article class="captured">
      <h2>{title}</h2>
      <p>{story.cast}</p>
      <div class="chapters">
        {(['opened', 'flowed', 'trouble', 'ended'] as const).map((chapter) => (
          <section key={chapter}>
            <h3>{text.chapters[chapter]}</h3>
            {story[chapter].map((sentence) => (
              <p key={sentence}>{sentence}</p>
            ))}
          </section>
        ))}
      </div>
      <div class="sides">
        <section>
          <h3>{text.ladder}</h3>
          <Ladder events={shown} hosts={hosts} title={title} />
          {total > most.value && (
            <button
              type="button"
              class="button"
              onClick={() => {
                most.value *= 5;
              }}
            >
              {text.further(figure(most.value), figure(total + left))}
            </button>
          )}
        </section>
        <section>
          <h3>{text.explained}</h3>
          <Sentences events={shown} />
        </section>
        <section>
          <h3>{text.states}</h3>
          <div class="pair">
            {hosts.map((host) => (
              <States key={host} host={host} events={events} />
            ))}
          </div>
        </section>
        <section>
          <h3>{more.value.tabs.names.sequence}</h3>
          <Sequence events={events} title={title} />
        </section>
      </div>
    </article>
  );
}

/** The events until so many segments have been sent. */
function beginning(events: readonly TraceEvent[], segments: number): readonly TraceEvent[] {
  let sent = 0;
  const end = events.findIndex(({ type }) => type === 'segment-sent' && ++sent > segments);
  return end < 0 ? events : events.slice(0, end);
}

interface LadderProps {
  readonly events: readonly TraceEvent[];
  readonly hosts: readonly [string, string];
  readonly title: string;
}

function Ladder({ events, hosts, title }: LadderProps) {
  const svg = ladderSvg(events, { left: hosts[0], right: hosts[1], lang: language.value, title });
  return <Drawn svg={svg} label={title} />;
}

/** Of the direction with the most text. */
function Sequence({ events, title }: { readonly events: readonly TraceEvent[]; readonly title: string }) {
  return <Drawn svg={sequenceGraphSvg(events, { lang: language.value, title })} label={title} />;
}

/** The way of one end through the states, as far as the capture tells. */
function States({ host, events }: { readonly host: string; readonly events: readonly TraceEvent[] }) {
  const history = events.filter((event): event is StateEvent => event.type === 'state' && event.host === host);
  const svg = stateDiagramSvg(history, { compact: true, lang: language.value, title: host });
  return (
    <figure>
      <figcaption class="mono small">{host}</figcaption>
      <div class="diagram" dangerouslySetInnerHTML={{ __html: svg }} />
    </figure>
  );
}

function Sentences({ events }: { readonly events: readonly TraceEvent[] }) {
  const explainer = new Explainer({ words: more.value.sentences });
  const steps = events.map((event) => ({ time: event.time, host: event.host, ...explainer.take(event) }));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <ol class="told-steps tall" tabIndex={0}>
      {steps.map(({ time, text, rfc }, i) => (
        <li key={`${i} ${time}`}>
          <span class="mono small faint">{duration(time)}</span>
          <p>
            {text}{' '}
            {rfc.map((section) => (
              <Rfc key={section} of={section} />
            ))}
          </p>
        </li>
      ))}
    </ol>
  );
}
