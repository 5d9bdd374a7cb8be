/**
 * Owns: TCP of a host: segments to connections, listeners and TIME-WAIT records; connections to the scheduler; signals
 * to applications. Every rule of TCP is in `tcp/`; here is only the order of things.
 *
 * A burst of packets is taken in whole before anything is answered: `input` lets the engine process each segment, and
 * `burstEnd` gives the news to the applications, then lets each connection's output pass pay what is owed, so that one
 * ACK, or the application's answer, serves them all (RFC 9293 MUST-58, MUST-59).
 */

import { ARRIVAL, type Task } from '../base/scheduler.ts';
import { CSUM_COMPLETE, type Packet } from '../link/packet.ts';
import {
  Acknowledgment,
  arrive,
  type CongestionController,
  calls,
  cubic,
  defaultTcpOptions,
  type Ends,
  flush,
  icmpError,
  initialSequence,
  isInFlight,
  newReno,
  nextDeadline,
  onDeadline,
  pathMtuChanged,
  reopen,
  resetUnknown,
  returnToListen,
  SIGNAL_ESTABLISHED,
  SIGNAL_SOFT_ERROR,
  Tcb,
  type TcpCounters,
  type TcpEnv,
  type TcpOptions,
  takeSignals,
  timestampOffset,
  timeWaitArrives,
} from '../tcp/index.ts';
import { ANY4 } from '../wire/address.ts';
import { readU16, readU32 } from '../wire/bytes.ts';
import { finish, pseudoHeader, sum } from '../wire/checksum.ts';
import { PROTO_TCP } from '../wire/ipv4.ts';
import { seq } from '../wire/seq.ts';
import { ACK, parseTcp, RST, Segment, SYN } from '../wire/tcp.ts';
import { TsynError } from './errors.ts';
import type { Interface } from './interface.ts';
import { deriveKey, drawSecret } from './keys.ts';
import type { Path } from './paths.ts';
import { type SourceRoute, takeRoute } from './source-route.ts';
import type { Stack } from './stack.ts';
import { wayTo } from './tcp-connect.ts';
import { SynCookies } from './tcp-cookies.ts';
import { softErrorName } from './tcp-errors.ts';
import { FastOpenServer, fastOpenKeys } from './tcp-fastopen.ts';
import { FastOpenCache, mayCarryText, waitsForText } from './tcp-fastopen-cache.ts';
import { type ListenOptions, listenLimits, TcpListener } from './tcp-listener.ts';
import { Listeners } from './tcp-listeners.ts';
import { NEWS, tell } from './tcp-news.ts';
import { type ConnectOptions, mergeTcpOptions } from './tcp-options.ts';
import { TcpOutbox } from './tcp-outbox.ts';
import { bindingOf, ephemeralPort } from './tcp-ports.ts';
import { TcpSocket } from './tcp-socket.ts';
import { ConnectionTable, type TableEntry } from './tcp-table.ts';
import { type TimeWaitEntry, TimeWaits } from './tcp-timewait.ts';
import { describeConnection, traceSegment } from './tcp-trace.ts';
import type { IcmpError, IpView, TransportProtocol } from './transport.ts';

export class Tcp implements TransportProtocol, Task {
  readonly env: TcpEnv;
  readonly counters: TcpCounters;
  /** Options of connections that do not say otherwise. */
  defaults: TcpOptions;
  readonly table: ConnectionTable;
  readonly timeWaits: TimeWaits;
  readonly listeners: Listeners = new Listeners();

  // Bookkeeping of a task: what waits in `#dirty` outside of a burst.
  at: number = Infinity;
  order = 0;
  slot = -1;

  readonly #stack: Stack;
  readonly #outbox: TcpOutbox;
  readonly #cookies: SynCookies;
  readonly #fastOpen: FastOpenServer;
  readonly #fastOpenCache: FastOpenCache;
  readonly #in: Segment = new Segment();
  readonly #dirty: TcpSocket[] = [];
  /** In a burst, or handing out news: output waits for the end of it. */
  #busy = false;
  #ids = 0;

