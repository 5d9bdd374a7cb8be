/** Traces told by hand, to be drawn: two hosts, packets that take a while, events of the links between. */

import type { SegmentView, StateName, TimerName, TraceEvent } from '../../src/trace/events.ts';
import { ACK, FIN, PSH, RST, SYN } from '../../src/wire/tcp.ts';

const FLAGS: Readonly<Record<string, number>> = { S: SYN, A: ACK, F: FIN, P: PSH, R: RST };
const HOSTS = {
  client: { address: '192.0.2.1', port: 49152 },
  server: { address: '192.0.2.2', port: 80 },
} as const;
export type Host = keyof typeof HOSTS;

export const CLIENT_ISS = 1_000_000;
export const SERVER_ISS = 4_294_967_000;

/** A list of events in the making. Sequence numbers are given relative. */
export class Story {
  readonly events: TraceEvent[] = [];
  readonly #ports: Record<Host, number> = { client: HOSTS.client.port, server: HOSTS.server.port };
  #packet = 0;

  /** Another connection from here on: the client's port. */
  port(client: number): this {
    this.#ports.client = client;
    return this;
  }

  /** `host` sends a segment, flags as letters of SAFPR; the packet's number. */
  send(
    time: number,
    host: Host,
    flags: string,
    seq: number,
    ack: number,
    more: Partial<SegmentView> = {},
    again = false,
  ): number {
    const packet = ++this.#packet;
    this.events.push({
      ...this.#segment(host, flags, seq, ack, more),
      type: 'segment-sent',
      time,
      host,
      packet,
      ...(again ? { retransmission: true } : {}),
    });
    return packet;
  }

  /** The packet arrives at the other host. */
  arrive(time: number, packet: number): this {
    const sent = this.events.find((event) => event.type === 'segment-sent' && event.packet === packet);
    if (sent?.type !== 'segment-sent') throw new Error(`packet ${packet} was not sent`);
    const { retransmission: _, ...event } = sent;
    return this.#push({ ...event, type: 'segment-received', time, host: sent.host === 'client' ? 'server' : 'client' });
  }

  /** Arrives without having been sent by anyone here. */
  appear(time: number, at: Host, packet: number, flags: string, seq: number, ack: number): this {
    const from = at === 'client' ? 'server' : 'client';
    return this.#push({
      ...this.#segment(from, flags, seq, ack, {}),
      type: 'segment-received',
      time,
      host: at,
      packet,
    });
  }

  link(
    time: number,
    what: 'lost' | 'duplicated' | 'reordered' | 'corrupted' | 'held' | 'released' | 'injected',
    packet: number,
  ): this {
    return this.#push({ type: `packet-${what}`, time, host: 'wire', packet });
  }

  drop(time: number, host: string, packet: number, reason: string): this {
    return this.#push({ type: 'packet-dropped', time, host, packet, reason });
  }

  state(time: number, host: Host, from: StateName, to: StateName): this {
    return this.#push({ type: 'state', time, host, connection: this.#connection(host), from, to });
  }

  timer(time: number, host: Host, what: 'set' | 'fired' | 'stopped', timer: TimerName, due?: number): this {
    const connection = this.#connection(host);
    return this.#push({ type: `timer-${what}`, time, host, connection, timer, ...(due === undefined ? {} : { due }) });
  }

  call(
    time: number,
    host: Host,
    call: 'OPEN' | 'SEND' | 'RECEIVE' | 'CLOSE' | 'ABORT',
    count?: number,
    result = 'ok',
  ): this {
    const connection = this.#connection(host);
    return this.#push({
      type: 'call',
      time,
      host,
      connection,
      call,
      result,
      ...(count === undefined ? {} : { count }),
    });
  }

  congestion(time: number, host: Host, cwnd: number, ssthresh: number): this {
    const connection = this.#connection(host);
    return this.#push({ type: 'congestion', time, host, connection, cwnd, ssthresh, pipe: cwnd, phase: 'loss' });
  }

  note(time: number, text: string): this {
    return this.#push({ type: 'note', time, host: 'story', text });
  }

  #push(event: TraceEvent): this {
    this.events.push(event);
    return this;
  }

  #connection(host: Host) {
    const other = host === 'client' ? 'server' : 'client';
    const name = (which: Host): string => `${HOSTS[which].address}:${this.#ports[which]}`;
    return { id: 1, local: name(host), remote: name(other) };
  }

  #segment(from: Host, flags: string, seq: number, ack: number, more: Partial<SegmentView>) {
    const to = from === 'client' ? 'server' : 'client';
    const [mine, theirs] = from === 'client' ? [CLIENT_ISS, SERVER_ISS] : [SERVER_ISS, CLIENT_ISS];
    let bits = 0;
    for (const letter of flags) bits |= FLAGS[letter]!;
    return {
      src: HOSTS[from].address,
      dst: HOSTS[to].address,
      segment: {
        srcPort: this.#ports[from],
        dstPort: this.#ports[to],
        seq: (mine + seq) >>> 0,
        ack: bits & ACK ? (theirs + ack) >>> 0 : 0,
        flags: bits,
        window: 65535,
        urgent: 0,
        length: 0,
        ...more,
      },
    };
  }
}

export const SYN_OPTIONS: Partial<SegmentView> = { mss: 1460, sackPermitted: true, windowScale: 7, tsVal: 1, tsEcr: 0 };

/** The three segments of RFC 9293 3.5 figure 6, 10 ms apart, from time 0; both are ESTABLISHED at 30. */
export function handshake(story: Story = new Story()): Story {
  story.state(0, 'server', 'CLOSED', 'LISTEN');
  story.state(0, 'client', 'CLOSED', 'SYN-SENT');
  story.call(0, 'client', 'OPEN');
  const syn = story.send(0, 'client', 'S', 0, 0, SYN_OPTIONS);
  story.arrive(10, syn).state(10, 'server', 'LISTEN', 'SYN-RECEIVED');
  const both = story.send(10, 'server', 'SA', 0, 1, SYN_OPTIONS);
  story.arrive(20, both).state(20, 'client', 'SYN-SENT', 'ESTABLISHED');
  const ack = story.send(20, 'client', 'A', 1, 1, { window: 512 });
  return story.arrive(30, ack).state(30, 'server', 'SYN-RECEIVED', 'ESTABLISHED');
}
