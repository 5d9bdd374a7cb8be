/**
 * Owns: `tsyn up`: a host that serves until it is told to stop, and says what becomes of each connection.
 */

import type { Capture } from '../node/index.ts';
import type { TsynError } from '../stack/index.ts';
import { LiveLadder, type TraceEvent } from '../trace/index.ts';
import { formatEndpoint } from '../wire/index.ts';
import { type Arguments, COMMON, integer, parse, UsageError, wrong } from './args.ts';
import type { Command, Io } from './command.ts';
import type { Conversation, Observer } from './conversation.ts';
import { HOST_HELP, HOST_OPTIONS, type Host, hostSettings, openHost } from './host.ts';
import { counterLines, grouped, socketLines } from './report.ts';
import { ending, SERVICES, ServiceHost, type ServiceName } from './services.ts';
import { countersOf } from './site.ts';

/** The host's name in traces. */
const NAME = 'tsyn';

export const command: Command = {
  help: `Usage: tsyn up --link LINK --address A/P,... [--serve SERVICE:PORT,...] [OPTIONS]

A host on a link, answering pings and serving. Each connection's life is printed to standard output.

${HOST_HELP}  --serve S:PORT,...   services: echo, discard, chargen, http (http:80)
  -v, --verbose        every change of state of every connection
  --ladder             every segment, as it is sent or received, drawn as an arrow
  --json               one JSON object a line

SIGINT (Ctrl-C) and SIGTERM end it: connections are reset, a summary is printed. SIGUSR1 prints sockets and counters.

Example:
  sudo tsyn up --link tun:tsyn0 --address 10.77.0.2/24 --configure 10.77.0.1/24 --serve http:80
  curl http://10.77.0.2/
`,

  async run(words: readonly string[], io: Io): Promise<number> {
    const options = {
      serve: { type: 'string' },
      verbose: { type: 'boolean', short: 'v' },
      ladder: { type: 'boolean' },
    } as const;
    const args = parse(words, { ...COMMON, ...HOST_OPTIONS, ...options });
    const [extra] = args.positionals;
    if (extra !== undefined) throw new UsageError(`unexpected argument '${extra}'`);
    const settings = hostSettings(args);
    const wanted = servicesOf(args);
    if (args.has('ladder') && args.has('json')) throw new UsageError('--ladder is for people, --json for programs');
    const log = new Log(io, { json: args.has('json'), ladder: args.has('ladder'), verbose: args.has('verbose') });
    const stopped = untilStopped(io);
    const host = await openHost(settings, NAME, { trace: log.trace, capture: args.text('capture') });
    return serve(host, wanted, settings.addresses, log, stopped);
  },
};

interface Wanted {
  readonly service: ServiceName;
  readonly port: number;
}

function servicesOf(args: Arguments): Wanted[] {
  const wanted: Wanted[] = [];
  for (const text of args.list('serve')) {
    const [, name, port] = /^([^:]*):(.*)$/.exec(text) ?? [];
    const service = SERVICES.find((one) => one === name);
    if (service === undefined || port === undefined) {
      throw wrong('--serve', `SERVICE:PORT with a service of ${SERVICES.join(', ')}`, text);
    }
    const number = integer(`the port of --serve ${service}`, port, 1, 65535);
    if (wanted.some((other) => other.port === number)) throw new UsageError(`--serve has port ${number} twice`);
    wanted.push({ service, port: number });
  }
  return wanted;
}

async function serve(
  host: Host,
  wanted: readonly Wanted[],
  addresses: readonly string[],
  log: Log,
  stopped: Promise<string>,
): Promise<number> {
  const { stack, driver } = host;
  const services = new ServiceHost(stack, log);
  const report = (): void => {
    driver.wake();
    log.report(host);
  };
  process.on('SIGUSR1', report);
  try {
    for (const { service, port } of wanted) services.listen(service, port);
    log.up(host, addresses, wanted);
    const end = await Promise.race([stopped, host.lost]);
    driver.wake();
    if (typeof end === 'string') {
      services.close();
      log.summary(host, services, end);
      return 0;
    }
    log.talk(end === null ? 'the link has been closed by its other end' : end.message);
    services.close();
    log.summary(host, services, 'the link is gone');
    return 1;
  } finally {
    process.off('SIGUSR1', report);
    await host.close();
    log.captured(host.capture);
  }
}

/** Columns for the ladder: the terminal's, less what a peer's address of IPv4 takes. */
function widthOf({ stdout }: Io): { width?: number } {
  return stdout.isTTY ? { width: stdout.stream.columns - 23 } : {};
}

/** The signal that ends it, or that nobody reads its output any more. */
function untilStopped(io: Io): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => resolve(signal));
    }
    io.stdout.onBroken = () => resolve('output closed');
  });
}

