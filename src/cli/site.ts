/** Owns: the pages of the http service: what is at which path. Leaves to others: HTTP (`http.ts`). */

import type { Stack } from '../stack/index.ts';
import type { TcpSocket } from '../stack/tcp-socket.ts';
import { formatEndpoint } from '../wire/index.ts';

/** A page, its content in parts made when they are wanted. */
export interface Page {
  readonly status: number;
  readonly type: string;
  /** Octets. */
  readonly length: number;
  /** Some of the content from octet `at` < `length` on, at least one octet; valid until the next call. */
  part(at: number): Uint8Array;
}

/** Sockets in one list; a host with more says that it is not all. */
const MOST_SOCKETS = 1000;

/** The page at a path, or null. */
export function route(path: string, stack: Stack, socket: TcpSocket): Page | null {
  if (path === '/') return whole(200, 'text/html; charset=utf-8', index(stack, socket));
  if (path === '/sockets') {
    const sockets = stack.sockets(MOST_SOCKETS + 1);
    const truncated = sockets.length > MOST_SOCKETS;
    return json({ host: stack.name, time: stack.now(), truncated, sockets: sockets.slice(0, MOST_SOCKETS) });
  }
  if (path === '/counters') return json(countersOf(stack));
  const bytes = /^\/bytes\/(\d{1,15})$/.exec(path);
  return bytes === null ? null : pattern(Number(bytes[1]));
}

/** What has been counted; zeros are left out. */
export function countersOf(stack: Stack): Record<string, number> {
  return Object.fromEntries(Object.entries(stack.counters()).filter(([, value]) => value !== 0));
}

export function textPage(status: number, text: string): Page {
  return whole(status, 'text/plain; charset=utf-8', `${status}: ${text}\n`);
}

/** Octet i of `/bytes/N` is i mod 251: a prime, so that no power of two of octets can go missing unseen. */
export const PERIOD = 251;
const PATTERN: Uint8Array = Uint8Array.from({ length: PERIOD * 256 }, (_, i) => i % PERIOD);

function pattern(length: number): Page {
  return {
    status: 200,
    type: 'application/octet-stream',
    length,
    part(at) {
      const from = at % PERIOD;
      return PATTERN.subarray(from, Math.min(PATTERN.length, from + length - at));
    },
  };
}

function whole(status: number, type: string, text: string): Page {
  const content = Buffer.from(text);
  return { status, type, length: content.length, part: (at) => content.subarray(at) };
}

function json(value: unknown): Page {
  return whole(200, 'application/json', `${JSON.stringify(value, null, 2)}\n`);
}

function index(stack: Stack, socket: TcpSocket): string {
  const { state, rto, sndMss, sndCwnd, options } = socket.info();
  const rows: ReadonlyArray<readonly [string, string]> = [
    ['your end', formatEndpoint(socket.remote, socket.remotePort)],
    ['our end', formatEndpoint(socket.local, socket.localPort)],
    ['state', state],
    ['retransmission time-out', `${Math.round(rto)} ms`],
    ['segment size', `${sndMss} octets`],
    ['congestion window', `${sndCwnd} octets`],
    ['timestamps', options.timestamps ? 'on' : 'off'],
    ['selective acknowledgment', options.sack ? 'on' : 'off'],
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>tsyn</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark; }
th { text-align: left; font-weight: normal; padding-right: 2rem; }
td { font-family: ui-monospace, monospace; }
</style>
<h1>It works, in user space</h1>
<p>This page came to you over <b>tsyn</b>: TCP and IP written in TypeScript, from the Ethernet frame or IP packet up.
No socket of the operating system served it. The connection it came over, as host ${escaped(stack.name)} sees it:</p>
<table>
${rows.map(([name, value]) => `<tr><th>${name}<td>${escaped(value)}`).join('\n')}
</table>
<ul>
<li><a href="/sockets">/sockets</a>: listeners, connections, TIME-WAITs
<li><a href="/counters">/counters</a>: what the stack has counted
<li><a href="/bytes/1000000">/bytes/1000000</a>: as many octets as you like; octet i is i mod ${PERIOD}
</ul>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
