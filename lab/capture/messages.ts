/** Owns: what the page and its worker say to each other of captures. Plain data. */

import type { AnomalyName, Story } from 'tsyn/explain';
import type { TraceEvent } from 'tsyn/trace';

export type Request =
  | { readonly ask: 'read'; readonly file: File }
  /** A connection of the capture read last, in full. */
  | { readonly ask: 'tell'; readonly stream: number; readonly language: 'en' | 'zh' };

/** A connection in the table. */
export interface Row {
  readonly stream: number;
  /** Who opened it, or sent the first packet captured, and the other; of each what it sent. */
  readonly ends: readonly [End, End];
  readonly opened: boolean;
  /** ms from the capture's first connection, and how long it lasted. */
  readonly begins: number;
  readonly duration: number;
  /** Round trip of the handshake, ms. */
  readonly roundTrip: number | null;
  /** How many segments had which anomaly; those that none had are not there. */
  readonly anomalies: readonly { readonly name: AnomalyName; readonly label: string; readonly count: number }[];
}

export interface End {
  readonly name: string;
  readonly packets: number;
  readonly octets: number;
  readonly text: number;
  readonly retransmissions: number;
}

/** Why not all of a file could be read. */
export interface Problem {
  /** In the file, octets. */
  readonly offset: number;
  readonly block: string;
  readonly reason: string;
}

export interface Table {
  readonly name: string;
  readonly packets: number;
  readonly rows: readonly Row[];
  /** Connections beyond those that are listed. */
  readonly more: number;
  readonly problem: Problem | null;
}

/** A connection in full. */
export interface Told {
  readonly stream: number;
  readonly language: 'en' | 'zh';
  /** As the hosts are named in the events. */
  readonly hosts: readonly [string, string];
  readonly story: Story;
  readonly events: readonly TraceEvent[];
  /** Segments that are not in the events. */
  readonly left: number;
}

export type Response =
  | { readonly read: number; readonly of: number }
  | { readonly table: Table }
  | { readonly told: Told }
  /** The file cannot be read at all. */
  | { readonly failed: string };
