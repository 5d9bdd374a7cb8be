/**
 * Owns: the error queue of a socket: what is to be read there with MSG_ERRQUEUE, the oldest first.
 */

/** Sends without a copy that are complete: their numbers from first to last. */
export interface Completion {
  readonly kind: 'completion';
  readonly first: number;
  last: number;
}

/** When a send was where it was asked to be noted. */
export interface Stamp {
  readonly kind: 'stamp';
  /** SCM_TSTAMP_SND, SCM_TSTAMP_SCHED or SCM_TSTAMP_ACK. */
  readonly what: number;
  /** ms. */
  readonly time: number;
  /** The offset of its last octet, where SOF_TIMESTAMPING_OPT_ID asks for that; or 0. */
  readonly key: number;
  /** The segment comes with it. */
  readonly withText: boolean;
}

export type QueuedError = Completion | Stamp;

export class ErrorQueue {
  readonly #entries: QueuedError[] = [];

  get waiting(): boolean {
    return this.#entries.length > 0;
  }

  get newest(): QueuedError | null {
    return this.#entries.at(-1) ?? null;
  }

  put(entry: QueuedError): void {
    this.#entries.push(entry);
  }

  take(): QueuedError | null {
    return this.#entries.shift() ?? null;
  }
}
