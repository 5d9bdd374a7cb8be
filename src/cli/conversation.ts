/**
 * Owns: one accepted connection of a service: what every service does alike: counting, telling the observer, closing when
 * the peer has, and giving up on a peer that does nothing for too long. Leaves to others: what is said (`services.ts`,
 * `http.ts`).
 */

import type { Scheduler, Task } from '../base/index.ts';
import type { TsynError } from '../stack/index.ts';
import type { TcpHandler, TcpSocket } from '../stack/tcp-socket.ts';
import { maySend } from '../tcp/index.ts';

/** Hears of connections as they live and end. */
export interface Observer {
  accepted?(conversation: Conversation): void;
  /** Something was asked and answered, in a few words: `GET / 200`. */
  served?(conversation: Conversation, what: string): void;
  /** The peer has closed its direction. */
  peerClosed?(conversation: Conversation): void;
  /** It is over. `error` is null where both sides have closed in good order. */
  closed?(conversation: Conversation, error: TsynError | null): void;
}

/** Too long without progress; more octets after our FIN than anyone needs to send; the services are being closed. */
export type GaveUp = 'idle' | 'flooded' | 'stopped';

export abstract class Conversation implements TcpHandler, Task {
  abstract readonly service: string;
  readonly id: number;
  readonly socket: TcpSocket;
  /** When it was accepted, ms. */
  readonly since: number;
  /** How long it lasted, ms; 0 while it does. */
  lasted = 0;
  octetsIn = 0;
  octetsOut = 0;
  /** Why this side gave it up, where it did. */
  gaveUp: GaveUp | null = null;

  // Bookkeeping of a task.
  at: number = Infinity;
  order = 0;
  slot = -1;

  readonly #scheduler: Scheduler;
  readonly #observer: Observer;
  readonly #idle: number;
  #lastProgress: number;
  #peerClosed = false;
  /** When what the peer is in the middle of must be done, ms. */
  #deadline = Infinity;

  /** @param idle ms without an octet taken or given after which the connection is aborted */
  constructor(id: number, socket: TcpSocket, scheduler: Scheduler, observer: Observer, idle: number) {
    this.id = id;
    this.socket = socket;
    this.since = scheduler.now;
    this.#scheduler = scheduler;
    this.#observer = observer;
    this.#idle = idle;
    this.#lastProgress = scheduler.now;
    scheduler.schedule(this, scheduler.now + idle);
  }

  /** Does what can be done now: reads, writes, ends. Called whenever something may have changed. */
  protected abstract pump(): void;

  /** The first octets are the service's to send, or nothing. */
  begin(): void {
    this.#observer.accepted?.(this);
    this.pump();
  }

  onReadable(): void {
    this.#notePeerClosed();
    this.pump();
  }

  onWritable(): void {
    this.pump();
  }

  onEnd(): void {
    this.#notePeerClosed();
    this.pump();
  }

  onClose(_socket: TcpSocket, error: TsynError | null): void {
    // What came before the end still counts.
    this.take(this.socket.readableLength);
    this.#scheduler.cancel(this);
    this.lasted = this.#scheduler.now - this.since;
    this.#observer.closed?.(this, error);
  }

  /** Told before we answer: with text before the FIN the news is first that there is something to read. */
  #notePeerClosed(): void {
    const { state } = this.socket;
    if (this.#peerClosed || (state !== 'CLOSE-WAIT' && state !== 'CLOSING' && state !== 'TIME-WAIT')) return;
    this.#peerClosed = true;
    this.#observer.peerClosed?.(this);
  }

  /** The idle timer; it comes early where there was progress meanwhile. */
  run(now: number): void {
    const due = Math.min(this.#lastProgress + this.#idle, this.#deadline);
    if (due > now) this.#scheduler.schedule(this, due);
    else this.giveUp('idle');
  }

  /** Aborts the connection; `onClose` follows. */
  giveUp(why: GaveUp): void {
    this.gaveUp ??= why;
    this.socket.abort();
  }

  /** Gives the peer `ms` from now; `Infinity` takes the limit away. */
  protected allow(ms: number): void {
    this.#deadline = this.#scheduler.now + ms;
    if (this.#deadline < this.at) this.#scheduler.schedule(this, this.#deadline);
  }

  protected tell(what: string): void {
    this.#observer.served?.(this, what);
  }

  /** Whether octets can be sent: the connection stands, and we have not closed. */
  protected get canSend(): boolean {
    return maySend(this.socket.state);
  }

  /** Writes what fits. @returns octets taken; where they are fewer than given, `pump` is called when there is room */
  protected send(data: Uint8Array): number {
    if (!this.canSend) return 0;
    const taken = this.socket.write(data);
    this.octetsOut += taken;
    if (taken > 0) this.#lastProgress = this.#scheduler.now;
    return taken;
  }

  /** Takes `count` octets, seen with `peek`, as read. */
  protected take(count: number): void {
    if (count === 0) return;
    this.socket.consume(count);
    this.octetsIn += count;
    this.#lastProgress = this.#scheduler.now;
  }

  /** Closes our direction. */
  protected end(): void {
    if (this.canSend) this.socket.end();
  }
}
