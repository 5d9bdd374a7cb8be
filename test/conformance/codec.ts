/**
 * TCP over IP as bytes, written and read without any of `src/wire`, so that the tests of conformance look from outside.
 * Numbers are unsigned, addresses are texts, options are kind and data.
 */

export interface Option {
  readonly kind: number;
  readonly data: readonly number[];
}

export interface Frame {
  readonly time: number;
  readonly family: 4 | 6;
  readonly src: string;
  readonly dst: string;
  readonly ttl: number;
  readonly dscp: number;
  readonly ecn: number;
  /** IPv4: identification, whether it may be cut up, options. */
  readonly id: number;
  readonly df: boolean;
  readonly ipOptions: readonly number[];
  readonly sport: number;
  readonly dport: number;
  readonly seq: number;
  readonly ack: number;
  /** In the order of their bits: 'SYN,ACK'. */
  readonly flags: string;
  readonly window: number;
  readonly urgent: number;
  /** All of them, NOPs and the end of the list too; null where the list does not hold together. */
  readonly options: readonly Option[] | null;
  /** The octets of the options as they are. */
  readonly optionBytes: readonly number[];
  readonly text: Uint8Array;
  /** Octets of the IP packet. */
  readonly size: number;
}

export interface Fields {
  readonly src: string;
  readonly dst: string;
  readonly sport: number;
  readonly dport: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly flags?: string;
  readonly window?: number;
  readonly urgent?: number;
  /** Octets of options; padded with zeros to whole words. */
  readonly options?: readonly number[];
  readonly text?: Uint8Array | string;
  readonly ttl?: number;
  /** DS field and ECN bits. */
  readonly tos?: number;
  /** IPv4 only; padded with zeros to whole words. */
  readonly ipOptions?: readonly number[];
}

const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'] as const;

/** An address as octets. */
export function octets(address: string): number[] {
  if (address.includes('.')) return address.split('.').map(Number);
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): number[] =>
    text === ''
      ? []
      : text.split(':').flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
  const left = groups(head);
  const right = groups(tail);
  return address.includes('::')
    ? [...left, ...new Array<number>(16 - left.length - right.length).fill(0), ...right]
    : left;
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16));
  return groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::');
}

/** The Internet checksum, the plain way. */
export function internetChecksum(...parts: ReadonlyArray<ArrayLike<number>>): number {
  let sum = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 2) sum += part[i]! * 256 + (part[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum % 65536) + Math.floor(sum / 65536);
  return 0xffff - sum;
}

function words(options: readonly number[]): number[] {
  return [...options, ...new Array<number>((4 - (options.length % 4)) % 4).fill(0)];
}

/** What goes before a TCP segment for its checksum. */
function pseudo(src: readonly number[], dst: readonly number[], length: number): number[] {
  const size = [length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255];
  return src.length === 4 ? [...src, ...dst, 0, 6, ...size.slice(2)] : [...src, ...dst, ...size, 0, 0, 0, 6];
}

/** An IP packet around a transport's octets. */
export function ip(
  src: string,
  dst: string,
  protocol: number,
  body: Uint8Array,
  more: { ttl?: number; tos?: number; ipOptions?: readonly number[] } = {},
): Uint8Array {
  const { ttl = 64, tos = 0 } = more;
  if (src.includes('.')) {
    const extra = words(more.ipOptions ?? []);
    const header = 20 + extra.length;
    const total = header + body.length;
    const h = [0x40 + header / 4, tos, total >> 8, total & 255, 0, 7, 0, 0, ttl, protocol, 0, 0];
    h.push(...octets(src), ...octets(dst), ...extra);
    const sum = internetChecksum(h);
    h[10] = sum >> 8;
    h[11] = sum & 255;
    return Uint8Array.from([...h, ...body]);
  }
  const h = [0x60 + (tos >> 4), (tos & 15) << 4, 0, 0, body.length >> 8, body.length & 255, protocol, ttl];
  return Uint8Array.from([...h, ...octets(src), ...octets(dst), ...body]);
}

export function toBytes(text: Uint8Array | string): Uint8Array {
  return typeof text === 'string' ? Uint8Array.from(text, (c) => c.charCodeAt(0)) : text;
}

/** A TCP segment with a right checksum in its IP packet. */
export function encode(fields: Fields): Uint8Array {
  const text = toBytes(fields.text ?? '');
  const options = words(fields.options ?? []);
  const tcp = new Uint8Array(20 + options.length + text.length);
  const v = new DataView(tcp.buffer);
  v.setUint16(0, fields.sport);
  v.setUint16(2, fields.dport);
  v.setUint32(4, fields.seq ?? 0);
  v.setUint32(8, fields.ack ?? 0);
  v.setUint8(12, ((20 + options.length) / 4) << 4);
  for (const name of (fields.flags ?? '').split(',')) {
    const bit = FLAGS.indexOf(name as (typeof FLAGS)[number]);
    if (bit >= 0) v.setUint8(13, v.getUint8(13) + 2 ** bit);
  }
  v.setUint16(14, fields.window ?? 65_535);
  v.setUint16(18, fields.urgent ?? 0);
  tcp.set(options, 20);
  tcp.set(text, 20 + options.length);
  v.setUint16(16, internetChecksum(pseudo(octets(fields.src), octets(fields.dst), tcp.length), tcp));
  return ip(fields.src, fields.dst, 6, tcp, fields);
}

