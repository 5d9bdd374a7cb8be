/** Owns: which listener a port and an address belong to. */

import { type Address, sameAddress } from '../wire/address.ts';
import type { TcpListener } from './tcp-listener.ts';

export class Listeners {
  readonly #byPort: Map<number, TcpListener[]> = new Map();

  add(listener: TcpListener): void {
    const others = this.#byPort.get(listener.port);
    if (others === undefined) this.#byPort.set(listener.port, [listener]);
    else others.push(listener);
  }

  remove(listener: TcpListener): void {
    const others = (this.#byPort.get(listener.port) ?? []).filter((other) => other !== listener);
    if (others.length === 0) this.#byPort.delete(listener.port);
    else this.#byPort.set(listener.port, others);
  }

  /** Whose a segment for `local` and `port` is: a listener of that very address before one of any address. */
  find(local: Address, port: number): TcpListener | null {
    const listeners = this.#byPort.get(port);
    if (listeners === undefined) return null;
    let found: TcpListener | null = null;
    for (const listener of listeners) {
      if (listener.address !== null) {
        if (sameAddress(listener.address, local)) return listener;
      } else if (listener.family === 0 || listener.family === local.family) {
        found ??= listener;
      }
    }
    return found;
  }

  /** Whether a listener already has the port on this address; null is any address, family 0 both families. */
  isBound(port: number, address: Address | null, family: 0 | 4 | 6): boolean {
    return (this.#byPort.get(port) ?? []).some(
      (other) =>
        (other.family === 0 || family === 0 || other.family === family) &&
        (other.address === null || address === null || sameAddress(other.address, address)),
    );
  }

  clear(): void {
    this.#byPort.clear();
  }

  *[Symbol.iterator](): IterableIterator<TcpListener> {
    for (const listeners of this.#byPort.values()) yield* listeners;
  }
}
