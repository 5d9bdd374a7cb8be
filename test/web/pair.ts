/** Two web stacks on one driver, joined by a pipe of IP packets, and small helpers for streams. */

import { createPipe } from '../../src/link/index.ts';
import { createStack, type Socket, WebDriver, type WebStack, type WebStackOptions } from '../../src/web/index.ts';

export const A = '10.0.0.1';
export const B = '10.0.0.2';

export interface Pair {
  readonly driver: WebDriver;
  readonly a: WebStack;
  readonly b: WebStack;
  close(): Promise<void>;
}

export function pair(options: WebStackOptions = {}): Pair {
  const driver = new WebDriver();
  const [a, b] = [createStack({ name: 'a', driver, ...options }), createStack({ name: 'b', driver, ...options })];
  const ends = createPipe(driver.scheduler, a.core.pool);
  a.core.addInterface({ link: ends[0], addresses: [`${A}/24`, 'fd00::1/64'] });
  b.core.addInterface({ link: ends[1], addresses: [`${B}/24`, 'fd00::2/64'] });
  const close = async (): Promise<void> => {
    await a.close();
    await b.close();
    driver.close();
  };
  return { driver, a, b, close };
}

/** A connection from `a` to port 80 of `b`: its two ends. */
export async function connected({ a, b }: Pair, options: { allowHalfOpen?: boolean } = {}): Promise<[Socket, Socket]> {
  const listener = b.listen({ port: 80, ...options });
  const client = a.connect({ hostname: B, port: 80 }, options);
  const server = await listener.accept();
  await client.opened;
  await listener.close();
  return [client, server];
}

export const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Everything that comes, as text. */
export async function text(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let all = '';
  for await (const chunk of chunks) all += decoder.decode(chunk, { stream: true });
  return all;
}

/** Writes and closes. */
export async function say(socket: Socket, words: string): Promise<void> {
  const writer = socket.writable.getWriter();
  await writer.write(encode(words));
  await writer.close();
  writer.releaseLock();
}

/** What a promise was rejected with; an error if it was not. */
export async function rejection(promise: PromiseLike<unknown>): Promise<Error & { code?: string }> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error as Error & { code?: string };
  }
  throw new Error(`fulfilled with ${String(value)}`);
}

/** What a call throws. */
export function thrown(call: () => unknown): Error & { code?: string } {
  try {
    call();
  } catch (error) {
    return error as Error & { code?: string };
  }
  throw new Error('nothing was thrown');
}

/** A turn or more of everything: for what would happen if it were to happen. */
export const turns = (ms: number = 20): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
