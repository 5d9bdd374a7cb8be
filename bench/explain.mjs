/**
 * The workload of `tsyn explain`: a capture of bulk transfers, written where it is told to, and the table of its connections
 * made by tsyn and by tshark.
 */

import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LINKTYPE_ETHERNET, PcapngWriter } from '../dist/trace/index.js';
import {
  ACK,
  Address,
  ETHERTYPE_IPV4,
  FIN,
  Ipv4Header,
  Mac,
  PROTO_TCP,
  PSH,
  Segment,
  SYN,
  seq,
  writeEthernet,
  writeIpv4,
  writeTcp,
} from '../dist/wire/index.js';

const CONNECTIONS = 20;
const ETHERNET = 14;
const IP = 20;
/** Text of a packet of 1500 octets, whose TCP header has timestamps. */
const TEXT = 1500 - IP - 32;
const EPOCH = 1_700_000_000_000;
/** Octets gathered for a system call. */
const GATHER = 1 << 20;

/** A frame of one connection's direction, its text and most of its headers there already. */
class Sender {
  constructor(number, forth) {
    this.buf = new Uint8Array(ETHERNET + 1500).fill(number + 1);
    const client = new Address(4, 0, 0, 0xffff, 0x0a000001 + number);
    const server = new Address(4, 0, 0, 0xffff, 0xc0000201);
    const macs = [new Mac(0x0200, 1), new Mac(0x0200, 2)];
    writeEthernet(this.buf, 0, macs[forth ? 1 : 0], macs[forth ? 0 : 1], ETHERTYPE_IPV4);
    this.ip = new Ipv4Header();
    this.ip.ttl = 64;
    this.ip.protocol = PROTO_TCP;
    [this.ip.src, this.ip.dst] = forth ? [client, server] : [server, client];
    this.segment = new Segment();
    [this.segment.srcPort, this.segment.dstPort] = forth ? [40_000 + number, 80] : [80, 40_000 + number];
    this.segment.window = 0xffff;
    this.segment.timestamps = true;
    this.next = 1000 * (number + 1);
  }

  /** Makes the frame that comes next. @returns its length */
  frame(flags, length, ack) {
    const { segment, ip, buf } = this;
    segment.flags = flags;
    segment.seq = seq(this.next);
    segment.ack = seq(ack);
    segment.tsVal = seq(segment.tsVal + 1);
    segment.mss = flags & SYN ? 1460 : -1;
    segment.windowScale = flags & SYN ? 7 : -1;
    segment.sackPermitted = (flags & SYN) !== 0;
    const header = writeTcp(buf, ETHERNET + IP, segment);
    ip.payloadLength = header + length;
    ip.totalLength = IP + ip.payloadLength;
    writeIpv4(buf, ETHERNET, ip);
    this.next = (this.next + length + (flags & (SYN | FIN) ? 1 : 0)) >>> 0;
    return ETHERNET + ip.totalLength;
  }
}

/** A connection that sends all the time: two segments, and an ACK for both. */
class Bulk {
  constructor(number) {
    this.client = new Sender(number, true);
    this.server = new Sender(number, false);
  }

  open(packet) {
    const { client, server } = this;
    packet(client, SYN, 0, 0);
    packet(server, SYN | ACK, 0, client.next);
    packet(client, ACK, 0, server.next);
  }

  step(packet) {
    const { client, server } = this;
    packet(client, ACK, TEXT, server.next);
    packet(client, ACK | PSH, TEXT, server.next);
    packet(server, ACK, 0, client.next);
  }

  close(packet) {
    const { client, server } = this;
    packet(client, ACK | FIN, 0, server.next);
    packet(server, ACK | FIN, 0, client.next);
    packet(client, ACK, 0, server.next);
  }
}

/**
 * Writes a pcapng file of about so many octets: twenty connections that take turns, with packets of 1500 octets and their ACKs.
 * The same each time. Checksums of TCP are not made: neither side looks at them.
 *
 * @returns how many connections, and the packets that each has from the client and from the server
 */
