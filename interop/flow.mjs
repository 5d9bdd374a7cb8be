/** Owns: an application on tsyn that a test orders about: it writes the text of a seed, reads, digests or echoes. */

import { createHash } from 'node:crypto';
import { pattern } from './pattern.mjs';
import { until } from './wait.mjs';

/** Octets written to the socket at once. */
const CHUNK = 256 * 1024;

export class Flow {
  handler;
  socket = null;
  established = false;
  ended = false;
  closed = false;
  /** Why it closed, null for an orderly end. */
  error = null;
  received = 0;
  #world;
  #hash = createHash('sha256');
  #reading;
  #echo;
  #seed = 0;
  #written = 0;
  #wanted = 0;
  #scratch = null;
  #kept = null;

  /** `options`: echo, paused, keep (what was received can be had). */
  constructor(world, { echo = false, paused = false, keep = false } = {}) {
    this.#world = world;
    this.#echo = echo;
    this.#reading = !paused;
    if (keep) this.#kept = [];
    this.handler = {
      onConnect: () => {
        this.established = true;
        this.#pump();
      },
      onReadable: () => this.#read(),
      onWritable: () => this.#room(),
      onDrained: () => this.#room(),
      onEnd: () => this.#read(),
      onClose: (_socket, error) => {
        this.#read();
        this.closed = true;
        this.error = error;
      },
    };
  }

  take(socket) {
    this.socket = socket;
    socket.handler = this.handler;
    this.established ||= socket.state === 'ESTABLISHED' || socket.state === 'CLOSE-WAIT';
    this.#read();
  }

  get localPort() {
    return this.socket.localPort;
  }

  get remotePort() {
    return this.socket.remotePort;
  }

  get state() {
    return this.socket.state;
  }

  connected() {
    return until(() => {
      if (this.error !== null) throw this.error;
      return this.established;
    }, 'tsyn to be connected');
  }

  /** Fulfilled when the peer has closed and everything is read. */
  untilEnd(limit) {
    return until(
      () => {
        if (this.error !== null) throw this.error;
        return this.ended;
      },
      () => `the end of the stream at tsyn, which has ${this.received} octets`,
      limit,
    );
  }

  untilClosed(limit) {
    return until(() => this.closed, 'tsyn to be done with the connection', limit);
  }

  untilReceived(octets, limit) {
    return until(
      () => {
        if (this.error !== null) throw this.error;
        return this.received >= octets;
      },
      () => `${octets} octets at tsyn, which has ${this.received}`,
      limit,
    );
  }

  /** Writes the text of a seed. Fulfilled when tsyn has taken all of it. */
  async write(seed, octets, limit) {
    this.#seed = seed;
    this.#written = 0;
    this.#wanted = octets;
    this.#world.wake();
    this.#pump();
    await until(
      () => {
        if (this.error !== null) throw this.error;
        return this.#written === this.#wanted;
      },
      () => `tsyn to take ${octets} octets: it took ${this.#written}`,
      limit,
    );
  }

  /** Writes a little, at once. */
  say(text) {
    this.#world.wake();
    this.socket.write(Buffer.from(text, 'latin1'));
  }

  /** What was received, where it is kept. */
  get kept() {
    return Buffer.concat(this.#kept);
  }

  pause() {
    this.#reading = false;
  }

  resume() {
    this.#reading = true;
    this.#world.wake();
    this.#read();
  }

  end() {
    this.#world.wake();
    this.socket.end();
  }

  abort() {
    this.#world.wake();
    this.socket.abort();
  }

  /** SHA-256 of what was received. */
  digest() {
    return this.#hash.copy().digest('hex');
  }

  #pump() {
    while (this.#written < this.#wanted && this.socket !== null && !this.closed) {
      const piece = pattern(this.#seed, this.#written, Math.min(CHUNK, this.#wanted - this.#written));
      const taken = this.socket.write(piece);
      this.#written += taken;
      if (taken < piece.length) return;
    }
  }

  #room() {
    if (this.#echo) this.#read();
    else this.#pump();
  }

  #read() {
    const { socket } = this;
    if (socket === null || !this.#reading) return;
    if (this.#echo) this.#echoBack(socket);
    while (socket.readableLength > 0 && !this.#echo) {
      const view = socket.peek();
      this.received += view.length;
      this.#hash.update(view);
      this.#kept?.push(Buffer.from(view));
      socket.consume(view.length);
    }
    if (!socket.atEnd || this.ended) return;
    this.ended = true;
    if (this.#echo) socket.end();
  }

  #echoBack(socket) {
    this.#scratch ??= new Uint8Array(65536);
    const room = socket.tcb.options.sendBuffer;
    while (socket.readableLength > 0) {
      const free = room - socket.writableLength;
      if (free <= 0) return;
      const count = socket.read(this.#scratch, 0, Math.min(this.#scratch.length, free));
      this.received += count;
      socket.write(this.#scratch, 0, count);
    }
  }
}
