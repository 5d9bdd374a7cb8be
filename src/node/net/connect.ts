/**
 * Owns: where `socket.connect` goes: checks, the look-up of names, and trying several addresses (RFC 8305, as far as Node
 * does: families in turn, each attempt with a time limit). Leaves to others: one attempt (`tcp-handle.ts`).
 */

import dns from 'node:dns';
import { isIP } from 'node:net';
import { dnsFamily, type GivenOptions } from './arguments.ts';
import {
  aggregateError,
  coded,
  connectError,
  invalidAddressFamily,
  invalidArgType,
  invalidIpAddress,
} from './errors.ts';
import type { NetHost } from './host.ts';
import type { SocketMethods } from './socket.ts';
import type { TcpHandle } from './tcp-handle.ts';
import { validateBoolean, validateFunction, validateInt32, validateNumber, validatePort } from './validate.ts';

/** What a socket does for this file. */
export interface Steps {
  /** Gives the socket a handle that was not used yet. */
  renew(): TcpHandle<SocketMethods>;
  /** The socket's handle is connected. */
  connected(): void;
}

interface Target {
  readonly address: string;
  readonly family: number;
}

/** What one call of `connect` asks for, checked. */
interface Plan {
  readonly socket: SocketMethods;
  readonly host: NetHost;
  readonly steps: Steps;
  readonly port: number;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  /** ms for each of several attempts but the last. */
  readonly attemptTimeout: number;
}

/** Shortest time for an attempt, ms. */
const LEAST_ATTEMPT_TIMEOUT = 10;

/** @throws what Node throws for wrong arguments; everything later is an 'error' event */
export function lookupAndConnect(socket: SocketMethods, host: NetHost, options: GivenOptions, steps: Steps): void {
  const { localAddress, localPort } = options;
  const name = options.host || 'localhost';
  if (localAddress && !isIP(localAddress)) throw invalidIpAddress(localAddress);
  if (localPort) validateNumber(localPort, 'options.localPort');
  const { port, autoSelectFamily, attemptTimeout } = checked(host, options);
  const plan: Plan = { socket, host, steps, port, localAddress, localPort, attemptTimeout };

  const literal = isIP(name);
  if (literal !== 0) {
    process.nextTick(() => {
      if (socket.connecting) connectOne(plan, { address: name, family: literal });
    });
    return;
  }
  if (options.lookup !== undefined && options.lookup !== null) validateFunction(options.lookup, 'options.lookup');
  const lookup = options.lookup || host.lookup;
  const family = dnsFamily(options.family);
  const given = options.hints || 0;
  const anyFamily = family !== 4 && family !== 6;
  const hints = process.platform !== 'win32' && anyFamily && given === 0 ? dns.ADDRCONFIG : given;
  socket._host = name;
  if (anyFamily && !localAddress && autoSelectFamily) {
    const request = { family, hints, all: true } as dns.LookupAllOptions;
    (lookup as unknown as AllLookup)(name, request, (error, found) => foundAll(plan, options, name, error, found));
  } else {
    (lookup as unknown as OneLookup)(name, { family, hints } as dns.LookupOneOptions, (error, address, of) =>
      foundOne(plan, options, name, error, address, of),
    );
  }
}

type Problem = NodeJS.ErrnoException | null;
type OneLookup = (
  name: string,
  options: dns.LookupOneOptions,
  callback: (error: Problem, address: string, family: number) => void,
) => void;
type AllLookup = (
  name: string,
  options: dns.LookupAllOptions,
  callback: (error: Problem, addresses: readonly Target[]) => void,
) => void;

