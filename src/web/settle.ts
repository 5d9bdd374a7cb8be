/**
 * Owns: promises that are settled from elsewhere, signals that are listened to only as long as they matter, what passes for
 * octets, and disposal where the runtime knows it.
 */

/// <reference lib="esnext.disposable" preserve="true" />

/** What is written: octets, in any of the ways in which there are some. */
export type Octets = ArrayBuffer | ArrayBufferView;

/** The octets of what was written; null where it is no such thing. */
export function octetsOf(chunk: unknown): Uint8Array | null {
  if (chunk instanceof Uint8Array) return chunk;
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  return chunk instanceof ArrayBuffer ? new Uint8Array(chunk) : null;
}

/** A promise and its ends. Nobody has to look at it: an unseen rejection is no fault of the program. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (reason: unknown) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => {});
  }
}

/** Calls `abort` when the signal says so. @returns ends the listening */
export function onAbort(signal: AbortSignal | undefined, abort: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => {};
  const listener = (): void => abort(signal.reason);
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** Gives `target` its `Symbol.asyncDispose`, where there is such a symbol: `await using` is newer than some runtimes. */
export function disposable(target: object, dispose: () => Promise<void>): void {
  const symbol: symbol | undefined = Symbol.asyncDispose;
  if (symbol !== undefined) Object.defineProperty(target, symbol, { value: dispose, configurable: true });
}

/**
 * The chunks of a stream, one after the other: `ReadableStream` itself is iterable in few browsers. Leaving early cancels the
 * stream, as its own iterator does.
 */
export async function* chunksOf<T>(stream: ReadableStream<T>): AsyncGenerator<T, undefined, undefined> {
  const reader = stream.getReader();
  let finished = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        finished = true;
        return undefined;
      }
      yield value;
    }
  } catch (error) {
    finished = true;
    throw error;
  } finally {
    if (!finished) await reader.cancel();
    reader.releaseLock();
  }
}
