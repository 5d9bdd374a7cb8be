/**
 * Owns: a TCP socket as system calls see it: what blocks, what fails and with which errno, what poll says. The rules are the
 * kernel's where POSIX leaves a choice. All octets are zeros.
 */

import type { Stack } from '../stack/index.ts';
import type { TcpListener } from '../stack/tcp-listener.ts';
import type { ConnectOptions } from '../stack/tcp-options.ts';
import type { TcpSocket } from '../stack/tcp-socket.ts';
import type { TcpOptions } from '../tcp/index.ts';
import {
  type Call,
  Descriptor,
  done,
  failed,
  type Outcome,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLPRI,
  POLLRDHUP,
  POLLRDNORM,
  POLLWRNORM,
} from './descriptor.ts';
import { type Ending, endingOf, QUEUED } from './ending.ts';
import { ErrorQueue } from './error-queue.ts';
import type { IpVersion } from './host.ts';
import type { LiveTcp } from './live.ts';
import { type FastOpenSettings, receiveBufferOption } from './settings.ts';
import { TimeStamps } from './time-stamps.ts';
import { ZeroCopy } from './zero-copy.ts';

export const MSG_OOB = 0x01;
export const MSG_PEEK = 0x02;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_EOR = 0x80;
export const MSG_WAITALL = 0x100;
export const MSG_ERRQUEUE = 0x2000;
export const MSG_MORE = 0x8000;
export const MSG_FASTOPEN = 0x20000000;

/** net.core.somaxconn. */
const MOST_WAITING = 4096;

/** What all sockets of a host share. */
export interface SocketEnvironment {
  readonly stack: Stack;
  readonly ip: IpVersion;
  readonly now: () => number;
  /** µs by which a time stamp may be off. */
  readonly tolerance: number;
  /** Addresses of the host and of its peer. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly connectPort: number;
  readonly bindPort: number;
  /** tcp_fastopen, as it is now. */
  readonly fastOpen: () => FastOpenSettings;
  /** Called from within the stack when a connection has something to tell. */
  readonly onNews: () => void;
}

export class TcpDescriptor extends Descriptor {
  /** Options of the connection to come, in the stack's words. */
  options: Partial<TcpOptions> = {};
  socket: TcpSocket | null = null;
  listener: TcpListener | null = null;
  /** TCP_FASTOPEN, TCP_FASTOPEN_KEY and TCP_FASTOPEN_NO_COOKIE. */
  #fastOpenQueue = 0;
  #fastOpenKeys: readonly Uint8Array[] = [];
  fastOpenWithoutCookie = false;
  /** TCP_FASTOPEN_CONNECT. */
  fastOpenConnect = false;
  /** SO_ZEROCOPY. */
  zeroCopy: ZeroCopy | null = null;
  /** SO_TIMESTAMPING. */
  stamps: TimeStamps | null = null;
  readonly errorQueue: ErrorQueue = new ErrorQueue();
  boundPort: number | null = null;
  wakeups = 0;
  readonly #environment: SocketEnvironment;
  #ending: Ending | null = null;
  #phase: 'unconnected' | 'connecting' | 'connected' = 'unconnected';
  /** Connecting, and the SYN waits for text. */
  #deferred = false;
  #readShut = false;
  #writeShut = false;
  /** A write was cut short: who waits is woken up when there is room. */
  #noSpace = false;
  #seen = { received: 0, readable: false };

  constructor(environment: SocketEnvironment) {
    super();
    this.#environment = environment;
  }

  /** The descriptor of a connection that exists. */
  static of(environment: SocketEnvironment, socket: TcpSocket): TcpDescriptor {
    const descriptor = new TcpDescriptor(environment);
    descriptor.#adopt(socket);
    descriptor.#phase = 'connected';
    return descriptor;
  }

