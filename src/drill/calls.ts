/**
 * Owns: the system calls a script may make, by name: which arguments they take, what becomes of their descriptors, and what
 * is compared besides the result.
 */

import { TsynError } from '../stack/index.ts';
import { behind, described, field, integer, integerField, list, vectorLengths } from './arguments.ts';
import {
  atOnce,
  type Call,
  type Descriptor,
  done,
  failed,
  PipeBuffer,
  PipeReader,
  PipeWriter,
  POLLERR,
  POLLHUP,
  POLLNVAL,
  ZeroFile,
} from './descriptor.ts';
import { Epoll, type EpollEvent } from './epoll.ts';
import { DrillMismatch, DrillSkip } from './errors.ts';
import type { LivePacket } from './live.ts';
import { compareMessage, controlOf, errorControl } from './messages.ts';
import type { CallAction, Expression } from './script.ts';
import { getSocketOption, setSocketOption } from './socket-options.ts';
import { symbol } from './symbols.ts';
import {
  MSG_EOR,
  MSG_ERRQUEUE,
  MSG_FASTOPEN,
  MSG_PEEK,
  MSG_TRUNC,
  type SocketEnvironment,
  TcpDescriptor,
} from './tcp-descriptor.ts';
import { MOST_PARTS, MSG_ZEROCOPY } from './zero-copy.ts';

/** What a script has just done with a socket. */
export type SocketUse = 'socket' | 'listen' | 'accept' | 'connect';

/** The descriptors of a script, by the numbers that it gives them. */
export class Application {
  readonly environment: SocketEnvironment;
  readonly files: Map<number, Descriptor> = new Map();
  /** A TCP socket was made, came from `accept`, or began to connect: it is the one under test. */
  onSocket: (descriptor: TcpDescriptor, what: SocketUse) => void = () => {};

  constructor(environment: SocketEnvironment) {
    this.environment = environment;
  }

  /** Something has happened: waiters of epoll are woken up. */
  look(): void {
    for (const file of this.files.values()) if (file instanceof TcpDescriptor) file.look();
  }

  /** A packet has left the host. */
  left(packet: LivePacket): void {
    const { content } = packet;
    if (content.protocol !== 'tcp') return;
    for (const file of this.files.values()) if (file instanceof TcpDescriptor) file.left(content);
  }

  /**
   * Begins a call.
   *
   * @throws DrillMismatch arguments that make no sense; DrillSkip a call, or an option, that is not known here
   */
  begin(action: CallAction): Call {
    const handler = Object.hasOwn(CALLS, action.name) ? CALLS[action.name as keyof typeof CALLS] : undefined;
    if (handler === undefined) throw new DrillSkip(`unsupported system call ${action.name}`);
    const [least, most] = handler.arity;
    const { length } = action.args;
    if (length < least || length > most) {
      const want = least === most ? `${least}` : `${least} to ${most}`;
      throw new DrillMismatch(`${action.name}: expected ${want} arguments, not ${length}`);
    }
    return guarded(() => handler.run(this, action.args, action));
  }

  /** The script's numbers are names: one that is given again means the newer file. @throws DrillMismatch a negative number */
  bind(expected: Expression, file: Descriptor): number {
    const fd = integer(expected);
    if (fd < 0) throw new DrillMismatch(`expected ${fd}, actual a descriptor`);
    this.files.set(fd, file);
    return fd;
  }

  file(fd: Expression): Descriptor | undefined {
    return this.files.get(integer(fd));
  }
}

/** What the stack refuses is an errno to the application. */
function* guarded(begin: () => Call): Call {
  try {
    return yield* begin();
  } catch (error) {
    if (!(error instanceof TsynError)) throw error;
    return failed(error.code.startsWith('ERR_') ? 'EINVAL' : error.code);
  }
}

type Run = (app: Application, args: readonly Expression[], action: CallAction) => Call;