/** What is said of connections: lines for people, or objects for programs. */
class Log implements Observer {
  /** What the stack's events go to, null where nobody asked for them. */
  readonly trace: ((event: TraceEvent) => void) | null;
  readonly #io: Io;
  readonly #json: boolean;
  readonly #ladder: LiveLadder | null;
  /** The ladder's last row is shown at the turn's end. */
  #waiting = false;

  constructor(io: Io, { json, ladder, verbose }: { json: boolean; ladder: boolean; verbose: boolean }) {
    this.#io = io;
    this.#json = json;
    this.#ladder = ladder ? new LiveLadder((line) => io.stdout.line(line), { host: NAME, ...widthOf(io) }) : null;
    this.trace = ladder || verbose ? (event) => this.#event(event) : null;
  }

  talk(text: string): void {
    this.#io.stderr.line(`tsyn up: ${text}`);
  }

  up(host: Host, addresses: readonly string[], wanted: readonly Wanted[]): void {
    const services = wanted.map(({ service, port }) => `${service}:${port}`);
    this.#say({ event: 'up', link: host.description, addresses, services }, () => [
      `up on ${host.description}; ${addresses.join(', ')}; serving ${services.join(', ') || 'nothing but pings'}`,
    ]);
  }

  accepted(conversation: Conversation): void {
    this.#of(conversation, 'established', {});
  }

  served(conversation: Conversation, what: string): void {
    this.#of(conversation, what, {}, 'served');
  }

  peerClosed(conversation: Conversation): void {
    this.#of(conversation, `peer has closed its direction: ${conversation.socket.state}`, {}, 'peer-closed');
  }

  closed(conversation: Conversation, error: TsynError | null): void {
    const { octetsIn, octetsOut, lasted, socket } = conversation;
    const how = ending(conversation, error);
    const ms = Math.round(lasted);
    const facts = { in: octetsIn, out: octetsOut, state: socket.state, ms };
    const octets = `in ${grouped(octetsIn)}, out ${grouped(octetsOut)} octets`;
    const text = `${how}: ${socket.state}; ${octets}, ${grouped(ms)} ms`;
    this.#of(conversation, text, { ...facts, how, error: error?.code ?? null }, 'closed');
  }

  /** What became of the capture. */
  captured(capture: Capture | null): void {
    if (capture === null) return;
    const { packets, dropped, error } = capture;
    if (error !== null) this.talk(error.message);
    this.#say({ event: 'captured', packets, dropped, error: error?.code ?? null }, () => [
      `captured ${grouped(packets)} packets${dropped > 0 ? `, ${grouped(dropped)} not written` : ''}`,
    ]);
  }

  #event(event: TraceEvent): void {
    if (this.#ladder === null) this.#state(event);
    else {
      this.#ladder.event(event);
      if (!this.#waiting) setImmediate(() => this.#endOfTurn());
      this.#waiting = true;
    }
  }

  #endOfTurn(): void {
    this.#waiting = false;
    this.#ladder?.flush();
  }

  /** Changes of state, where everything is to be said. */
  #state(event: TraceEvent): void {
    if (event.type !== 'state') return;
    const { local, remote } = event.connection;
    if (remote.endsWith(':0')) return; // a listener, before it knows its peer
    this.#say({ event: 'state', local, remote, from: event.from, to: event.to }, () => [
      `  ${local} <- ${remote}  ${event.from} -> ${event.to}`,
    ]);
  }

  report(host: Host): void {
    const sockets = host.stack.sockets(1000);
    const counters = countersOf(host.stack);
    this.#say({ event: 'report', sockets, counters }, () => [...socketLines(sockets), '', ...counterLines(counters)]);
  }

  summary(host: Host, services: ServiceHost, why: string): void {
    const { accepted, refused, octetsIn, octetsOut } = services;
    const { TcpRetransSegs: retransmitted, TcpInSegs: segmentsIn, TcpOutSegs: segmentsOut } = host.stack.mib.tcp;
    const facts = { why, accepted, refused, octetsIn, octetsOut, segmentsIn, segmentsOut, retransmitted };
    this.#say({ event: 'down', ...facts }, () => [
      `down (${why}): ${accepted} connections${refused > 0 ? `, ${refused} refused` : ''}; in ${grouped(octetsIn)}, out ` +
        `${grouped(octetsOut)} octets; segments in ${segmentsIn}, out ${segmentsOut}, retransmitted ${retransmitted}`,
    ]);
  }

  #of(conversation: Conversation, text: string, facts: object, event: string = text): void {
    const { id, service, socket } = conversation;
    const remote = formatEndpoint(socket.remote, socket.remotePort);
    const what = event === 'served' ? { what: text } : {};
    this.#say({ event, id, service, remote, ...what, ...facts }, () => [
      `#${id} ${service.padEnd(7)} ${remote}  ${text}`,
    ]);
  }

  #say(facts: object, lines: () => string[]): void {
    this.#ladder?.flush();
    if (this.#json) this.#io.stdout.line(JSON.stringify(facts));
    else for (const line of lines()) this.#io.stdout.line(line);
  }
}
