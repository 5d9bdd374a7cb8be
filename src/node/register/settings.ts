/**
 * Owns: what `tsyn/register` is told: the environment, or a file that it names. Leaves to others: what a link's settings must be
 * (`../host-settings.ts`), what the stack's must be (`stack/config.ts`).
 */

import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { invalidArgument, TsynError } from '../../stack/errors.ts';
import type { StackOptions } from '../../stack/index.ts';
import { checkSettings, type GivenSettings, type HostSettings } from '../host-settings.ts';

export interface RegisterSettings {
  readonly interfaces: readonly HostSettings[];
  /** Addresses of names that `dns.lookup` need not be asked for. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  /** For `createStack`. */
  readonly stack: Pick<StackOptions, 'config' | 'tcp'>;
}

export const NO_SETTINGS: RegisterSettings = { interfaces: [], hosts: new Map(), stack: {} };

/** Settings of a link, and the variables that they are given by. */
const VARIABLES = {
  link: 'TSYN_LINK',
  address: 'TSYN_ADDRESS',
  mac: 'TSYN_MAC',
  gateway: 'TSYN_GATEWAY',
  mtu: 'TSYN_MTU',
  configure: 'TSYN_CONFIGURE',
} as const;

type Setting = keyof typeof VARIABLES;

/** @throws TsynError naming the variable, or the file and the field, that makes no sense, and the value */
export function readSettings(environment: NodeJS.ProcessEnv): RegisterSettings {
  // Set to nothing is not set.
  const given = (Object.keys(VARIABLES) as Setting[]).filter((setting) => environment[VARIABLES[setting]]);
  const file = environment['TSYN_CONFIG'];
  const [first] = given;
  if (file) {
    if (first !== undefined)
      throw wrong(`TSYN_CONFIG and ${VARIABLES[first]} are both set: a file has all there is to say`);
    return fromFile(file);
  }
  if (first === undefined) return NO_SETTINGS;
  const text = (setting: Setting): string | undefined => environment[VARIABLES[setting]] || undefined;
  const list = (setting: Setting): string[] => text(setting)?.split(',') ?? [];
  const settings: GivenSettings = {
    link: text('link'),
    address: list('address'),
    mac: text('mac'),
    gateway: list('gateway'),
    mtu: text('mtu'),
    offload: true,
    configure: list('configure'),
  };
  return { ...NO_SETTINGS, interfaces: [checkSettings(settings, (setting) => VARIABLES[setting])] };
}

// ---- The file ----

type Fields = Readonly<Record<string, unknown>>;

function fromFile(path: string): RegisterSettings {
  try {
    const fields = fieldsOf(parsed(path), 'the whole of it', ['interfaces', 'hosts', 'tcp', 'config']);
    const interfaces = fields['interfaces'] ?? [];
    if (!Array.isArray(interfaces)) throw wrong('interfaces must be a list');
    return {
      interfaces: interfaces.map((one: unknown, i) => interfaceOf(one, `interfaces[${i}]`)),
      hosts: hostsOf(fields['hosts'] ?? {}),
      stack: { config: (fields['config'] ?? {}) as object, tcp: (fields['tcp'] ?? {}) as object },
    };
  } catch (error) {
    if (error instanceof TsynError) throw wrong(`TSYN_CONFIG, ${path}: ${error.message}`);
    throw error;
  }
}

function parsed(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw wrong(`it cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw wrong(`it is not JSON: ${(error as Error).message}`);
  }
}

function fieldsOf(value: unknown, name: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(`${name} must be an object`);
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw wrong(`${name} has no '${unknown}': it may have ${known.join(', ')}`);
  return value as Fields;
}

/** Fields of an interface, and the settings that they are. */
const FIELDS = {
  link: 'link',
  address: 'addresses',
  mac: 'mac',
  gateway: 'gateway',
  mtu: 'mtu',
  configure: 'configure',
};

function interfaceOf(value: unknown, name: string): HostSettings {
  const fields = fieldsOf(value, name, [...Object.values(FIELDS), 'offload']);
  const { link, mac, mtu, offload = true } = fields;
  const textOf = (field: string, given: unknown): string | undefined => {
    if (given !== undefined && typeof given !== 'string') throw wrong(`${name}.${field} must be a text`);
    return given;
  };
  if (typeof offload !== 'boolean') throw wrong(`${name}.offload must be true or false`);
  if (mtu !== undefined && typeof mtu !== 'number') throw wrong(`${name}.mtu must be a number`);
  const settings: GivenSettings = {
    link: textOf('link', link),
    address: textsOf(fields[FIELDS.address], `${name}.${FIELDS.address}`),
    mac: textOf('mac', mac),
    gateway: textsOf(fields[FIELDS.gateway], `${name}.${FIELDS.gateway}`),
    mtu,
    offload,
    configure: textsOf(fields[FIELDS.configure], `${name}.${FIELDS.configure}`),
  };
  return checkSettings(settings, (setting) => `${name}.${FIELDS[setting]}`);
}

/** One text or several. */
function textsOf(value: unknown, name: string): string[] {
  const texts: unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value];
  if (!texts.every((text) => typeof text === 'string')) throw wrong(`${name} must be a text, or a list of texts`);
  return texts as string[];
}

function hostsOf(value: unknown): Map<string, readonly string[]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('hosts must be an object');
  const hosts = new Map<string, readonly string[]>();
  for (const [name, given] of Object.entries(value)) {
    const addresses = textsOf(given, `hosts['${name}']`);
    for (const address of addresses) {
      if (isIP(address) === 0) throw invalidArgument(`hosts['${name}']`, address, 'an IP address');
    }
    if (addresses.length === 0) throw wrong(`hosts['${name}'] has no address`);
    hosts.set(name.toLowerCase(), addresses);
  }
  return hosts;
}

function wrong(message: string): TsynError {
  return new TsynError('ERR_INVALID_ARG_VALUE', message);
}
