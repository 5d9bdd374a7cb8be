/**
 * Owns: a script, or any part of it, as text in the grammar it was read from, as a person would write it; the parser reads the
 * same from it again. Messages about packets that differ, and scripts that are recorded, are written with it.
 */

import { hexOctet } from './lexer.ts';
import { sequenceEnd } from './parse-sequence.ts';
import type {
  Action,
  CallAction,
  EventTime,
  Expression,
  Field,
  IcmpSpec,
  IpInfo,
  OptionSpec,
  PacketSpec,
  Script,
  ScriptEvent,
  ScriptOption,
  TcpSpec,
} from './script.ts';

const MICROSECONDS = 1_000_000;

/** One line an event, where its text has no lines of its own. */
export function formatScript(script: Script): string {
  const command = (action: Script['init']): string[] => (action === null ? [] : [formatAction(action)]);
  const head = [...script.options.map(formatOption), ...command(script.init)];
  const blocks = [head, script.events.map(formatEvent), command(script.cleanup)];
  return blocks.flatMap((lines) => (lines.length === 0 ? [] : [`${lines.join('\n')}\n`])).join('\n');
}

/** What is no word, number or address is in quotation marks: packetdrill reads nothing else. */
function formatOption({ name, value }: ScriptOption): string {
  if (value === '') return `--${name}`;
  const plain = name === 'define' || /^(\w+|\d+\.\d+\.\d+\.\d+|[\w.]*:[\w.:]*)$/.test(value);
  return `--${name}=${plain ? value : quoted(value)}`;
}

/** A line of a script; the time of a blocking call includes when it returns. */
export function formatEvent(event: ScriptEvent): string {
  return `${formatTime(event.time)} ${formatAction(event.action)}`;
}

/** `0.1`, `+0.1`, `*`, `0.1~0.2`, `+0.1~+0.2`, `0.1...0.2` */
export function formatTime(time: EventTime): string {
  const sign = time.relative ? '+' : '';
  const start = `${sign}${formatSeconds(time.start)}`;
  switch (time.kind) {
    case 'any':
      return '*';
    case 'at':
      return start;
    case 'range':
      return `${start}~${sign}${formatSeconds(time.end)}`;
    case 'blocking':
      return `${start}...${formatSeconds(time.end)}`;
  }
}

/** Microseconds as seconds, without a rest that is nothing. */
export function formatSeconds(microseconds: number): string {
  const whole = Math.floor(microseconds / MICROSECONDS);
  const rest = String(microseconds % MICROSECONDS).padStart(6, '0');
  return `${whole}.${rest}`.replace(/\.?0+$/, '');
}

export function formatAction(action: Action): string {
  switch (action.kind) {
    case 'packet':
      return `${action.direction === 'inbound' ? '<' : '>'} ${formatPacket(action.packet)}`;
    case 'call':
      return formatCall(action);
    case 'shell':
      return `\`${action.command}\``;
    case 'code':
      return action.text.includes('\n') ? `%{${action.text}}%` : `%{ ${action.text} }%`;
  }
}

/** A packet without the sign of its direction: `P. 1:1001(1000) ack 1 win 256 <nop,nop,TS val 100 ecr 700>` */
export function formatPacket(packet: PacketSpec): string {
  const ip = formatIp(packet.ip);
  const parts = ip === '' ? [] : [ip];
  if (packet.protocol === 'tcp') parts.push(...formatPorts(packet.ports), ...tcpParts(packet));
  else if (packet.protocol === 'icmp') parts.push(...icmpParts(packet));
  else if (packet.ports === null) parts.push(`udp(${packet.length})`);
  else parts.push('udp', ...formatPorts(packet.ports), `(${packet.length})`);
  return parts.join(' ');
}

function formatIp(ip: IpInfo): string {
  const fields: string[] = [];
  if (ip.ecn !== null) fields.push(ip.ecn);
  if (ip.tos !== null) fields.push(`tos 0x${hexOctet(ip.tos)}`);
  if (ip.ttl !== null) fields.push(`ttl ${ip.ttl}`);
  if (ip.flowLabel !== null) fields.push(`flowlabel 0x${ip.flowLabel.toString(16)}`);
  return fields.length === 0 ? '' : `[${fields.join(', ')}]`;
}

function formatPorts(ports: TcpSpec['ports']): string[] {
  return ports === null ? [] : [`${ports[0]} > ${ports[1]}`];
}

