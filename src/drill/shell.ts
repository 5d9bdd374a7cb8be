/**
 * Owns: what the shell commands of scripts mean. None is run: those that are known become effects on the stack under test or
 * expectations of it, the rest skips the script by name.
 */

import { DrillSkip } from './errors.ts';
import { PROFILES, type ProfileName, withSysctl } from './profile.ts';
import { type Command, type Pipeline, parsePipelines, unsupportedShell } from './shell-words.ts';

export type ShellEffect =
  /** All settings as in a profile. */
  | { readonly kind: 'profile'; readonly name: ProfileName }
  /** One of /proc/sys/net/ipv4, checked by `withSysctl`. */
  | { readonly kind: 'sysctl'; readonly name: string; readonly value: string }
  /** The stack's own defaults in place of any kernel's. */
  | { readonly kind: 'own-defaults' }
  /** Calls at the instant of a packet are made while the stack deals with it. */
  | { readonly kind: 'handlers' }
  /** The settings as they were before the script. */
  | { readonly kind: 'restore' }
  /** What is remembered of peers is forgotten: fast open cookies. */
  | { readonly kind: 'forget-peers' }
  /** The device takes no super-segments. */
  | { readonly kind: 'plain-segments' }
  | { readonly kind: 'mtu'; readonly mtu: number }
  /** What the device queues by; `fq` paces, a limit of 0 drops all that is sent. */
  | { readonly kind: 'queue'; readonly discipline: string; readonly limit: number | null }
  /** What CUBIC's HyStart looks at: 1 trains of ACKs, 2 delay. */
  | { readonly kind: 'hystart'; readonly detect: number }
  | {
      readonly kind: 'route';
      readonly destination: string;
      readonly advmss: number | null;
      readonly mtu: number | null;
      readonly mtuLocked: boolean;
      readonly initcwnd: number | null;
    }
  /** From here on counters count anew. */
  | { readonly kind: 'mark-counters' }
  /** What a counter has counted since the mark, null for anything but nothing; `mark` sets a new one afterwards. */
  | { readonly kind: 'expect-counter'; readonly name: string; readonly value: number | null; readonly mark: boolean }
  /** A socket has this local port, in a state (of Linux's names for /proc/net/tcp) or, if null, in any but LISTEN. */
  | { readonly kind: 'expect-socket'; readonly state: string | null; readonly port: number };

type Handler = (words: readonly string[], pipeline: Pipeline) => readonly ShellEffect[];

/** The states of /proc/net/tcp, by their number. */
const STATES =
  'ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING'.split(' ');

const HANDLERS: Readonly<Record<string, Handler>> = {
  'defaults.sh': ([path = '']) => [{ kind: 'profile', name: profileOf(path) }, { kind: 'forget-peers' }],
  sysctl: (words, pipeline) =>
    words
      .slice(1)
      .filter((word) => !word.startsWith('-'))
      .flatMap((word) => setting(word, pipeline)),
  'set_sysctls.py': (words, pipeline) =>
    words.slice(1).flatMap((word) => setting(word.replace('/proc/sys/', ''), pipeline)),
  tsyn: ownCommand,
  ip: ipCommand,
  tc: queueCommand,
  ethtool: offloadCommand,
  nstat: counterCommand,
  ss: socketCommand,
  grep: procCommand,
  echo: echoCommand,
  rm: () => [],
  dd: () => [],
  true: () => [],
  ':': () => [],
};

/**
 * What a command does to the stack, or expects of it, in order.
 *
 * @throws DrillSkip naming what is not supported
 */
export function parseShell(command: string): readonly ShellEffect[] {
  const effects: ShellEffect[] = [];
  let failed: DrillSkip | null = null;
  for (const pipeline of parsePipelines(command)) {
    // What cannot be had counts as what failed, for which `||` has something else to do.
    if (pipeline.joined === '||' && failed === null) continue;
    if (pipeline.joined !== '||' && failed !== null) throw failed;
    failed = null;
    try {
      effects.push(...effectsOf(pipeline));
    } catch (error) {
      if (!(error instanceof DrillSkip)) throw error;
      failed = error;
    }
  }
  if (failed !== null) throw failed;
  return effects;
}

