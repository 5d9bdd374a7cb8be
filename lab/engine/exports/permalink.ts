/**
 * Owns: an input as the part of an address behind `#`, and back: `v=1&s=lost-synack&seed=7&o=...&e=...`. `o` has the settings that
 * differ, `e` the edits, as lists in JSON, deflated, in the letters of base64url. What comes from an address may be anything:
 * nothing is thrown.
 */

import { checkInput } from '../check.ts';
import type { Edit, HostName, Input, Settings } from '../types.ts';

const VERSION = '1';
/** Octets of edits at most, unpacked: a small address may hold a large one. */
const MOST_UNPACKED = 65_536;

/** What is wrong with an address. */
export interface LinkError {
  readonly code: 'ERR_LAB_LINK';
  /** `version`: it was made by a later lab; `garbage`: it cannot be read; `input`: it can, and makes no sense. */
  readonly reason: 'version' | 'garbage' | 'input';
  readonly message: string;
}

export type LinkResult =
  | { readonly input: Input; readonly error: null }
  | { readonly input: null; readonly error: LinkError };

/** Without the `#`. */
export async function toLink({ preset, seed, settings, edits }: Input): Promise<string> {
  const parts = [`v=${VERSION}`, `s=${preset}`, `seed=${seed}`];
  const changes = Object.entries(settings).map(
    ([key, value]) => `${key}:${typeof value === 'boolean' ? +value : value}`,
  );
  if (changes.length > 0) parts.push(`o=${changes.join(',')}`);
  if (edits.length > 0) parts.push(`e=${await pack(JSON.stringify(edits.map(toRow)))}`);
  return parts.join('&');
}

/** @param hash with or without the `#` */
export async function fromLink(hash: string): Promise<LinkResult> {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const version = fields.get('v') ?? VERSION;
  if (version !== VERSION) return wrong('version', `a link of version ${version}; this lab reads version ${VERSION}`);
  let edits: unknown = [];
  try {
    const packed = fields.get('e');
    if (packed !== null) edits = (JSON.parse(await unpack(packed)) as unknown[][]).map(fromRow);
  } catch {
    return wrong('garbage', 'the edits of this link cannot be read');
  }
  const input = {
    preset: fields.get('s') ?? 'handshake',
    seed: Number(fields.get('seed') ?? 1),
    settings: settingsOf(fields.get('o') ?? ''),
    edits,
  };
  try {
    return { input: checkInput(input), error: null };
  } catch (error) {
    return wrong('input', (error as Error).message);
  }
}

function wrong(reason: LinkError['reason'], message: string): LinkResult {
  return { input: null, error: { code: 'ERR_LAB_LINK', reason, message } };
}

const TRUTHS: ReadonlySet<string> = new Set<keyof Settings>([
  'timestamps',
  'windowScaling',
  'sack',
  'ecn',
  'nagle',
  'keepAlive',
  'cookies',
  'freshIsn',
]);

function settingsOf(text: string): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const pair of text.split(',')) {
    const [key = '', value = ''] = pair.split(':');
    if (key === '') continue;
    if (TRUTHS.has(key)) settings[key] = value === '1' ? true : value === '0' ? false : value;
    else settings[key] = key === 'congestion' ? value : value === '' ? Number.NaN : Number(value);
  }
  return settings;
}

// ---- Edits as rows ----

function toRow(edit: Edit): readonly unknown[] {
  switch (edit.op) {
    case 'lose':
    case 'corrupt':
    case 'swap':
      return [edit.op, edit.packet.host, edit.packet.nth];
    case 'duplicate':
    case 'delay':
      return [edit.op, edit.packet.host, edit.packet.nth, edit.by];
    case 'inject':
      return [edit.op, edit.packet.host, edit.packet.nth, edit.at];
    case 'partition':
      return [edit.op, edit.host, edit.at, edit.until];
    case 'crash':
      return [edit.op, edit.host, edit.at];
    case 'call':
      return [edit.op, edit.host, edit.at, edit.call, ...(edit.octets === undefined ? [] : [edit.octets])];
  }
}

/** What is no edit is found out by `checkInput`. */
function fromRow(row: readonly unknown[]): Edit {
  const [op, host, third, fourth, fifth] = row;
  const packet = { host: host as HostName, nth: third as number };
  const at = third as number;
  switch (op) {
    case 'duplicate':
    case 'delay':
      return { op, packet, by: fourth as number };
    case 'inject':
      return { op, packet, at: fourth as number };
    case 'partition':
      return { op, host: host as HostName | null, at, until: fourth as number };
    case 'crash':
      return { op, host: host as HostName, at };
    case 'call': {
      const call = fourth as (Edit & { op: 'call' })['call'];
      const octets = fifth === undefined ? {} : { octets: fifth as number };
      return { op, host: host as HostName, at, call, ...octets };
    }
    default:
      return { op: op as 'lose', packet };
  }
}

// ---- Octets as text ----

async function pack(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const octets = new Uint8Array(await new Response(stream).arrayBuffer());
  return btoa(String.fromCharCode(...octets))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

async function unpack(packed: string): Promise<string> {
  const octets = Uint8Array.from(atob(packed.replaceAll('-', '+').replaceAll('_', '/')), (letter) =>
    letter.charCodeAt(0),
  );
  const reader = new Blob([octets]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    text += decoder.decode(next.value, { stream: true });
    if (text.length > MOST_UNPACKED) {
      await reader.cancel();
      throw new RangeError('too large');
    }
  }
  return text + decoder.decode();
}
