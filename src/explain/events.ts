/**
 * Owns: an explanation for every event of a trace: a sentence or two that tell what happens and why, with the section of the
 * RFC. Leaves to others: what a segment means (`meaning.ts`), the words (`words-en.ts`, `words-zh.ts`).
 */

import type {
  CallEvent,
  CongestionEvent,
  ConnectionRef,
  DropEvent,
  LinkEvent,
  SegmentEvent,
  StateEvent,
  TimerEvent,
  TimerName,
  TraceEvent,
} from '../trace/events.ts';
import { endpoint } from '../trace/text.ts';
import { ACK, CWR, ECE, RST, SYN, URG } from '../wire/tcp.ts';
import { type Arrival, Conversations, type Meaning } from './meaning.ts';
import {
  RFC,
  RFC_ARROWS,
  RFC_CALLS,
  RFC_ENDS,
  RFC_LINK,
  RFC_PHASES,
  RFC_TIMERS,
  rfcOf,
  rfcOfArrival,
  rfcUrl,
  sectionsOf,
} from './sections.ts';
import type { Again, ArrowName, Ending, Range, Sentences } from './sentences.ts';

export interface Explanation {
  readonly text: string;
  /** Sections, e.g. `RFC 9293 3.5`; empty for a note. */
  readonly rfc: readonly string[];
  /** Where the first of them is to be read. */
  readonly url?: string;
}

export interface ExplainerOptions {
  /** The language: `english` or `chinese`. */
  readonly words: Sentences;
  /** Names of addresses that no host of the trace has told yet, e.g. `{ '192.0.2.2': 'server' }`. */
  readonly hosts?: Readonly<Record<string, string>>;
}

/** The last that has happened to a connection at one host. */
interface Stimulus {
  readonly time: number;
  readonly kind: 'reset' | 'segment' | TimerName;
}

/**
 * Explains events one after the other; give it every event of a trace, in its order.
 *
 * @example
 * const explainer = new Explainer({ words: english });
 * for (const event of events) console.log(explainer.take(event).text);
 */
export class Explainer {
  readonly #words: Sentences;
  readonly #names: Map<string, string> = new Map();
  readonly #conversations: Conversations = new Conversations();
  readonly #labels: Map<number, string> = new Map();
  /** By host and connection. */
  readonly #stimuli: Map<string, Stimulus> = new Map();
  readonly #timers: Set<string> = new Set();
  readonly #windows: Map<string, { readonly cwnd: number; readonly phase: string }> = new Map();

  constructor({ words, hosts = {} }: ExplainerOptions) {
    this.#words = words;
    for (const [address, name] of Object.entries(hosts)) this.#names.set(address, name);
  }

  take(event: TraceEvent): Explanation {
    switch (event.type) {
      case 'segment-sent':
        return this.#sent(event);
      case 'segment-received':
        return this.#received(event);
      case 'packet-dropped':
        return this.#dropped(event);
      case 'state':
        return this.#state(event);
      case 'timer-set':
      case 'timer-stopped':
      case 'timer-fired':
        return this.#timer(event);
      case 'congestion':
        return this.#congestion(event);
      case 'call':
        return this.#call(event);
      case 'note':
        return { text: event.text, rfc: [] };
      default:
        return this.#link(event);
    }
  }

  #explain(sentences: readonly (string | null)[], rfc: string): Explanation {
    const list = sectionsOf(rfc);
    const text = sentences.filter((sentence) => sentence !== null).join(this.#words.space);
    const [first] = list;
    return first === undefined ? { text, rfc: list } : { text, rfc: list, url: rfcUrl(first) };
  }

