/**
 * Owns: one conversation's surroundings: a TUN device with the kernel on one end and a stack on the other, faults on demand
 * in between, a capture and a trace of everything.
 *
 *     kernel - TUN device - capture - (marks) - impair - (capture) - stack
 *
 * The first capture is what the kernel saw; the second, made where a case plans faults, what tsyn saw.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeededRandom } from '../dist/base/index.js';
import { impair, PacketPool, tap, tcpSegment } from '../dist/link/index.js';
import { EventLoopDriver, openCapture, openTun, randomKey, systemRandom } from '../dist/node/index.js';
import { createStack } from '../dist/stack/index.js';
import { ACK, FIN, formatEndpoint, parseAddress, RST, SYN } from '../dist/wire/index.js';
import { Flow } from './flow.mjs';
import { Kernel } from './kernel.mjs';
import { marked } from './marked.mjs';
import { tool } from './tools.mjs';
import { until } from './wait.mjs';

/** Trace events kept: the last so many. */
const KEPT_EVENTS = 500;

/**
 * How long both sides wait at least before they send again, ms, where no faults are planned: with the kernel's 200 ms a
 * machine that stops for a moment would look like a network that loses.
 */
const PATIENCE = 2000;

/** Worlds made so far: each has a device and networks of its own. */
let worlds = 0;

/** Which segments a rule of a wire is about, by name. */
const KINDS = {
  SYN: (s) => (s.flags & (SYN | ACK)) === SYN,
  'SYN,ACK': (s) => (s.flags & (SYN | ACK)) === (SYN | ACK),
  ACK: (s) => (s.flags & (SYN | FIN | RST | ACK)) === ACK && s.dataLength === 0,
  FIN: (s) => (s.flags & FIN) !== 0,
  RST: (s) => (s.flags & RST) !== 0,
  any: () => true,
};

export class World {
  /** 4 or 6. */
  family;
  /** The kernel's address and tsyn's, and one that nobody has. */
  kernelAddress;
  address;
  silent;
  stack;
  driver;
  link;
  /** The impaired link, or null where the world is without. */
  wire = null;
  /** Where congestion marks are set, or null. */
  marks = null;
  kernel;
  events = [];
  /** Files in which packets are: `{ side, path, capture }`. */
  captures = [];
  #number;
  #pool = new PacketPool();
  #watchers = new Set();
  #options;
  #upper;
  #trace = null;
  #kernels = [];
  #addresses = [];