  constructor(stack: Stack, options: Partial<TcpOptions>, controllers: Readonly<Record<string, CongestionController>>) {
    this.#stack = stack;
    this.#outbox = new TcpOutbox(stack);
    this.counters = stack.mib.tcp;
    const isnKey = deriveKey(stack.secret, 'tcpIsn');
    const timestampKey = deriveKey(stack.secret, 'tcpTimestamps');
    this.env = {
      name: stack.name,
      config: stack.config.tcp,
      counters: this.counters,
      buffers: stack.buffers,
      outbox: this.#outbox,
      controllers: { cubic, newreno: newReno, ...controllers },
      acknowledgment: new Acknowledgment(),
      out: new Segment(),
      boards: [],
      trace: null,
      initialSequence: (ends, now) => initialSequence(isnKey, ends, now),
      timestampOffset: (ends) => timestampOffset(timestampKey, ends),
      describe: describeConnection,
    };
    this.defaults = mergeTcpOptions({ ...defaultTcpOptions, ttl: stack.config.ip.ttl }, options, this.env.controllers);
    this.#cookies = new SynCookies(this.env, stack.config.tcp.synCookies, deriveKey(stack.secret, 'tcpSynCookies'));
    this.#fastOpen = new FastOpenServer(this.counters, deriveKey(stack.secret, 'tcpFastOpen'));
    this.#fastOpenCache = new FastOpenCache(stack.config.tcp);
    this.table = new ConnectionTable(deriveKey(stack.secret, 'tcpTable'));
    this.timeWaits = new TimeWaits(stack, this.env, this.table, stack.config.tcp.maxTimeWaits);
  }

  /** ms. In a burst time stands still; a call from outside the scheduler first asks what time it is. */
  now(): number {
    return this.#busy ? this.#stack.scheduler.now : this.#stack.scheduler.refresh();
  }

  // ---- The user's calls ----

