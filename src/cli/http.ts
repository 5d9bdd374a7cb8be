/**
 * Owns: a small web server's connection: HTTP/1.1 (RFC 9112) for GET and HEAD, keep-alive, pipelined requests one after
 * the other. Leaves to others: the pages (`site.ts`), what all connections share (`conversation.ts`).
 *
 * Bounds: a request's head has at most 8 KiB and a minute. Requests are read only when the answer before them is written. A request
 * with a body is answered and the connection then closed: what follows it is read by nobody as a request, and only to a limit.
 */

import type { Scheduler } from '../base/index.ts';
import type { Stack } from '../stack/index.ts';
import type { TcpSocket } from '../stack/tcp-socket.ts';
import { Conversation, type Observer } from './conversation.ts';
import { type Page, route, textPage } from './site.ts';

/** Octets of a request line with its headers. */
export const MAX_HEAD = 8192;

/** ms from a head's first octet to its last. */
const HEAD_TIME = 60_000;
/** Octets passed over after our FIN before the connection is aborted. */
const MAX_LINGER = 1024 * 1024;

const CR = 13;
const LF = 10;

interface Request {
  readonly method: string;
  readonly target: string;
  /** Of HTTP/1.x. */
  readonly minor: number;
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

/** An answer on its way out. */
interface Response {
  readonly head: Uint8Array;
  readonly page: Page | null;
  readonly keep: boolean;
  sent: number;
}

export class HttpConversation extends Conversation {
  readonly service = 'http';
  readonly #stack: Stack;
  /** What has come of a request's head. Owned only while there is some. */
  #head: Uint8Array | null = null;
  #length = 0;
  #response: Response | null = null;
  #ending = false;
  #lingered = 0;

  constructor(stack: Stack, id: number, socket: TcpSocket, scheduler: Scheduler, observer: Observer, idle: number) {
    super(id, socket, scheduler, observer, idle);
    this.#stack = stack;
  }

  protected pump(): void {
    const { socket } = this;
    for (;;) {
      if (!this.#write()) return;
      if (this.#ending) {
        // Our FIN is on its way. Unread octets would turn it into a reset.
        this.#lingered += socket.readableLength;
        this.take(socket.readableLength);
        if (this.#lingered > MAX_LINGER) this.giveUp('flooded');
        return;
      }
      if (!this.#read()) break;
    }
    if (socket.atEnd) this.#finish();
  }

  /** @returns whether nothing is left to be written */
  #write(): boolean {
    const response = this.#response;
    if (response === null) return true;
    const { head, page } = response;
    const end = head.length + (page?.length ?? 0);
    while (response.sent < end) {
      const part = response.sent < head.length ? head.subarray(response.sent) : page!.part(response.sent - head.length);
      const taken = this.send(part);
      response.sent += taken;
      if (taken < part.length) return false;
    }
    this.#response = null;
    if (!response.keep) this.#finish();
    return true;
  }

  #finish(): void {
    this.#ending = true;
    this.#forget();
    this.end();
  }

  /** Reads up to the end of a request's head and answers it. @returns whether there was one */
  #read(): boolean {
    for (let view = this.socket.peek(); view.length > 0; view = this.socket.peek()) {
      const { used, complete } = this.#collect(view);
      this.take(used);
      if (complete) {
        this.#answer();
        return true;
      }
      if (this.#length === MAX_HEAD) {
        this.#refuse(431, 'the request line and the headers may have 8192 octets together');
        return true;
      }
    }
    return false;
  }

