/**
 * Courses of events to judge, and the judging: one host sends through a world that loses and reorders, and a book (an
 * algorithm written again from its RFC) reads what the trace of the sender (or the receiver) tells, event by event. Nothing of `src/tcp` is
 * looked at but what the trace shows.
 */

import type { ImpairedLink, Impairment } from '../../src/link/index.ts';
import { World } from '../../src/sim/index.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import type { TcpConfig, TcpOptions } from '../../src/tcp/index.ts';
import { renderLadder, type SegmentView, type TraceEvent } from '../../src/trace/index.ts';

export interface Plan {
  readonly seed: number;
  readonly forth?: Partial<Impairment>;
  readonly back?: Partial<Impairment>;
  readonly options?: Partial<TcpOptions>;
  readonly config?: Partial<TcpConfig>;
  /** Virtual time, ms. */
  readonly duration: number;
  /** What the sender does: by default it always has text. */
  readonly application?: (socket: TcpSocket, world: World) => void;
  /** What happens to the wire besides: called before anything does; it lets as much time pass as it likes. */
  readonly wire?: (link: ImpairedLink, world: World) => void;
}

export interface Course {
  readonly plan: Plan;
  readonly events: readonly TraceEvent[];
}

/** The hosts' names in traces. */
export const SENDER = 'sender';
export const RECEIVER = 'receiver';

export const FIN = 1;
export const SYN = 2;
export const ACK = 16;

/** Lets a plan happen. */
export function run(plan: Plan): Course {
  const events: TraceEvent[] = [];
  const world = new World({ seed: plan.seed, trace: (event) => events.push(event) });
  const config = { tcp: { ...plan.config } };
  const tcp = { receiveBuffer: 4_000_000, sendBuffer: 4_000_000, ...plan.options };
  const sender = world.host(SENDER, { tcp, config });
  const receiver = world.host(RECEIVER, { tcp, config });
  const { link } = world.join(sender, receiver, { forth: plan.forth ?? {}, back: plan.back ?? {} });
  receiver.tcp.listen({
    port: 80,
    onConnection: () => {},
    handler: { onReadable: (socket) => socket.consume(socket.readableLength), onEnd: (socket) => socket.end() },
  });
  const application = plan.application ?? always;
  sender.tcp.connect({
    address: '10.0.0.2',
    port: 80,
    handler: { onConnect: (socket) => application(socket, world), onWritable: fill },
  });
  plan.wire?.(link, world);
  world.run(plan.duration);
  return { plan, events };
}

const CHUNK = new Uint8Array(65_536);

function fill(socket: TcpSocket): void {
  while (socket.write(CHUNK) === CHUNK.length);
}

const always = (socket: TcpSocket): void => fill(socket);

/** An algorithm by the book. */
export interface Book {
  /** Takes the sender's next event. @returns what disagrees with it, or null */
  take(event: TraceEvent): string | null;
}

/**
 * Reads a course: what the host saw and did.
 *
 * @throws Error at the first event that disagrees with the book, with the seed and the end of the ladder
 */
export function judge(course: Course, book: Book, host: string = SENDER): void {
  for (const [i, event] of course.events.entries()) {
    if (event.host !== host) continue;
    const problem = book.take(event);
    if (problem === null) continue;
    const { application, wire, ...plan } = course.plan;
    const tail = course.events.slice(Math.max(0, i - 120), i + 1);
    const ladder = renderLadder(tail, { left: SENDER, right: RECEIVER, congestion: true, timers: 'main' });
    const end = ladder.split('\n').slice(-60).join('\n');
    throw new Error(`at ${event.time} ms: ${problem}\n${JSON.stringify(event)}\n${JSON.stringify(plan)}\n${end}`);
  }
}

/** Sequence numbers counted from the sender's ISN, so that they can be compared as numbers. */
export class Numbers {
  iss = -1;

  of(seq: number): number {
    return (seq - this.iss) | 0;
  }

  /** The end of a segment; the SYN and the FIN count. */
  end(segment: SegmentView): number {
    const flags = (segment.flags & SYN ? 1 : 0) + (segment.flags & FIN ? 1 : 0);
    return this.of(segment.seq) + segment.length + flags;
  }
}

export const near = (a: number, b: number, tolerance: number): boolean => Math.abs(a - b) <= tolerance;
