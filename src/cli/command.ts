/** Owns: what a subcommand is, and what it may use of the process. */

import type { Readable } from 'node:stream';

/** Where a command reads and writes: data to `stdout`, talk to `stderr`. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: NodeJS.ProcessEnv;
}

export interface Command {
  /** What `--help` prints. */
  readonly help: string;
  /**
   * @returns the exit status: 0 or 1
   * @throws UsageError (2), TsynError (1)
   */
  run(words: readonly string[], io: Io): Promise<number>;
}

/** A stream that may lose its reader, as with `| head`: what is written then goes nowhere, and nothing fails. */
export class Output {
  readonly stream: NodeJS.WriteStream;
  /** Called once, when nobody reads any more. */
  onBroken: (() => void) | null = null;
  /** Why it cannot be written to, where that is not its reader's doing: a full disk. */
  failure: NodeJS.ErrnoException | null = null;
  #broken = false;

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#broken) return;
      this.#broken = true;
      if (error.code !== 'EPIPE') this.failure = error;
      this.onBroken?.();
    });
  }

  get broken(): boolean {
    return this.#broken;
  }

  get isTTY(): boolean {
    return this.stream.isTTY === true;
  }

  /** @returns false when the writer should wait for `stream`'s 'drain' */
  write(data: string | Uint8Array): boolean {
    return this.#broken || this.stream.write(data);
  }

  line(text: string): void {
    this.write(`${text}\n`);
  }

  /** Fulfilled when everything written has gone out, or nobody reads it. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#broken || this.stream.writableEnded) resolve();
      else {
        this.stream.once('error', () => resolve());
        this.stream.write('', () => resolve());
      }
    });
  }
}