interface Handler {
  readonly arity: readonly [least: number, most: number];
  readonly run: Run;
}

/** A call on a file; EBADF where there is none. */
function onFile(
  arity: number,
  run: (file: Descriptor, args: readonly Expression[], app: Application) => Call,
): Handler {
  return {
    arity: [arity, arity],
    run: (app, args) => {
      const file = app.file(args[0]!);
      return file === undefined ? atOnce(failed('EBADF')) : run(file, args, app);
    },
  };
}

/** A call on a TCP socket; ENOTSOCK for other files. */
function onSocket(
  arity: number,
  run: (socket: TcpDescriptor, args: readonly Expression[], app: Application) => Call,
): Handler {
  return onFile(arity, (file, args, app) =>
    file instanceof TcpDescriptor ? run(file, args, app) : atOnce(failed('ENOTSOCK')),
  );
}

const accept: Run = (app, args, action) => {
  const file = app.file(args[0]!);
  if (file === undefined) return atOnce(failed('EBADF'));
  if (!(file instanceof TcpDescriptor)) return atOnce(failed('ENOTSOCK'));
  return file.accept((accepted) => {
    if (args.length === 4) accepted.nonBlocking = (integer(args[3]!) & SOCK_NONBLOCK) !== 0;
    app.onSocket(accepted, 'accept');
    return app.bind(action.result, accepted);
  });
};

const CALLS = {
  socket: { arity: [3, 3], run: openSocket },
  bind: onSocket(3, (socket, _args, { environment }) => atOnce(socket.bind(environment.bindPort))),
  listen: onSocket(2, (socket, args, app) => {
    const outcome = socket.listen(integer(args[1]!));
    if (outcome.errno === null) app.onSocket(socket, 'listen');
    return atOnce(outcome);
  }),
  accept: { arity: [3, 3], run: accept },
  accept4: { arity: [4, 4], run: accept },
  connect: onSocket(3, (socket, args, app) => {
    const unspecified = isUnspecified(args[1]!);
    if (socket.unconnected && !unspecified) app.onSocket(socket, 'connect');
    return socket.connect(unspecified);
  }),
  read: onFile(3, (file, args) => receive(file, args[1]!, integer(args[2]!), 0)),
  recv: onSocket(4, (socket, args) => receive(socket, args[1]!, integer(args[2]!), integer(args[3]!))),
  recvfrom: onSocket(6, (socket, args) => receive(socket, args[1]!, integer(args[2]!), integer(args[3]!))),
  readv: onFile(3, (file, args) => file.read(total(args[1]!, args[2]!), 0)),
  recvmsg: onSocket(3, receiveMessage),
  write: onFile(3, (file, args) => give(file, integer(args[2]!), 0, isNull(args[1]!))),
  send: onSocket(4, (socket, args, app) => send(socket, integer(args[2]!), integer(args[3]!), app, isNull(args[1]!))),
  sendto: onSocket(6, (socket, args, app) => {
    const flags = integer(args[3]!);
    if ((flags & MSG_FASTOPEN) !== 0 && isUnspecified(args[4]!)) return atOnce(failed('EOPNOTSUPP'));
    return send(socket, integer(args[2]!), flags, app, isNull(args[1]!));
  }),
  writev: onFile(3, (file, args) => file.write(total(args[1]!, args[2]!), 0)),
  sendmsg: onSocket(3, (socket, args, app) => {
    const vector = field(args[1]!, 'msg_iov');
    const lengths = vector === null ? [] : vectorLengths(vector);
    const flags = integer(args[2]!);
    return flags & MSG_ZEROCOPY ? sendParts(socket, lengths, flags, app) : send(socket, sum(lengths), flags, app);
  }),
  shutdown: onSocket(2, (socket, args) => atOnce(socket.shutdown(integer(args[1]!)))),
  close: {
    arity: [1, 1],
    run: (app, args) => {
      const file = app.file(args[0]!);
      if (file === undefined) return atOnce(failed('EBADF'));
      app.files.delete(integer(args[0]!));
      file.close();
      return atOnce(done(0));
    },
  },
  fcntl: { arity: [2, 3], run: fileControl },
  ioctl: onSocket(3, deviceControl),
  setsockopt: onSocket(5, (socket, args) => atOnce(setSocketOption(socket, args[1]!, args[2]!, args[3]!, args[4]!))),
  getsockopt: onSocket(5, (socket, args) => atOnce(getSocketOption(socket, args[1]!, args[2]!, args[3]!))),
  poll: { arity: [3, 3], run: poll },
  epoll_create: {
    arity: [1, 1],
    run: (app, _args, action) => atOnce(done(app.bind(action.result, new Epoll(app.environment.now)))),
  },
  epoll_ctl: { arity: [3, 4], run: controlEpoll },
  epoll_wait: { arity: [4, 4], run: waitForEpoll },
  pipe: { arity: [1, 1], run: openPipe },
  open: { arity: [2, 3], run: (app, _args, action) => atOnce(done(app.bind(action.result, new ZeroFile()))) },
  sendfile: { arity: [4, 4], run: (app, args) => copy(app, args[1]!, args[0]!, args[3]!) },
  splice: { arity: [6, 6], run: (app, args) => copy(app, args[0]!, args[2]!, args[4]!) },
} satisfies Readonly<Record<string, Handler>>;