function tcpParts(tcp: TcpSpec): string[] {
  const parts = [formatFlags(tcp.flags, tcp.ace), formatSequence(tcp.seq, tcp.length)];
  if (tcp.ack !== null) parts.push(`ack ${tcp.ack}`);
  if (tcp.window !== null) parts.push(`win ${tcp.window}`);
  if (tcp.urgent !== null) parts.push(`urg ${tcp.urgent}`);
  if (tcp.options === null) parts.push('<...>');
  else if (tcp.options.length > 0) parts.push(`<${tcp.options.map(formatTcpOption).join(',')}>`);
  return parts;
}

/** Letters, the point for ACK, the digit; a digit alone would be a number, and is written as the flags it stands for. */
function formatFlags(flags: string, ace: number | null): string {
  if (ace === null) return flags || '-';
  if (flags !== '') return `${flags}${ace}`;
  return [...'AWE'].filter((_, bit) => (ace & (4 >> bit)) !== 0).join('') || '-';
}

function formatSequence(seq: number, length: number): string {
  return `${seq}:${sequenceEnd(seq, length)}(${length})`;
}

/** As it stands between the commas. */
export function formatTcpOption(option: OptionSpec): string {
  switch (option.kind) {
    case 'mss':
    case 'wscale':
      return `${option.kind} ${option.value}`;
    case 'sackOK':
    case 'nop':
    case 'eol':
      return option.kind;
    case 'sack':
      return ['sack', ...option.blocks.map((edges) => edges.join(':'))].join(' ');
    case 'timestamp':
      return `TS val ${option.value} ecr ${option.echo}`;
    case 'fastOpen':
      return [option.experimental ? 'FOEXP' : 'FO', ...hexBlob(option.cookie)].join(' ');
    case 'md5':
      return ['md5', ...hexBlob(option.digest)].join(' ');
    case 'accEcn':
      return ['ECN', ...option.counters.flat()].join(' ');
    case 'unknown':
      return [`kind ${option.code}`, ...hexBlob(option.octets)].join(' ');
  }
}

function hexBlob(octets: readonly number[]): string[] {
  return octets.length === 0 ? [] : [octets.map(hexOctet).join('')];
}

function icmpParts(icmp: IcmpSpec): string[] {
  const parts = ['icmp', icmp.type];
  if (icmp.code !== null) parts.push(icmp.code);
  if (icmp.mtu !== null) parts.push(`mtu ${icmp.mtu}`);
  if (icmp.id !== null) parts.push(`id ${icmp.id}`);
  if (icmp.quoted?.protocol === 'udp') parts.push(`[udp(${icmp.quoted.length})]`);
  else if (icmp.quoted !== null) parts.push(`[${formatSequence(icmp.quoted.seq, icmp.quoted.length)}]`);
  return parts;
}

/** `read(4, ..., 1000) = -1 EAGAIN (Resource temporarily unavailable)` */
export function formatCall(call: CallAction): string {
  const result = [formatExpression(call.result)];
  if (call.errno !== null) result.push(call.errno);
  if (call.note !== null) result.push(`(${call.note})`);
  return `${call.name}(${call.args.map(formatExpression).join(', ')}) = ${result.join(' ')}`;
}

export function formatExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'integer':
      return expression.text;
    case 'word':
      return expression.name;
    case 'string':
      return quoted(expression.value);
    case 'ellipsis':
      return '...';
    case 'operator': {
      const operands = expression.operands.map(formatExpression);
      return expression.operator === '~' ? `~${operands.join('')}` : operands.join('|');
    }
    case 'list':
      return `[${expression.items.map(formatExpression).join(', ')}]`;
    case 'record':
      return `{${expression.fields.map(formatField).join(', ')}}`;
    case 'application':
      return `${expression.name}(${expression.args.map(formatExpression).join(', ')})`;
  }
}

function formatField({ name, parameter, value }: Field): string {
  if (name === null) return formatExpression(value);
  const of = parameter === null ? '' : `(${formatExpression(parameter)})`;
  return `${name}${of}=${formatExpression(value)}`;
}

/** In quotation marks; octets that are no printable ASCII as escapes. */
function quoted(octets: string): string {
  const inside = octets.replace(/[^\x20-\x7e]|["\\]/g, (c) => ESCAPED.get(c) ?? `\\x${hexOctet(c.charCodeAt(0))}`);
  return `"${inside}"`;
}

const ESCAPED: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);
