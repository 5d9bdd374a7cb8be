/**
 * Owns: questions about a run that presets ask to tell how it went: states that were gone through, packets that were sent, what
 * applications were told.
 */

import type { StateName, TraceEvent } from 'tsyn/trace';
import type { HostName, HostView, PacketRecord, Run } from './types.ts';

const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
const FLAGS: readonly (readonly [number, string])[] = [
  [FIN, 'FIN'],
  [SYN, 'SYN'],
  [RST, 'RST'],
  [8, 'PSH'],
  [ACK, 'ACK'],
];

/** A run before it is judged. */
export type Played = Omit<Run, 'asExpected' | 'met'>;

/** Which packets: flags that are set among SYN, FIN, RST and ACK, and whether there is text. */
export type Kind = 'SYN' | 'SYN,ACK' | 'FIN' | 'RST' | 'text' | 'ACK' | 'any';

export class Facts {
  readonly run: Played;

  constructor(run: Played) {
    this.run = run;
  }

  /** The states that a host's connections have gone through, in order, the first one's beginning left out. */
  states(host: HostName): readonly StateName[] {
    return this.run.events.flatMap((event) => (event.type === 'state' && event.host === host ? [event.to] : []));
  }

  /** The state that came last, or CLOSED. */
  last(host: HostName): StateName {
    return this.states(host).at(-1) ?? 'CLOSED';
  }

  /** Whether a host went through these states, one directly after the other. */
  passed(host: HostName, ...some: readonly StateName[]): boolean {
    return ` ${this.states(host).join(' ')} `.includes(` ${some.join(' ')} `);
  }

  /** What a host looks like at the end. */
  view(host: HostName): HostView | null {
    return this.run.views.findLast((change) => change.host === host)?.view ?? null;
  }

  /** Packets of a host, copies left out. */
  sent(host: HostName, kind: Kind = 'any'): readonly PacketRecord[] {
    return this.run.packets.filter((packet) => packet.from === host && packet.copyOf === null && isOf(packet, kind));
  }

  again(host: HostName, kind: Kind = 'any'): readonly PacketRecord[] {
    return this.sent(host, kind).filter(({ retransmission }) => retransmission);
  }

  /** Whether these were sent in this order, perhaps with others between: `A SYN 100`, `B SYN,ACK 300 101`. */
  said(...lines: readonly string[]): boolean {
    let next = 0;
    for (const packet of this.run.packets) {
      if (packet.copyOf === null && lineOf(packet) === lines[next]) next++;
    }
    return next === lines.length;
  }

  /** Events of a type at a host. */
  events<Type extends TraceEvent['type']>(host: HostName, type: Type): readonly (TraceEvent & { type: Type })[] {
    return this.run.events.filter(
      (event): event is TraceEvent & { type: Type } => event.type === type && event.host === host,
    );
  }

  /** Whether a timer of a host has fired. */
  fired(host: HostName, timer: string): boolean {
    return this.events(host, 'timer-fired').some((event) => event.timer === timer);
  }

  told(host: HostName): string | null {
    return this.view(host)?.told ?? null;
  }

  /** Whether an application was ever told so. */
  everTold(host: HostName, what: string): boolean {
    return this.run.views.some((change) => change.host === host && change.view.told === what);
  }

  read(host: HostName): number {
    return this.view(host)?.read ?? 0;
  }

  /** Whether both applications have heard of an orderly end, and nobody of an error. */
  get clean(): boolean {
    return (['A', 'B'] as const).every((host) => this.told(host) === 'closed');
  }

  /** When an event of the kind happened first; `Infinity` if it never did. */
  when(host: HostName, state: StateName): number {
    return this.events(host, 'state').find(({ to }) => to === state)?.time ?? Infinity;
  }
}

/** Sender, flags, sequence number, and what it acknowledges. */
function lineOf({ from, segment }: PacketRecord): string {
  const { flags, seq, ack } = segment;
  const names = FLAGS.filter(([flag]) => flags & flag).map(([, name]) => name);
  return `${from} ${names.join()} ${seq}${flags & ACK ? ` ${ack}` : ''}`;
}

function isOf({ segment }: PacketRecord, kind: Kind): boolean {
  const { flags, length } = segment;
  const control = flags & (SYN | FIN | RST);
  switch (kind) {
    case 'SYN':
      return (flags & (SYN | ACK)) === SYN;
    case 'SYN,ACK':
      return (flags & (SYN | ACK)) === (SYN | ACK);
    case 'FIN':
      return (flags & FIN) !== 0;
    case 'RST':
      return (flags & RST) !== 0;
    case 'text':
      return length > 0;
    case 'ACK':
      return control === 0 && length === 0;
    default:
      return true;
  }
}
