/**
 * Owns: the demo's course of events: two hosts of the real stack on a simulated wire, who calls what and when, and which
 * packets the wire loses. Leaves to others: the words (`texts.ts`), the page (`page.ts`).
 *
 * Nothing here is drawn by hand: every event comes from the stacks and the wire. The wire's faults are chosen, not drawn
 * by lot, so that every seed tells the same story with other numbers.
 */

import { tap } from '../../link/index.ts';
import { type Wire, World } from '../../sim/index.ts';
import type { Stack } from '../../stack/index.ts';
import type { TcpSocket } from '../../stack/tcp-socket.ts';
import type { SegmentEvent, TraceEvent } from '../../trace/index.ts';
import { ACK, SYN } from '../../wire/index.ts';

/** The acts, in their order. */
export const ACTS = ['open', 'three', 'data', 'half', 'last-ack', '2msl'] as const;
export type ActName = (typeof ACTS)[number];

/** One act: which events are its own, and of which connection it tells. */
export interface Act {
  readonly name: ActName;
  /** Events `from` .. `to` - 1 of the story's. */
  readonly from: number;
  readonly to: number;
  /** Acts of one scene are one picture, with one set of sequence numbers. */
  readonly scene: number;
}

/** What the words need to know; all of it is read from the trace. */
export interface Facts {
  readonly seed: number;
  readonly client: string;
  readonly server: string;
  /** One way, ms. */
  readonly delay: number;
  readonly clientIsn: number;
  readonly serverIsn: number;
  /** Octets of the client's request, of each piece of the answer, and how many pieces. */
  readonly request: number;
  readonly piece: number;
  readonly pieces: number;
  /** Octets that the server sends after the client's FIN. */
  readonly rest: number;
  /** From the server's FIN to its second one, ms. */
  readonly finAgainAfter: number;
  /** How long TIME-WAIT lasts, ms. */
  readonly timeWait: number;
  readonly sent: number;
  readonly lost: number;
  /** From the first event to the last, ms. */
  readonly duration: number;
}

export interface Story {
  readonly events: readonly TraceEvent[];
  readonly acts: readonly Act[];
  readonly facts: Facts;
}

export const CLIENT = 'client';
export const SERVER = 'server';

const CLIENT_ADDRESS = '192.0.2.1';
const SERVER_ADDRESS = '192.0.2.2';
const PORT = 80;
const DELAY = 20;
const REQUEST = 120;
/** One whole segment: an MSS of 1460, less the timestamps. */
const PIECE = 1448;
const PIECES = 4;
const REST = 2 * PIECE;

/** Plays the whole story: about a minute of virtual time, some milliseconds of ours. */
export function play(seed: number): Story {
  return new Play(seed).story();
}

class Play {
  readonly #seed: number;
  readonly #events: TraceEvent[] = [];
  readonly #acts: Act[] = [];
  readonly #world: World;
  readonly #client: Stack;
  readonly #server: Stack;
  readonly #wire: Wire;
  /** The next packet that the client sends is copied here. */
  #copy: Uint8Array | null = null;
  #copying = false;