function writeCapture(path, octets) {
  const writer = new PcapngWriter();
  const fd = openSync(path, 'w');
  let packets = 0;
  let pieces = [writer.header(), writer.interface({ linkType: LINKTYPE_ETHERNET, name: 'eth0' })];
  let gathered = 0;
  let written = 0;
  const flush = () => {
    writeSync(fd, Buffer.concat(pieces));
    written += gathered;
    gathered = 0;
    pieces = [];
  };
  const packet = (sender, flags, text, ack) => {
    const length = sender.frame(flags, text, ack);
    const block = writer.packet(0, EPOCH + packets++ / 100, sender.buf, 0, length);
    pieces.push(block);
    gathered += block.length;
    if (gathered >= GATHER) flush();
  };
  const bulks = Array.from({ length: CONNECTIONS }, (_, number) => new Bulk(number));
  for (const bulk of bulks) bulk.open(packet);
  let turns = 0;
  for (; written + gathered < octets; turns++) for (const bulk of bulks) bulk.step(packet);
  for (const bulk of bulks) bulk.close(packet);
  flush();
  closeSync(fd);
  return { connections: CONNECTIONS, forth: 4 + 2 * turns, back: 2 + turns };
}

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
/** Tells, at the end of a process, the most memory that it had, KiB. */
const PEAK = `import { writeSync } from 'node:fs';
process.on('exit', () => writeSync(2, 'peak ' + process.resourceUsage().maxRSS));`;

function timed(command, words) {
  const began = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, words, { encoding: 'utf8', maxBuffer: 1 << 28 });
  const ms = performance.now() - began;
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
  return { ms, stdout, stderr };
}

/** The table by tsyn. @returns ms, the table */
function ours(path) {
  const { ms, stdout } = timed(process.execPath, [main, 'explain', path]);
  return { ms, table: stdout };
}

/** @returns octets of memory that tsyn takes at most: a run of its own, since asking for it takes time */
function peakOf(path) {
  const hook = `data:text/javascript,${encodeURIComponent(PEAK)}`;
  const { stderr } = timed(process.execPath, ['--import', hook, main, 'explain', path]);
  return Number(/peak (\d+)$/.exec(stderr)[1]) * 1024;
}

/** The table by tshark. @returns ms, the table */
function tsharks(path) {
  const { ms, stdout } = timed('tshark', ['-q', '-z', 'conv,tcp', '-r', path]);
  return { ms, table: stdout };
}

/** Whether a table has all connections, with the packets that each sent. A quick answer that is wrong would be none. */
function check(name, table, { connections, forth, back }) {
  const rows = table.split('\n').filter((line) => /10\.0\.0\.\d+:\d+/.test(line));
  const numbers = (line) => line.replaceAll(',', '').match(/\b\d+\b/g) ?? [];
  const right = rows.filter((line) => numbers(line).includes(String(forth)) && numbers(line).includes(String(back)));
  if (rows.length !== connections || right.length !== connections)
    throw new Error(`${name} has ${right.length} of ${connections} connections right:\n${table}`);
}

/**
 * Both, taking turns, on one capture of about so many octets, which is removed afterwards.
 *
 * @returns octets of the file; ours by tshark's time of each round, and both, ms; octets of our memory at most
 */
export function compareExplain(octets, rounds) {
  const folder = mkdtempSync(join(tmpdir(), 'tsyn-'));
  const path = join(folder, 'bulk.pcapng');
  try {
    const facts = writeCapture(path, octets);
    const mine = [];
    const theirs = [];
    for (let round = 0; round < rounds; round++) {
      const our = ours(path);
      const their = tsharks(path);
      check('tsyn', our.table, facts);
      check('tshark', their.table, facts);
      mine.push(our.ms);
      theirs.push(their.ms);
    }
    const ratios = mine.map((ms, round) => ms / theirs[round]);
    return { octets: statSync(path).size, ratios, mine, theirs, peak: peakOf(path) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
