/**
 * Owns: what a preset is: who is there, what the applications do, what goes wrong, and how to tell that it has ended as it
 * should. Leaves to others: playing it (`world.ts`), its words (`words/`).
 */

import type { PresetId } from '../presets/ids.ts';
import type { Facts } from './facts.ts';
import type { CallName, Edit, HostName, Settings } from './types.ts';

export type Group = 'open' | 'close' | 'reset' | 'data' | 'path' | 'attack' | 'figures';

/** Settings of a run where neither preset nor user says otherwise. */
export const DEFAULTS: Settings = {
  latency: 50,
  rate: 0,
  queue: 65_536,
  loss: 0,
  mtu: 1500,
  pathMtu: 1500,
  timestamps: false,
  windowScaling: false,
  sack: true,
  ecn: false,
  nagle: true,
  delayedAck: 40,
  msl: 30_000,
  keepAlive: false,
  receiveBuffer: 65_535,
  congestion: 'cubic',
  backlog: 16,
  cookies: true,
  freshIsn: true,
};

/** Something that an application does, and when. */
export interface Rule {
  readonly host: HostName;
  /**
   * `start`: the beginning of the run (and for `listen` the host's next start after a crash, too). Of a connection: it is
   * established, its peer has closed, it is over, so many octets of it have been read.
   */
  readonly on: 'start' | 'established' | 'end' | 'closed' | { readonly read: number };
  /** ms after that. What is to be done at once goes with the answer to the segment that brought the news. */
  readonly after?: number;
  /** Only of the how many-th connection of the host, from 1 on; of every one by default. */
  readonly of?: number;
  readonly call: CallName;
  /** As in an edit. */
  readonly octets?: number;
  /** For `open`: the pair of ports, where it is not the usual one. */
  readonly ports?: Ports;
}

export interface Ports {
  readonly local: number;
  readonly remote: number;
}

/** What an application does with what has come. */
export interface Reader {
  /** Everything as it comes; nothing unless told (`receive`); or so many octets every so many ms. */
  readonly reads: 'all' | 'none' | { readonly octets: number; readonly every: number };
  /** For each octet that it reads it writes one. */
  readonly echoes?: boolean;
}

/** A segment that nobody's TCP has sent. */
export interface Forgery {
  readonly at: number;
  /** Whose it claims to be: its source, and whom it is for. `C` claims an address of its own for each segment. */
  readonly claims: HostName;
  readonly to: 'A' | 'B';
  readonly ports: Ports;
  readonly flags: number;
  /** Absolute, or counted from what the host that it is for expects next (`rcv.nxt`). */
  readonly seq: number;
  readonly relative?: boolean;
  /** Absolute; with `relative` what that host has sent (`snd.nxt`) and this. */
  readonly ack?: number;
  readonly octets?: number;
  /** For a segment of a connection with timestamps: so many ms older than what was seen last. */
  readonly older?: number;
}

export interface Preset {
  readonly id: PresetId;
  readonly group: Group;
  readonly lanes: readonly HostName[];
  /** Sections that it is about. */
  readonly rfc: readonly string[];
  readonly settings?: Partial<Settings>;
  /** Settings that the page offers to change. */
  readonly toggles: readonly (keyof Settings)[];
  readonly script: readonly Rule[];
  readonly readers?: Partial<Readonly<Record<HostName, Reader>>>;
  readonly forgeries?: readonly Forgery[];
  /** Faults that belong to it. */
  readonly edits?: readonly Edit[];
  /** Initial sequence numbers of a host's connections, in order; then, and by default, the clock's. */
  readonly isns?: Partial<Readonly<Record<HostName, readonly number[]>>>;
  /** When it ends at the latest, ms. */
  readonly until?: number;
  /** The untouched run has gone as it should. */
  readonly expected: (facts: Facts) => boolean;
  /** The challenge is met. */
  readonly met: (facts: Facts) => boolean;
  /** One way to meet it, which the page's hint describes. */
  readonly solution: { readonly settings?: Partial<Settings>; readonly edits?: readonly Edit[] };
}
