/**
 * Owns: captures of tsyn's own stack on a simulated network: what happens to connections happens there, each kind several times,
 * with a seed. A capture is what the hosts of one side saw; it is one for all kinds, as Wireshark takes long to start.
 */

import { Simulation } from '../dist/sim/index.js';

const PORT = 80;

/**
 * Each kind: how many pairs of hosts, the link between them, and what the two do. `talk` settings: octets the client writes
 * (`up`) and the server writes (`down`), how long a reader waits before it reads (`slow`, ms), `end` of the client's side.
 */
const KINDS = {
  clean: { pairs: 6, link: { latency: 20 }, talk: { up: 3000, down: 100_000 } },
  loss: { pairs: 12, link: { latency: 20, loss: 0.04 }, talk: { up: 60_000, down: 200_000 } },
  'loss without SACK': {
    pairs: 8,
    link: { latency: 15, loss: 0.04 },
    talk: { up: 60_000, down: 150_000 },
    options: { sack: false, timestamps: false },
  },
  bursts: { pairs: 8, link: { latency: 30, loss: 0.05, lossBurst: 4 }, talk: { up: 20_000, down: 150_000 } },
  disorder: { pairs: 10, link: { latency: 10, reorder: 0.08, reorderDelay: 12 }, talk: { up: 60_000, down: 120_000 } },
  jitter: { pairs: 6, link: { latency: 10, jitter: 4 }, talk: { up: 60_000, down: 120_000 } },
  duplicates: { pairs: 8, link: { latency: 10, duplicate: 0.1 }, talk: { up: 40_000, down: 80_000 } },
  corruption: { pairs: 6, link: { latency: 10, corrupt: 0.05 }, talk: { up: 40_000, down: 80_000 } },
  queue: {
    pairs: 6,
    link: { latency: 10, bandwidth: 5e6, queue: { packets: 12 } },
    talk: { up: 1000, down: 400_000 },
  },
  'small windows': {
    pairs: 8,
    link: { latency: 5, loss: 0.02 },
    talk: { up: 30_000, down: 60_000, slow: 40 },
    options: { receiveBuffer: 4000, receiveBufferMax: 4000, windowScaling: false },
  },
  'closed windows': {
    pairs: 8,
    link: { latency: 5, loss: 0.03 },
    talk: { up: 100_000, down: 100_000, slow: 9000 },
    options: { receiveBuffer: 6000, receiveBufferMax: 6000 },
  },
  'keep-alive': {
    pairs: 8,
    link: { latency: 20, loss: 0.1 },
    talk: { up: 500, down: 500, pause: 200_000 },
    options: { keepAlive: true, keepAliveIdle: 20_000, keepAliveInterval: 5000 },
  },
  'keep-alive with an octet': {
    pairs: 4,
    link: { latency: 20 },
    talk: { up: 500, down: 500, pause: 200_000 },
    options: { keepAlive: true, keepAliveIdle: 20_000, keepAliveInterval: 5000, keepAliveGarbage: true },
  },
  aborts: { pairs: 8, link: { latency: 20, loss: 0.02 }, talk: { up: 100_000, down: 100_000, abort: 130 } },
  'nobody listens': { pairs: 4, link: { latency: 20 }, talk: { up: 10, down: 10, port: 81 } },
  crash: { pairs: 6, link: { latency: 20 }, talk: { up: 300_000, down: 0, slow: 5, crash: 150 } },
  silence: { pairs: 4, link: { latency: 20 }, talk: { up: 100_000, down: 0, cut: 130 } },
  'the same ports again': {
    pairs: 6,
    link: { latency: 20, loss: 0.02 },
    talk: { up: 4000, down: 4000, localPort: 5000, again: 3 },
    config: { tcp: { reuseTimeWait: 'on' } },
  },
  'plain options': {
    pairs: 4,
    link: { latency: 20, loss: 0.03 },
    talk: { up: 30_000, down: 60_000 },
    options: { windowScaling: false, timestamps: false, sack: false },
  },
  IPv6: { pairs: 6, link: { latency: 20, loss: 0.03 }, talk: { up: 30_000, down: 100_000, family: 6 } },
};