function checked(
  host: NetHost,
  options: GivenOptions,
): { port: number; autoSelectFamily: boolean; attemptTimeout: number } {
  let { port, autoSelectFamily, autoSelectFamilyAttemptTimeout: attemptTimeout } = options;
  if (port !== undefined) {
    if (typeof port !== 'number' && typeof port !== 'string') {
      throw invalidArgType('options.port', 'one of type number or string', port);
    }
    port = validatePort(port);
  }
  if (autoSelectFamily === undefined || autoSelectFamily === null) autoSelectFamily = host.autoSelectFamily;
  else validateBoolean(autoSelectFamily, 'options.autoSelectFamily');
  if (attemptTimeout === undefined || attemptTimeout === null) {
    attemptTimeout = host.autoSelectFamilyAttemptTimeout;
  } else {
    validateInt32(attemptTimeout, 'options.autoSelectFamilyAttemptTimeout', 1);
    attemptTimeout = Math.max(attemptTimeout, LEAST_ATTEMPT_TIMEOUT);
  }
  return {
    port: (port as number | undefined) ?? 0,
    autoSelectFamily: autoSelectFamily as boolean,
    attemptTimeout: attemptTimeout as number,
  };
}

// ---- Names ----

function foundOne(
  plan: Plan,
  options: GivenOptions,
  name: string,
  error: Problem,
  address: string,
  family: number,
): void {
  const { socket } = plan;
  socket.emit('lookup', error, address, family, name);
  if (!socket.connecting) return; // destroyed meanwhile
  const problem = error ?? addressProblem({ address, family }, options);
  if (problem !== null) {
    // With a look-up that answers at once nobody listens yet.
    process.nextTick(() => socket.destroy(problem));
    return;
  }
  socket._unrefTimer();
  connectOne(plan, { address, family });
}

function foundAll(plan: Plan, options: GivenOptions, name: string, error: Problem, found: readonly Target[]): void {
  const { socket } = plan;
  if (!socket.connecting) return;
  if (error) {
    socket.emit('lookup', error, undefined, undefined, name);
    process.nextTick(() => socket.destroy(error));
    return;
  }
  const valid: Target[] = [];
  for (const target of found) {
    const { address, family } = target;
    socket.emit('lookup', error, address, family, name);
    if (!socket.connecting) return;
    if (addressProblem(target, options) === null && !valid.some((other) => other.address === address)) {
      valid.push(target);
    }
  }
  const [first] = valid;
  if (first === undefined) {
    const problem = addressProblem(found[0]!, options)!;
    process.nextTick(() => socket.destroy(problem));
    return;
  }
  socket._unrefTimer();
  if (valid.length === 1) connectOne(plan, first);
  else new Attempts(plan, alternating(valid, first.family)).next();
}

function addressProblem({ address, family }: Target, options: GivenOptions): Error | null {
  if (!isIP(address)) return invalidIpAddress(address);
  return family === 4 || family === 6 ? null : invalidAddressFamily(family, options.host!, options.port);
}

/** Families in turn, that of the first answer first (RFC 8305 4). */
function alternating(targets: readonly Target[], firstFamily: number): Target[] {
  const preferred = targets.filter(({ family }) => family === firstFamily);
  const others = targets.filter(({ family }) => family !== firstFamily);
  const order: Target[] = [];
  for (let i = 0; i < Math.max(preferred.length, others.length); i++) {
    if (i < preferred.length) order.push(preferred[i]!);
    if (i < others.length) order.push(others[i]!);
  }
  return order;
}

// ---- One address ----

function connectOne(plan: Plan, target: Target): void {
  const { socket } = plan;
  const handle = socket._handle as TcpHandle<SocketMethods>;
  if (plan.localAddress || plan.localPort) {
    const local = plan.localAddress || anyAddress(target.family);
    const code = bind(handle, local, plan.localPort);
    if (code !== null) {
      socket.destroy(connectError(code, 'bind', { address: local, port: plan.localPort }));
      return;
    }
  }
  socket.emit('connectionAttempt', target.address, plan.port, target.family);
  const code = handle.connect(target.address, plan.port, (status) => {
    if (socket.destroyed) return;
    if (status === null) {
      plan.steps.connected();
      return;
    }
    socket.connecting = false;
    socket._sockname = null;
    const error = attemptError(plan, target, status);
    socket.emit('connectionAttemptFailed', target.address, plan.port, target.family, error);
    socket.destroy(error);
  });
  if (code !== null) socket.destroy(immediateError(plan, target, code));
}