  #adopt(socket: TcpSocket): void {
    this.socket = socket;
    this.#ending = endingOf(socket);
    this.#ending.onNews = this.#environment.onNews;
    socket.handler = this.#ending;
  }

  // ---- Opening ----

  bind(port: number): Outcome {
    if (this.boundPort !== null || this.socket !== null) return failed('EINVAL');
    this.boundPort = port;
    return done(0);
  }

  listen(backlog: number): Outcome {
    if (this.listener !== null) return done(0);
    if (this.socket !== null) return failed('EINVAL');
    const { stack, fastOpen } = this.#environment;
    const { server, allListeners, serverWithoutCookie } = fastOpen();
    if (server && allListeners && this.#fastOpenQueue === 0) this.#fastOpenQueue = backlog;
    this.listener = stack.tcp.listen({
      port: this.boundPort ?? 0,
      backlog: Math.min(Math.max(backlog, 1), MOST_WAITING),
      options: this.options,
      fastOpen: server ? this.#fastOpenQueue : 0,
      fastOpenWithoutCookie: serverWithoutCookie || this.fastOpenWithoutCookie,
      handler: QUEUED,
    });
    this.#setListenersKeys();
    return done(0);
  }

  get fastOpenQueue(): number {
    return this.#fastOpenQueue;
  }

  setFastOpenQueue(length: number): string | null {
    if (length < 0 || !(this.#isClosed || this.listener !== null)) return 'EINVAL';
    this.#fastOpenQueue = length;
    this.listener?.setFastOpen(this.#environment.fastOpen().server ? length : 0);
    return null;
  }

  /** One key or two, as octets. */
  setFastOpenKeys(octets: Uint8Array): string | null {
    if (octets.length !== 16 && octets.length !== 32) return 'EINVAL';
    this.#fastOpenKeys = [octets.subarray(0, 16), octets.subarray(16)].filter((key) => key.length > 0);
    this.#setListenersKeys();
    return null;
  }

  #setListenersKeys(): void {
    const [current, previous] = this.#fastOpenKeys;
    if (current !== undefined) this.listener?.setFastOpenKeys(current, previous ?? null);
  }

  *accept(into: (accepted: TcpDescriptor) => number): Call {
    if (this.listener === null) return failed('EINVAL');
    for (;;) {
      const socket = this.listener.accept();
      if (socket !== null) {
        const accepted = TcpDescriptor.of(this.#environment, socket);
        if (this.zeroCopy !== null) accepted.setZeroCopy(true);
        return done(into(accepted));
      }
      if (this.nonBlocking) return failed('EAGAIN');
      yield Infinity;
    }
  }

  /** @param unspecified the address is none, which ends what there is */
  *connect(unspecified: boolean): Call {
    if (unspecified) return this.#disconnect();
    return yield* this.#connecting(null, this.nonBlocking);
  }

  #disconnect(): Outcome {
    if (this.socket !== null && !this.#over) this.socket.abort();
    this.#phase = 'unconnected';
    this.#deferred = false;
    return done(0);
  }

  /** connect, or the part of a send with MSG_FASTOPEN that connects. @param octets of the send; null for connect */
  *#connecting(octets: number | null, dontWait: boolean): Call {
    let error = 'EINPROGRESS';
    if (this.#phase === 'connected') return failed('EISCONN');
    if (this.#phase === 'connecting') {
      if (!this.#deferred) error = 'EALREADY';
      else if (octets === null) error = 'EISCONN';
      else this.#open(octets);
    } else {
      if (this.listener !== null) return failed('EISCONN');
      this.#phase = 'connecting';
      this.#deferred = octets === null && this.#waitsForText;
      if (this.#deferred) return done(0);
      this.#open(octets);
    }
    while (this.#deferred || this.#opening) {
      if (dontWait) return failed(error);
      yield Infinity;
    }
    if (this.socket?.state === 'CLOSED') {
      this.#phase = 'unconnected';
      return failed(this.takeError() ?? 'ECONNABORTED');
    }
    this.#phase = 'connected';
    return done(0);
  }

  /** With TCP_FASTOPEN_CONNECT and a cookie the SYN waits for the first text, and the socket behaves as if it were connected. */
  get #waitsForText(): boolean {
    return this.fastOpenConnect && this.#environment.stack.tcp.canFastOpen(this.#way(true));
  }

  /** @param octets that may go with the SYN; null for a plain open, which with TCP_FASTOPEN_CONNECT asks for a cookie */
  #open(octets: number | null): void {
    const fast = octets !== null || this.fastOpenConnect;
    this.#deferred = false;
    this.#adopt(this.#environment.stack.tcp.connect({ ...this.#way(fast), data: new Uint8Array(octets ?? 0) }));
    this.#withSyn = this.socket!.writableLength;
  }

  /** Octets that the SYN of this socket carried. */
  #withSyn = 0;

  #way(fast: boolean): ConnectOptions {
    const { remoteAddress, connectPort, fastOpen } = this.#environment;
    const without = this.fastOpenWithoutCookie || fastOpen().clientWithoutCookie;
    return {
      address: remoteAddress,
      port: connectPort,
      ...(this.boundPort === null ? {} : { localPort: this.boundPort }),
      options: { ...this.options, fastOpen: fast && (without ? 'without-cookie' : true) },
    };
  }

  /** Nothing has been asked to connect it, or what was has come to nothing. */
  get unconnected(): boolean {
    return this.#phase === 'unconnected';
  }

  get #opening(): boolean {
    return (
      this.socket !== null && !this.#over && (this.socket.state === 'SYN-SENT' || this.socket.state === 'SYN-RECEIVED')
    );
  }

  get #over(): boolean {
    return this.#ending?.closed === true;
  }

  // ---- Data ----

  override *read(length: number, flags: number): Call {
    const dontWait = this.nonBlocking || (flags & MSG_DONTWAIT) !== 0;
    while (this.#deferred) {
      if (dontWait) return failed('EAGAIN');
      yield Infinity;
    }
    const { socket } = this;
    if (socket === null) return failed('ENOTCONN');
    for (;;) {
      const waiting = socket.readableLength;
      if (waiting > 0 && (waiting >= length || (flags & MSG_WAITALL) === 0)) {
        const count = Math.min(waiting, length);
        if ((flags & MSG_PEEK) === 0 && count > 0) this.#take(socket, count);
        return done(count);
      }
      const ended = this.#ended(socket);
      if (ended !== null) return ended;
      if (dontWait) return failed('EAGAIN');
      yield Infinity;
    }
  }

  /** Reads, and drops: every octet is a zero. */
  #take(socket: TcpSocket, count: number): void {
    socket.consume(count);
    this.#seen.readable = socket.readableLength > 0;
  }

  /** What a read with nothing to read returns at once, or null where more may come. */
  #ended(socket: TcpSocket): Outcome | null {
    if (socket.atEnd) return done(0);
    const error = this.takeError();
    if (error !== null) return failed(error);
    if (this.#readShut || this.#over) return done(0);
    return null;
  }

  override *write(length: number, flags: number): Call {
    const outcome = yield* this.#write(length, flags);
    if (outcome.value > 0) this.stamps?.written(this.socket!);
    return outcome;
  }

  *#write(length: number, flags: number): Call {
    const dontWait = this.nonBlocking || (flags & MSG_DONTWAIT) !== 0;
    let sent = 0;
    if ((flags & MSG_FASTOPEN) !== 0 || this.#deferred) {
      const opened = yield* this.#openWith(length, dontWait, (count) => {
        sent = count + this.#give(this.socket!, length - count, flags);
      });
      if (opened.errno !== null) return opened;
      sent = Math.max(sent, opened.value);
      if (this.#opening) return opened;
    }
    if (this.socket === null) return failed('EPIPE');
    while (this.#opening && !this.#writesEarly) {
      if (dontWait) return failed('EAGAIN');
      this.#ending!.whenOpen = () => {
        sent = this.#give(this.socket!, length, flags);
      };
      yield Infinity;
    }
    const { socket } = this;
    for (;;) {
      const broken = this.#broken();
      if (broken !== null) return sent > 0 ? done(sent) : broken;
      if (sent === length) return done(sent);
      const accepted = this.#give(socket, length - sent, flags);
      sent += accepted;
      if (sent === length) return done(sent);
      this.#noSpace = true;
      if (dontWait) return sent > 0 ? done(sent) : failed('EAGAIN');
      do yield Infinity;
      while (!this.#over && !socket.hasRoom);
    }
  }

  /**
   * A send that connects: octets that went with the SYN, once that is answered or need not be waited for.
   *
   * @param goOn with the rest, in the last step of the handshake
   */
  *#openWith(length: number, dontWait: boolean, goOn: (sent: number) => void): Call {
    if (!this.#environment.fastOpen().client) return failed('EOPNOTSUPP');
    const opens = this.#deferred || this.#phase === 'unconnected';
    const connecting = this.#connecting(length, dontWait);
    let step = connecting.next();
    for (; !step.done; step = connecting.next()) {
      if (opens && this.#withSyn < length) this.#ending!.whenOpen = () => goOn(this.#withSyn);
      yield step.value;
    }
    const outcome = step.value;
    const sent = opens ? this.#withSyn : 0;
    if (outcome.errno === null || (outcome.errno === 'EINPROGRESS' && sent > 0)) return done(sent);
    return outcome;
  }

  #give(socket: TcpSocket, length: number, flags: number): number {
    const data = new Uint8Array(length);
    if (flags & MSG_OOB) return socket.writeUrgent(data);
    if (flags & MSG_MORE) return socket.writeMore(data);
    return flags & MSG_EOR ? socket.writeRecord(data) : socket.write(data);
  }

  /** A fast open server may write before the handshake is over. */
  get #writesEarly(): boolean {
    return this.socket?.tcb.fastOpened === true;
  }

  #broken(): Outcome | null {
    if (!this.#over && !this.#writeShut) return null;
    return failed(this.takeError() ?? 'EPIPE');
  }

  // ---- Closing ----

  shutdown(how: number): Outcome {
    const { socket } = this;
    if (how < 0 || how > 2) return failed('EINVAL');
    if (this.listener !== null) {
      if (how === 1) return done(0);
      this.listener.close();
      this.listener = null;
      return done(0);
    }
    if (this.#deferred) return this.#disconnect();
    if (socket === null || (this.#over && socket.state === 'CLOSED')) return failed('ENOTCONN');
    if (how !== 1) this.#readShut = true;
    if (how !== 0) {
      this.#writeShut = true;
      socket.end();
    }
    this.wakeups++;
    return done(0);
  }

  close(): void {
    this.listener?.close();
    this.socket?.destroy();
  }

  // ---- Options ----

  setZeroCopy(on: boolean): void {
    this.zeroCopy = on ? (this.zeroCopy ?? new ZeroCopy(this.errorQueue)) : null;
  }

  setTimeStamps(flags: number): string | null {
    this.stamps ??= new TimeStamps(this.errorQueue);
    return this.stamps.set(flags, this.socket);
  }

  /** What getsockopt tells again, by the numbers of level and name. */
  readonly values: Map<string, number> = new Map();

  /** Options of the connection, or of the one to come. */
  change(options: Partial<TcpOptions>): void {
    this.options = { ...this.options, ...options };
    this.listener?.change(options);
    if (this.socket !== null) this.socket.tcb.options = { ...this.socket.tcb.options, ...options };
  }

  cork(on: boolean): void {
    this.socket?.cork(on);
  }

  /** Octets of SO_RCVBUF and SO_SNDBUF as the kernel counts them: twice what was asked for. */
  receiveBuffer = 0;
  sendBuffer = 0;

  setReceiveBuffer(octets: number): string | null {
    this.receiveBuffer = Math.max(2 * octets, 2304);
    this.change(receiveBufferOption(octets));
    this.socket?.setReceiveBuffer(octets);
    return null;
  }

  setSendBuffer(octets: number): string | null {
    this.sendBuffer = Math.max(2 * octets, 4608);
    this.change({ sendBuffer: this.sendBuffer, sendBufferMax: this.sendBuffer });
    this.socket?.setSendBuffer(this.sendBuffer);
    return null;
  }

  /** TCP_MAXSEG: what is announced, and the most that is sent. */
  setMaxSegment(octets: number): string | null {
    if (octets !== 0 && (octets < 88 || octets > 32_767)) return 'EINVAL';
    this.change({ maxSegment: octets === 0 ? null : octets });
    return null;
  }

  get maxSegment(): number {
    return this.socket?.tcb.snd.mss ?? this.options.maxSegment ?? 536;
  }

  setUnsentLow(octets: number): void {
    this.change({ unsentLow: octets });
    this.socket?.setUnsentLow(octets);
  }

  setSynTimeout(ms: number): void {
    this.change({ synTimeout: ms });
    this.socket?.setSynTimeout(ms);
  }

  /** TCP_FASTOPEN_CONNECT. */
  setFastOpenConnect(value: number): string | null {
    if (value !== 0 && value !== 1) return 'EINVAL';
    if (!this.#environment.fastOpen().client) return 'EOPNOTSUPP';
    if (!this.#isClosed) return 'EINVAL';
    this.fastOpenConnect = value === 1;
    return null;
  }

  /** TCP_FASTOPEN_NO_COOKIE, of a socket that will connect or that listens. */
  setFastOpenWithoutCookie(value: number): string | null {
    if ((value !== 0 && value !== 1) || !(this.#isClosed || this.listener !== null)) return 'EINVAL';
    this.fastOpenWithoutCookie = value === 1;
    if (this.listener !== null) {
      this.listener.fastOpenWithoutCookie = value === 1 || this.#environment.fastOpen().serverWithoutCookie;
    }
    return null;
  }

  /** Neither listening nor connected, nor on the way to either. */
  get #isClosed(): boolean {
    return this.listener === null && this.unconnected;
  }

  setLinger(ms: number | null): void {
    this.change({ linger: ms });
  }

  setCongestion(name: string): Outcome {
    const known: Readonly<Record<string, string>> = { cubic: 'cubic', reno: 'newreno' };
    const congestion = known[name];
    if (congestion === undefined) return failed('ENOENT');
    this.change({ congestion });
    return done(0);
  }

  // ---- State ----

  /** SO_ERROR, which is told once. */
  takeError(): string | null {
    const ending = this.#ending;
    if (ending === null) return null;
    const { error } = ending;
    ending.error = null;
    return error;
  }

  /** TCP_INQ: reads tell how much is left. */
  tellsQueued = false;

  /** SIOCINQ: octets to read; the end of them counts as one where nothing else is left. */
  get queuedIn(): number {
    const { socket } = this;
    if (socket === null) return 0;
    const { readableLength } = socket;
    return readableLength === 0 && socket.atEnd ? 1 : readableLength;
  }

  /** SIOCOUTQ: octets not acknowledged; SIOCOUTQNSD: not sent. */
  get queuedOut(): number {
    return this.socket?.tcb.snd.text.length ?? 0;
  }

  get unsent(): number {
    return this.socket?.info().notsentBytes ?? 0;
  }

  get pendingError(): boolean {
    return this.#ending?.error != null;
  }

  readiness(): number {
    if (this.listener !== null) return this.listener.waiting.length > 0 ? POLLIN | POLLRDNORM : 0;
    const { socket } = this;
    if (this.#deferred) return POLLOUT | POLLWRNORM;
    if (socket === null) return POLLOUT | POLLWRNORM | POLLHUP;
    const receiveEnded = this.#readShut || socket.atEnd || socket.tcb.rcv.finHeld || this.#over || peerClosed(socket);
    const sendEnded = this.#writeShut || this.#over;
    let mask = 0;
    if (this.#over || (receiveEnded && sendEnded)) mask |= POLLHUP;
    if (receiveEnded) mask |= POLLIN | POLLRDNORM | POLLRDHUP;
    if (!this.#opening || this.#writesEarly) {
      if (socket.readableLength > 0) mask |= POLLIN | POLLRDNORM;
      if (sendEnded || this.writable) mask |= POLLOUT | POLLWRNORM;
      else this.#noSpace = true;
      if (socket.urgentRemaining > 0) mask |= POLLPRI;
    }
    if (this.pendingError || this.errorQueue.waiting) mask |= POLLERR;
    return mask;
  }

  get writable(): boolean {
    const { socket } = this;
    if (socket === null) return false;
    return socket.hasRoom;
  }

  /** A segment has left the host. */
  left(segment: LiveTcp): void {
    const { socket } = this;
    if (segment.sourcePort !== socket?.localPort || segment.destinationPort !== socket.remotePort) return;
    this.stamps?.left(segment, this.#environment.now());
  }

  /** Something has happened in the host: counts what would have woken a waiter. */
  look(): void {
    const { socket } = this;
    if (this.listener !== null) {
      const readable = this.listener.waiting.length > 0;
      if (readable && !this.#seen.readable) this.wakeups++;
      this.#seen.readable = readable;
      return;
    }
    if (socket === null) return;
    if (this.stamps?.settle(socket, this.#environment.now())) this.wakeups++;
    if (this.zeroCopy?.settle(socket)) this.wakeups++;
    const received =
      socket.tcb.stats.bytesReceived + (socket.atEnd ? 1 : 0) + (this.#over ? 1 : 0) + (this.#opening ? 0 : 1);
    if (received !== this.#seen.received) this.wakeups++;
    this.#seen.received = received;
    if (this.#noSpace && this.writable) {
      this.#noSpace = false;
      this.wakeups++;
    }
  }
}

/** The peer's FIN has been taken, whether or not the text before it has been read. */
function peerClosed(socket: TcpSocket): boolean {
  const { state } = socket;
  return state === 'CLOSE-WAIT' || state === 'LAST-ACK' || state === 'CLOSING' || state === 'TIME-WAIT';
}
