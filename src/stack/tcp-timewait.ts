/**
 * Owns: the TIME-WAIT records of a host: a queue in the order in which they end, one task for all, and the bound on
 * their number.
 */

import { invariant } from '../base/invariant.ts';
import type { Task } from '../base/scheduler.ts';
import { resume, type Tcb, type TcpEnv, TimeWait, timeWaitBegun, timeWaitEnd, timeWaitExpired } from '../tcp/index.ts';
import { formatAddress } from '../wire/address.ts';
import { syscallError } from './errors.ts';
import type { Path } from './paths.ts';
import type { Stack } from './stack.ts';
import type { ConnectionTable, TableEntry } from './tcp-table.ts';

/** A record as it stands in the table and in the queue. */
export class TimeWaitEntry extends TimeWait implements TableEntry {
  hash = 0;
  chain: TableEntry | null = null;
  earlier: TimeWaitEntry | null = null;
  later: TimeWaitEntry | null = null;

  constructor(tcb: Tcb, due: number) {
    super(tcb, due);
  }
}

export class TimeWaits implements Task {
  at: number = Infinity;
  order = 0;
  slot = -1;
  /** Records that wait; those that sleep beside a reopened connection are not counted. */
  size = 0;
  readonly #stack: Stack;
  readonly #env: TcpEnv;
  readonly #table: ConnectionTable;
  readonly #limit: number;
  #first: TimeWaitEntry | null = null;
  #last: TimeWaitEntry | null = null;

  constructor(stack: Stack, env: TcpEnv, table: ConnectionTable, limit: number) {
    this.#stack = stack;
    this.#env = env;
    this.#table = table;
    this.#limit = limit;
  }

  /** A connection, no longer in the table, has come to TIME-WAIT: a record takes its place, or the one it reopened goes on. */
  enter(tcb: Tcb, now: number): void {
    const old = tcb.resumes as TimeWaitEntry | null;
    if (old !== null) {
      tcb.resumes = null;
      resume(old, this.#env, now);
      this.add(old);
      return;
    }
    const entry = new TimeWaitEntry(tcb, timeWaitEnd(this.#env, now));
    timeWaitBegun(entry, this.#env, now);
    this.add(entry);
  }

  /** Enters a record into table and queue. At the bound the one that would end first gives way. */
  add(entry: TimeWaitEntry): void {
    if (this.size >= this.#limit) {
      this.#env.counters.TcpExtTCPTimeWaitOverflow++;
      this.remove(this.#first!);
    }
    this.#table.insert(entry);
    this.#enqueue(entry);
  }

  /** Whether a new connection along `path` may take this pair of ports from what has it (`config.tcp.reuseTimeWait`). */
  yields(entry: TableEntry, path: Path, now: number): boolean {
    const { reuseTimeWait, msl } = this.#stack.config.tcp;
    if (reuseTimeWait === 'off' || (reuseTimeWait === 'loopback' && !path.iface.loopback)) return false;
    // The clock of timestamps may be as slow as one tick a second (RFC 7323 5.4).
    return entry instanceof TimeWaitEntry && entry.timestamps && entry.due <= now + 2 * msl - 1000;
  }

  /**
   * The pair of ports of a connection that is to be opened is taken from a record that yields: the new one starts beyond
   * everything the old one sent (`tcb.resumes`, until it is open).
   *
   * @throws TsynError EADDRINUSE
   */
  follow(tcb: Tcb, path: Path): void {
    const entry = this.#table.find(tcb.local, tcb.localPort, tcb.remote, tcb.remotePort);
    if (entry === null) return;
    if (!this.yields(entry, path, this.#stack.now())) {
      throw syscallError('EADDRINUSE', 'connect', formatAddress(tcb.remote), tcb.remotePort);
    }
    this.remove(entry as TimeWaitEntry);
    tcb.resumes = entry as TimeWaitEntry;
    this.#env.counters.TcpExtTWRecycled++;
  }

  /** Its wait has begun anew. */
  restarted(entry: TimeWaitEntry): void {
    this.#unlink(entry);
    this.#enqueue(entry);
  }

  /** Takes a record out of table and queue. */
  remove(entry: TimeWaitEntry): void {
    this.#table.remove(entry);
    this.#unlink(entry);
  }

  run(now: number): void {
    for (let entry = this.#first; entry !== null && entry.due <= now; entry = this.#first) {
      this.remove(entry);
      timeWaitExpired(entry, this.#env, now);
    }
    this.#arm();
  }

  close(): void {
    this.#stack.scheduler.cancel(this);
    this.#first = null;
    this.#last = null;
    this.size = 0;
  }

  #enqueue(entry: TimeWaitEntry): void {
    // Nearly always the last: only a resumed record has less to wait than those before it.
    let before = this.#last;
    while (before !== null && before.due > entry.due) before = before.earlier;
    entry.earlier = before;
    entry.later = before === null ? this.#first : before.later;
    if (entry.earlier === null) this.#first = entry;
    else entry.earlier.later = entry;
    if (entry.later === null) this.#last = entry;
    else entry.later.earlier = entry;
    this.size++;
    this.#arm();
  }

  #unlink(entry: TimeWaitEntry): void {
    if (entry.earlier === null && this.#first !== entry) return; // asleep
    if (entry.earlier === null) this.#first = entry.later;
    else entry.earlier.later = entry.later;
    if (entry.later === null) this.#last = entry.earlier;
    else entry.later.earlier = entry.earlier;
    entry.earlier = null;
    entry.later = null;
    this.size--;
    invariant(this.size >= 0, 'a TIME-WAIT record is counted twice');
  }

  /** One appointment, at the earliest end; it may be early, never late. */
  #arm(): void {
    const due = this.#first === null ? Infinity : this.#first.due;
    if (due < this.at) this.#stack.scheduler.schedule(this, due);
  }
}
