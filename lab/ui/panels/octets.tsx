/** Owns: a packet octet by octet: each field can be pointed at, or walked to with the arrows, and says what it is. */

import { more } from '../../words/index.ts';
import { run, selected } from '../store.ts';
import { type FieldName, fieldsOf, hex, type PacketField } from './fields.ts';
import { flagsOf, sent } from './segments.tsx';
import { figure, nameOf, Rfc, useRoving } from './shared.tsx';

/** Octets of text that are shown. */
const MOST_TEXT = 64;

export function Octets() {
  const { octets: text } = more.value;
  const record = run.value?.packets[(selected.value ?? sent.value.at(-1)?.packet ?? 0) - 1];
  if (record === undefined) return <p class="faint">{text.none}</p>;
  return (
    <>
      <p class="small">
        <b>{nameOf(record)}</b> {`${record.from} → ${record.to}`} <b class="mono">{flagsOf(record.segment.flags)}</b>{' '}
        {text.length(figure(record.octets.length))}
      </p>
      <Fields octets={record.octets} />
    </>
  );
}

/** The fields of an IPv4 packet with TCP. */
export function Fields({ octets }: { readonly octets: Uint8Array }) {
  const { octets: text } = more.value;
  const fields = fieldsOf(octets);
  const { at, group, onKeyDown, stop } = useRoving(fields.length);
  const chosen = fields[at];
  return (
    <div class="dissected">
      <div
        class="hex mono"
        role="group"
        aria-label={text.label}
        onKeyDown={onKeyDown}
        ref={(element) => {
          group.current = element;
        }}
      >
        {fields.map((field, i) => (
          <button
            key={field.from}
            type="button"
            class={`field-octets ${field.part} ${i === at ? 'chosen' : ''}`}
            aria-describedby="field"
            {...stop(i)}
          >
            <span class="sr">{`${text.names[field.name]}: ${field.value}`}</span>
            <code>{hexOf(octets, field)}</code>
          </button>
        ))}
      </div>
      {chosen !== undefined && <Meaning {...chosen} />}
    </div>
  );
}

function hexOf(octets: Uint8Array, { from, until, name }: PacketField): string {
  const most = name === 'text' ? Math.min(until, from + MOST_TEXT) : until;
  return hex(octets.subarray(from, most), ' ') + (most < until ? ' …' : '');
}

function Meaning({ name, value, rfc, part, from, until }: PacketField) {
  const { octets: text } = more.value;
  return (
    <div id="field" class="field-meaning">
      <h3>
        {text.parts[part]} · {text.at(from, until - 1)}
      </h3>
      <p>
        <b>{text.names[name]}</b> <span class="mono">{value}</span>
      </p>
      <p class="small">
        {text.meanings[name]} <Rfc of={rfc} />
      </p>
    </div>
  );
}

export type { FieldName };