function effectsOf(pipeline: Pipeline): readonly ShellEffect[] {
  const [first, ...rest] = pipeline.commands;
  const path = first?.words[0] ?? '';
  if (/\$\{?PPID\}?\.sh$/.test(path)) return [{ kind: 'restore' }];
  const name = path.slice(path.lastIndexOf('/') + 1);
  const handler = Object.hasOwn(HANDLERS, name) ? HANDLERS[name] : undefined;
  const reads = ['nstat', 'ss', 'grep'].includes(name);
  if (handler === undefined || first === undefined || (rest.length > 0 && !reads))
    throw unsupportedShell(pipeline.source);
  return handler(first.words, pipeline);
}

/** Both suites call theirs `defaults.sh`: the kernel's stands beside its scripts, the others' in a folder of common files. */
function profileOf(path: string): ProfileName {
  return path === './defaults.sh' ? 'selftests' : 'defaults';
}

/** `tsyn defaults`, `tsyn handlers`: what a recorded script of this stack begins with. */
function ownCommand(words: readonly string[], pipeline: Pipeline): readonly ShellEffect[] {
  if (words.length === 2 && words[1] === 'defaults') return [{ kind: 'own-defaults' }];
  if (words.length === 2 && words[1] === 'handlers') return [{ kind: 'handlers' }];
  throw unsupportedShell(pipeline.source);
}

function setting(assignment: string, pipeline: Pipeline): readonly ShellEffect[] {
  const equals = assignment.indexOf('=');
  const key = (equals < 0 ? assignment : assignment.slice(0, equals)).replaceAll('/', '.');
  if (equals < 0) return []; // shows it
  if (!key.startsWith('net.ipv4.')) throw unsupportedShell(pipeline.source);
  const [name, value] = [key.slice('net.ipv4.'.length), assignment.slice(equals + 1)];
  try {
    withSysctl(PROFILES.plain, name, value);
  } catch (error) {
    throw error instanceof DrillSkip ? unsupportedShell(pipeline.source, error.message) : error;
  }
  return [{ kind: 'sysctl', name, value }];
}

function ipCommand(words: readonly string[], pipeline: Pipeline): readonly ShellEffect[] {
  const rest = words.slice(1).filter((word) => !word.startsWith('-'));
  const [object = '', verb = ''] = rest;
  if (object === 'tcp_metrics' && verb === 'flush') return [{ kind: 'forget-peers' }];
  if (object === 'link' && verb === 'set' && rest.includes('mtu'))
    return [{ kind: 'mtu', mtu: numberAfter(rest, 'mtu', pipeline) ?? 0 }];
  if (object !== 'route' || !['change', 'replace', 'add'].includes(verb)) throw unsupportedShell(pipeline.source);
  const mtuLocked = rest[rest.indexOf('mtu') + 1] === 'lock';
  return [
    {
      kind: 'route',
      destination: rest[2] ?? '',
      advmss: numberAfter(rest, 'advmss', pipeline),
      mtu: numberAfter(rest, 'mtu', pipeline),
      mtuLocked,
      initcwnd: numberAfter(rest, 'initcwnd', pipeline),
    },
  ];
}

/** `name [lock] N`, or null where `name` is not there. */
function numberAfter(words: readonly string[], name: string, pipeline: Pipeline): number | null {
  const at = words.indexOf(name);
  if (at < 0) return null;
  const value = Number(words[at + 1] === 'lock' ? words[at + 2] : words[at + 1]);
  if (!Number.isInteger(value)) throw unsupportedShell(pipeline.source);
  return value;
}

function queueCommand(words: readonly string[], pipeline: Pipeline): readonly ShellEffect[] {
  const [, object, verb = ''] = words;
  if (object !== 'qdisc') throw unsupportedShell(pipeline.source);
  if (['del', 'delete'].includes(verb)) return [{ kind: 'queue', discipline: 'pfifo_fast', limit: null }];
  const discipline = words[words.indexOf('root') + 1] ?? '';
  if (!['add', 'replace', 'change'].includes(verb) || !['pfifo', 'pfifo_fast', 'fq'].includes(discipline)) {
    throw unsupportedShell(pipeline.source);
  }
  return [{ kind: 'queue', discipline, limit: numberAfter(words, 'limit', pipeline) }];
}