  /**
   * Passive OPEN. Connections stay as they are (MUST-41), those that are being opened from this port too (MUST-42).
   *
   * @throws TsynError EADDRINUSE, EADDRNOTAVAIL, ERR_INVALID_ARG_VALUE, ERR_INVALID_STATE (the stack is closed)
   */
  listen(settings: ListenOptions): TcpListener {
    this.#checkOpen();
    const limits = listenLimits(settings, this.#stack.config.tcp.maxHalfOpen);
    const options = mergeTcpOptions(this.defaults, settings.options, this.env.controllers);
    const { port, address, family } = bindingOf(this.#stack, this.listeners, settings);
    const listener = new TcpListener(this, port, address, family, options, limits, settings);
    this.listeners.add(listener);
    return listener;
  }

  /**
   * Active OPEN: a SYN leaves now, or with `fastOpen` and without `data` at the end of the turn; the handler hears of the rest.
   *
   * @throws TsynError ERR_INVALID_ARG_VALUE, ENETUNREACH (no route, or not a unicast address: MUST-46), EADDRNOTAVAIL,
   *   EADDRINUSE (the pair is in use), ERR_INVALID_STATE (the stack is closed)
   */
  connect(settings: ConnectOptions): TcpSocket {
    this.#checkOpen();
    const options = mergeTcpOptions(this.defaults, settings.options, this.env.controllers);
    const { remote, path, route } = wayTo(this.#stack, settings);
    const { port } = settings;
    const localPort = settings.localPort || ephemeralPort(this.#stack, path, port);
    const ends: Ends = { local: path.local, localPort, remote, remotePort: port };
    const tcb = new Tcb(++this.#ids, ends, options);
    this.timeWaits.follow(tcb, path);
    this.#setPath(tcb, path, route);
    const socket = new TcpSocket(this, tcb, path, settings.handler ?? {});
    socket.route = route;
    this.table.insert(socket);
    this.prepare(socket);
    const now = this.now();
    tcb.fastOpen = this.#fastOpenCache.prepare(tcb, options.fastOpen, now);
    calls.open(tcb, this.env, 'active', now);
    tcb.resumes = null;
    if (settings.data === undefined) this.called(socket);
    else this.#sendWithSyn(socket, settings.data, now);
    return socket;
  }

  /** The SYN leaves with what of `data` it carries; the rest is not taken. */
  #sendWithSyn(socket: TcpSocket, data: Uint8Array, now: number): void {
    const { tcb } = socket;
    calls.send(tcb, this.env, data, 0, Math.min(data.length, tcb.mtu), false, now);
    this.#flush(socket);
    calls.discardUnsent(tcb, this.env);
  }

  /** Whether data would go with the SYN of such a connection: there is a cookie, and nothing speaks against it. Throws as `connect`. */
  canFastOpen(settings: ConnectOptions): boolean {
    const { fastOpen } = mergeTcpOptions(this.defaults, settings.options, this.env.controllers);
    const { path, remote } = wayTo(this.#stack, settings);
    const ends: Ends = { local: path.local, localPort: 0, remote, remotePort: settings.port };
    const fast = this.#fastOpenCache.prepare(ends, fastOpen, this.now());
    return fast !== null && mayCarryText(fast);
  }

  /** Forgets the fast open cookies of peers, and where fast open failed. */
  forgetFastOpenPeers(): void {
    this.#fastOpenCache.clear();
  }

  /**
   * Makes fast open cookies with a new key from now on (RFC 7413 5.2 advises to, now and then). Cookies under the key
   * before it are still taken, and exchanged.
   */
  rotateFastOpenKey(): void {
    this.#fastOpen.rotate(drawSecret(this.#stack.random));
  }

  /**
   * The same with keys of the user's choice: hosts that share an address must share them. Linux hosts may be among them: a key is the
   * octets that TCP_FASTOPEN_KEY takes, or the four words of net.ipv4.tcp_fastopen_key, each least significant octet first.
   *
   * @param current 16 octets
   * @param previous 16 octets, or null: no other cookies are taken
   * @throws TsynError ERR_INVALID_ARG_VALUE
   */
  setFastOpenKeys(current: Uint8Array, previous: Uint8Array | null = null): void {
    this.#fastOpen.keys = fastOpenKeys(current, previous);
  }

  // ---- Packets ----

  input(packet: Packet, ip: IpView, _iface: Interface): void {
    const { counters } = this;
    const stack = this.#stack;
    counters.TcpInSegs++;
    if (ip.broadcast) {
      stack.drop('tcp-broadcast', packet); // MUST-57
      return;
    }
    const { payloadOffset, payloadLength } = ip;
    if (packet.checksum === CSUM_COMPLETE) {
      const pseudo = pseudoHeader(ip.src, ip.dst, PROTO_TCP, payloadLength);
      if (finish(sum(packet.buf, packet.words, payloadOffset, payloadLength, pseudo)) !== 0) {
        counters.TcpInErrs++;
        counters.TcpInCsumErrors++;
        stack.drop('tcp-checksum', packet); // MUST-3
        return;
      }
    }
    const segment = this.#in;
    const parsed = parseTcp(packet.buf, payloadOffset, payloadLength, segment);
    if (parsed !== 'ok' || segment.srcPort === 0 || segment.dstPort === 0) {
      counters.TcpInErrs++;
      stack.drop(parsed === 'ok' ? 'tcp-port' : `tcp-${parsed}`, packet);
      return;
    }
    segment.segmentSize = packet.segmentSize;
    segment.ecn = ip.tos & 3;
    if (segment.oddOptions) counters.TcpOddOptions++;
    this.env.trace = stack.trace;
    if (stack.trace !== null) traceSegment(stack, 'segment-received', packet.id, ip.src, ip.dst, segment);

    this.#busy = true;
    const entry = this.table.find(ip.dst, segment.dstPort, ip.src, segment.srcPort);
    if (entry === null) this.#toListener(segment, ip, null);
    else if (entry instanceof TcpSocket) this.#toConnection(entry, segment, ip);
    else this.#toTimeWait(entry as TimeWaitEntry, segment, ip);
    stack.pool.give(packet);
  }

  burstEnd(): void {
    this.#drain();
  }

  /** A segment for a connection: its own steps now, answers at the end of the burst. */
  #toConnection(socket: TcpSocket, segment: Segment, ip: IpView): void {
    const { tcb } = socket;
    socket.receivedDscp = ip.tos >> 2;
    if (tcb.state === 'SYN-RECEIVED' && socket.listener?.full && (segment.flags & (ACK | RST)) === ACK) {
      // No room to accept it yet: the peer will say it again (RFC 9293 3.10.1; the kernel does the same).
      this.counters.TcpExtListenOverflows++;
      return;
    }
    const { una } = tcb.snd;
    if (ip.route !== null) takeRoute(this.#stack, socket, segment, ip.route);
    this.prepare(socket);
    arrive(tcb, this.env, segment, this.now());
    if (tcb.signals & SIGNAL_ESTABLISHED) socket.listener?.arrived(socket);
    if (tcb.snd.una !== una && socket.path.neighbour !== null) this.#stack.paths.confirm(socket.path);
    this.#touch(socket);
    // What is over leaves the table before the burst's next segment comes for it; the news of it waits its turn.
    if (tcb.state === 'TIME-WAIT' || tcb.state === 'CLOSED' || tcb.state === 'LISTEN') this.#flush(socket);
  }

  #toTimeWait(entry: TimeWaitEntry, segment: Segment, ip: IpView): void {
    this.#bind(this.#pathBack(ip), this.defaults);
    const outcome = timeWaitArrives(entry, this.env, segment, this.now());
    if (outcome === 'restart') this.timeWaits.restarted(entry);
    else if (outcome === 'reopen') this.#toListener(segment, ip, entry);
  }

  /** A segment that belongs to no connection: a listener's (perhaps reopening a TIME-WAIT), or nobody's. */
  #toListener(segment: Segment, ip: IpView, resumes: TimeWaitEntry | null): void {
    const path = this.#pathBack(ip);
    if (path === null) return;
    const listener = this.listeners.find(ip.dst, segment.dstPort);
    if (listener === null) {
      if (resumes !== null) return; // the old incarnation stays
      this.#bind(path, this.defaults);
      const { srcPort, dstPort } = segment;
      const ends: Ends = { local: ip.dst, localPort: dstPort, remote: ip.src, remotePort: srcPort };
      resetUnknown(ends, this.env, segment);
      return;
    }
    const opens = (segment.flags & (SYN | ACK | RST)) === SYN;
    if (opens && listener.full) {
      this.counters.TcpExtListenOverflows++;
      this.counters.TcpExtListenDrops++;
      return;
    }
    const tcb = listener.spare();
    tcb.local = path.local;
    tcb.remote = path.remote;
    tcb.localPort = segment.dstPort;
    tcb.remotePort = segment.srcPort;
    const route = opens ? ip.route : null;
    const way = route === null ? path : this.#stack.ip.pathTo(route.first, ip.dst);
    if (typeof way === 'string' || way.broadcast) return;
    this.#setPath(tcb, way, route);
    this.#bind(way, tcb.options, route);
    if (resumes === null && this.#cookies.take(listener, tcb, segment, this.now()) === 'done') return;
    if (resumes !== null) {
      this.timeWaits.remove(resumes);
      reopen(resumes, tcb, this.env, this.now());
    }
    if (tcb.state === 'LISTEN') {
      if (opens && resumes === null) this.#fastOpen.judge(listener, tcb, segment, this.now());
      arrive(tcb, this.env, segment, this.now());
    }
    if (tcb.state === 'LISTEN') return;
    const socket = new TcpSocket(this, tcb, way, listener.handler);
    socket.route = route;
    socket.receivedDscp = ip.tos >> 2;
    socket.listener = listener;
    listener.opening.add(socket);
    this.table.insert(socket);
    if (tcb.signals & SIGNAL_ESTABLISHED) listener.arrived(socket);
    if (tcb.fastOpened) this.#fastOpen.opened(socket, listener);
    this.#touch(socket);
    if (listener.opening.size > listener.maxHalfOpen) this.#giveWay(listener);
  }

  /** ICMP (RFC 9293 3.9.2.2, RFC 5927): for the connection it quotes (MUST-54), about a segment that may be in the network. */
  error(error: IcmpError): void {
    const { buf, quoteOffset } = error;
    const localPort = readU16(buf, quoteOffset);
    const remotePort = readU16(buf, quoteOffset + 2);
    const entry = this.table.find(error.local, localPort, error.remote, remotePort);
    if (!(entry instanceof TcpSocket)) return;
    const { tcb, path } = entry;
    if (!isInFlight(tcb, this.env, seq(readU32(buf, quoteOffset + 4)))) return;
    this.env.trace = this.#stack.trace;
    this.prepare(entry);
    if (error.kind === 'packet-too-big') {
      this.#stack.paths.packetTooBig(path, error.mtu);
    } else {
      // Every parameter problem is a soft error to TCP, of IPv6 too (RFC 9293 3.9.2.2, MUST-56).
      const hard = error.hard && error.kind === 'unreachable';
      icmpError(tcb, this.env, hard, softErrorName(error), this.now());
    }
    this.#touch(entry);
    if (!this.#busy) this.#later();
  }

  // ---- Applications and the scheduler ----

  /** The engine is about to work on this connection. */
  prepare(socket: TcpSocket): void {
    this.env.trace = this.#stack.trace;
    const { tcb, path } = socket;
    this.#bind(path, tcb.options, socket.route);
    this.#stack.paths.refresh(path);
    // Another connection of this path may have heard what it carries, or the route has changed.
    if (tcb.mtu !== path.mtu) pathMtuChanged(tcb, this.env, path.mtu);
  }

  /** An application has made a call: in a burst its answer waits for the end of it, else it goes out now. */
  called(socket: TcpSocket): void {
    if (this.#busy) {
      this.#touch(socket);
      return;
    }
    if (waitsForText(socket.tcb)) {
      this.#touch(socket);
      this.#later();
      return;
    }
    this.#flush(socket);
    if (socket.tcb.signals !== 0) {
      this.#touch(socket);
      this.#later();
    }
  }

  /** A connection's deadline has come, or an older one has; harmless then. */
  deadline(socket: TcpSocket, now: number): void {
    this.prepare(socket);
    onDeadline(socket.tcb, this.env, now);
    this.#touch(socket);
    this.#drain();
  }

  /** News that came outside of a burst. */
  run(): void {
    this.#drain();
  }

  #later(): void {
    if (this.slot < 0) this.#stack.scheduler.schedule(this, this.now(), ARRIVAL);
  }

  #touch(socket: TcpSocket): void {
    if (socket.dirty) return;
    socket.dirty = true;
    this.#dirty.push(socket);
  }

  /** News to the applications, then the output pass of each connection. */
  #drain(): void {
    const dirty = this.#dirty;
    this.#busy = true;
    let done = 0;
    try {
      // The list grows while applications answer.
      for (; done < dirty.length; ) {
        const socket = dirty[done++]!;
        try {
          this.#notify(socket);
        } finally {
          socket.dirty = false;
          this.#flush(socket);
          if (socket.tcb.signals !== 0) this.#touch(socket);
        }
      }
    } finally {
      this.#busy = false;
      if (done === dirty.length) dirty.length = 0;
      else {
        // An application threw: the others are served in the next turn.
        dirty.splice(0, done);
        this.#later();
      }
    }
  }

  #flush(socket: TcpSocket): void {
    if (!socket.live) return;
    const { tcb } = socket;
    const now = this.now();
    this.prepare(socket);
    flush(tcb, this.env, now);
    if (tcb.fastOpened) this.#fastOpen.follow(socket, now);
    if (tcb.fastOpen !== null) this.#fastOpenCache.follow(tcb, tcb.fastOpen, now);
    switch (tcb.state) {
      case 'CLOSED':
      case 'LISTEN':
        this.#remove(socket);
        return;
      case 'TIME-WAIT':
        this.#remove(socket);
        this.timeWaits.enter(tcb, now);
        return;
    }
    // A later deadline can wait until the earlier one has come: most are put off again before that.
    const due = nextDeadline(tcb);
    if (due < socket.at) this.#stack.scheduler.schedule(socket, due);
  }

  #remove(socket: TcpSocket): void {
    socket.live = false;
    this.#stack.scheduler.cancel(socket);
    this.table.remove(socket);
    if (socket.listener !== null) {
      // Nobody has heard of it, and nobody will.
      socket.listener.lost(socket);
      socket.listener = null;
      socket.tcb.signals = 0;
    }
  }

