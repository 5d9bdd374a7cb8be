/**
 * Owns: `tsyn nc`: one connection between the stack and the process's standard input and output. End of input is a FIN,
 * and the other direction goes on (RFC 9293 3.6.1).
 */

import type { EventLoopDriver } from '../node/index.ts';
import { syscallError, type TsynError } from '../stack/index.ts';
import type { TcpListener } from '../stack/tcp-listener.ts';
import type { TcpHandler, TcpSocket } from '../stack/tcp-socket.ts';
import { maySend } from '../tcp/index.ts';
import { formatEndpoint, parseAddress } from '../wire/index.ts';
import { type Arguments, COMMON, integer, parse, UsageError, wrong } from './args.ts';
import type { Command, Io } from './command.ts';
import { HOST_HELP, HOST_OPTIONS, type Host, hostSettings, openHost } from './host.ts';
import { grouped } from './report.ts';

export const command: Command = {
  help: `Usage: tsyn nc --link LINK --address A/P,... [OPTIONS] HOST PORT
       tsyn nc -l --link LINK --address A/P,... [OPTIONS] PORT

Connects (or with -l waits for one connection), sends standard input, prints what comes to standard output. The end of
the input closes this side's direction; the command ends when the peer has closed the other one.

${HOST_HELP}  -l, --listen         wait for a connection on PORT
  -w, --wait SECONDS   give up connecting after so long
  -v, --verbose        say what happens, on standard error
  --json               when it is over, one JSON object on standard error: octets, and how it ended

HOST is an IP address. Exit status 1 where the connection fails.
`,

  async run(words: readonly string[], io: Io): Promise<number> {
    const args = parse(words, {
      ...COMMON,
      ...HOST_OPTIONS,
      listen: { type: 'boolean', short: 'l' },
      wait: { type: 'string', short: 'w' },
      verbose: { type: 'boolean', short: 'v' },
    });
    const target = targetOf(args);
    const wait = args.integer('wait', 1, 86_400);
    const settings = hostSettings(args);
    const host = await openHost(settings, 'tsyn', { capture: args.text('capture') });
    const say = (text: string): void => {
      if (args.has('verbose')) io.stderr.line(`tsyn nc: ${text}`);
    };
    say(`up on ${host.description}`);
    const { error, octetsIn, octetsOut } = await converse(host, target, wait, io, say);
    await host.close();
    if (args.has('json')) io.stderr.line(JSON.stringify({ octetsIn, octetsOut, error: error?.code ?? null }));
    else if (error !== null) io.stderr.line(`tsyn nc: ${error.message}`);
    say(`in ${grouped(octetsIn)}, out ${grouped(octetsOut)} octets`);
    return error === null ? 0 : 1;
  },
};

interface Target {
  /** null to listen. */
  readonly address: string | null;
  readonly port: number;
}

function targetOf(args: Arguments): Target {
  const [first, second, extra] = args.positionals;
  if (args.has('listen')) {
    if (first === undefined) throw new UsageError('a PORT is needed to listen on');
    if (second !== undefined) throw new UsageError(`unexpected argument '${second}'`);
    if (args.has('wait')) throw new UsageError('--wait is for connecting, not for --listen');
    return { address: null, port: integer('PORT', first, 1, 65535) };
  }
  if (first === undefined || second === undefined) throw new UsageError('HOST and PORT are needed');
  if (extra !== undefined) throw new UsageError(`unexpected argument '${extra}'`);
  if (parseAddress(first) === null) throw wrong('HOST', 'an IP address', first);
  return { address: first, port: integer('PORT', second, 1, 65535) };
}

interface Outcome {
  readonly error: TsynError | null;
  readonly octetsIn: number;
  readonly octetsOut: number;
}