  /**
   * `options`: offload (true), impaired (true), keepSegments (false: whether super-segments pass the wire whole), faults
   * (false: segments will be lost, injected and the like, and a second capture is made), trace (true), rtoMin (ms: how
   * long both sides wait at least before they send again), tcp (configuration of the engine), tcpOptions (of its
   * connections), seed, sysctls (`net.ipv4` settings by name: the kernel's side is in a network namespace of its own then),
   * marks (false: packets can be marked by `marks`).
   */
  static async open(family, directory, options = {}) {
    const world = new World();
    try {
      await world.#open(family, directory, options);
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  async #open(family, directory, options) {
    this.family = family;
    this.#options = options;
    // Sockets that the kernel has left from an earlier world would otherwise speak into this one.
    worlds = (worlds % 250) + 1;
    const number = worlds;
    this.#number = number;
    const net4 = `10.9.${number}`;
    const net6 = `fd09:0:0:${number.toString(16)}:`;
    const [kernel, here, silent] =
      family === 4 ? ['.1', '.2', '.77'].map((x) => net4 + x) : [':1', ':2', ':77'].map((x) => net6 + x);
    this.kernelAddress = canonical(kernel);
    this.address = canonical(here);
    this.silent = canonical(silent);

    this.driver = new EventLoopDriver();
    const { scheduler } = this.driver;
    this.kernel = this.newKernel();
    const device = `tsyn${number}`;
    this.link = await openTun({ name: device, pool: this.#pool, scheduler, offload: options.offload ?? true });
    await this.#configure(device, net4, net6, this.#rtoMin);
    if (options.trace !== false) {
      this.#trace = (event) => {
        this.events.push(event);
        if (this.events.length >= 2 * KEPT_EVENTS) this.events.splice(0, KEPT_EVENTS);
      };
    }
    const seen = this.#capture(directory, 'kernel');
    const watched = tap(this.link, scheduler, (direction, time, packet) => {
      seen(direction, time, packet);
      for (const watcher of this.#watchers) watcher(direction, packet);
    });
    this.#upper = watched;
    if (options.marks === true) {
      this.marks = marked(watched);
      this.#upper = this.marks.link;
    }
    if (options.impaired !== false) {
      this.wire = impair(this.#upper, scheduler, this.#pool, {
        random: new SeededRandom(options.seed ?? 1),
        name: 'wire',
        trace: this.#trace === null ? null : (event) => event.packet !== 0 && this.#trace(event),
        keepSegments: options.keepSegments ?? false,
      });
      this.#upper = options.faults === true ? tap(this.wire, scheduler, this.#capture(directory, 'tsyn')) : this.wire;
    }
    this.#addresses = [`${net4}.2/24`, `${net6}:2/64`];
    this.attach();
  }

  get #rtoMin() {
    return this.#options.rtoMin ?? (this.#options.faults === true ? undefined : PATIENCE);
  }

  /** The kernel's end of the device: as `configureTun` does it, but nobody else has to wait meanwhile. */
  async #configure(device, net4, net6, rtoMin) {
    const lines = [
      `link set dev ${device} txqueuelen 10000`,
      `address add ${net4}.1/24 dev ${device}`,
      `address add ${net6}:1/64 dev ${device} nodad`,
      `link set dev ${device} up`,
    ];
    if (rtoMin !== undefined) {
      const route = `dev ${device} proto kernel rto_min ${rtoMin}ms`;
      lines.push(`route replace ${net4}.0/24 scope link src ${net4}.1 ${route}`);
      lines.push(`route replace ${net6}:/64 metric 256 ${route}`);
    }
    const { sysctls } = this.#options;
    if (sysctls !== undefined) {
      const probe = readFileSync('/proc/sys/net/ipv4/tcp_early_retrans', 'latin1').trim();
      // Its answer says, too, that the process is in its namespace.
      await this.kernel.sysctl({ tcp_early_retrans: probe, ...sysctls });
      await tool('ip', ['link', 'set', 'dev', device, 'netns', `${this.kernel.pid}`]);
      lines.unshift('link set dev lo up');
    }
    const [command, ...words] = this.kernel.command('ip', '-batch', '-');
    await tool(command, words, { input: lines.join('\n') });
  }

