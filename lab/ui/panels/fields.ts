/**
 * Owns: which octets of an IPv4 packet with TCP are which field, and what is in them. Leaves to others: what a field is for, in
 * words (`words/`), and drawing.
 */

export type FieldName =
  | 'version'
  | 'dscp'
  | 'totalLength'
  | 'identification'
  | 'fragment'
  | 'ttl'
  | 'protocol'
  | 'ipChecksum'
  | 'source'
  | 'destination'
  | 'ipOptions'
  | 'sourcePort'
  | 'destinationPort'
  | 'sequence'
  | 'acknowledgment'
  | 'offsetFlags'
  | 'window'
  | 'checksum'
  | 'urgent'
  | 'end'
  | 'noOperation'
  | 'mss'
  | 'windowScale'
  | 'sackPermitted'
  | 'sack'
  | 'timestamps'
  | 'unknownOption'
  | 'text';

export interface PacketField {
  readonly name: FieldName;
  /** Octets of it: from, until. */
  readonly from: number;
  readonly until: number;
  /** What it says, for people. */
  readonly value: string;
  readonly rfc: string;
  readonly part: 'ip' | 'tcp' | 'option' | 'text';
}

const IP = 'RFC 791 3.1';
const TCP = 'RFC 9293 3.1';
const OPTIONS: Readonly<Record<number, readonly [FieldName, string]>> = {
  0: ['end', 'RFC 9293 3.2'],
  1: ['noOperation', 'RFC 9293 3.2'],
  2: ['mss', 'RFC 9293 3.7.1'],
  3: ['windowScale', 'RFC 7323 2.2'],
  4: ['sackPermitted', 'RFC 2018 2'],
  5: ['sack', 'RFC 2018 3'],
  8: ['timestamps', 'RFC 7323 3.2'],
};
const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];
const ECN = ['not ECT', 'ECT(1)', 'ECT(0)', 'CE'];

/** The fields of a packet from its first octet to its last. */
export function fieldsOf(octets: Uint8Array): readonly PacketField[] {
  return new Reading(octets).fields;
}

class Reading {
  readonly fields: PacketField[] = [];
  readonly #octets: Uint8Array;
  readonly #view: DataView;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
    this.#view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    const tcp = this.#ip();
    const text = this.#tcp(tcp);
    this.#add('text', 'text', text, octets.length, String(octets.length - text), TCP);
  }

  /** @returns where TCP's header begins */
  #ip(): number {
    const view = this.#view;
    const length = (view.getUint8(0) & 15) * 4;
    const ip = (name: FieldName, from: number, until: number, value: string): void =>
      this.#add('ip', name, from, until, value, IP);
    ip('version', 0, 1, `${view.getUint8(0) >> 4}, ${length}`);
    ip('dscp', 1, 2, `${view.getUint8(1) >> 2}, ${ECN[view.getUint8(1) & 3]}`);
    ip('totalLength', 2, 4, String(view.getUint16(2)));
    ip('identification', 4, 6, String(view.getUint16(4)));
    ip('fragment', 6, 8, view.getUint8(6) & 0x40 ? "don't fragment" : String(view.getUint16(6) & 0x1fff));
    ip('ttl', 8, 9, String(view.getUint8(8)));
    ip('protocol', 9, 10, String(view.getUint8(9)));
    ip('ipChecksum', 10, 12, this.#hex(10, 12));
    ip('source', 12, 16, this.#octets.subarray(12, 16).join('.'));
    ip('destination', 16, 20, this.#octets.subarray(16, 20).join('.'));
    if (length > 20) ip('ipOptions', 20, length, this.#hex(20, length));
    return length;
  }

  /** @returns where the text begins */
  #tcp(at: number): number {
    const view = this.#view;
    const end = at + (view.getUint8(at + 12) >> 4) * 4;
    const flags = view.getUint8(at + 13);
    const tcp = (name: FieldName, from: number, until: number, value: string): void =>
      this.#add('tcp', name, at + from, at + until, value, TCP);
    tcp('sourcePort', 0, 2, String(view.getUint16(at)));
    tcp('destinationPort', 2, 4, String(view.getUint16(at + 2)));
    tcp('sequence', 4, 8, String(view.getUint32(at + 4)));
    tcp('acknowledgment', 8, 12, String(view.getUint32(at + 8)));
    tcp('offsetFlags', 12, 14, `${end - at}, ${FLAGS.filter((_, i) => flags & (1 << i)).join(' ')}`);
    tcp('window', 14, 16, String(view.getUint16(at + 14)));
    tcp('checksum', 16, 18, this.#hex(at + 16, at + 18));
    tcp('urgent', 18, 20, String(view.getUint16(at + 18)));
    for (let i = at + 20; i < end; ) i = this.#option(i, end);
    return end;
  }

  /** @returns where the next option begins */
  #option(at: number, end: number): number {
    const kind = this.#octets[at]!;
    const [name, rfc] = OPTIONS[kind] ?? ['unknownOption', 'RFC 9293 3.2'];
    const until = kind < 2 ? at + 1 : Math.min(end, at + Math.max(2, this.#octets[at + 1] ?? 2));
    this.#add('option', name, at, until, this.#optionValue(name, at, until), rfc);
    return until;
  }

  #optionValue(name: FieldName, at: number, until: number): string {
    const view = this.#view;
    switch (name) {
      case 'mss':
        return String(view.getUint16(at + 2));
      case 'windowScale':
        return `${view.getUint8(at + 2)} (× ${2 ** view.getUint8(at + 2)})`;
      case 'timestamps':
        return `TSval ${view.getUint32(at + 2)}, TSecr ${view.getUint32(at + 6)}`;
      case 'sack': {
        const blocks: string[] = [];
        for (let i = at + 2; i + 8 <= until; i += 8) blocks.push(`${view.getUint32(i)}–${view.getUint32(i + 4)}`);
        return blocks.join(' ');
      }
      default:
        return until - at > 2 ? this.#hex(at + 2, until) : '';
    }
  }

  #hex(from: number, until: number): string {
    return `0x${hex(this.#octets.subarray(from, until), '')}`;
  }

  #add(part: PacketField['part'], name: FieldName, from: number, until: number, value: string, rfc: string): void {
    if (until > from) this.fields.push({ part, name, from, until, value, rfc });
  }
}

/** Octets as hexadecimal digits. */
export function hex(octets: Uint8Array, between: string): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join(between);
}