const SOCK_NONBLOCK = 0o4000;
const O_NONBLOCK = 0o4000;
const O_RDWR = 2;

function openSocket(app: Application, args: readonly Expression[], action: CallAction): Call {
  const type = integer(args[1]!);
  if ((type & 0xf) !== symbol('SOCK_STREAM')) throw new DrillSkip(`unsupported socket type ${described(args[1]!)}`);
  const protocol = integer(args[2]!);
  if (protocol !== 0 && protocol !== symbol('IPPROTO_TCP')) {
    throw new DrillSkip(`unsupported protocol ${described(args[2]!)}`);
  }
  const descriptor = new TcpDescriptor(app.environment);
  descriptor.nonBlocking = (type & SOCK_NONBLOCK) !== 0;
  const fd = app.bind(action.result, descriptor);
  app.onSocket(descriptor, 'socket');
  return atOnce(done(fd));
}

/** The address is AF_UNSPEC, which is none. */
function isUnspecified(address: Expression): boolean {
  return address.kind === 'word' && address.name === 'AF_UNSPEC';
}

/** No buffer: nothing can be read from it, nothing written to it. */
function isNull(buffer: Expression): boolean {
  return buffer.kind === 'word' && buffer.name === 'NULL';
}

/** A read into a buffer that may be none: what waits stays then. */
function* receive(file: Descriptor, buffer: Expression, length: number, flags: number): Call {
  if (!isNull(buffer)) return yield* file.read(length, flags);
  const outcome = yield* file.read(length, flags | MSG_PEEK);
  return outcome.value > 0 ? failed('EFAULT') : outcome;
}

/** A write of what may be no text. @param bad it cannot be read, and is asked for when everything else is well */
function* give(file: Descriptor, length: number, flags: number, bad: boolean): Call {
  const unread = bad && length > 0;
  const outcome = yield* file.write(unread ? 0 : length, flags);
  return unread && outcome.errno === null ? failed('EFAULT') : outcome;
}

/** @param bad the text cannot be read: what connects on the way does so without it */
function* send(socket: TcpDescriptor, length: number, flags: number, app: Application, bad = false): Call {
  if (socket.unconnected && (flags & MSG_FASTOPEN) !== 0) app.onSocket(socket, 'connect');
  const outcome = yield* give(socket, length, flags, bad);
  if ((flags & MSG_ZEROCOPY) !== 0 && outcome.value > 0) socket.zeroCopy?.sent(socket.socket!);
  return outcome;
}