  constructor(seed: number) {
    this.#seed = seed;
    this.#world = new World({ seed, trace: (event) => this.#events.push(event) });
    this.#client = this.#world.host(CLIENT);
    this.#server = this.#world.host(SERVER);
    this.#wire = this.#world.join(this.#client, this.#server, {
      addresses: [[`${CLIENT_ADDRESS}/24`], [`${SERVER_ADDRESS}/24`]],
      forth: { delay: DELAY },
      back: { delay: DELAY },
      wrap: (link, host) =>
        tap(link, this.#world.scheduler, (direction, _time, packet) => {
          if (host !== this.#client || direction !== 'send' || !this.#copying) return;
          this.#copying = false;
          this.#copy = packet.buf.slice(packet.off, packet.off + packet.len);
        }),
    });
  }

  story(): Story {
    const accepted: TcpSocket[] = [];
    this.#server.tcp.listen({ port: PORT, onConnection: (socket) => accepted.push(socket) });
    let client: TcpSocket | null = null;
    this.#act('open', 0, () => {
      client = this.#connect();
      this.#pass(5 * DELAY);
    });
    this.#act('three', 1, () => this.#oldDuplicate(accepted));
    const server = accepted[0]!;
    this.#act('data', 0, () => this.#data(client!, server));
    this.#act('half', 0, () => this.#halfClose(client!, server));
    this.#act('last-ack', 0, () => this.#lastAck(server));
    this.#act('2msl', 0, () => this.#world.run());
    return { events: this.#events, acts: this.#acts, facts: this.#facts() };
  }

  #act(name: ActName, scene: number, run: () => void): void {
    const from = this.#events.length;
    run();
    this.#acts.push({ name, from, to: this.#events.length, scene });
  }

  #connect(): TcpSocket {
    const socket = this.#client.tcp.connect({ address: SERVER_ADDRESS, port: PORT });
    socket.handler = { onReadable: readAll };
    return socket;
  }

  #pass(ms: number): void {
    this.#world.run(this.#world.now + ms);
  }

  /** A connection opens and is aborted; then a copy of its SYN comes to the server. */
  #oldDuplicate(accepted: TcpSocket[]): void {
    this.#copying = true;
    const socket = this.#connect();
    this.#pass(5 * DELAY);
    accepted.pop();
    socket.abort();
    this.#pass(500);
    this.#wire.link.inject(this.#copy!, 'send');
    this.#pass(5 * DELAY);
  }

  #data(client: TcpSocket, server: TcpSocket): void {
    let pieces = 0;
    const answer = (): void => {
      // The second piece meets its fate on the way.
      if (++pieces === 2) this.#wire.link.drop((_packet, direction) => direction === 'receive', 1);
      server.write(letters(PIECE));
    };
    server.handler = {
      onReadable: (socket) => {
        readAll(socket);
        answer();
      },
    };
    client.write(letters(REQUEST));
    this.#pass(DELAY);
    // Far enough apart for nothing to cross, too near for the retransmission timer.
    while (pieces < PIECES) {
      this.#pass(5 * DELAY);
      answer();
    }
    server.handler = { onReadable: readAll };
    this.#pass(10 * DELAY);
  }

  #halfClose(client: TcpSocket, server: TcpSocket): void {
    client.end();
    this.#pass(3 * DELAY);
    server.write(letters(REST));
    this.#pass(10 * DELAY);
  }

  #lastAck(server: TcpSocket): void {
    // The one packet that the client still has to send.
    this.#wire.link.drop((_packet, direction) => direction === 'send', 1);
    server.end();
    this.#pass(1000);
  }

  #facts(): Facts {
    const sent = this.#events.filter((event): event is SegmentEvent => event.type === 'segment-sent');
    const syn = sent.find(({ segment }) => segment.flags === SYN)!;
    const answer = sent.find(({ segment }) => segment.flags === (SYN | ACK))!;
    const act = this.#acts.find(({ name }) => name === 'last-ack')!;
    const fins = this.#events.slice(act.from, act.to).filter((e) => e.type === 'segment-sent' && e.host === SERVER);
    const waits = this.#events.filter((e) => e.type === 'timer-set' && e.timer === 'time-wait');
    const wait = waits.at(-1)!;
    return {
      seed: this.#seed,
      client: `${syn.src}:${syn.segment.srcPort}`,
      server: `${syn.dst}:${syn.segment.dstPort}`,
      delay: DELAY,
      clientIsn: syn.segment.seq,
      serverIsn: answer.segment.seq,
      request: REQUEST,
      piece: PIECE,
      pieces: PIECES,
      rest: REST,
      finAgainAfter: fins[1]!.time - fins[0]!.time,
      timeWait: wait.type === 'timer-set' ? wait.due! - wait.time : 0,
      sent: sent.length,
      lost: this.#events.filter((event) => event.type === 'packet-lost').length,
      duration: this.#events.at(-1)!.time - this.#events[0]!.time,
    };
  }
}

function readAll(socket: TcpSocket): void {
  socket.consume(socket.readableLength);
}

/** abc...z, again and again. */
function letters(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 97 + (i % 26));
}
