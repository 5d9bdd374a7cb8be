/**
 * Owns: the kernel as the suite sees it: its sockets (those of a child process, `kernel-child.mjs`), and the states it says
 * they are in (`ss`).
 */

import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseAddress, writeAddress } from '../dist/wire/index.js';
import { until } from './wait.mjs';

const run = promisify(execFile);

/** A process full of kernel sockets. */
export class Kernel {
  /** `isolated`: in a network namespace of its own. */
  isolated;
  #child;
  #orders = new Map();
  #last = 0;
  #states = [];
  #gone = false;

  constructor({ isolated = false } = {}) {
    this.isolated = isolated;
    const path = fileURLToPath(new URL('./kernel-child.mjs', import.meta.url));
    const words = [...(isolated ? ['unshare', '--net'] : []), process.execPath, path];
    this.#child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (message) => {
      if (message.id === undefined) {
        this.#states[message.socket] = message.state;
        return;
      }
      const order = this.#orders.get(message.id);
      this.#orders.delete(message.id);
      if (message.error === undefined) order.resolve(message.value);
      else order.reject(Object.assign(new Error(`kernel: ${message.error.message}`), { code: message.error.code }));
    });
    this.#child.on('exit', () => {
      this.#gone = true;
      for (const order of this.#orders.values()) order.reject(new Error('the kernel side is gone'));
      this.#orders.clear();
    });
  }

  order(op, details = {}) {
    if (this.#gone) return Promise.reject(new Error('the kernel side is gone'));
    const id = ++this.#last;
    const answer = new Promise((resolve, reject) => this.#orders.set(id, { resolve, reject }));
    this.#child.send({ id, op, ...details });
    return answer;
  }

  /** `unshare` becomes the process: it has the same number. */
  get pid() {
    return this.#child.pid;
  }

  /** A command and its words, to be run in the namespace of this process. */
  command(...words) {
    return this.isolated ? ['nsenter', `--net=/proc/${this.pid}/ns/net`, ...words] : words;
  }

  /** Sets `net.ipv4` settings in the namespace of this process: for connections that are made from now on. */
  sysctl(settings) {
    return this.order('sysctl', { settings });
  }

  /**
   * What `ss -tio` says about a connection of these two endpoints: its words (`sack`, `ecn`, ...), and its fields (`name:value`)
   * by name.
   */
  async info(local, remote) {
    const lines = (await this.#ss('-tinoOH')).split('\n').map((line) => line.trim().split(/\s+/));
    const line = lines.find((words) => plain(words[3]) === local && plain(words[4]) === remote);
    if (line === undefined) throw new Error(`ss knows no connection ${local} ${remote}`);
    const words = line.slice(5);
    const fields = words.filter((word) => word.includes(':')).map((word) => word.split(/:(.*)/));
    return { words: new Set(words), fields: new Map(fields) };
  }

  /**
   * The states of the TCP sockets in this namespace as `ss` lists them, in the RFC's words: a Map of `local remote` to state.
   */
  async socketStates() {
    const states = new Map();
    for (const line of (await this.#ss('-tanH')).split('\n')) {
      const [state, , , local, remote] = line.trim().split(/\s+/);
      if (remote !== undefined) states.set(`${plain(local)} ${plain(remote)}`, WORDS[state] ?? state);
    }
    return states;
  }

  async #ss(...words) {
    const [command, ...rest] = this.command('ss', ...words);
    return (await run(command, rest, { timeout: 10_000, maxBuffer: 64 * 1024 * 1024 })).stdout;
  }

  /**
   * The kernel's state of one connection of these ports, `CLOSED` where there is none: the same as `ss` says, without a
   * process for each look. `address` is the kernel's and belongs to one world.
   */
  socketState(family, address, localPort, remotePort) {
    const ends = [hexAddress(family, address) + hexPort(localPort), hexPort(remotePort)];
    const table = `/proc/${this.isolated ? this.pid : 'self'}/net/${family === 4 ? 'tcp' : 'tcp6'}`;
    for (const line of readFileSync(table, 'latin1').split('\n')) {
      const [, local, remote, state] = line.trim().split(/\s+/);
      if (local === ends[0] && remote?.endsWith(ends[1])) return NUMBERED[Number.parseInt(state, 16)] ?? state;
    }
    return 'CLOSED';
  }

  /** What is known of the sockets, by number. */
  get states() {
    return this.#states;
  }

  /** Listens; `port` 0 chooses one. `options`: echo, paused. */
  async listen(host, port = 0, options = {}) {
    const server = await this.order('listen', { host, port, options });
    return new KernelServer(this, server);
  }

  /** Begins to connect. `where` as for `net.connect`: host, port, localAddress, localPort. */
  async connect(where, options = {}) {
    const state = await this.order('connect', { where, options });
    return new KernelSocket(this, state.number);
  }

  /** Ends the process at once. Its sockets are closed by the kernel. */
  async kill() {
    if (this.#gone) return;
    const exit = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await exit;
  }
}

class KernelServer {
  #kernel;
  #number;
  #taken = 0;
  port;

  constructor(kernel, { number, port }) {
    this.#kernel = kernel;
    this.#number = number;
    this.port = port;
  }

  /** The next connection, in the order in which they came. */
  async accept() {
    const mine = () => this.#kernel.states.filter((state) => state?.server === this.#number);
    await until(() => mine().length > this.#taken, 'a connection at the kernel');
    return new KernelSocket(this.#kernel, mine()[this.#taken++].number);
  }

  close() {
    return this.#kernel.order('unlisten', { number: this.#number });
  }
}

export class KernelSocket {
  #kernel;
  #number;

  constructor(kernel, number) {
    this.#kernel = kernel;
    this.#number = number;
  }

  /** As last heard: received, connected, ended, closed, error, localPort, remotePort. `received` is not told by itself. */
  get state() {
    return this.#kernel.states[this.#number];
  }

  #order(op, details = {}) {
    return this.#kernel.order(op, { number: this.#number, ...details });
  }

  /** The state at this moment. */
  now() {
    return this.#order('state');
  }

  connected() {
    return until(() => this.state?.connected || this.#failed(), 'the kernel to be connected');
  }

  ended() {
    return until(() => this.state?.ended || this.#failed(), 'the kernel to see the end of the stream');
  }

  closed() {
    return until(() => this.state?.closed, 'the kernel to be done with the connection');
  }

  #failed() {
    if (this.state?.error) throw new Error(`the kernel's socket failed: ${this.state.error}`);
    return false;
  }

  /** Fulfilled when the kernel has taken all of it. */
  write(seed, octets) {
    return this.#order('write', { seed, octets });
  }

  end() {
    return this.#order('end');
  }

  reset() {
    return this.#order('reset');
  }

  pause() {
    return this.#order('pause');
  }

  resume() {
    return this.#order('resume');
  }

  /** SHA-256 of what was received. */
  digest() {
    return this.#order('digest');
  }

  async received(octets, limit) {
    await until(async () => (await this.now()).received >= octets, `${octets} octets at the kernel`, limit);
  }
}

const WORDS = { ESTAB: 'ESTABLISHED', 'SYN-RECV': 'SYN-RECEIVED' };

/** Without the interface that `ss` names in some addresses. */
function plain(endpoint) {
  return endpoint?.replace(/%[^\]:]*/, '');
}

/** The states of /proc/net/tcp in the order of the kernel's numbers. */
const NUMBERED = [
  '',
  'ESTABLISHED',
  'SYN-SENT',
  'SYN-RECEIVED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'TIME-WAIT',
  'CLOSED',
  'CLOSE-WAIT',
  'LAST-ACK',
  'LISTEN',
  'CLOSING',
  'SYN-RECEIVED',
];

function hexPort(port) {
  return `:${port.toString(16).padStart(4, '0').toUpperCase()}`;
}

/** Words of 32 bits, each in the machine's order. */
function hexAddress(family, text) {
  const octets = new Uint8Array(family === 4 ? 4 : 16);
  writeAddress(parseAddress(text), octets, 0);
  const words = new Uint32Array(octets.buffer);
  return [...words].map((word) => word.toString(16).padStart(8, '0').toUpperCase()).join('');
}
