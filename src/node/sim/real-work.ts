/**
 * Owns: what code of a place has begun that is not virtual: reads of files, work of the thread pool, children, real sockets, timers that were
 * taken from Node before the simulation was there. While there is some, virtual time stands still.
 *
 * It is found by an asynchronous hook: whatever begins there begins in somebody's context.
 */

import { type AsyncHook, AsyncResource, createHook } from 'node:async_hooks';
import { here, type Place } from './place.ts';

/** What the hook is shown, as far as it is looked at. */
interface Resource {
  /** Handles and timers: whether the process waits for it. */
  hasRef?(): boolean;
  /** Timers: it has come, or was cleared. */
  readonly _destroyed?: boolean;
  /** Timers: ms, where they come again and again. */
  readonly _repeat?: number | null;
  /** Jobs of `crypto`: begins. One that blocks is over then, and returns what came of it in an array. */
  run?: () => unknown;
  /** Compression: what is being worked on. */
  readonly buffer?: unknown;
}

/** When something counts as under way: until it calls back, while it is referenced, while it has work. */
type Kind = 'once' | 'referenced' | 'buffer';

const KINDS: Readonly<Record<string, Kind>> = {
  FSREQCALLBACK: 'once',
  FSREQPROMISE: 'once',
  FILEHANDLECLOSEREQ: 'once',
  GETADDRINFOREQWRAP: 'once',
  GETNAMEINFOREQWRAP: 'once',
  QUERYWRAP: 'once',
  TCPCONNECTWRAP: 'once',
  PIPECONNECTWRAP: 'once',
  UDPSENDWRAP: 'once',
  Immediate: 'once',
  ZLIB: 'buffer',
  Timeout: 'referenced',
  TCPWRAP: 'referenced',
  PIPEWRAP: 'referenced',
  UDPWRAP: 'referenced',
  PROCESSWRAP: 'referenced',
  WORKER: 'referenced',
};

/** Jobs of `crypto`, each type with a name of its own. */
const JOB = /^(?!HTTP|FS|FILE)[A-Z0-9]+(REQUEST|JOB)$/;

export interface Work {
  readonly type: string;
  readonly place: Place;
  /** The lines of the stack that led to it. */
  readonly begun: string;
}

interface Entry extends Work {
  readonly kind: Kind;
  readonly resource: Resource;
}

const ENTRIES: Map<number, Entry> = new Map();

const HOOK: AsyncHook = createHook({
  init(id, type, _trigger, resource) {
    const isJob = JOB.test(type);
    const kind = KINDS[type] ?? (isJob ? 'once' : undefined);
    if (kind === undefined || resource instanceof AsyncResource) return;
    const place = here();
    if (place === undefined) return;
    if (isJob) noteBlocking(id, resource as Resource);
    ENTRIES.set(id, { type, kind, resource: resource as Resource, place, begun: stack() });
  },
  after(id) {
    if (ENTRIES.get(id)?.kind === 'once') ENTRIES.delete(id);
  },
});

/** A job that blocks calls nobody back. */
function noteBlocking(id: number, job: Resource): void {
  const { run } = job;
  if (run === undefined) return;
  job.run = function (this: Resource) {
    const result = run.call(this);
    if (Array.isArray(result)) ENTRIES.delete(id);
    return result;
  };
}

/** How many want it to be looked at. */
let wanted = 0;

/** Begins to look. */
export function watchRealWork(): void {
  if (wanted++ > 0) return;
  // Standard streams are made when they are first looked at, and are nobody's work.
  void process.stdout;
  void process.stderr;
  HOOK.enable();
}

/** Once for every `watchRealWork`. */
export function unwatchRealWork(): void {
  if (--wanted > 0) return;
  HOOK.disable();
  ENTRIES.clear();
}

/**
 * What these places have begun counts no more. Intervals that nobody waits for end: Node's `http.Server` looks after its connections with one,
 * and would be kept by it for ever.
 */
export function forgetWork(isOurs: (place: Place) => boolean): void {
  for (const [id, { place, resource }] of ENTRIES) {
    if (!isOurs(place)) continue;
    ENTRIES.delete(id);
    if (typeof resource._repeat === 'number' && resource.hasRef?.() === false)
      clearInterval(resource as NodeJS.Timeout);
  }
}

/** Something that is under way and that code of one of these places has begun; undefined if there is nothing. */
export function realWork(isOurs: (place: Place) => boolean): Work | undefined {
  for (const [id, entry] of ENTRIES) {
    if (isUnderWay(entry)) {
      if (isOurs(entry.place)) return entry;
    } else if (isOver(entry)) {
      ENTRIES.delete(id);
    }
  }
  return undefined;
}

/** A stream of compression may have more to do later, and who lets a timer go may hold it again. */
function isOver({ kind, resource }: Entry): boolean {
  return kind !== 'buffer' && (resource._destroyed ?? true);
}

function isUnderWay({ kind, resource }: Entry): boolean {
  switch (kind) {
    case 'once':
      return true;
    case 'buffer':
      return resource.buffer !== null && resource.buffer !== undefined;
    case 'referenced':
      return resource.hasRef?.() === true && resource._destroyed !== true;
  }
}

/** Where it was begun: what is neither Node's nor ours. */
function stack(): string {
  const lines = (new Error().stack ?? '').split('\n').slice(1);
  const theirs = lines.filter((line) => !/[( ]node:|async_hooks|real-work\.[jt]s/.test(line));
  return (theirs.length > 0 ? theirs : lines).slice(0, 4).join('\n');
}