/** A send without a copy, of many parts: so many of them make a segment, and no more. */
function* sendParts(socket: TcpDescriptor, lengths: readonly number[], flags: number, app: Application): Call {
  let total = 0;
  for (let at = 0; at + MOST_PARTS < lengths.length; at += MOST_PARTS) {
    const length = sum(lengths.slice(at, at + MOST_PARTS));
    const outcome = yield* socket.write(length, flags | MSG_EOR);
    total += Math.max(outcome.value, 0);
    if (outcome.value < length) return total > 0 ? done(total) : outcome;
  }
  const rest = yield* send(socket, sum(lengths) - total, flags, app);
  return total > 0 ? done(total + Math.max(rest.value, 0)) : rest;
}

function* receiveMessage(socket: TcpDescriptor, args: readonly Expression[], app: Application): Call {
  const vector = field(args[1]!, 'msg_iov');
  const length = vector === null ? 0 : sum(vectorLengths(vector));
  const flags = integer(args[2]!);
  if (flags & MSG_ERRQUEUE) {
    const error = socket.errorQueue.take();
    if (error === null) return failed('EAGAIN');
    const withText = error.kind === 'stamp' && error.withText;
    if (withText && length > 0) throw new DrillSkip('the segment that a time stamp is about is read');
    compareMessage(args[1]!, MSG_ERRQUEUE | (withText ? MSG_TRUNC : 0), errorControl(error, socket, app.environment));
    return done(0);
  }
  const outcome = yield* socket.read(length, flags);
  compareMessage(args[1]!, 0, outcome.errno === null ? controlOf(socket) : []);
  return outcome;
}

/** Octets of an I/O vector whose number of entries is given too. */
function total(vector: Expression, count: Expression): number {
  const lengths = vectorLengths(vector);
  if (lengths.length !== integer(count)) {
    throw new DrillMismatch(`the I/O vector has ${lengths.length} entries, not ${integer(count)}`);
  }
  return sum(lengths);
}

function sum(lengths: readonly number[]): number {
  return lengths.reduce((a, b) => a + b, 0);
}

function fileControl(app: Application, args: readonly Expression[]): Call {
  const file = app.file(args[0]!);
  if (file === undefined) return atOnce(failed('EBADF'));
  const command = integer(args[1]!);
  if (command === symbol('F_GETFL')) return atOnce(done(O_RDWR | (file.nonBlocking ? O_NONBLOCK : 0)));
  if (command !== symbol('F_SETFL')) throw new DrillSkip(`unsupported fcntl ${described(args[1]!)}`);
  file.nonBlocking = args[2] !== undefined && (integer(args[2]) & O_NONBLOCK) !== 0;
  return atOnce(done(0));
}

function deviceControl(socket: TcpDescriptor, args: readonly Expression[]): Call {
  const request = integer(args[1]!);
  const counts: ReadonlyMap<number | undefined, () => number> = new Map([
    [symbol('SIOCINQ'), () => socket.queuedIn],
    [symbol('SIOCOUTQ'), () => socket.queuedOut],
    [symbol('SIOCOUTQNSD'), () => socket.unsent],
  ]);
  const count = counts.get(request);
  if (count === undefined) throw new DrillSkip(`unsupported ioctl ${described(args[1]!)}`);
  if (socket.listener !== null) return atOnce(failed('EINVAL'));
  const expected = behind(args[2]!);
  const actual = count();
  if (expected !== actual)
    throw new DrillMismatch(`${described(args[1]!)}: expected [${expected}], actual [${actual}]`);
  return atOnce(done(0));
}

// ---- Readiness ----