function offloadCommand(words: readonly string[], pipeline: Pipeline): readonly ShellEffect[] {
  if (words[1] !== '-K') throw unsupportedShell(pipeline.source);
  for (let i = 3; i < words.length; i += 2) {
    const [feature = '', state = ''] = words.slice(i, i + 2);
    if (!['tso', 'gso', 'gro', 'lro'].includes(feature) || state !== 'off') throw unsupportedShell(pipeline.source);
  }
  return [{ kind: 'plain-segments' }];
}

/** `nstat` alone sets the mark; with `grep NAME`, and perhaps `grep -q " N "`, it is an expectation. */
function counterCommand(words: readonly string[], pipeline: Pipeline): readonly ShellEffect[] {
  const flags = words.slice(1).join('').replaceAll('-', '');
  const mark = !flags.includes('s');
  if (/[^nsz]/.test(flags)) throw unsupportedShell(pipeline.source);
  const patterns = patternsOf(pipeline);
  const [name, count] = patterns;
  if (name === undefined) return mark ? [{ kind: 'mark-counters' }] : [];
  const value = count === undefined ? null : Number(/^ *(\d+) *$/.exec(count)?.[1] ?? Number.NaN);
  if (patterns.length > 2 || !/^\w+$/.test(name) || Number.isNaN(value)) throw unsupportedShell(pipeline.source);
  return [{ kind: 'expect-counter', name, value, mark }];
}

/** `ss [options] [state S] ... | grep ADDRESS:PORT` */
function socketCommand(words: readonly string[], pipeline: Pipeline): readonly ShellEffect[] {
  const port = Number(/:(\d+)$/.exec(patternsOf(pipeline).at(-1) ?? '')?.[1] ?? Number.NaN);
  const at = words.indexOf('state');
  const state = at < 0 ? null : (words[at + 1] ?? '').toUpperCase().replaceAll('-', '_');
  if (Number.isNaN(port) || (state !== null && !STATES.includes(state))) throw unsupportedShell(pipeline.source);
  return [{ kind: 'expect-socket', state, port }];
}

/** `grep " 0A " /proc/net/tcp ... | grep ":1F90"`: state and port in hexadecimal. */
function procCommand(words: readonly string[], pipeline: Pipeline): readonly ShellEffect[] {
  const [, pattern = '', ...files] = words.filter((word) => !word.startsWith('-'));
  const state = STATES[Number.parseInt(/^ ([\dA-F]{2}) $/.exec(pattern)?.[1] ?? '', 16) - 1];
  const port = /^:([\dA-F]{4})$/.exec(patternsOf(pipeline)[0] ?? '')?.[1];
  const known = files.length > 0 && files.every((file) => /^\/proc\/net\/tcp6?$/.test(file));
  if (state === undefined || port === undefined || !known) throw unsupportedShell(pipeline.source);
  return [{ kind: 'expect-socket', state, port: Number.parseInt(port, 16) }];
}

/** What the greps look for that a pipeline ends in. */
function patternsOf(pipeline: Pipeline): readonly string[] {
  return pipeline.commands.slice(1).map((command: Command) => {
    const [name, ...words] = command.words;
    const patterns = words.filter((word) => word !== '-q');
    if (name !== 'grep' || patterns.length !== 1) throw unsupportedShell(pipeline.source);
    return patterns[0] as string;
  });
}

function echoCommand(words: readonly string[], pipeline: Pipeline): readonly ShellEffect[] {
  const file = pipeline.commands[0]?.output ?? null;
  if (file === null) return [];
  const value = words.slice(1).join(' ');
  if (file.endsWith('/tcp_cubic/parameters/hystart_detect') && /^[0-3]$/.test(value)) {
    return [{ kind: 'hystart', detect: Number(value) }];
  }
  if (file.startsWith('/proc/sys/')) return setting(`${file.slice('/proc/sys/'.length)}=${value}`, pipeline);
  throw unsupportedShell(pipeline.source);
}
