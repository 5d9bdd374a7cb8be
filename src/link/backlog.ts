/**
 * Owns: the queue of a rate limit as a list of departure times. The packets themselves are on their way already; this
 * knows how many of them are, as of now, still waiting or being sent.
 */

export class Backlog {
  packets = 0;
  octets = 0;
  /** When the transmitter will be idle, ms. */
  idleAt = 0;
  // A ring of two columns.
  #departures: number[] = new Array<number>(16).fill(0);
  #sizes: number[] = new Array<number>(16).fill(0);
  #head = 0;

  /** Forgets what has departed by `now`. */
  settle(now: number): void {
    while (this.packets > 0 && this.#departures[this.#head]! <= now) {
      this.octets -= this.#sizes[this.#head]!;
      this.packets--;
      this.#head = (this.#head + 1) & (this.#sizes.length - 1);
    }
  }

  /** Queues a packet. @param rate bits per second @returns when its last bit is sent, ms */
  add(now: number, octets: number, rate: number): number {
    if (this.packets === this.#sizes.length) this.#grow();
    this.idleAt = Math.max(now, this.idleAt) + (octets * 8000) / rate;
    const slot = (this.#head + this.packets) & (this.#sizes.length - 1);
    this.#departures[slot] = this.idleAt;
    this.#sizes[slot] = octets;
    this.packets++;
    this.octets += octets;
    return this.idleAt;
  }

  #grow(): void {
    const turn = (old: number[]): number[] => [
      ...old.slice(this.#head),
      ...old.slice(0, this.#head),
      ...new Array<number>(old.length).fill(0),
    ];
    this.#departures = turn(this.#departures);
    this.#sizes = turn(this.#sizes);
    this.#head = 0;
  }
}
