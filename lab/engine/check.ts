/** Owns: whether an input makes sense: it may come from an address bar, or from a file. */

import { IDS } from '../presets/ids.ts';
import { LabError } from './error.ts';
import { DEFAULTS } from './preset.ts';
import type { Edit, Input, Settings } from './types.ts';

const HOSTS: readonly unknown[] = ['A', 'B', 'C'];
const CALLS: readonly unknown[] = ['open', 'listen', 'send', 'receive', 'close', 'abort'];
const MOST_EDITS = 200;
/** Times of edits end here, ms: a week. */
const LATEST = 604_800_000;
const MOST_OCTETS = 20_000_000;

/** From where to where a setting may go; the others are yes or no, or words. */
const RANGES: Readonly<Partial<Record<keyof Settings, readonly [number, number]>>> = {
  latency: [0, 60_000],
  rate: [0, 1e9],
  queue: [0, 1e8],
  loss: [0, 1],
  mtu: [128, 65_535],
  pathMtu: [128, 65_535],
  delayedAck: [0, 500],
  msl: [0, 600_000],
  receiveBuffer: [1, 1e8],
  backlog: [1, 10_000],
};

/** @throws LabError ERR_LAB_INPUT */
export function checkInput(input: unknown): Input {
  const { preset, seed, settings, edits } = record('the input', input);
  if (typeof preset !== 'string') fail('preset', 'is no string');
  if (!(IDS as readonly string[]).includes(preset)) throw new LabError(`there is no preset '${preset}'`);
  if (!isInteger(seed, 0, 0xffffffff)) fail('seed', 'is no integer from 0 to 4294967295');
  checkSettings(record('settings', settings));
  if (!Array.isArray(edits)) fail('edits', 'is no list');
  if (edits.length > MOST_EDITS) fail('edits', `are more than ${MOST_EDITS}`);
  edits.forEach((edit, index) => {
    checkEdit(`edits[${index}]`, record(`edits[${index}]`, edit));
  });
  return input as Input;
}

function checkSettings(settings: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(settings)) {
    if (!(key in DEFAULTS)) fail(`settings.${key}`, 'is no setting');
    const usual = DEFAULTS[key as keyof Settings];
    if (typeof value !== typeof usual) fail(`settings.${key}`, `is no ${typeof usual}`);
    const range = RANGES[key as keyof Settings];
    if (range !== undefined && !(Number(value) >= range[0] && Number(value) <= range[1])) {
      fail(`settings.${key}`, `is not between ${range[0]} and ${range[1]}`);
    }
    if (key === 'congestion' && value !== 'cubic' && value !== 'newreno') fail('settings.congestion', 'is unknown');
  }
}

function checkEdit(where: string, edit: Readonly<Record<string, unknown>>): void {
  const time = (key: string): void => {
    const value = edit[key];
    if (typeof value !== 'number' || !(value >= 0 && value <= LATEST)) fail(`${where}.${key}`, 'is no time in ms');
  };
  const host = (value: unknown, at = 'host'): void => {
    if (!HOSTS.includes(value)) fail(`${where}.${at}`, 'is no host');
  };
  switch (edit['op'] as Edit['op']) {
    case 'lose':
    case 'corrupt':
    case 'swap':
      break;
    case 'duplicate':
    case 'delay':
      time('by');
      break;
    case 'inject':
      time('at');
      break;
    case 'partition':
      if (edit['host'] !== null) host(edit['host']);
      time('at');
      time('until');
      return;
    case 'crash':
      host(edit['host']);
      time('at');
      return;
    case 'call':
      host(edit['host']);
      time('at');
      if (!CALLS.includes(edit['call'])) fail(`${where}.call`, 'is no call');
      if (edit['octets'] !== undefined && !isInteger(edit['octets'], 1, MOST_OCTETS)) {
        fail(`${where}.octets`, `is no integer from 1 to ${MOST_OCTETS}`);
      }
      return;
    default:
      fail(`${where}.op`, 'is unknown');
  }
  const { host: sender, nth } = record(`${where}.packet`, edit['packet']);
  host(sender, 'packet.host');
  if (!isInteger(nth, 1, 1e6)) fail(`${where}.packet.nth`, 'is no number of a packet');
}

function isInteger(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function record(where: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(where, 'is no object');
  return value as Readonly<Record<string, unknown>>;
}

function fail(where: string, why: string): never {
  throw new LabError(`${where} ${why}`);
}