  /**
   * Too many connections are half open, and there are no cookies (`synCookies` is 'off', or the newest reopens a
   * TIME-WAIT, whose ACK no listener would see): the oldest goes without a word (RFC 4987 3.2). A genuine client needs one
   * round trip; a flood has to be quicker than that to push it out.
   */
  #giveWay(listener: TcpListener): void {
    const [oldest] = listener.opening;
    if (oldest === undefined) return;
    this.counters.TcpExtTCPReqQFullDrop++;
    this.prepare(oldest);
    returnToListen(oldest.tcb, this.env, this.now());
    this.#flush(oldest);
  }

  /** Gives a connection's news to its application. What an exception of a handler cuts short is told in the next turn. */
  #notify(socket: TcpSocket): void {
    const { tcb } = socket;
    for (let left = takeSignals(tcb); left !== 0; left = takeSignals(tcb)) {
      try {
        for (let i = 0; i < NEWS.length; i++) {
          const signal = NEWS[i]!;
          if ((left & signal) === 0) continue;
          left &= ~signal;
          // R1: IP may know another way (MUST-20).
          if (signal === SIGNAL_SOFT_ERROR && tcb.rtt.backoff > 0) this.#stack.paths.doubt(socket.path);
          if (signal === SIGNAL_ESTABLISHED) this.#established(socket);
          else tell(socket, signal);
        }
      } finally {
        tcb.signals |= left;
      }
    }
  }

  #established(socket: TcpSocket): void {
    try {
      if (socket.listener !== null) this.#handOver(socket, socket.listener);
    } finally {
      try {
        tell(socket, SIGNAL_ESTABLISHED);
      } finally {
        if (socket.endOnConnect) {
          socket.endOnConnect = false;
          socket.end();
        }
      }
    }
  }

  #handOver(socket: TcpSocket, listener: TcpListener): void {
    socket.listener = null;
    listener.lost(socket);
    this.counters.TcpPassiveOpens++;
    if (listener.closed) {
      socket.handler = {}; // nobody has heard of it
      socket.abort();
    } else {
      listener.established(socket);
    }
  }

  // ---- For listeners ----

  listeningTcb(listener: TcpListener): Tcb {
    const ends: Ends = { local: ANY4, localPort: listener.port, remote: ANY4, remotePort: 0 };
    const tcb = new Tcb(++this.#ids, ends, listener.options);
    calls.open(tcb, this.env, 'passive', this.now());
    return tcb;
  }

  unlisten(listener: TcpListener): void {
    this.listeners.remove(listener);
    for (const socket of listener.waiting.splice(0)) socket.abort();
    for (const socket of [...listener.opening]) socket.abort();
  }

  close(): void {
    for (const entry of this.table) {
      if (!(entry instanceof TcpSocket)) continue;
      this.#stack.scheduler.cancel(entry);
      entry.live = false;
    }
    this.#stack.scheduler.cancel(this);
    this.timeWaits.close();
    this.listeners.clear();
  }

  // ---- Small things ----

  #checkOpen(): void {
    if (this.#stack.closed) throw new TsynError('ERR_INVALID_STATE', 'the stack is closed');
  }

  #setPath(tcb: Tcb, path: Path, route: SourceRoute | null): void {
    tcb.mtu = path.mtu;
    tcb.ipHeader = path.family === 4 ? 20 : 40;
    tcb.ipOptions = route === null ? 0 : route.octets;
    tcb.superSegment = route === null ? path.iface.link.offload.segmentation : 0;
  }

  #bind(path: Path | null, options: TcpOptions, route: SourceRoute | null = null): void {
    this.#outbox.path = path;
    this.#outbox.route = route;
    this.#outbox.ttl = options.ttl;
    this.#outbox.tos = options.dscp << 2; // as it is (SHLD-22)
  }

  /** The way back to whoever sent this packet; null where there is none, or it leads to more than one host (MUST-63). */
  #pathBack(ip: IpView): Path | null {
    const path = this.#stack.ip.pathTo(ip.src, ip.dst);
    return typeof path === 'string' || path.broadcast ? null : path;
  }

  /** Connections, listeners and TIME-WAIT records. */
  entries(): IterableIterator<TableEntry> {
    return this.table[Symbol.iterator]();
  }
}
