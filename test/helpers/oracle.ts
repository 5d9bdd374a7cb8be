/**
 * An independent judge of frames: written without looking at `src/wire`, in another style (DataView, and checksums as one
 * large number modulo 65535), so that the two cannot share a mistake. It is strict: it says what tsyn may emit, which is
 * less than what tsyn must accept.
 */

export interface OracleOptions {
  /** Hostile or merely odd frames are wanted: only structure and checksums are judged. */
  readonly lenient?: boolean;
}

/** Everything wrong with a frame; empty when it is sound. */
export function checkFrame(bytes: Uint8Array, medium: 'ip' | 'ethernet', options: OracleOptions = {}): string[] {
  const judge = new Judge(options.lenient ?? false);
  if (medium === 'ethernet') judge.ethernet(bytes);
  else judge.ip(bytes, false);
  return judge.problems;
}

/**
 * Whether a checksum over these parts comes out right: with 65536 = 1 (mod 65535), the words' sum is the number that the
 * bytes spell, modulo 65535.
 */
export function onesComplementZero(...parts: ReadonlyArray<Uint8Array>): boolean {
  let hex = '';
  for (const part of parts) {
    for (const octet of part) hex += octet.toString(16).padStart(2, '0');
    if (part.length % 2 === 1) hex += '00';
  }
  const n = BigInt('0x0' + hex);
  return n !== 0n && n % 65535n === 0n;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function pseudo(src: Uint8Array, dst: Uint8Array, protocol: number, length: number): Uint8Array {
  if (src.length === 4) {
    const header = new Uint8Array(12);
    header.set(src, 0);
    header.set(dst, 4);
    header[9] = protocol;
    view(header).setUint16(10, length);
    return header;
  }
  const header = new Uint8Array(40);
  header.set(src, 0);
  header.set(dst, 16);
  view(header).setUint32(32, length);
  header[39] = protocol;
  return header;
}

/** Where a packet with a source route that is not at its end goes in the end: the last address of the route. */
function lastStop(options: Uint8Array): Uint8Array | null {
  for (
    let at = 0;
    at < options.length && options[at] !== 0;
    at += options[at] === 1 ? 1 : Math.max(options[at + 1]!, 1)
  ) {
    const [kind, length, pointer] = options.subarray(at, at + 3);
    const route = kind === 131 || kind === 137;
    if (route && pointer! < length!) return options.subarray(at + length! - 4, at + length!);
  }
  return null;
}

class Judge {
  readonly problems: string[] = [];
  readonly #lenient: boolean;

  constructor(lenient: boolean) {
    this.#lenient = lenient;
  }

  #must(holds: boolean, problem: string): boolean {
    if (!holds) this.problems.push(problem);
    return holds;
  }

  /** Judged only of what tsyn emits itself. */
  #should(holds: boolean, problem: string): void {
    if (!this.#lenient) this.#must(holds, problem);
  }

  ethernet(frame: Uint8Array): void {
    if (!this.#must(frame.length >= 14, 'ethernet: shorter than its header')) return;
    this.#must((frame[6]! & 1) === 0, 'ethernet: group address as source');
    const type = view(frame).getUint16(12);
    const payload = frame.subarray(14);
    if (type === 0x0806) this.#arp(payload);
    else if (type === 0x0800) {
      if (this.#must(payload.length > 0 && payload[0]! >> 4 === 4, 'ethernet: type and IP version differ')) {
        this.ip(payload, true);
      }
    } else if (type === 0x86dd) {
      if (this.#must(payload.length > 0 && payload[0]! >> 4 === 6, 'ethernet: type and IP version differ')) {
        this.ip(payload, true);
      }
    } else this.#must(false, `ethernet: type 0x${type.toString(16)}`);
  }

  #arp(arp: Uint8Array): void {
    if (!this.#must(arp.length >= 28, 'arp: truncated')) return;
    const v = view(arp);
    this.#must(v.getUint16(0) === 1 && v.getUint16(2) === 0x0800, 'arp: not IPv4 over Ethernet');
    this.#must(arp[4] === 6 && arp[5] === 4, 'arp: address lengths');
    this.#must(v.getUint16(6) === 1 || v.getUint16(6) === 2, 'arp: operation');
    this.#must((arp[8]! & 1) === 0, 'arp: group address as sender');
    this.#must(
      arp.subarray(28).every((octet) => octet === 0),
      'arp: padding not zero',
    );
  }

  ip(packet: Uint8Array, padded: boolean): void {
    if (!this.#must(packet.length > 0, 'ip: empty')) return;
    const version = packet[0]! >> 4;
    if (version === 4) this.#ipv4(packet, padded);
    else if (version === 6) this.#ipv6(packet, padded);
    else this.#must(false, `ip: version ${version}`);
  }

  #ipv4(packet: Uint8Array, padded: boolean): void {
    if (!this.#must(packet.length >= 20, 'ipv4: truncated')) return;
    const v = view(packet);
    const header = (packet[0]! & 15) * 4;
    const total = v.getUint16(2);
    if (!this.#must(header >= 20 && header <= packet.length, 'ipv4: header length')) return;
    if (!this.#must(total >= header && total <= packet.length, 'ipv4: total length')) return;
    this.#padding(packet.subarray(total), padded);
    this.#must(onesComplementZero(packet.subarray(0, header)), 'ipv4: header checksum');
    const field = v.getUint16(6);
    this.#must((field & 0x8000) === 0, 'ipv4: reserved flag');
    this.#must(packet[8]! > 0, 'ipv4: ttl 0');
    const more = (field & 0x2000) !== 0;
    const offset = (field & 0x1fff) * 8;
    this.#should(!((field & 0x4000) !== 0 && (more || offset > 0)), 'ipv4: a fragment that says do not fragment');
    if (more) this.#must(total > header && (total - header) % 8 === 0, 'ipv4: fragment length');
    this.#must(offset + total <= 65535, 'ipv4: fragment beyond 65535');
    const src = packet.subarray(12, 16);
    this.#should(src[0]! < 224, 'ipv4: multicast or broadcast source');
    if (more || offset > 0) return;
    const dst = lastStop(packet.subarray(20, header)) ?? packet.subarray(16, 20);
    this.#transport(packet[9]!, packet.subarray(header, total), src, dst, packet[8]!);
  }

  #ipv6(packet: Uint8Array, padded: boolean): void {
    if (!this.#must(packet.length >= 40, 'ipv6: truncated')) return;
    const end = 40 + view(packet).getUint16(4);
    if (!this.#must(end <= packet.length, 'ipv6: payload length')) return;
    this.#padding(packet.subarray(end), padded);
    this.#must(packet[7]! > 0, 'ipv6: hop limit 0');
    const src = packet.subarray(8, 24);
    this.#must(src[0] !== 255, 'ipv6: multicast source');
    let next = packet[6]!;
    let rest = packet.subarray(40, end);
    for (let first = true; next === 0 || next === 43 || next === 44 || next === 60; first = false) {
      if (next === 0 && !this.#must(first, 'ipv6: hop-by-hop options not first')) return;
      if (!this.#must(rest.length >= 8, 'ipv6: extension header truncated')) return;
      const length = next === 44 ? 8 : (rest[1]! + 1) * 8;
      if (!this.#must(length <= rest.length, 'ipv6: extension header length')) return;
      if (next === 44) {
        const field = view(rest).getUint16(2);
        this.#must(rest[1] === 0 && (field & 6) === 0, 'ipv6: fragment header reserved bits');
        if (field & 1) this.#must(rest.length > 8 && rest.length % 8 === 0, 'ipv6: fragment length');
        if ((field & 0xfff9) !== 0) return;
      }
      next = rest[0]!;
      rest = rest.subarray(length);
    }
    this.#transport(next, rest, src, packet.subarray(24, 40), packet[7]!);
  }

  #padding(padding: Uint8Array, allowed: boolean): void {
    if (padding.length === 0) return;
    this.#must(allowed, 'ip: octets after the packet');
    this.#should(
      padding.every((octet) => octet === 0),
      'ethernet: padding not zero',
    );
  }

  #transport(protocol: number, bytes: Uint8Array, src: Uint8Array, dst: Uint8Array, ttl: number): void {
    if (protocol === 6) this.#tcp(bytes, src, dst);
    else if (protocol === 17) this.#udp(bytes, src, dst);
    else if (protocol === 1 && src.length === 4) {
      if (!this.#must(bytes.length >= 8, 'icmp: truncated')) return;
      this.#must(onesComplementZero(bytes), 'icmp: checksum');
      const error = [3, 4, 5, 11, 12].includes(bytes[0]!);
      if (error) this.#should(bytes.length >= 8 + 28 && bytes[8]! >> 4 === 4, 'icmp: an error that quotes too little');
    } else if (protocol === 58 && src.length === 16) {
      if (!this.#must(bytes.length >= 8, 'icmpv6: truncated')) return;
      this.#must(onesComplementZero(pseudo(src, dst, 58, bytes.length), bytes), 'icmpv6: checksum');
      const type = bytes[0]!;
      if (type >= 133 && type <= 137) this.#must(ttl === 255, 'nd: hop limit not 255');
      if (type < 128)
        this.#should(bytes.length >= 48 && bytes[8]! >> 4 === 6, 'icmpv6: an error that quotes too little');
    }
  }

  #udp(bytes: Uint8Array, src: Uint8Array, dst: Uint8Array): void {
    if (!this.#must(bytes.length >= 8, 'udp: truncated')) return;
    const v = view(bytes);
    this.#must(v.getUint16(4) === bytes.length, 'udp: length');
    this.#should(v.getUint16(2) !== 0, 'udp: destination port 0');
    if (v.getUint16(6) === 0) this.#must(src.length === 4, 'udp: no checksum over IPv6');
    else this.#must(onesComplementZero(pseudo(src, dst, 17, bytes.length), bytes), 'udp: checksum');
  }

  #tcp(bytes: Uint8Array, src: Uint8Array, dst: Uint8Array): void {
    if (!this.#must(bytes.length >= 20, 'tcp: truncated')) return;
    const v = view(bytes);
    this.#must(onesComplementZero(pseudo(src, dst, 6, bytes.length), bytes), 'tcp: checksum');
    const header = (bytes[12]! >> 4) * 4;
    if (!this.#must(header >= 20 && header <= bytes.length, 'tcp: data offset')) return;
    const flags = new Set(['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'].filter((_, bit) => bytes[13]! & (1 << bit)));
    this.#should((bytes[12]! & 15) === 0, 'tcp: reserved bits');
    this.#should(v.getUint16(0) !== 0 && v.getUint16(2) !== 0, 'tcp: port 0');
    this.#should(['FIN', 'SYN', 'RST'].filter((flag) => flags.has(flag)).length <= 1, 'tcp: two of FIN, SYN and RST');
    this.#should(flags.has('ACK') || flags.has('SYN') || flags.has('RST'), 'tcp: neither ACK nor SYN nor RST');
    this.#should(flags.has('ACK') || v.getUint32(8) === 0, 'tcp: an acknowledgment number without ACK');
    this.#should(flags.has('URG') || v.getUint16(18) === 0, 'tcp: an urgent pointer without URG');
    this.#should(!flags.has('RST') || bytes.length === header, 'tcp: text on a reset');
    this.#options(bytes.subarray(20, header), flags);
  }

  #options(options: Uint8Array, flags: ReadonlySet<string>): void {
    const lengths = new Map([
      [2, 4],
      [3, 3],
      [4, 2],
      [8, 10],
    ]);
    const seen = new Set<number>();
    let at = 0;
    while (at < options.length) {
      const kind = options[at]!;
      if (kind === 1) {
        at++;
        continue;
      }
      if (kind === 0) {
        this.#should(
          options.subarray(at).every((octet) => octet === 0),
          'tcp: padding after the end of options not zero',
        );
        return;
      }
      const length = options[at + 1] ?? 0;
      if (!this.#must(length >= 2 && at + length <= options.length, `tcp: option ${kind}: length ${length}`)) return;
      const body = options.subarray(at, at + length);
      at += length;
      this.#must(length === (lengths.get(kind) ?? length), `tcp: option ${kind}: length ${length}`);
      this.#should(!seen.has(kind), `tcp: option ${kind} twice`);
      seen.add(kind);
      if (kind === 2 || kind === 3 || kind === 4) this.#should(flags.has('SYN'), `tcp: option ${kind} without SYN`);
      if (kind === 3) this.#should(body[2]! <= 14, 'tcp: window scale beyond 14');
      if (kind === 5) this.#sack(body);
    }
  }

  #sack(body: Uint8Array): void {
    if (!this.#must([10, 18, 26, 34].includes(body.length), `tcp: option 5: length ${body.length}`)) return;
    const v = view(body);
    for (let at = 2; at < body.length; at += 8) {
      const span = BigInt.asIntN(32, BigInt(v.getUint32(at + 4)) - BigInt(v.getUint32(at)));
      this.#should(span > 0n, 'tcp: a SACK block that ends before it begins');
    }
  }
}
