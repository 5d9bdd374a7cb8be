/**
 * Owns: a TCP connection as an application holds it: calls with Node's error codes, events through a handler. What TCP
 * does is `tcp/`'s business; when it is done is `tcp.ts`'s.
 */

import type { Task } from '../base/scheduler.ts';
import {
  atEnd,
  calls,
  hasRoom,
  peek,
  pushedLength,
  type State,
  setCork,
  setKeepAlive,
  setQuickAck,
  type Tcb,
  type TcpOptions,
  urgentRemaining,
} from '../tcp/index.ts';
import { type Address, formatAddress } from '../wire/address.ts';
import { invalidArgument, invalidType, syscallError, TsynError } from './errors.ts';
import type { Path } from './paths.ts';
import type { SourceRoute } from './source-route.ts';
import type { Tcp } from './tcp.ts';
import { type TcpInfo, tcpInfo } from './tcp-info.ts';
import type { TcpListener } from './tcp-listener.ts';
import { checkInteger, LARGEST_BUFFER } from './tcp-options.ts';
import type { TableEntry } from './tcp-table.ts';

/** What a connection tells. Called from the scheduler, never from within a call of the socket. All are optional. */
export interface TcpHandler {
  /** ESTABLISHED. */
  onConnect?(socket: TcpSocket): void;
  /** Octets, or the end of them, wait to be read. */
  onReadable?(socket: TcpSocket): void;
  /** A `write` was cut short, and there is room again. */
  onWritable?(socket: TcpSocket): void;
  /** The peer has closed its direction; after what waits to be read comes the end. */
  onEnd?(socket: TcpSocket): void;
  /** All that was written (and the FIN, if `end` was called) is acknowledged. */
  onDrained?(socket: TcpSocket): void;
  /** Urgent data was announced (RFC 9293 3.8.5). */
  onUrgent?(socket: TcpSocket): void;
  /** Trouble that may pass: R1 reached, or a soft ICMP error, by name (MUST-47, SHLD-25); absent, nobody is told (SHLD-20). */
  onSoftError?(socket: TcpSocket, reason: string): void;
  /** It is over: both directions have ended (null), or it failed. What was received in order can still be read. */
  onClose?(socket: TcpSocket, error: TsynError | null): void;
}

export class TcpSocket implements TableEntry, Task {
  /** Where events go. One handler may serve many sockets. */
  handler: TcpHandler;
  /** For the application. */
  context: unknown = null;
  /** The engine's state of the connection: to be read, not written. */
  readonly tcb: Tcb;

  // The rest is the stack's.
  path: Path;
  /** The source route of what is sent; `path` leads to its first host. */
  route: SourceRoute | null = null;
  listener: TcpListener | null = null;
  dirty = false;
  endOnConnect = false;
  /** In the table of connections. */
  live = true;
  hash = 0;
  chain: TableEntry | null = null;
  at: number = Infinity;
  order = 0;
  slot = -1;
  readonly #tcp: Tcp;

  constructor(tcp: Tcp, tcb: Tcb, path: Path, handler: TcpHandler) {
    this.#tcp = tcp;
    this.tcb = tcb;
    this.path = path;
    this.handler = handler;
  }

  get local(): Address {
    return this.tcb.local;
  }

  get localPort(): number {
    return this.tcb.localPort;
  }

  get remote(): Address {
    return this.tcb.remote;
  }

  get remotePort(): number {
    return this.tcb.remotePort;
  }

  get localAddress(): string {
    return formatAddress(this.tcb.local);
  }

  get remoteAddress(): string {
    return formatAddress(this.tcb.remote);
  }

  get state(): State {
    return this.tcb.state;
  }

  /**
   * SEND (RFC 9293 3.10.2): copies what fits into the send buffer; `onWritable` follows if that was not all.
   *
   * @returns octets taken
   * @throws TsynError EPIPE after `end` or when the connection is over
   */
  write(data: Uint8Array, offset: number = 0, length: number = lengthFrom(data, offset)): number {
    checkRange('data', data, offset, length);
    return this.#send(data, offset, length, false);
  }

  /**
   * SEND without PUSH (MAY-15): more follows soon. What is less than a whole segment waits for it, 200 ms at most; a
   * `write` lets it go.
   */
  writeMore(data: Uint8Array, offset: number = 0, length: number = lengthFrom(data, offset)): number {
    checkRange('data', data, offset, length);
    return this.#send(data, offset, length, false, false);
  }

  /**
   * SEND of a record, or the rest of one: where `tcp.pushBursts` is set, no segment holds the end of it and the beginning of
   * the next.
   */
  writeRecord(data: Uint8Array, offset: number = 0, length: number = lengthFrom(data, offset)): number {
    checkRange('data', data, offset, length);
    return this.#send(data, offset, length, false, true, true);
  }