function* poll(app: Application, args: readonly Expression[]): Call {
  const entries = list(args[0]!);
  if (entries.length !== integer(args[1]!)) {
    throw new DrillMismatch(`${entries.length} entries, and nfds is ${integer(args[1]!)}`);
  }
  const timeout = integer(args[2]!);
  const { now } = app.environment;
  const deadline = timeout < 0 ? Infinity : now() + timeout;
  for (;;) {
    const actual = entries.map((entry) => readinessOf(app, entry));
    const ready = actual.filter((events) => events !== 0).length;
    if (ready > 0 || now() >= deadline) {
      entries.forEach((entry, i) => {
        const expected = integerField(entry, 'revents');
        if (expected !== actual[i]) {
          throw new DrillMismatch(`revents: expected ${hex(expected)}, actual ${hex(actual[i]!)}`);
        }
      });
      return done(ready);
    }
    yield deadline;
  }
}

function readinessOf(app: Application, entry: Expression): number {
  const file = app.files.get(integerField(entry, 'fd', -1));
  if (file === undefined) return POLLNVAL;
  return file.readiness() & (integerField(entry, 'events') | POLLERR | POLLHUP);
}

function controlEpoll(app: Application, args: readonly Expression[]): Call {
  const epoll = app.file(args[0]!);
  const target = app.file(args[2]!);
  if (!(epoll instanceof Epoll) || target === undefined) return atOnce(failed('EBADF'));
  if (!(target instanceof TcpDescriptor)) throw new DrillSkip('epoll on what is not a socket');
  const operation = integer(args[1]!);
  const events = args[3] === undefined || args[3].kind !== 'record' ? 0 : integerField(args[3], 'events');
  const data = args[3] === undefined ? '' : dataOf(args[3]);
  let error: string | null = 'EINVAL';
  if (operation === symbol('EPOLL_CTL_ADD')) error = epoll.add(target, events, data);
  else if (operation === symbol('EPOLL_CTL_MOD')) error = epoll.modify(target, events, data);
  else if (operation === symbol('EPOLL_CTL_DEL')) error = epoll.remove(target);
  return atOnce(error === null ? done(0) : failed(error));
}

/** The data of an event as text: whichever member of the union is written. */
function dataOf(event: Expression): string {
  for (const name of ['fd', 'u32', 'u64', 'ptr']) {
    if (field(event, name) !== null) return `${integerField(event, name)}`;
  }
  return '0';
}

function* waitForEpoll(app: Application, args: readonly Expression[]): Call {
  const epoll = app.file(args[0]!);
  if (!(epoll instanceof Epoll)) return failed(epoll === undefined ? 'EBADF' : 'EINVAL');
  const got: EpollEvent[] = [];
  const outcome = yield* epoll.wait(got, integer(args[2]!), integer(args[3]!));
  const first = got[0] ?? { events: 0, data: '0' };
  const events = integerField(args[1]!, 'events');
  if (events !== first.events) {
    throw new DrillMismatch(`events: expected ${hex(events)}, actual ${hex(first.events)}`);
  }
  const data = dataOf(args[1]!);
  if (data !== first.data) throw new DrillMismatch(`data: expected ${data}, actual ${first.data}`);
  return outcome;
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

// ---- Files and pipes ----

function openPipe(app: Application, args: readonly Expression[]): Call {
  const ends = list(args[0]!);
  if (ends.length !== 2) throw new DrillMismatch('expected [READ, WRITE]');
  const buffer = new PipeBuffer();
  app.bind(ends[0]!, new PipeReader(buffer));
  app.bind(ends[1]!, new PipeWriter(buffer));
  return atOnce(done(0));
}

/** sendfile and splice: what one file gives, another takes. The urgent octet is not among it. */
function* copy(app: Application, from: Expression, to: Expression, length: Expression): Call {
  const source = app.file(from);
  const target = app.file(to);
  if (source === undefined || target === undefined) return failed('EBADF');
  const urgent = source instanceof TcpDescriptor ? (source.socket?.urgentRemaining ?? 0) : 0;
  const wanted = urgent > 0 ? Math.min(integer(length), urgent - 1) : integer(length);
  const read = yield* source.read(wanted, 0);
  if (read.value <= 0) return read;
  return yield* target.write(read.value, 0);
}
