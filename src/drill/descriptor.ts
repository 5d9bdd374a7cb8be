/**
 * Owns: what system calls have in common: their outcome, how they wait, and what stands behind a file descriptor.
 */

/** What a call returns: `value`, or -1 and the name of an errno. */
export interface Outcome {
  readonly value: number;
  readonly errno: string | null;
}

/**
 * A system call under way. Each `yield` says "this blocks", and until when at most it does (ms, `Infinity` for as long as it takes);
 * whoever drives it goes on after something has happened.
 */
export type Call = Generator<number, Outcome, void>;

export function done(value: number): Outcome {
  return { value, errno: null };
}

/** A call that does not block. */
// biome-ignore lint/correctness/useYield: a call may have nothing to wait for
export function* atOnce(outcome: Outcome): Call {
  return outcome;
}

export function failed(errno: string): Outcome {
  return { value: -1, errno };
}

// Readiness as poll(2) and epoll(7) say it; both use the same bits.
export const POLLIN = 0x001;
export const POLLPRI = 0x002;
export const POLLOUT = 0x004;
export const POLLERR = 0x008;
export const POLLHUP = 0x010;
export const POLLNVAL = 0x020;
export const POLLRDNORM = 0x040;
export const POLLWRNORM = 0x100;
export const POLLRDHUP = 0x2000;

/** An open file. What a kind of file cannot do fails with the errno that the kernel gives. */
export abstract class Descriptor {
  /** O_NONBLOCK. */
  nonBlocking = false;

  /** What could be done now: POLL bits. */
  abstract readiness(): number;
  abstract close(): void;

  read(_length: number, _flags: number): Call {
    return atOnce(failed('EINVAL'));
  }

  write(_length: number, _flags: number): Call {
    return atOnce(failed('EINVAL'));
  }
}

/** A file of zeros, which is all that `open` opens. */
export class ZeroFile extends Descriptor {
  readiness(): number {
    return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
  }

  close(): void {}

  override read(length: number): Call {
    return atOnce(done(length));
  }

  override write(length: number): Call {
    return atOnce(done(length));
  }
}

/** Octets in a pipe: all zeros, so they are only counted. */
export class PipeBuffer {
  static readonly CAPACITY = 65_536;
  length = 0;
  writerGone = false;
  readerGone = false;
}

export class PipeReader extends Descriptor {
  readonly #buffer: PipeBuffer;

  constructor(buffer: PipeBuffer) {
    super();
    this.#buffer = buffer;
  }

  readiness(): number {
    const { length, writerGone } = this.#buffer;
    return (length > 0 ? POLLIN | POLLRDNORM : 0) | (writerGone ? POLLHUP : 0);
  }

  close(): void {
    this.#buffer.readerGone = true;
  }

  override *read(length: number): Call {
    const buffer = this.#buffer;
    while (buffer.length === 0) {
      if (buffer.writerGone) return done(0);
      if (this.nonBlocking) return failed('EAGAIN');
      yield Infinity;
    }
    const taken = Math.min(length, buffer.length);
    buffer.length -= taken;
    return done(taken);
  }
}

export class PipeWriter extends Descriptor {
  readonly #buffer: PipeBuffer;

  constructor(buffer: PipeBuffer) {
    super();
    this.#buffer = buffer;
  }

  readiness(): number {
    const { length, readerGone } = this.#buffer;
    return (length < PipeBuffer.CAPACITY ? POLLOUT | POLLWRNORM : 0) | (readerGone ? POLLERR : 0);
  }

  close(): void {
    this.#buffer.writerGone = true;
  }

  override write(length: number): Call {
    const buffer = this.#buffer;
    if (buffer.readerGone) return atOnce(failed('EPIPE'));
    const taken = Math.min(length, PipeBuffer.CAPACITY - buffer.length);
    if (taken === 0 && length > 0) return atOnce(failed('EAGAIN'));
    buffer.length += taken;
    return atOnce(done(taken));
  }
}