  /** Makes every `write` one that more follows; `cork(false)`, `end` and urgent data let go what waits. */
  cork(on: boolean = true): void {
    setCork(this.tcb, this.#tcp.env, on, this.#tcp.now());
    this.#tcp.called(this);
  }

  /** FLUSH (MAY-14): forgets what was written and never sent. @returns octets forgotten */
  discardUnsent(): number {
    const count = calls.discardUnsent(this.tcb, this.#tcp.env);
    this.#tcp.called(this);
    return count;
  }

  /**
   * The same with the urgent pointer after the last octet (RFC 9293 3.8.5, MUST-30).
   *
   * @deprecated For what exists already: new applications should not use urgent text (SHLD-13, RFC 6093).
   */
  writeUrgent(data: Uint8Array): number {
    checkRange('data', data, 0, lengthFrom(data, 0));
    return this.#send(data, 0, data.length, true);
  }

  /** RECEIVE (3.10.3): copies what has arrived in order into `target`. @returns octets copied; 0 when none wait */
  read(target: Uint8Array, offset: number = 0, length: number = lengthFrom(target, offset)): number {
    checkRange('target', target, offset, length);
    const { count } = calls.receive(this.tcb, this.#tcp.env, target, offset, length, this.#tcp.now());
    if (count > 0) this.#tcp.called(this);
    return count;
  }

  /** Octets that wait to be read. */
  get readableLength(): number {
    return this.tcb.rcv.text.length;
  }

  /**
   * Of these, how many the sender has pushed (PSH): a hint that a message may be whole (MAY-17). Text that closed a gap
   * counts as pushed.
   */
  get pushedLength(): number {
    return pushedLength(this.tcb);
  }

  /** Differentiated services code point of the segment that came last (MAY-9). */
  receivedDscp = 0;

  /** Octets written and not yet acknowledged. */
  get writableLength(): number {
    return this.tcb.snd.text.length;
  }

  /** A `write` would take something worth while; after one that did not take everything `onWritable` tells. */
  get hasRoom(): boolean {
    return hasRoom(this.tcb, this.#tcp.env);
  }

  /** What waits, as far as it lies together in memory: a view that is valid until the next call or event. */
  peek(): Uint8Array {
    return peek(this.tcb);
  }

  /** Takes `count` octets, seen with `peek`, as read. */
  consume(count: number): void {
    if (!Number.isInteger(count) || count < 0 || count > this.readableLength) {
      throw invalidArgument('count', count, `an integer from 0 to ${this.readableLength}`);
    }
    calls.consume(this.tcb, this.#tcp.env, count, this.#tcp.now());
    if (count > 0) this.#tcp.called(this);
  }

  /** The peer has closed and everything it sent has been read. */
  get atEnd(): boolean {
    return atEnd(this.tcb);
  }

  /** Octets of urgent data not yet read (MUST-33). */
  get urgentRemaining(): number {
    return urgentRemaining(this.tcb);
  }

  /** CLOSE (3.10.4): no more to write; the other direction goes on. Harmless when repeated. See `setLinger`. */
  end(): void {
    this.#tcp.prepare(this);
    if (this.tcb.state === 'SYN-SENT') {
      this.endOnConnect = true;
      return;
    }
    calls.close(this.tcb, this.#tcp.env, this.#tcp.now());
    this.#tcp.called(this);
  }

  /** Closes and goes: what was written is still delivered, what was not read is answered with a reset (SHLD-3). */
  destroy(): void {
    this.#tcp.prepare(this);
    calls.detach(this.tcb, this.#tcp.env, this.#tcp.now());
    this.#tcp.called(this);
  }

  /** ABORT (3.10.5): a reset, and nothing is left. Harmless when it is over already. */
  abort(): void {
    if (!this.live) {
      this.destroy(); // TIME-WAIT is the host's, and goes on
      return;
    }
    this.#tcp.prepare(this);
    calls.abort(this.tcb, this.#tcp.env, this.#tcp.now());
    this.#tcp.called(this);
  }

  /** Nagle off, or on again (MUST-17). */
  setNoDelay(on: boolean): void {
    this.#change({ noDelay: on });
    if (on && this.tcb.bursts !== null) this.tcb.bursts.atOnce = true; // whatever holds it
    this.#tcp.called(this); // what was held back may go
  }

  /** Octets that may wait to be read, from now on. A window that was offered is not taken back. */
  setReceiveBuffer(octets: number): void {
    checkInteger('octets', octets, 1, LARGEST_BUFFER);
    this.#change({ receiveBuffer: octets, receiveBufferMax: octets });
    this.tcb.rcv.buffer = octets;
  }

  /** Octets that may wait to be acknowledged, from now on. */
  setSendBuffer(octets: number): void {
    checkInteger('octets', octets, 1, LARGEST_BUFFER);
    this.#change({ sendBuffer: octets, sendBufferMax: octets });
    this.tcb.snd.buffer = octets;
    this.#tcp.called(this);
  }

  /** While so many octets are unsent `write` takes no more (Linux's TCP_NOTSENT_LOWAT); `Infinity` for no bound. */
  setUnsentLow(octets: number): void {
    if (!(octets > 0)) throw invalidArgument('octets', octets, 'a positive number of octets');
    this.#change({ unsentLow: octets });
    this.#tcp.called(this);
  }

  /** Whether text is acknowledged at once, as far as `tcp.quickAcks` goes, until the connection shows what suits it. */
  setQuickAck(on: boolean): void {
    setQuickAck(this.tcb, on);
    this.#tcp.called(this);
  }

  /** Keep-alive (MUST-24, MUST-27). @param idle ms of silence before the first probe */
  setKeepAlive(on: boolean, idle: number = this.tcb.options.keepAliveIdle): void {
    if (!(idle > 0)) throw invalidArgument('idle', idle, 'a positive number of milliseconds');
    setKeepAlive(this.tcb, this.#tcp.env, on, idle, this.#tcp.now());
    this.#tcp.called(this);
  }

  /** R2 for this connection, ms; `Infinity` never gives up (MUST-21), null is the host's default. */
  setUserTimeout(ms: number | null): void {
    if (ms !== null && !(ms > 0)) throw invalidArgument('ms', ms, 'a positive number of milliseconds, or null');
    this.#change({ userTimeout: ms });
    this.tcb.timers.user = Infinity; // the output pass sets it anew
    if (this.tcb.uto !== null) this.tcb.uto.owed = true;
    this.#tcp.called(this);
  }

  /** The same for the SYN, while that is not acknowledged. */
  setSynTimeout(ms: number | null): void {
    if (ms !== null && !(ms > 0)) throw invalidArgument('ms', ms, 'a positive number of milliseconds, or null');
    this.#change({ synTimeout: ms });
    if (!this.tcb.snd.synAcked) this.tcb.timers.user = Infinity;
    this.#tcp.called(this);
  }

  /**
   * What `end` and `destroy` do with text that is not yet acknowledged: null, the default, delivers it however long that
   * takes (R2); 0 aborts with a reset; so many ms are waited for the last acknowledgment, then it is aborted and
   * `onClose` says ETIMEDOUT.
   */
  setLinger(ms: number | null): void {
    if (ms !== null && !(ms >= 0)) throw invalidArgument('ms', ms, 'a number of milliseconds from 0, or null');
    this.#change({ linger: ms });
  }

  /** What the peer last said of its user timeout, ms (RFC 5482), if the option is used; null when it said nothing. */
  get peerUserTimeout(): number | null {
    const { uto } = this.tcb;
    return uto === null || uto.remote < 0 ? null : uto.remote;
  }

  /** TTL or hop limit, 1 .. 255 (MUST-49). */
  setTtl(ttl: number): void {
    if (!Number.isInteger(ttl) || ttl < 1 || ttl > 255) throw invalidArgument('ttl', ttl, 'an integer from 1 to 255');
    this.#change({ ttl });
  }

  /**
   * Differentiated services code point, 0 .. 63 (MUST-48, SHLD-21). Better chosen once: segments of two classes overtake
   * each other on their way, which looks like loss (SHLD-23).
   */
  setDscp(dscp: number): void {
    if (!Number.isInteger(dscp) || dscp < 0 || dscp > 63)
      throw invalidArgument('dscp', dscp, 'an integer from 0 to 63');
    this.#change({ dscp });
  }

  /** A snapshot in the manner of Linux's tcp_info. Cheap: nothing is walked through. */
  info(): TcpInfo {
    return tcpInfo(this.tcb, this.#tcp.env.config, this.#tcp.now());
  }

  /** For the scheduler. */
  run(now: number): void {
    this.#tcp.deadline(this, now);
  }

  #change(options: Partial<TcpOptions>): void {
    this.tcb.options = { ...this.tcb.options, ...options };
  }

  #send(data: Uint8Array, offset: number, length: number, urgent: boolean, push = true, record = false): number {
    if (this.endOnConnect) throw this.#closedForWriting();
    const { env } = this.#tcp;
    for (let done = 0; ; ) {
      const from = offset + done;
      const left = length - done;
      const { result, accepted } = calls.send(this.tcb, env, data, from, left, urgent, this.#tcp.now(), push, record);
      if (result === 'connection closing' || result === 'connection does not exist') {
        if (done > 0) return done;
        throw this.#closedForWriting();
      }
      done += accepted;
      this.#tcp.called(this);
      // In bursts what has been sent makes room for more.
      if (accepted === 0 || done === length || !env.config.pushBursts) return done;
    }
  }

  #closedForWriting(): TsynError {
    return syscallError('EPIPE', 'write', this.remoteAddress, this.remotePort);
  }
}

/** The octets of `data` after `offset`; `checkRange` judges both. */
function lengthFrom(data: Uint8Array, offset: number): number {
  return data instanceof Uint8Array ? data.length - offset : 0;
}

/** @throws TsynError ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE */
function checkRange(name: string, data: Uint8Array, offset: number, length: number): void {
  if (!(data instanceof Uint8Array)) throw invalidType(name, data, 'a Uint8Array');
  if (!Number.isInteger(offset) || offset < 0 || offset > data.length) {
    throw new TsynError('ERR_OUT_OF_RANGE', `offset must be an integer from 0 to ${data.length}, not ${offset}`);
  }
  if (!Number.isInteger(length) || length < 0 || offset + length > data.length) {
    throw new TsynError(
      'ERR_OUT_OF_RANGE',
      `length must be an integer from 0 to ${data.length - offset}, not ${length}`,
    );
  }
}
