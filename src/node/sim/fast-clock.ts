/**
 * Owns: the clock of undici, of which `fetch` is Node's own copy. It has one timer for all that it waits for longer than a second, whoever asked
 * for that: set once for the life of the process, by whoever comes first, and refreshed every half second while somebody waits. So it is
 * no host's: it ticks in whichever simulation wants it, and outlives hosts that crash. A simulation that is over leaves nobody waiting.
 */

import type { Task } from '../../base/scheduler.ts';
import { here, type Place, runAt, runOutside, type Surroundings } from './place.ts';

type Tick = () => void;

/** What undici waits for between two ticks, ms. */
const PERIOD = 499;
/** Ticks at most until nobody waits any more: more than a day's. */
const MOST_TICKS = 200_000;

/** One for each copy of undici. */
const CLOCKS: FastClock[] = [];
/** Simulations that are open and have used one, and where that was last. */
const USERS: Map<Surroundings, Place> = new Map();

/** Whether a timer is such a clock, by what its callback is called and looks after. */
export function isFastClock(callback: unknown, wait: unknown): callback is Tick {
  if (wait !== PERIOD || typeof callback !== 'function' || callback.name !== 'onTick') return false;
  return Function.prototype.toString.call(callback).includes('fastTimers');
}

/** What undici's `setTimeout` gets for its clock. */
export class FastClock implements Task {
  at: number = Infinity;
  order = 0;
  slot = -1;
  readonly #tick: Tick;
  /** Where it ticks; null outside of any simulation. */
  #place: Place | null = null;
  #real: NodeJS.Timeout | null = null;
  /** Refreshed since it was last asked. */
  #wanted = false;
  /** Its simulation is over. */
  #ending = false;

  constructor(tick: Tick) {
    this.#tick = tick;
    CLOCKS.push(this);
    this.refresh();
  }

  /** For the scheduler. */
  run(): void {
    const place = this.#place!;
    place.surroundings.idlers--;
    place.guard(() => this.#tickAt(place));
  }

  /** Ticks in half a second, where this is called. */
  refresh(): this {
    this.#wanted = true;
    if (this.#ending) return this;
    const place = here();
    this.close();
    if (place === undefined) this.#real = runOutside(() => setTimeout(() => this.#tick(), PERIOD).unref());
    else this.#scheduleAt(place);
    return this;
  }

  close(): this {
    if (this.#real !== null) clearTimeout(this.#real);
    this.#real = null;
    if (this.slot < 0) return this;
    const { surroundings } = this.#place!;
    surroundings.scheduler.cancel(this);
    surroundings.idlers--;
    return this;
  }

  /** Nobody waits for it in any case. */
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return false;
  }

  /** A simulation is over. Who waits elsewhere goes on waiting at `next`; if nobody does, what is left is told its time has come. */
  leave(over: Surroundings, next: Place | undefined): void {
    const place = this.#place;
    if (this.slot < 0 || place?.surroundings !== over) return;
    this.close();
    if (next !== undefined) {
      this.#scheduleAt(next);
      return;
    }
    this.#ending = true;
    this.#wanted = true;
    for (let ticks = 0; this.#wanted && ticks < MOST_TICKS; ticks++) {
      this.#wanted = false;
      // Programs that are over have nobody to complain to.
      try {
        this.#tickAt(place);
      } catch {}
    }
    this.#ending = false;
  }

  #scheduleAt(place: Place): void {
    const { surroundings } = place;
    USERS.set(surroundings, place);
    this.#place = place;
    surroundings.idlers++;
    surroundings.scheduler.schedule(this, surroundings.scheduler.now + PERIOD);
  }

  #tickAt(place: Place): void {
    runOutside(() => runAt(place, this.#tick));
  }
}

/** For the simulation that closes. */
export function leaveFastClocks(over: Surroundings): void {
  USERS.delete(over);
  const [next] = USERS.values();
  for (const clock of CLOCKS) clock.leave(over, next);
}
