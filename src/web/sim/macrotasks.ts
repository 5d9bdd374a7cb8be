/** Owns: macrotasks where there is only the web platform: messages to ourselves, which no timer's granularity delays. */

export class Macrotasks {
  readonly #queue: (() => void)[] = [];
  #channel: MessageChannel | null = null;

  /** Runs something after all tasks and microtasks that wait already. The process lives until then. */
  post(run: () => void): void {
    this.#queue.push(run);
    this.#open().port2.postMessage(0);
  }

  /** Nothing that was posted runs any more. */
  close(): void {
    this.#queue.length = 0;
    this.#channel?.port1.close();
    this.#channel = null;
  }

  #open(): MessageChannel {
    if (this.#channel !== null) return this.#channel;
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      this.#queue.shift()?.();
      // An open port would keep the process alive.
      if (this.#queue.length === 0) this.close();
    };
    this.#channel = channel;
    return channel;
  }
}