/** Nothing of interest goes on longer, ms. */
const END = 600_000;

/**
 * @returns packets `{ time, octets, direction, side, kind }` as the hosts of both sides saw them, in the order of time, ms
 */
export function simulatedPackets(seed) {
  const packets = [];
  const capture = ({ host, ...packet }) => {
    const [side, kind] = host.split(':');
    packets.push({ ...packet, side, kind });
  };
  const sim = new Simulation({ seed, record: false, capture });
  for (const [name, kind] of Object.entries(KINDS)) begin(sim, name, kind);
  sim.run(END);
  return packets;
}

function begin(sim, name, { pairs, link, talk, options = {}, config }) {
  const setup = { tcp: options, ...(config === undefined ? {} : { config }) };
  for (let i = 0; i < pairs; i++) {
    const [client, server] = ['client', 'server'].map((side) => sim.host(`${side}:${name}:${i}`, setup));
    const line = sim.link(client, server, link);
    serve(sim, server, talk);
    server.onRestart(() => serve(sim, server, talk));
    sim.at(1 + i, () => call(sim, client, server, talk, talk.again ?? 1));
    if (talk.crash !== undefined) sim.at(talk.crash + i, () => server.crash());
    if (talk.crash !== undefined) sim.at(talk.crash + 2000 + i, () => server.restart());
    if (talk.cut !== undefined) sim.at(talk.cut + i, () => line.down());
  }
}

function serve(sim, host, talk) {
  host.stack.tcp.listen({
    port: PORT,
    onConnection: (socket) => {
      socket.handler = new Talker(sim, socket, talk.down, talk);
    },
  });
}

function call(sim, client, server, talk, times) {
  const address = server.addresses.find((text) => text.includes(':') === (talk.family === 6));
  const socket = client.stack.tcp.connect({
    address,
    port: talk.port ?? PORT,
    ...(talk.localPort === undefined ? {} : { localPort: talk.localPort }),
  });
  const talker = new Talker(sim, socket, talk.up, talk);
  socket.handler = talker;
  talker.over = () => {
    // The ports may be taken over from TIME-WAIT a second after the last segment (RFC 6191), or a minute after it.
    if (times > 1) sim.after(times % 2 === 0 ? 5000 : 90_000, () => call(sim, client, server, talk, times - 1));
  };
  if (talk.abort !== undefined) sim.after(talk.abort, () => socket.abort());
}

/** Writes so many octets, reads everything, a while after it came if it is slow, and ends. */
class Talker {
  #sim;
  #socket;
  #left;
  #talk;
  #waiting = false;
  over = () => {};

  constructor(sim, socket, octets, talk) {
    this.#sim = sim;
    this.#socket = socket;
    this.#left = octets;
    this.#talk = talk;
    this.#write();
  }

  onConnect() {
    this.#write();
  }

  onWritable() {
    this.#write();
  }

  onReadable() {
    if (this.#waiting) return;
    if (this.#talk.slow === undefined) this.#read();
    else {
      this.#waiting = true;
      this.#sim.after(this.#talk.slow, () => this.#read());
    }
  }

  onClose() {
    this.over();
  }

  #read() {
    this.#waiting = false;
    const into = new Uint8Array(65_536);
    while (this.#socket.live && this.#socket.read(into) > 0);
  }

  #write() {
    if (this.#socket.state !== 'ESTABLISHED' && this.#socket.state !== 'CLOSE-WAIT') return;
    while (this.#left > 0) {
      const taken = this.#socket.write(new Uint8Array(Math.min(this.#left, 16_384)));
      this.#left -= taken;
      if (taken === 0) return;
    }
    if (this.#left === 0) this.#end();
  }

  #end() {
    this.#left = -1;
    const { pause } = this.#talk;
    if (pause === undefined) this.#socket.end();
    else this.#sim.after(pause, () => this.#socket.live && this.#socket.end());
  }
}
