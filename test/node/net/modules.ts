/**
 * The two modules that everything here is tried on: Node's own `net` and tsyn's, both used by the same code. What a call throws or an
 * error carries is put into plain records, so that the two can be compared.
 */

import hostNet from 'node:net';
import tsynNet from '../../../src/node/net/index.ts';

/** The shape that users write against. */
export type Net = typeof import('node:net');

export const host: Net = hostNet;
// types.ts says what of the shape tsyn promises; here it is used as its users do, as `net`.
export const tsyn: Net = tsynNet as unknown as Net;

export const BOTH: ReadonlyArray<readonly [string, Net]> = [
  ['node:net', host],
  ['tsyn/net', tsyn],
];

export interface Told {
  readonly name: string;
  readonly code: unknown;
  readonly message: string;
}

/** What `call` throws, or null. What it makes instead (a socket, a server) is closed without a word. */
export function thrownBy(call: () => unknown): Told | null {
  let made: unknown;
  try {
    made = call();
  } catch (error) {
    return told(error);
  }
  discard(made);
  return null;
}

export function told(error: unknown): Told {
  const { name, code, message } = error as NodeJS.ErrnoException;
  return { name, code, message };
}

function discard(made: unknown): void {
  if (made instanceof host.Server || made instanceof tsyn.Server) {
    made.on('error', () => {});
    // One that is not listening yet closes all the same; one that never will says so to the callback.
    made.close(() => {});
  } else if (typeof made === 'object' && made !== null && 'destroy' in made) {
    const socket = made as import('node:net').Socket;
    socket.on('error', () => {});
    socket.destroy();
  }
}

/** An error as a line: everything users test for. Ports that the system chose are all the same. */
export function lineOf(error: unknown): string {
  const of = error as Record<string, unknown>;
  const fields = ['code', 'errno', 'syscall', 'hostname', 'address', 'port', 'localAddress', 'localPort'];
  const parts = fields.filter((field) => of[field] !== undefined).map((field) => `${field}=${String(of[field])}`);
  const inner = error instanceof AggregateError ? ` [${error.errors.map(lineOf).join('; ')}]` : '';
  return withoutPorts(`${String(of['name'])}: ${String(of['message'])} {${parts.join(' ')}}${inner}`);
}

export function withoutPorts(text: string): string {
  return text.replace(/(:|[pP]ort=)\d{4,5}\b/g, '$1PORT');
}