  #collect(view: Uint8Array): { used: number; complete: boolean } {
    let used = 0;
    while (used < view.length && this.#length < MAX_HEAD) {
      const octet = view[used++]!;
      // Empty lines before a request are passed over (RFC 9112 2.2).
      if (this.#length === 0 && (octet === CR || octet === LF)) continue;
      if (this.#head === null) {
        this.#head = new Uint8Array(MAX_HEAD);
        this.allow(HEAD_TIME);
      }
      this.#head[this.#length++] = octet;
      if (octet === LF && endsWithEmptyLine(this.#head, this.#length)) return { used, complete: true };
    }
    return { used, complete: false };
  }

  #answer(): void {
    const text = latin1(this.#head!, this.#length);
    this.#forget();
    const request = parseHead(text);
    if (typeof request === 'string') {
      this.#refuse(400, request);
      return;
    }
    if (request === null) {
      this.#refuse(505, 'HTTP/1.0 and HTTP/1.1 are spoken here');
      return;
    }
    const problem = hostProblem(request) ?? lengthProblem(request);
    if (problem !== null) {
      this.#refuse(400, problem);
      return;
    }
    const { method, target } = request;
    const keep = keepsAlive(request) && !hasBody(request);
    if (method !== 'GET' && method !== 'HEAD') {
      this.#respond(request, textPage(405, `${method} is not done here: GET and HEAD are`), keep, ['Allow: GET, HEAD']);
      return;
    }
    const path = pathOf(target);
    if (path === null) {
      this.#refuse(400, 'the request target is not a path');
      return;
    }
    const page = route(path, this.#stack, this.socket) ?? textPage(404, 'there is no such page');
    this.#respond(request, page, keep, []);
  }

  #forget(): void {
    this.#head = null;
    this.#length = 0;
    this.allow(Infinity);
  }

  #refuse(status: number, why: string): void {
    this.#forget();
    this.#respond(null, textPage(status, why), false, []);
  }

  #respond(request: Request | null, page: Page, keep: boolean, extra: readonly string[]): void {
    const { status, type, length } = page;
    const lines = [
      `HTTP/1.1 ${status} ${REASONS[status] ?? 'Unknown'}`,
      'Server: tsyn',
      `Content-Type: ${type}`,
      `Content-Length: ${length}`,
      'Cache-Control: no-store',
      ...extra,
    ];
    if (!keep) lines.push('Connection: close');
    else if (request?.minor === 0) lines.push('Connection: keep-alive');
    const body = request?.method === 'HEAD' ? null : page;
    this.#response = { head: octets(`${lines.join('\r\n')}\r\n\r\n`), page: body, keep, sent: 0 };
    const what = request === null ? 'bad request' : `${request.method} ${shortened(request.target)}`;
    this.tell(`${what} ${status}`);
  }
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  431: 'Request Header Fields Too Large',
  505: 'HTTP Version Not Supported',
};

/** A name of a method or a header (RFC 9110 5.6.2). */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([\\x21-\\x7e]+) HTTP/(\\d)\\.(\\d)$`);
const HEADER = new RegExp(`^(${TOKEN}):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*?)[ \\t]*$`);

/** @returns the request, what is wrong with it, or null where it is of another version of HTTP */
function parseHead(text: string): Request | string | null {
  const [first = '', ...lines] = text.split(/\r?\n/);
  const start = REQUEST_LINE.exec(first);
  if (start === null) return 'the request line makes no sense';
  const [, method = '', target = '', major, minor] = start;
  if (major !== '1') return null;
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    if (line === '') continue; // the last two: the head ends with an empty line
    const header = HEADER.exec(line);
    if (header === null) return 'a header line makes no sense';
    const name = header[1]!.toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), header[2]!]);
  }
  return { method, target, minor: Number(minor), headers };
}

/** RFC 9112 3.2: one Host header, without exception in HTTP/1.1. */
function hostProblem({ headers, minor }: Request): string | null {
  const hosts = headers.get('host') ?? [];
  if (hosts.length > 1) return 'there is more than one Host header';
  return hosts.length === 0 && minor > 0 ? 'there is no Host header' : null;
}

function lengthProblem({ headers }: Request): string | null {
  const lengths = headers.get('content-length') ?? [];
  if (lengths.some((length) => !/^\d{1,15}$/.test(length) || length !== lengths[0])) {
    return 'the Content-Length header makes no sense';
  }
  return lengths.length > 0 && headers.has('transfer-encoding') ? 'there are two lengths of the body' : null;
}

function hasBody({ headers }: Request): boolean {
  return headers.has('transfer-encoding') || Number(headers.get('content-length')?.[0] ?? 0) > 0;
}

function keepsAlive({ headers, minor }: Request): boolean {
  const words = (headers.get('connection') ?? []).flatMap((value) => value.toLowerCase().split(/[ \t]*,[ \t]*/));
  return minor === 0 ? words.includes('keep-alive') : !words.includes('close');
}

/** The path of `/a?b` and of `http://host/a?b`; null of anything else. */
function pathOf(target: string): string | null {
  const path = target.replace(/^https?:\/\/[^/?#]+/i, '').replace(/\?.*$/, '');
  if (path === '') return target.startsWith('?') ? null : '/';
  return path.startsWith('/') ? path : null;
}

function endsWithEmptyLine(buf: Uint8Array, length: number): boolean {
  if (length >= 2 && buf[length - 2] === LF) return true;
  return length >= 3 && buf[length - 2] === CR && buf[length - 3] === LF;
}

function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function latin1(buf: Uint8Array, length: number): string {
  return Buffer.from(buf.buffer, buf.byteOffset, length).toString('latin1');
}

function octets(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