function bind(handle: TcpHandle<SocketMethods>, address: string, port: number | undefined): string | null {
  return handle.bindTo(address, (port ?? 0) | 0);
}

function anyAddress(family: number): string {
  return family === 4 ? '0.0.0.0' : '::';
}

/** An attempt failed in time. */
function attemptError(plan: Plan, target: Target, code: string): NodeJS.ErrnoException {
  const { localAddress, localPort, port } = plan;
  const where = { address: target.address, port };
  if (!localAddress || !localPort) return connectError(code, 'connect', where);
  const error = connectError(code, 'connect', where, `${localAddress}:${localPort}`);
  return Object.assign(error, { localAddress, localPort });
}

/** An attempt failed at once: the socket had a name by then, if only that of any address. */
function immediateError(plan: Plan, target: Target, code: string): NodeJS.ErrnoException {
  const { address = anyAddress(target.family), port = 0 } = plan.socket._getsockname();
  return connectError(code, 'connect', { address: target.address, port: plan.port }, `${address}:${port}`);
}

// ---- Several addresses ----

class Attempts {
  readonly #plan: Plan;
  readonly #targets: readonly Target[];
  readonly #errors: NodeJS.ErrnoException[] = [];
  #current = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(plan: Plan, targets: readonly Target[]) {
    this.#plan = plan;
    this.#targets = targets;
    plan.socket.autoSelectFamilyAttemptedAddresses = [];
  }

  /** Tries the next address, if there is one. */
  next(canceled = false): void {
    clearTimeout(this.#timer);
    const { socket, steps, port, localPort } = this.#plan;
    if (socket._aborted) return;
    if (canceled || this.#current === this.#targets.length) {
      socket.destroy(this.#errors.length === 0 ? timedOut() : aggregateError(this.#errors));
      return;
    }
    const number = this.#current++;
    const target = this.#targets[number]!;
    const handle = number > 0 ? steps.renew() : (socket._handle as TcpHandle<SocketMethods>);
    if (localPort) {
      const local = anyAddress(target.family);
      const code = bind(handle, local, localPort);
      if (code !== null) {
        this.#errors.push(connectError(code, 'bind', { address: local, port: localPort }));
        this.next();
        return;
      }
    }
    socket.emit('connectionAttempt', target.address, port, target.family);
    socket.autoSelectFamilyAttemptedAddresses.push(`${target.address}:${port}`);
    const attempt = { done: false };
    const code = handle.connect(target.address, port, (status) => {
      if (!attempt.done) this.#ended(number, target, handle, status);
    });
    if (code !== null) {
      this.#failed(target, immediateError(this.#plan, target, code));
      this.next();
    } else if (number < this.#targets.length - 1) {
      this.#timer = setTimeout(() => {
        attempt.done = true;
        this.#expired(target, handle);
      }, this.#plan.attemptTimeout);
    }
  }

  #ended(number: number, target: Target, handle: TcpHandle<SocketMethods>, status: string | null): void {
    clearTimeout(this.#timer);
    const { socket, steps } = this.#plan;
    if (status === null && number !== this.#current - 1) {
      handle.close(); // too late: another attempt is under way
    } else if (status === null) {
      if (!socket.destroyed) steps.connected();
    } else {
      this.#failed(target, attemptError(this.#plan, target, status));
      if (socket.connecting) this.next(status === 'ECANCELED');
    }
  }

  #failed(target: Target, error: NodeJS.ErrnoException): void {
    this.#errors.push(error);
    this.#plan.socket.emit('connectionAttemptFailed', target.address, this.#plan.port, target.family, error);
  }

  #expired(target: Target, handle: TcpHandle<SocketMethods>): void {
    const { socket, port } = this.#plan;
    socket.emit('connectionAttemptTimeout', target.address, port, target.family);
    this.#errors.push(attemptError(this.#plan, target, 'ETIMEDOUT'));
    handle.close();
    if (socket.connecting) this.next();
  }
}

function timedOut(): Error {
  return coded(Error, 'ERR_SOCKET_CONNECTION_TIMEOUT', 'Socket connection timeout');
}