/** Reads a packet; null for one that is not TCP. */
export function decode(packet: Uint8Array, time: number): Frame | null {
  const v = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const family = packet[0]! >> 4 === 4 ? 4 : 6;
  const header = family === 4 ? (packet[0]! & 15) * 4 : 40;
  if (packet[family === 4 ? 9 : 6] !== 6) return null;
  const tos = family === 4 ? packet[1]! : (v.getUint16(0) >> 4) & 255;
  const end = family === 4 ? v.getUint16(2) : 40 + v.getUint16(4);
  const text = header + (packet[header + 12]! >> 4) * 4;
  const optionBytes = [...packet.subarray(header + 20, text)];
  return {
    time,
    family,
    src: addressText(family === 4 ? packet.subarray(12, 16) : packet.subarray(8, 24)),
    dst: addressText(family === 4 ? packet.subarray(16, 20) : packet.subarray(24, 40)),
    ttl: packet[family === 4 ? 8 : 7]!,
    dscp: tos >> 2,
    ecn: tos & 3,
    id: family === 4 ? v.getUint16(4) : 0,
    df: family === 6 || (packet[6]! & 0x40) !== 0,
    ipOptions: family === 4 ? [...packet.subarray(20, header)] : [],
    sport: v.getUint16(header),
    dport: v.getUint16(header + 2),
    seq: v.getUint32(header + 4),
    ack: v.getUint32(header + 8),
    flags: FLAGS.filter((_, bit) => packet[header + 13]! & (1 << bit)).join(','),
    window: v.getUint16(header + 14),
    urgent: v.getUint16(header + 18),
    options: readOptions(optionBytes),
    optionBytes,
    text: packet.slice(text, end),
    size: packet.length,
  };
}

/** Every option with a length octet but end (0) and NOP (1); nothing but zeros after the end. */
export function readOptions(bytes: readonly number[]): Option[] | null {
  const found: Option[] = [];
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes[at]!;
    if (kind === 0) {
      if (bytes.slice(at).some((octet) => octet !== 0)) return null;
      found.push({ kind, data: [] });
      return found;
    }
    const length = kind === 1 ? 1 : (bytes[at + 1] ?? 0);
    if (length < (kind === 1 ? 1 : 2) || at + length > bytes.length) return null;
    found.push({ kind, data: bytes.slice(at + 2, at + length) });
    at += length;
  }
  return found;
}

// ---- Options as octets ----

export const EOL = [0];
export const NOP = [1];
export const SACK_PERMITTED = [4, 2];

export function mss(size: number): number[] {
  return [2, 4, size >> 8, size & 255];
}

export function windowScale(shift: number): number[] {
  return [3, 3, shift];
}

export function timestamps(value: number, echo: number): number[] {
  const word = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
  return [8, 10, ...word(value), ...word(echo)];
}

/** An option of a frame as one number; -1 when there is none. */
export function option(frame: Frame, kind: number): number {
  const found = frame.options?.find((o) => o.kind === kind);
  return found === undefined ? -1 : number(found.data);
}

/** TSval and TSecr of a frame; null where it has none. */
export function stamps(frame: Frame): readonly [number, number] | null {
  const data = frame.options?.find((o) => o.kind === 8)?.data;
  return data === undefined ? null : [number(data.slice(0, 4)), number(data.slice(4))];
}

/** The number that octets spell. */
export function number(data: readonly number[]): number {
  return data.reduce((sum, octet) => sum * 256 + octet, 0);
}

/** Octets of a frame's sequence space: SEG.LEN. */
export function segLen(frame: Frame): number {
  return frame.text.length + (frame.flags.includes('SYN') ? 1 : 0) + (frame.flags.includes('FIN') ? 1 : 0);
}

/** a - b in sequence space. */
export function distance(a: number, b: number): number {
  const d = (a - b) % 2 ** 32;
  return d >= 2 ** 31 ? d - 2 ** 32 : d < -(2 ** 31) ? d + 2 ** 32 : d;
}

/** An ICMP message (of either family) about a packet, quoted as routers do. */
export function icmp(
  from: string,
  to: string,
  type: number,
  code: number,
  rest: number,
  quoted: Uint8Array,
): Uint8Array {
  const quote = quoted.subarray(0, from.includes('.') ? 28 : 48);
  const body = new Uint8Array(8 + quote.length);
  const v = new DataView(body.buffer);
  v.setUint8(0, type);
  v.setUint8(1, code);
  v.setUint32(4, rest);
  body.set(quote, 8);
  if (from.includes('.')) v.setUint16(2, internetChecksum(body));
  else {
    const header = pseudo(octets(from), octets(to), body.length);
    header[header.length - 1] = 58;
    v.setUint16(2, internetChecksum(header, body));
  }
  return ip(from, to, from.includes('.') ? 1 : 58, body);
}