  /** The host at an address and port, by the name that the trace gives it; both ends of a loopback have one address. */
  #name(address: string, port: number): string {
    return this.#names.get(endpoint(address, port)) ?? this.#names.get(address) ?? address;
  }

  #learn(address: string, port: number, host: string): void {
    for (const key of [endpoint(address, port), address]) if (!this.#names.has(key)) this.#names.set(key, host);
  }

  #peer({ remote }: ConnectionRef): string {
    const address = addressOf(remote);
    return this.#names.get(remote) ?? this.#names.get(address) ?? address;
  }

  #sent(event: SegmentEvent): Explanation {
    const w = this.#words;
    const { segment, host: h } = event;
    const owner = this.#names.has(event.src) ? this.#name(event.src, segment.srcPort) : h;
    const forged = owner !== h;
    if (!forged) this.#learn(event.src, segment.srcPort, h);
    const meaning = this.#conversations.sent(event, forged);
    const p = this.#name(event.dst, segment.dstPort);
    const noun = (of: string | null): string => w.packet(of, meaning.kind, rangeOf(meaning), meaning.fin);
    this.#labels.set(event.packet, noun(owner));
    if (forged) return this.#explain([w.forged(h, owner), ...this.#besides(event, meaning, p)], RFC.forged);
    const again = meaning.again ? this.#whyAgain(event) : null;
    const main = again === null ? this.#purpose(event, meaning, h, p) : w.again(noun(null), h, again);
    const fin = meaning.fin && meaning.kind === 'text' ? w.fin(h, p, true, meaning.halfway) : null;
    const extras = meaning.again ? [] : this.#besides(event, meaning, p);
    const offers = segment.flags & SYN && !meaning.again ? this.#offers(event, h) : null;
    const reuse = meaning.reuse ? w.reuse : null;
    return this.#explain([main, fin, ...extras, reuse, offers], rfcOf(meaning, segment.flags, again));
  }

  #purpose({ segment }: SegmentEvent, meaning: Meaning, h: string, p: string): string {
    const w = this.#words;
    const { upTo, count, window } = meaning;
    switch (meaning.kind) {
      case 'syn':
        return w.syn(h, p, segment.seq);
      case 'syn-ack':
        return w.synAck(h, p, segment.seq);
      case 'syn-both':
        return w.synBoth(h, p);
      case 'handshake':
        return w.handshake(h, p);
      case 'text':
        return w.text(h, rangeOf(meaning)!, p);
      case 'fin':
        return w.fin(h, p, false, meaning.halfway);
      case 'ack':
        return w.ack(h, upTo - 1);
      case 'ack-fin':
        return w.ackFin(h, p, meaning.halfway);
      case 'ack-fin-again':
        return w.ackFinAgain(h, p);
      case 'ack-again':
        return w.ackAgain(h, upTo);
      case 'duplicate':
        return w.duplicate(h, upTo, count);
      case 'window':
        return w.window(h, window);
      case 'zero-window':
        return w.zeroWindow(h, p);
      case 'window-probe':
        return w.windowProbe(h, p);
      case 'probe-answer':
        return w.probeAnswer(h, window);
      case 'keep-alive':
        return w.keepAlive(h, p);
      case 'keep-alive-answer':
        return w.keepAliveAnswer(h);
      case 'challenge':
        return w.challenge(h, p);
      case 'refusal':
        return w.refusal(h, segment.srcPort);
      case 'no-connection':
        return w.noConnection(h, p);
      case 'abort':
        return w.abort(h, p);
    }
  }

  /** What a segment says besides what it is sent for. */
  #besides({ segment, host }: SegmentEvent, meaning: Meaning, p: string): (string | null)[] {
    const w = this.#words;
    const { flags, length } = segment;
    const { kind, news, upTo, window } = meaning;
    const carried = (kind === 'text' || kind === 'fin' || kind === 'zero-window') && news && upTo > 1;
    const slow = (flags & (ECE | SYN)) === ECE;
    return [
      carried ? w.alsoAcks(upTo - 1) : null,
      meaning.sack.length > 0 ? w.sack(meaning.sack.map(inclusive)) : null,
      meaning.twice === null ? null : w.twice(inclusive(meaning.twice)),
      length > 0 && window === 0 && flags & ACK ? w.noRoom(p) : null,
      slow ? w.echo(p) : null,
      (flags & (CWR | SYN)) === CWR ? w.reduced(host) : null,
      flags & URG ? w.urgent(host) : null,
    ];
  }

  #offers({ segment }: SegmentEvent, h: string): string | null {
    const { mss, windowScale, sackPermitted, tsVal, fastOpen, flags } = segment;
    const offer = {
      mss: mss ?? null,
      scale: windowScale === undefined ? null : 1 << Math.min(windowScale, 14),
      sack: sackPermitted === true,
      timestamps: tsVal !== undefined,
      // The SYN asks with both bits, the SYN,ACK agrees with one (RFC 3168 6.1.1).
      ecn: flags & ACK ? (flags & (ECE | CWR)) === ECE : (flags & (ECE | CWR)) === (ECE | CWR),
      fastOpen: fastOpen === undefined ? null : fastOpen === '' ? ('request' as const) : ('cookie' as const),
    };
    const any = Object.values(offer).some((value) => value !== null && value !== false);
    return any ? this.#words.offers(h, offer) : null;
  }

  #whyAgain(event: SegmentEvent): Again {
    const { src, dst, segment } = event;
    const key = `${event.host} ${endpoint(src, segment.srcPort)} ${endpoint(dst, segment.dstPort)}`;
    const last = this.#stimuli.get(key);
    if (last?.time === event.time) {
      if (last.kind === 'retransmission') return 'time-out';
      if (last.kind === 'tail-loss-probe') return 'probe';
      if (last.kind === 'reordering') return 'missing';
      if (last.kind === 'segment' && (segment.flags & SYN) === 0) return 'missing';
    }
    return 'unknown';
  }

  #received(event: SegmentEvent): Explanation {
    const w = this.#words;
    const { segment, host: h, packet } = event;
    this.#learn(event.dst, segment.dstPort, h);
    const known = this.#conversations.meaningOf(packet) !== null;
    const arrival = this.#conversations.received(event);
    const { meaning, copy } = arrival;
    const label =
      this.#labels.get(packet) ??
      w.packet(this.#name(event.src, segment.srcPort), meaning.kind, rangeOf(meaning), meaning.fin);
    this.#labels.set(packet, label);
    const key = `${h} ${endpoint(event.dst, segment.dstPort)} ${endpoint(event.src, segment.srcPort)}`;
    this.#stimuli.set(key, { time: event.time, kind: segment.flags & RST ? 'reset' : 'segment' });
    const stranger = !known && this.#names.get(event.src) !== undefined;
    const main = copy
      ? w.copy(h, label)
      : stranger
        ? w.stranger(h, label)
        : this.#arrives(arrival, label, h, segment.flags);
    return this.#explain([main, ...this.#tells(arrival, h)], rfcOfArrival(arrival));
  }

  #arrives({ place, expected }: Arrival, label: string, h: string, flags: number): string {
    const w = this.#words;
    if (flags & RST) return place === 'outside' ? w.resetOutside(h) : w.comes(h, label);
    switch (place) {
      case 'next':
        return flags & SYN ? w.comes(h, label) : w.takes(h, label);
      case 'fills':
        return w.fills(h, label);
      case 'beyond':
        return w.beyond(h, label, expected);
      case 'old':
        return w.old(h, label);
      case 'outside':
        return w.outside(h, label);
      case 'aged':
        return w.aged(h, label);
      case 'none':
        return w.comes(h, label);
    }
  }

  /** What an arriving ACK tells. */
  #tells({ meaning, acked, syn, fin, roundTrip, duplicate, opens }: Arrival, h: string): (string | null)[] {
    const w = this.#words;
    const { window } = meaning;
    return [
      syn ? w.ownAcked(h, 'SYN', roundTrip) : null,
      acked > 0 ? w.acked(h, acked, roundTrip) : null,
      fin ? w.ownAcked(h, 'FIN', roundTrip) : null,
      duplicate > 0 ? w.heardDuplicate(h, duplicate) : null,
      opens ? w.opens(h, window) : null,
      meaning.kind === 'zero-window' ? w.stops(h) : null,
    ];
  }

  #dropped({ host, packet, reason }: DropEvent): Explanation {
    const why = /^queue/.test(reason)
      ? ('queue' as const)
      : /checksum/.test(reason)
        ? ('checksum' as const)
        : /down|cut|partition/.test(reason)
          ? ('down' as const)
          : null;
    const rfc = why === 'queue' ? '5681:3' : why === 'checksum' ? '3.1' : '';
    return this.#explain([this.#words.dropped(host, this.#label(packet), why, reason)], rfc);
  }

  #link({ type, packet }: LinkEvent): Explanation {
    return this.#explain([this.#words.link[type](this.#label(packet))], RFC_LINK[type]);
  }

  #label(packet: number): string {
    return this.#labels.get(packet) ?? this.#words.somePacket;
  }

  #state({ time, host, connection, from, to }: StateEvent): Explanation {
    this.#learnFrom(connection, host);
    const w = this.#words;
    const arrow = `${from}>${to}`;
    const last = this.#stimuli.get(keyOf(host, connection));
    const stimulus = last?.time === time ? last.kind : null;
    // LAST-ACK ends by the ACK that it waits for, and by all that ends other states.
    const orderly = arrow === 'LAST-ACK>CLOSED' ? stimulus === 'segment' : arrow in w.arrows;
    if (orderly) {
      const name = arrow as ArrowName;
      return this.#explain([w.arrows[name](host, this.#peer(connection))], RFC_ARROWS[name]);
    }
    const why = endingOf(stimulus);
    return this.#explain([w.ends(host, from, why)], RFC_ENDS[why]);
  }

  #learnFrom({ local }: ConnectionRef, host: string): void {
    const address = addressOf(local);
    if (address === '0.0.0.0' || address === '::') return;
    for (const key of [local, address]) if (!this.#names.has(key)) this.#names.set(key, host);
  }

  #timer(event: TimerEvent): Explanation {
    const w = this.#words;
    const { timer, host, time, connection } = event;
    const { name, purpose, fired } = w.timers[timer];
    const key = `${keyOf(host, connection)} ${timer}`;
    const anew = this.#timers.delete(key);
    if (event.type === 'timer-set') {
      this.#timers.add(key);
      const wait = w.duration((event.due ?? time) - time);
      return this.#explain([w.timerSet(host, name, wait, purpose, anew)], RFC_TIMERS[timer]);
    }
    if (event.type === 'timer-stopped') return this.#explain([w.timerStopped(host, name)], RFC_TIMERS[timer]);
    this.#stimuli.set(keyOf(host, connection), { time, kind: timer });
    return this.#explain([w.timerFired(host, name, fired)], RFC_TIMERS[timer]);
  }

  #congestion({ host, connection, cwnd, phase, undone }: CongestionEvent): Explanation {
    const w = this.#words;
    const key = keyOf(host, connection);
    const before = this.#windows.get(key);
    this.#windows.set(key, { cwnd, phase });
    const turn = before?.phase === phase ? null : w.phases[phase];
    const sentences = [undone === true ? w.undone(host) : null, w.cwnd(host, cwnd, before?.cwnd ?? null), turn];
    return this.#explain(sentences, undone === true ? '5682:4 2883:5' : RFC_PHASES[phase]);
  }

  #call({ host, connection, call, count, result }: CallEvent): Explanation {
    const w = this.#words;
    const listens = /:0$/.test(connection.remote);
    const answer = result === 'ok' ? null : w.refused(result);
    return this.#explain([w.call(host, call, count ?? 0, listens), answer], RFC_CALLS[call]);
  }
}

function addressOf(end: string): string {
  return end.slice(0, end.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

function keyOf(host: string, { local, remote }: ConnectionRef): string {
  return `${host} ${local} ${remote}`;
}

function rangeOf({ from, to }: Meaning): Range | null {
  return to > from ? [from, to - 1] : null;
}

function inclusive([from, to]: readonly [number, number]): Range {
  return [from, to - 1];
}

function endingOf(stimulus: Stimulus['kind'] | null): Ending {
  switch (stimulus) {
    case 'reset':
      return 'reset';
    case 'fin-wait-2':
      return 'orphan';
    case 'segment':
    case null:
      return 'call';
    default:
      return 'timeout';
  }
}
