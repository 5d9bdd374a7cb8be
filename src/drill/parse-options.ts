/** Owns: the options at the head of a script: which there are, and which values they take. */

import { parseAddress, parsePrefix } from '../wire/index.ts';
import { type Cursor, shorten } from './cursor.ts';
import type { Token } from './lexer.ts';
import type { ScriptOption } from './script.ts';

/** What a value must be, in words for the message; null where an option takes none. */
interface Rule {
  readonly expected: string;
  readonly holds: (value: string) => boolean;
}

/** The options a script may have; null takes no value. */
const RULES: ReadonlyMap<string, Rule | null> = new Map([
  ['ip_version', oneOf('ipv4', 'ipv6', 'ipv4-mapped-ipv6')],
  ['bind_port', integer(1, 65_535)],
  ['connect_port', integer(1, 65_535)],
  ['local_ip', address()],
  ['remote_ip', address()],
  ['gateway_ip', address()],
  ['netmask_ip', address()],
  ['mss', integer(1, 65_535)],
  ['mtu', integer(0, 65_535)],
  ['tolerance_usecs', integer(1, 2_147_483_647)],
  ['tolerance_percent', percent()],
  ['tcp_ts_tick_usecs', integer(0, 1_000_000)],
  ['tcp_ts_ecr_scaled', null],
  ['strict_segments', null],
  ['send_omit_free', null],
  [
    'non_fatal',
    { expected: 'packet, syscall, or both', holds: (value) => /^(packet|syscall)(, ?(packet|syscall))*$/.test(value) },
  ],
  ['init_scripts', { expected: 'the names of files', holds: () => true }],
  ['define', { expected: 'NAME=value', holds: () => true }],
]);

/** All options at the head of the file. */
export function parseOptions(cursor: Cursor): ScriptOption[] {
  const options: ScriptOption[] = [];
  while (cursor.peek().kind === 'option') options.push(option(cursor, cursor.next()));
  return options;
}

/** The symbols the options define, and those of the caller, who wins. */
export function definesOf(options: readonly ScriptOption[], given: ReadonlyMap<string, string>): Map<string, string> {
  const defines = new Map<string, string>();
  for (const { name, value } of options) {
    const equals = value.indexOf('=');
    if (name === 'define') defines.set(value.slice(0, equals), value.slice(equals + 1));
  }
  for (const [name, value] of given) defines.set(name, value);
  return defines;
}

function option(cursor: Cursor, token: Token): ScriptOption {
  const { text: name, value, at } = token;
  const fault = optionFault(name, value);
  if (fault !== null) throw cursor.error(at, fault);
  return { name, value: value ?? '', at };
}

/** Why there is no such option, or not with this value (null without one); null if all is well. Holds for a command line as well. */
export function optionFault(name: string, value: string | null): string | null {
  const rule = RULES.get(name);
  if (rule === undefined) return `unknown option --${shorten(name)}: expected one of ${[...RULES.keys()].join(', ')}`;
  if (rule === null) return value === null ? null : `--${name} takes no value, found ${shorten(value)}`;
  if (value === null) return `--${name} wants a value: ${rule.expected}`;
  return rule.holds(value) ? null : `--${name} is ${rule.expected}, found ${shorten(value)}`;
}

function oneOf(...values: string[]): Rule {
  return { expected: `one of ${values.join(', ')}`, holds: (value) => values.includes(value) };
}

function integer(min: number, max: number): Rule {
  const holds = (value: string): boolean => /^[0-9]+$/.test(value) && Number(value) >= min && Number(value) <= max;
  return { expected: `a number from ${min} to ${max}`, holds };
}

function percent(): Rule {
  const holds = (value: string): boolean => /^([0-9]+|[0-9]*\.[0-9]+)$/.test(value) && Number(value) <= 100;
  return { expected: 'a number from 0 to 100', holds };
}

/** With or without the length of a prefix. */
function address(): Rule {
  const holds = (value: string): boolean => (value.includes('/') ? parsePrefix(value) : parseAddress(value)) !== null;
  return { expected: 'an IP address', holds };
}