  #capture(directory, side) {
    const path = join(directory, `${side}.pcapng`);
    const capture = openCapture(path);
    this.captures.push({ side, path, capture });
    return capture.port(`tsyn${this.#number}`, 'ip');
  }

  /** Puts a stack on the wire; one that was there before hears nothing any more, and says nothing. */
  attach() {
    const { scheduler } = this.driver;
    const { tcp = {} } = this.#options;
    const rtoMin = this.#rtoMin;
    this.wake();
    this.stack?.close();
    const minRto = rtoMin === undefined ? {} : { minRto: rtoMin, initialRto: Math.max(rtoMin, 1000) };
    this.stack = createStack({
      name: 'tsyn',
      scheduler,
      random: systemRandom,
      secret: randomKey(),
      pool: this.#pool,
      config: { tcp: { ...minRto, ...tcp } },
      tcp: this.#options.tcpOptions ?? {},
      trace: this.#trace,
    });
    const link = cuttable(this.#upper, this.#pool);
    this.stack.addInterface({ link, name: 'tun', addresses: this.#addresses });
  }

  newKernel() {
    const kernel = new Kernel({ isolated: this.#options.sysctls !== undefined });
    this.#kernels.push(kernel);
    return kernel;
  }

  /** Brings the stack's time up to date: said before every call from outside. */
  wake() {
    this.driver.wake();
  }

  // ---- Connections ----

  /** tsyn listens. `options` of {@link Flow}, port, and tcp: settings of the connections. */
  listen(options = {}) {
    this.wake();
    const flows = [];
    const { port = 0, tcp = {}, ...rest } = options;
    const listener = this.stack.tcp.listen({
      port,
      options: tcp,
      onConnection: (socket) => {
        const flow = this.#flow(rest);
        flow.take(socket);
        flows.push(flow);
      },
    });
    let taken = 0;
    return {
      port: listener.port,
      listener,
      flows,
      accept: async () => {
        await until(() => flows.length > taken, 'a connection at tsyn');
        return flows[taken++];
      },
    };
  }

  /** tsyn connects: a SYN leaves now. */
  connect(port, settings = {}) {
    const { address = this.kernelAddress, flow: flowOptions = {}, ...rest } = settings;
    const flow = this.#flow(flowOptions);
    this.wake();
    flow.take(this.stack.tcp.connect({ address, port, handler: flow.handler, ...rest }));
    return flow;
  }

  #flow(options) {
    return new Flow(this, options);
  }

  /** The kernel connects to a port of tsyn's. */
  kernelConnect(port, { kernel = this.kernel, localPort, ...options } = {}) {
    const where = { host: this.address, port, localAddress: this.kernelAddress };
    if (localPort !== undefined) where.localPort = localPort;
    return kernel.connect(where, options);
  }

  /** An established connection, opened by 'kernel' or 'tsyn': both ends of it. `tcp`: tsyn's settings for it. */
  async pair(opener, { options = {}, localPort, flow: flowOptions = {}, tcp = {} } = {}) {
    let flow;
    let socket;
    if (opener === 'kernel') {
      const listener = this.listen({ ...flowOptions, tcp });
      socket = await this.kernelConnect(listener.port, { localPort, ...options });
      flow = await listener.accept();
    } else {
      const server = await this.kernel.listen(this.kernelAddress, 0, options);
      const port = localPort === undefined ? {} : { localPort };
      flow = this.connect(server.port, { flow: flowOptions, options: tcp, ...port });
      socket = await server.accept();
    }
    await flow.connected();
    await socket.connected();
    return { flow, socket };
  }

  // ---- States ----

  /** tsyn's state of a connection, `CLOSED` where it has none. */
  stateOf(localPort, remotePort) {
    this.wake();
    return this.entryOf(localPort, remotePort)?.state ?? 'CLOSED';
  }

  /** When tsyn entered a state last, as far as the trace goes; the stack's time. */
  enteredAt(state) {
    return this.events.findLast((event) => event.type === 'state' && event.to === state)?.time;
  }

  /** tsyn's line about a connection, as netstat would have it. */
  entryOf(localPort, remotePort) {
    const local = this.endpoint(this.address, localPort);
    const remote = this.endpoint(this.kernelAddress, remotePort);
    return this.stack.sockets().find((info) => info.local === local && info.remote === remote);
  }

  /** The kernel's state of a connection, `CLOSED` where it has none. */
  kernelStateOf(localPort, remotePort) {
    return this.kernel.socketState(this.family, this.kernelAddress, localPort, remotePort);
  }

  /** What `ss -ti` says about the other end of a flow: see `Kernel.info`. */
  kernelInfo(flow) {
    const local = this.endpoint(this.kernelAddress, flow.remotePort);
    return this.kernel.info(local, this.endpoint(this.address, flow.localPort));
  }

  /** Whether a program listens on the kernel's address. */
  kernelListens(port) {
    return this.kernel.socketState(this.family, this.kernelAddress, port, 0) === 'LISTEN';
  }

  /** Waits until kernel and tsyn are in these states, and asks `ss` too. */
  async states(kernelPort, tsynPort, wantedKernel, wantedTsyn) {
    let kernel = '';
    let tsyn = '';
    const agrees = () => {
      kernel = this.kernelStateOf(kernelPort, tsynPort);
      tsyn = this.stateOf(tsynPort, kernelPort);
      return kernel === wantedKernel && tsyn === wantedTsyn;
    };
    const say = () =>
      `the kernel in ${wantedKernel} and tsyn in ${wantedTsyn}: the kernel is in ${kernel}, tsyn in ${tsyn}`;
    await until(agrees, say, 4000);
    const ends = [this.endpoint(this.kernelAddress, kernelPort), this.endpoint(this.address, tsynPort)];
    kernel = (await this.kernel.socketStates()).get(ends.join(' ')) ?? 'CLOSED';
    tsyn = this.stateOf(tsynPort, kernelPort);
    if (kernel !== wantedKernel || tsyn !== wantedTsyn) throw new Error(`the states did not stay: expected ${say()}`);
  }

  endpoint(address, port) {
    return formatEndpoint(parseAddress(address), port);
  }

  // ---- The wire ----

  /** A predicate for the wire: segments of a kind from 'kernel' or 'tsyn'; with a port, of that port at the kernel. */
  are(from, kind, kernelPort) {
    const way = from === 'kernel' ? 'receive' : 'send';
    const wanted = KINDS[kind];
    return (packet, direction) => {
      if (direction !== way) return false;
      const segment = tcpSegment(packet, 'ip');
      if (segment === null || !wanted(segment)) return false;
      return kernelPort === undefined || kernelPort === (from === 'kernel' ? segment.srcPort : segment.dstPort);
    };
  }

  /**
   * Stops the next segment of a kind until `go`. Repetitions are lost: of an ACK until then, of what stands once in a
   * stream (SYN, FIN) for ever.
   */
  freeze(from, kind, kernelPort) {
    const which = this.are(from, kind, kernelPort);
    const hold = this.wire.hold(which, 1);
    const rest = this.wire.drop(which);
    return {
      /** Fulfilled when there is one. */
      caught: async () => {
        await until(() => hold.packets.length > 0, `a segment to hold: ${kind} of ${from}`);
        this.#note(`${kind} of ${from} is held`);
      },
      go: () => {
        if (kind === 'ACK' || kind === 'RST') rest.stop();
        this.wake();
        this.#note(`${kind} of ${from} goes on`);
        hold.release();
      },
    };
  }

  /** Copies of the packets of a kind that pass between kernel and wire from now on. */
  record(from, kind) {
    const which = this.are(from, kind);
    const packets = [];
    this.#watchers.add((direction, packet) => {
      if (which(packet, direction)) packets.push(packet.buf.slice(packet.off, packet.off + packet.len));
    });
    return packets;
  }

  /** Lets tsyn receive a packet that the kernel does not send now. */
  inject(bytes) {
    this.wake();
    this.#note('a packet is put into the wire');
    this.wire.inject(bytes, 'receive');
  }

  /** For the ladder: what it cannot see, because packets of the device have no names. */
  #note(text) {
    this.#trace?.({ type: 'note', time: this.stack.now(), host: 'tsyn', text });
  }

  get tcpCounters() {
    return this.stack.mib.tcp;
  }

  /** Ends everything here. The captures are complete afterwards. */
  async close() {
    const kill = async () => {
      for (const kernel of this.#kernels) await kernel.kill();
    };
    // A namespace takes the devices in it along, which the link would call an error.
    const isolated = this.#options?.sysctls !== undefined;
    if (!isolated) await kill();
    this.stack?.close();
    this.#upper?.close();
    if (this.link !== undefined) {
      this.link.close();
      await this.link.closed;
    }
    if (isolated) await kill();
    this.driver?.close();
    for (const { capture } of this.captures) capture.close();
  }
}

/** A link of which the user may go, as a host that crashes does, without the wire going too. */
function cuttable(inner, pool) {
  let open = true;
  return {
    medium: inner.medium,
    mtu: inner.mtu,
    offload: inner.offload,
    send: (packet) => (open ? inner.send(packet) : pool.give(packet)),
    attach: (receiver) => inner.attach(receiver),
    close: () => {
      open = false;
    },
  };
}

function canonical(text) {
  return formatEndpoint(parseAddress(text), 0).replace(/^\[?(.*?)\]?:0$/, '$1');
}
