/**
 * Owns: `socket.setTimeout`: an appointment with the stack's time that traffic puts off. It keeps no process alive.
 */

import { AsyncResource } from 'node:async_hooks';
import type { Task } from '../../base/scheduler.ts';
import type { NetHost, Turn } from './host.ts';

export class IdleTimer implements Task, Turn {
  at: number = Infinity;
  order = 0;
  slot = -1;
  readonly #host: NetHost;
  readonly #wait: number;
  readonly #expire: () => void;
  #due: number;

  /** @param wait ms */
  constructor(host: NetHost, wait: number, expire: () => void) {
    this.#host = host;
    this.#wait = wait;
    this.#expire = AsyncResource.bind(expire);
    this.#due = host.stack.now() + wait;
    host.stack.scheduler.schedule(this, this.#due);
  }

  /** There was traffic. */
  refresh(): void {
    this.#due = this.#host.stack.now() + this.#wait;
    // An appointment that is put off is looked at when it comes.
    if (this.slot < 0) this.#host.stack.scheduler.schedule(this, this.#due);
  }

  cancel(): void {
    this.#due = Infinity;
    this.#host.stack.scheduler.cancel(this);
  }

  run(now: number): void {
    if (now < this.#due) this.#host.stack.scheduler.schedule(this, this.#due);
    else this.#host.post(this, false);
  }

  turn(): void {
    if (this.#due !== Infinity) this.#expire();
  }
}
