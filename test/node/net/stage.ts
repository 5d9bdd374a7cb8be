/**
 * A stage for conversations of sockets: what each party is told, in order, with the state it is in. Every party has a log of its own,
 * because which of two sockets hears first of what concerns both is the kernel's affair. After each event two marks tell when the
 * next tick and the next microtask had their turn: two events without a mark between them came out of one call.
 */

import type { AddressInfo, ListenOptions, Server, ServerOpts, Socket, TcpNetConnectOpts } from 'node:net';
import { lineOf, type Net } from './modules.ts';

export type Logs = Record<string, string[]>;

/** Who talks: both ends may be of one module, or each of a module on a stack of its own. */
export interface Cast {
  readonly name: string;
  readonly server: Net;
  readonly client: Net;
  /** Where the client finds the server. */
  readonly address: string;
}

export type Scenario = (stage: Stage) => Promise<void> | void;

const EVENTS = ['lookup', 'connect', 'ready', 'end', 'drain', 'timeout', 'finish', 'error', 'close'] as const;
const ATTEMPTS = ['connectionAttempt', 'connectionAttemptFailed', 'connectionAttemptTimeout'] as const;
/** How long a scenario may take until what is still open is told and ended, ms. */
const PATIENCE = 5_000;

export class Stage {
  readonly cast: Cast;
  readonly logs: Logs = {};
  readonly #marks: boolean;
  readonly #open = new Map<Socket | Server, string>();
  #idle: (() => void) | null = null;

  constructor(cast: Cast, marks: boolean) {
    this.cast = cast;
    this.#marks = marks;
  }

  note(party: string, line: string): void {
    this.logs[party] ??= [];
    const log = this.logs[party];
    log.push(line);
    if (!this.#marks) return;
    const name = line.split(' ')[0]!;
    process.nextTick(() => log.push(`  tick after ${name}`));
    queueMicrotask(() => log.push(`  microtask after ${name}`));
  }

  /** A server that listens on the cast's address at any free port; resolves to it. */
  async listen(
    onConnection: (accepted: Socket) => void,
    options: ServerOpts = {},
    at: ListenOptions = {},
  ): Promise<Server> {
    const server = this.server(onConnection, options);
    server.listen({ port: 0, host: this.cast.address, ...at });
    await new Promise((done) => server.once('listening', done));
    return server;
  }

  /** A server that does not listen yet. Its sockets are `accepted`, `accepted2` ... */
  server(onConnection: (accepted: Socket) => void, options: ServerOpts = {}): Server {
    const server = this.cast.server.createServer(options);
    let count = 0;
    this.#track('server', server);
    server.on('listening', () => this.note('server', 'listening'));
    server.on('connection', (socket) => {
      count++;
      const party = count === 1 ? 'accepted' : `accepted${count}`;
      this.note('server', `connection ${count}`);
      this.watch(party, socket);
      onConnection(socket);
    });
    server.on('drop', (data) => this.note('server', `drop ${Object.keys(data ?? {}).join()}`));
    server.on('error', (error) => this.note('server', `error ${lineOf(error)}`));
    server.on('close', () => this.note('server', 'close'));
    return server;
  }

  /** A watched client that connects to `server`. */
  connect(server: Server, options: Partial<TcpNetConnectOpts> = {}, party = 'client'): Socket {
    const socket = this.cast.client.connect({ port: portOf(server), host: this.cast.address, ...options });
    this.watch(party, socket);
    return socket;
  }

  /** A watched socket that is not connected. */
  socket(options: import('node:net').SocketConstructorOpts = {}, party = 'client'): Socket {
    const socket = new this.cast.client.Socket(options);
    this.watch(party, socket);
    return socket;
  }

  watch(party: string, socket: Socket): void {
    this.#track(party, socket);
    for (const event of EVENTS) {
      socket.on(event, (...words: unknown[]) => {
        const said = words.map((word) => (word instanceof Error ? lineOf(word) : String(word)));
        this.note(party, `${[event, ...said].join(' ')} ${stateOf(socket)}`);
      });
    }
    for (const event of ATTEMPTS) {
      // The names are not in the types of Node 20.
      (socket as NodeJS.EventEmitter).on(event, (ip: string, _port: number, family: number, error?: Error) => {
        this.note(party, `${event} ${ip} ${family}${error === undefined ? '' : ` ${lineOf(error)}`}`);
      });
    }
  }

  /** Reads everything and notes, at the end, how much it was. */
  drain(party: string, socket: Socket): void {
    let octets = 0;
    socket.on('data', (data: Buffer | string) => {
      if (octets === 0) this.note(party, `data ${typeof data} ${stateOf(socket)}`);
      octets += data.length;
    });
    socket.on('end', () => this.note(party, `read ${octets}`));
  }

  #track(party: string, open: Socket | Server): void {
    this.#open.set(open, party);
    open.once('close', () => {
      this.#open.delete(open);
      if (this.#open.size === 0) this.#idle?.();
    });
  }

  /** Waits until everything that was opened is closed, and some turns more for what comes late. */
  async end(): Promise<Logs> {
    if (this.#open.size > 0) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((done) => {
        timer = setTimeout(() => {
          this.#giveUp();
          done();
        }, PATIENCE);
      });
      await Promise.race([new Promise<void>((done) => (this.#idle = done)), late]);
      clearTimeout(timer);
    }
    await turns(4);
    return this.logs;
  }

  #giveUp(): void {
    for (const [open, party] of this.#open) {
      this.note(party, 'is still open');
      if ('destroy' in open) open.destroy();
      else open.close();
    }
  }
}

export async function play(cast: Cast, scenario: Scenario, marks = true): Promise<Logs> {
  const stage = new Stage(cast, marks);
  await scenario(stage);
  return stage.end();
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Lets the event loop go round `count` times. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((done) => setImmediate(done));
}

export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}

/** Whether a socket has been read to the peer's end, if only into its own buffer. */
export function readToEnd(socket: Socket): boolean {
  return (socket as unknown as { _readableState: { ended: boolean } })._readableState.ended;
}

/** One word for the state of a socket as its user sees it. */
export function stateOf(socket: Socket): string {
  const flags = ['connecting', 'pending', 'destroyed', 'writable', 'readable'] as const;
  return `(${[socket.readyState, ...flags.filter((flag) => socket[flag])].join(' ')})`;
}
