/**
 * Owns: a packetdrill script as the parser leaves it: plain, typed data. Numbers are as written; what they mean (sequence
 * mapping, addresses, constants) is decided when the script is played. Times are microseconds, as the language counts.
 */

/** Where something stands in the text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Script {
  /** For messages: the path, or what the caller called it. */
  readonly name: string;
  readonly text: string;
  /** `--name=value` at the head of the file, in order. */
  readonly options: readonly ScriptOption[];
  readonly init: ShellAction | null;
  readonly events: readonly ScriptEvent[];
  /** Runs whether the script passed or failed. */
  readonly cleanup: ShellAction | null;
}

export interface ScriptOption {
  readonly name: string;
  /** Empty for an option without one. */
  readonly value: string;
  readonly at: Position;
}

export interface ScriptEvent {
  readonly at: Position;
  readonly time: EventTime;
  readonly action: Action;
}

/**
 * When: 'at' one time; 'any' time, in order (`*`); within a 'range' (`T1~T2`); a 'blocking' call (`t...T2`) from `start` to
 * `end`. µs, from the start of the script or, if relative, from the event's base; `end` is `start` where there is none.
 */
export interface EventTime {
  readonly kind: 'at' | 'any' | 'range' | 'blocking';
  readonly relative: boolean;
  readonly start: number;
  readonly end: number;
}

export type Action = PacketAction | CallAction | ShellAction | CodeAction;

/** What `< ` injects and `> ` expects. */
export interface PacketAction {
  readonly kind: 'packet';
  readonly at: Position;
  readonly direction: 'inbound' | 'outbound';
  readonly packet: PacketSpec;
}

export type PacketSpec = TcpSpec | UdpSpec | IcmpSpec;

/** What is written in brackets before a packet; null is absent: not compared, 0 (TTL 255) inbound. */
export interface IpInfo {
  readonly ecn: 'noecn' | 'ect0' | 'ect1' | 'ect01' | 'ce' | null;
  /** The whole octet. */
  readonly tos: number | null;
  readonly ttl: number | null;
  readonly flowLabel: number | null;
}

export interface TcpSpec {
  readonly protocol: 'tcp';
  readonly ip: IpInfo;
  /** Ports if written: source and destination as on the wire. */
  readonly ports: readonly [source: number, destination: number] | null;
  /** The letters written, of `FSRPUEWA.`, without those that came as a digit; empty for `-`. */
  readonly flags: string;
  /** The three bits AE, CWR, ECE written as one digit, or null. */
  readonly ace: number | null;
  readonly seq: number;
  readonly length: number;
  /** Absent means 0 on the wire, and is compared. */
  readonly ack: number | null;
  readonly window: number | null;
  readonly urgent: number | null;
  /** null is `<...>`: not looked at. No list is an empty one. */
  readonly options: readonly OptionSpec[] | null;
}

export type OptionSpec =
  | { readonly kind: 'mss'; readonly value: number }
  | { readonly kind: 'wscale'; readonly value: number }
  | { readonly kind: 'sackOK' }
  | { readonly kind: 'sack'; readonly blocks: readonly (readonly [left: number, right: number])[] }
  | { readonly kind: 'timestamp'; readonly value: number; readonly echo: number }
  | { readonly kind: 'nop' }
  | { readonly kind: 'eol' }
  /** `FO` and, with the experimental kind, `FOEXP`; the cookie as octets, none for a request. */
  | { readonly kind: 'fastOpen'; readonly experimental: boolean; readonly cookie: readonly number[] }
  | { readonly kind: 'md5'; readonly digest: readonly number[] }
  /** AccECN: the counters in the order they were written. */
  | { readonly kind: 'accEcn'; readonly counters: readonly (readonly [name: 'e0b' | 'ceb' | 'e1b', value: number])[] }
  /** Seen on the wire only: the language has no word for it. */
  | { readonly kind: 'unknown'; readonly code: number; readonly octets: readonly number[] };

export interface UdpSpec {
  readonly protocol: 'udp';
  readonly ip: IpInfo;
  readonly ports: readonly [source: number, destination: number] | null;
  readonly length: number;
}

export interface IcmpSpec {
  readonly protocol: 'icmp';
  readonly ip: IpInfo;
  /** As written: a name or `type_N`; `code` a name, `code_N`, or null. They depend on the IP version. */
  readonly type: string;
  readonly code: string | null;
  readonly mtu: number | null;
  readonly id: number | null;
  /** The quoted packet: `[seq:end(len)]`, or `[udp (len)]`. */
  readonly quoted:
    | { readonly protocol: 'tcp'; readonly seq: number; readonly length: number }
    | { readonly protocol: 'udp'; readonly length: number }
    | null;
  readonly at: Position;
}

export interface CallAction {
  readonly kind: 'call';
  readonly at: Position;
  readonly name: string;
  readonly args: readonly Expression[];
  /** What it must return. */
  readonly result: Expression;
  /** The errno it must fail with, or null. */
  readonly errno: string | null;
  /** What stands in parentheses at the end, for readers; null without. */
  readonly note: string | null;
}

/** Arguments and results: the language of the tool's structures, without their meaning. */
export type Expression =
  /** The text is kept: a blob of digits is written like a number. */
  | { readonly kind: 'integer'; readonly value: number; readonly text: string; readonly at: Position }
  | { readonly kind: 'word'; readonly name: string; readonly at: Position }
  /** After escapes; one character an octet. */
  | { readonly kind: 'string'; readonly value: string; readonly at: Position }
  | { readonly kind: 'ellipsis'; readonly at: Position }
  /** `a | b`, `~a`, and other operators of integers. */
  | {
      readonly kind: 'operator';
      readonly operator: '|' | '~';
      readonly operands: readonly Expression[];
      readonly at: Position;
    }
  /** `[a, b]` */
  | { readonly kind: 'list'; readonly items: readonly Expression[]; readonly at: Position }
  /** `{a=1, msg_iov(1)=[...]}`, or without names `{..., 1000}`. */
  | { readonly kind: 'record'; readonly fields: readonly Field[]; readonly at: Position }
  /** `htons(8080)`, `inet_addr("192.0.2.1")` */
  | {
      readonly kind: 'application';
      readonly name: string;
      readonly args: readonly Expression[];
      readonly at: Position;
    };

export interface Field {
  /** null where fields go by their place. */
  readonly name: string | null;
  /** What stands in parentheses after the name, or null. */
  readonly parameter: Expression | null;
  readonly value: Expression;
}

export interface ShellAction {
  readonly kind: 'shell';
  readonly at: Position;
  /** What stands between the back quotes. */
  readonly command: string;
}

export interface CodeAction {
  readonly kind: 'code';
  readonly at: Position;
  /** What stands between `%{` and `}%`, without blanks at both ends. */
  readonly text: string;
}
