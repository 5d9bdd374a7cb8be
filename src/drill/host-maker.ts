/**
 * Owns: the kernel settings of a script, as its shell commands leave them, and the host that is made with them once it is
 * needed. Settings that change later reach a host that exists.
 */

import type { TcpOptions } from '../tcp/index.ts';
import type { TraceSink } from '../trace/events.ts';
import { DrillMismatch, DrillSkip } from './errors.ts';
import { Host } from './host.ts';
import { PROFILES, plainSysctls, type Sysctls, withSysctl } from './profile.ts';
import type { RunSettings } from './run-settings.ts';
import type { ShellAction } from './script.ts';
import { fastOpenKey, linuxCubic, stackSettings } from './settings.ts';
import { parseShell, type ShellEffect } from './shell.ts';

export class HostMaker {
  sysctls: Sysctls = plainSysctls;
  /** Calls that follow a packet at once are made from within the stack, as handlers make them. */
  handlers = false;
  /** No kernel's settings: the stack's own defaults. */
  #own = false;
  readonly #settings: RunSettings;
  readonly #trace: TraceSink | null;
  /** What the device is like, until the host is made. */
  #mtu: number;
  /** Its queue takes nothing. */
  #full = false;
  /** Signs at which the kernel's CUBIC ends slow start, as bits: ACK trains, delay. */
  #hystart = 3;
  /** Metrics of the route to the peer. */
  #route: Metrics | null = null;
  /** What the counters were when they were marked. */
  #marked: Readonly<Record<string, number>> = {};

  constructor(settings: RunSettings, trace: TraceSink | null) {
    this.#settings = settings;
    this.#trace = trace;
    this.#mtu = settings.mtu;
  }

  /** @throws DrillSkip a command that is not known, DrillMismatch a counter that is not as the script says */
  run(action: ShellAction, host: Host | null): void {
    for (const effect of parseShell(action.command)) this.#apply(effect, host);
  }

  host(): Host {
    const { ip, localAddress, remoteAddress } = this.#settings;
    const { config, options } = this.#own ? { config: {}, options: this.#chosen() } : stackSettings(this.sysctls);
    const controllers = this.#own ? {} : { cubic: linuxCubic(this.#hystart) };
    const trace = this.#trace;
    const host = new Host({ ip, mtu: this.#mtu, localAddress, remoteAddress, config, options, controllers, trace });
    host.device.full = this.#full;
    setKey(host, this.sysctls);
    if (this.#route !== null) setMetrics(host, this.#route);
    return host;
  }

  /** What a script changes of the stack's own options: what it has set otherwise than any kernel has it. */
  #chosen(): Partial<TcpOptions> {
    const usual: Readonly<Record<string, unknown>> = { ...stackSettings(plainSysctls).options };
    const here = Object.entries(stackSettings(this.sysctls).options);
    return Object.fromEntries(here.filter(([name, value]) => usual[name] !== value));
  }

  #apply(effect: ShellEffect, host: Host | null): void {
    switch (effect.kind) {
      case 'profile':
        this.#change(PROFILES[effect.name], host);
        break;
      case 'sysctl':
        this.#change(withSysctl(this.sysctls, effect.name, effect.value), host);
        break;
      case 'own-defaults':
        if (host !== null) throw new DrillSkip('the settings of a host in use are given up');
        this.#own = true;
        break;
      case 'handlers':
        this.handlers = true;
        break;
      case 'restore':
      case 'plain-segments':
        break;
      case 'queue':
        this.#full = effect.limit === 0;
        if (host !== null) host.device.full = this.#full;
        break;
      case 'hystart':
        this.#hystart = effect.detect;
        break;
      case 'forget-peers':
        host?.stack.tcp.forgetFastOpenPeers();
        break;
      case 'mtu':
        if (host !== null) throw new DrillSkip('the MTU of a device in use changes');
        this.#mtu = effect.mtu;
        break;
      case 'route':
        this.#setRoute(effect, host);
        break;
      case 'mark-counters':
        this.#marked = host?.stack.counters() ?? {};
        break;
      case 'expect-counter':
        this.#checkCounter(effect.name, effect.value, host);
        if (effect.mark) this.#marked = host?.stack.counters() ?? {};
        break;
      case 'expect-socket':
        this.#checkSocket(effect.state, effect.port, host);
        break;
    }
  }

  /** Metrics of the route to the peer; of other routes nothing can be seen. @throws DrillSkip metrics that say two things */
  #setRoute({ destination, advmss, mtu, initcwnd }: Extract<ShellEffect, { kind: 'route' }>, host: Host | null): void {
    if (destination !== this.#settings.remoteAddress) return;
    const headers = this.#settings.ip === 'ipv6' ? 60 : 40;
    if (advmss !== null && advmss !== (mtu ?? this.#mtu) - headers) {
      throw new DrillSkip(`a route whose advmss ${advmss} is not what its mtu ${mtu} leaves`);
    }
    this.#route = { mtu, initialWindow: initcwnd };
    if (host !== null) setMetrics(host, this.#route);
  }

  #change(sysctls: Sysctls, host: Host | null): void {
    this.sysctls = sysctls;
    if (host === null) return;
    const { tcp } = host.stack;
    tcp.defaults = { ...tcp.defaults, ...stackSettings(sysctls).options };
    setKey(host, sysctls);
  }

  #checkCounter(name: string, expected: number | null, host: Host | null): void {
    const counters = host?.stack.counters() ?? {};
    if (!Object.hasOwn(counters, name)) throw new DrillSkip(`unsupported counter ${name}`);
    const actual = counters[name]! - (this.#marked[name] ?? 0);
    if (expected === null ? actual > 0 : actual === expected) return;
    throw new DrillMismatch(`${name}: expected ${expected ?? 'some'}, actual ${actual}`);
  }

  #checkSocket(state: string | null, port: number, host: Host | null): void {
    const sockets = (host?.stack.sockets() ?? []).filter(({ local }) => local.endsWith(`:${port}`));
    const found = sockets.some((socket) =>
      state === null ? socket.state !== 'LISTEN' : linuxName(socket.state) === state,
    );
    if (!found) throw new DrillMismatch(`no socket of port ${port} is in state ${state ?? '(any but LISTEN)'}`);
  }
}

interface Metrics {
  readonly mtu: number | null;
  readonly initialWindow: number | null;
}

function setMetrics(host: Host, { mtu, initialWindow }: Metrics): void {
  host.setRouteMtu(mtu ?? Infinity);
  host.stack.tcp.defaults = { ...host.stack.tcp.defaults, initialWindow };
}

function setKey(host: Host, sysctls: Sysctls): void {
  const key = fastOpenKey(sysctls);
  if (key !== null) host.stack.tcp.setFastOpenKeys(key);
}

/** As /proc/net/tcp calls a state. */
function linuxName(state: string | null): string {
  return (state ?? '')
    .replace('SYN-RECEIVED', 'SYN_RECV')
    .replace('CLOSED', 'CLOSE')
    .replace(/WAIT-(\d)/, 'WAIT$1')
    .replaceAll('-', '_');
}