function converse(
  host: Host,
  { address, port }: Target,
  wait: number | undefined,
  io: Io,
  say: (text: string) => void,
): Promise<Outcome> {
  const { stack, driver } = host;
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    let listener: TcpListener | undefined;
    const plug = new Plug(driver, io, say, (outcome) => {
      clearTimeout(timer);
      listener?.close();
      resolve(outcome);
    });
    host.lost.then((reason) => plug.fail(reason ?? syscallError('ENETDOWN', 'read')));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => plug.fail(syscallError('EINTR', address === null ? 'accept' : 'read')));
    }
    try {
      driver.wake();
      if (address === null) {
        listener = stack.tcp.listen({
          port,
          onConnection: (socket) => {
            // One only: the next finds a closed port.
            listener?.close();
            plug.take(socket);
          },
        });
        say(`listening on port ${port}`);
        return;
      }
      plug.take(stack.tcp.connect({ address, port }));
      if (wait === undefined) return;
      timer = setTimeout(() => {
        if (!plug.connected) plug.fail(syscallError('ETIMEDOUT', 'connect', address, port));
      }, wait * 1000);
    } catch (error) {
      plug.fail(error as TsynError);
    }
  });
}

/** Joins a connection to standard input and output, as fast as the slower of each two allows. */
class Plug implements TcpHandler {
  connected = false;
  #octetsIn = 0;
  #octetsOut = 0;
  #socket: TcpSocket | null = null;
  /** What of the input the send buffer has not taken yet. */
  #rest: Uint8Array | null = null;
  #inputOver = false;
  #outputFull = false;
  #done = false;
  readonly #driver: EventLoopDriver;
  readonly #io: Io;
  readonly #say: (text: string) => void;
  readonly #finish: (outcome: Outcome) => void;

  constructor(driver: EventLoopDriver, io: Io, say: (text: string) => void, finish: (outcome: Outcome) => void) {
    this.#driver = driver;
    this.#io = io;
    this.#say = say;
    this.#finish = finish;
    io.stdout.onBroken = () => this.fail(syscallError('EPIPE', 'write'));
  }

  take(socket: TcpSocket): void {
    this.#socket = socket;
    socket.handler = this;
  }

  onConnect(socket: TcpSocket): void {
    this.connected = true;
    const ends = [formatEndpoint(socket.local, socket.localPort), formatEndpoint(socket.remote, socket.remotePort)];
    this.#say(`established: ${ends.join(' with ')}`);
    const { stdin, stdout } = this.#io;
    stdin.on('data', (data: Uint8Array) => {
      this.#driver.wake();
      this.#rest = data;
      stdin.pause();
      this.#write();
    });
    const inputOver = (): void => {
      this.#driver.wake();
      this.#inputOver = true;
      this.#write();
    };
    stdin.on('end', inputOver);
    stdin.on('error', inputOver);
    stdout.stream.on('drain', () => {
      this.#driver.wake();
      this.#outputFull = false;
      this.#read();
    });
  }

  onReadable(): void {
    this.#read();
  }

  onWritable(): void {
    this.#write();
  }

  onEnd(): void {
    this.#say('the peer has closed its direction');
    // Someone at a keyboard does not know; a pipe or a file may have more to say, and its end will come.
    if (this.#io.stdin.isTTY === true) {
      this.#inputOver = true;
      this.#rest = null;
      this.#write();
    }
  }

  onClose(socket: TcpSocket, error: TsynError | null): void {
    this.#outputFull = false;
    this.#read();
    if (error === null) this.#say(`closed: ${socket.state}`);
    this.#over(error);
  }

  /** Ends it from this side. */
  fail(error: TsynError): void {
    if (this.#done) return;
    this.#driver.wake();
    const socket = this.#socket;
    this.#over(error);
    socket?.abort();
  }

  #over(error: TsynError | null): void {
    if (this.#done) return;
    this.#done = true;
    this.#io.stdin.pause();
    this.#finish({ error, octetsIn: this.#octetsIn, octetsOut: this.#octetsOut });
  }

  #write(): void {
    const socket = this.#socket;
    if (socket === null || this.#done || !maySend(socket.state)) return;
    if (this.#rest !== null) {
      const taken = socket.write(this.#rest);
      this.#octetsOut += taken;
      this.#rest = taken < this.#rest.length ? this.#rest.subarray(taken) : null;
      if (this.#rest !== null) return;
    }
    if (this.#inputOver) socket.end();
    else this.#io.stdin.resume();
  }

  #read(): void {
    const socket = this.#socket;
    if (socket === null || this.#done) return;
    for (let view = socket.peek(); view.length > 0 && !this.#outputFull; view = socket.peek()) {
      // A copy: the view is the connection's, and the stream may keep it for a while.
      const { length } = view;
      this.#outputFull = !this.#io.stdout.write(view.slice());
      socket.consume(length);
      this.#octetsIn += length;
    }
  }
}
