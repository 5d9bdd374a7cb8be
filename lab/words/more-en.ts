/** Owns: the words of the page's later parts in English; their type is what another language has to have. */

import { type WhyWords, english as whyEnglish } from 'tsyn/check/words';
import { english, type Sentences } from 'tsyn/explain';
import type { HostName } from '../engine/types.ts';
import type { FieldName } from '../ui/panels/fields.ts';
import type { Field } from '../ui/panels/tcb.ts';
import { helpEn } from './ui-help-en.ts';

const fields: Readonly<Record<FieldName, readonly [name: string, meaning: string]>> = {
  version: ['Version, header length', 'Version 4 of IP, and how many octets its header has.'],
  dscp: ['Service, ECN', 'What treatment the packet asks for; the last two bits let routers mark congestion.'],
  totalLength: ['Total length', 'Octets of the whole packet.'],
  identification: ['Identification', 'Tells which fragments belong together.'],
  fragment: ['Flags, fragment offset', 'Whether routers may cut the packet, and where a fragment belongs.'],
  ttl: [
    'Time to live',
    'Each router takes one off; at zero the packet dies. This is why segments do not live for ever.',
  ],
  protocol: ['Protocol', '6 is TCP.'],
  ipChecksum: ['Header checksum', 'Of IP’s header only.'],
  source: ['Source address', 'Who says that it has sent this.'],
  destination: ['Destination address', 'Whom it is for.'],
  ipOptions: ['IP options', 'Rarely used.'],
  sourcePort: ['Source port', 'Which program of the sender. Two addresses and two ports are a connection.'],
  destinationPort: ['Destination port', 'Which program of the receiver.'],
  sequence: ['Sequence number', 'The number of the first octet of text; of the SYN where there is one.'],
  acknowledgment: [
    'Acknowledgment number',
    'The number expected next: all before it has come. Meaningful with ACK only.',
  ],
  offsetFlags: ['Header length, flags', 'Octets of TCP’s header with its options, and what kind of segment this is.'],
  window: ['Window', 'So many octets beyond the acknowledgment number the sender has room for.'],
  checksum: ['Checksum', 'Of addresses, header and text: a segment that was damaged is dropped.'],
  urgent: ['Urgent pointer', 'Where urgent text ends. Meaningful with URG only.'],
  end: ['End of options', 'What follows is padding.'],
  noOperation: ['No operation', 'Fills up, so that the next option begins at a word.'],
  mss: ['Maximum segment size', 'The largest text that the sender of this SYN is ready to receive in a segment.'],
  windowScale: ['Window scale', 'By how many bits the sender’s windows are shifted from now on.'],
  sackPermitted: ['SACK permitted', 'The sender understands selective acknowledgments.'],
  sack: ['SACK', 'Ranges that have come beyond a gap, and need not be sent again.'],
  timestamps: [
    'Timestamps',
    'The sender’s clock, and the peer’s as it was last seen: for round trips and against old duplicates.',
  ],
  unknownOption: ['Another option', 'Who does not know it skips it by its length.'],
  text: ['Text', 'What the application has written.'],
};

const meanings: Readonly<Record<Field, string>> = {
  iss: 'initial send sequence number: the number of our SYN, from which our octets are counted.',
  sndUna: 'send unacknowledged: the oldest number that the peer has not acknowledged yet.',
  sndNxt: 'send next: the number that the next new octet will have.',
  sndWnd: 'send window: so many octets beyond SND.UNA the peer has room for.',
  sndWl1: 'number of the segment that last changed SND.WND: an older one may not.',
  sndWl2: 'acknowledgment in the segment that last changed SND.WND.',
  mss: 'maximum segment size: octets of text that a segment carries at most.',
  sacked: 'ranges beyond a gap that the peer has reported to hold.',
  irs: 'initial receive sequence number: the number of the peer’s SYN.',
  rcvNxt: 'receive next: the number expected next; all before it has come.',
  rcvWnd: 'receive window: so many octets from RCV.NXT on we have room for.',
  held: 'ranges that have come too early and are kept until the gap before them is filled.',
  tsRecent: 'the peer’s newest timestamp: a segment with an older one is a duplicate.',
  cwnd: 'congestion window: octets that may be in the network, by what it has borne so far.',
  ssthresh: 'slow start threshold: above it cwnd grows slowly.',
  pipe: 'octets taken to be in the network at this moment.',
  duplicates: 'ACKs in a row that acknowledge nothing new: the third tells of a loss.',
  srtt: 'smoothed round-trip time.',
  rttvar: 'how much the round-trip time varies.',
  rto: 'retransmission time-out: after so long without an ACK something is sent again.',
  backoff: 'how often the time-out has been doubled.',
};

const mapped = <Key extends string>(which: 0 | 1, all: Readonly<Record<Key, readonly [string, string]>>) =>
  Object.fromEntries(Object.entries<readonly [string, string]>(all).map(([key, pair]) => [key, pair[which]])) as Record<
    Key,
    string
  >;

/** From pairs of a name and a meaning: all names, and all meanings. */
export const namesOf = <Key extends string>(all: Readonly<Record<Key, readonly [string, string]>>) => mapped(0, all);
export const meaningsOf = <Key extends string>(all: Readonly<Record<Key, readonly [string, string]>>) => mapped(1, all);

const sentences: Sentences = english;
const why: WhyWords = whyEnglish;

export const moreEn = {
  host: {
    connection: 'Connection',
    told: 'Application told:',
    diagram: (host: HostName) => `The states of ${host}`,
    backlog: 'Backlog',
    halfOpen: 'half-open',
    free: 'free',
    cookies: (count: string) => `${count} SYNs answered with a cookie, and forgotten`,
    sendBuffer: 'Send buffer',
    receiveBuffer: 'Receive buffer',
    inFlight: 'in flight',
    unsent: 'unsent',
    unread: 'unread',
    held: 'beyond a gap',
    room: 'room',
    timers: 'Timers',
    noTimer: 'none is running',
    timer: {
      retransmission: 'retransmission',
      'tail-loss-probe': 'tail loss probe',
      reordering: 'reordering',
      persist: 'persist',
      'delayed-ack': 'delayed ACK',
      'keep-alive': 'keep-alive',
      pacing: 'pacing',
      user: 'user time-out',
      linger: 'linger',
      cork: 'cork',
      'time-wait': 'TIME-WAIT (2 MSL)',
      'fin-wait-2': 'FIN-WAIT-2',
    },
    application: 'Application',
    counts: (written: string, read: string) => `${written} octets written, ${read} read`,
    foreign: (octets: string) => `${octets} of these octets belong to another connection!`,
    calls: { open: 'Open', listen: 'Listen', send: 'Send', receive: 'Receive', close: 'Close', abort: 'Abort' },
    callTitle: (call: string) => `${call}, at the time shown`,
    octets: 'Octets to send or to receive',
    size: (octets: string) => `${octets} oct.`,
  },
  tcb: {
    title: 'TCB',
    caption: 'Transmission control block: all that this side remembers of the connection',
    relative: 'relative',
    relativeTitle: 'Sequence numbers count from the connection’s first',
    groups: { send: 'Sending', receive: 'Receiving', congestion: 'Congestion', time: 'Time' },
    meanings,
    since: (cause: string, time: string) => `So since ${time}, by ${cause}.`,
    causes: { arrival: 'arrival', call: 'call', timer: 'timer', network: 'network', note: 'note' },
  },
  tabs: {
    label: 'Details',
    names: {
      explain: 'Explained',
      segments: 'Segments',
      octets: 'Octets',
      sequence: 'Sequence graph',
      congestion: 'Congestion graph',
      script: 'Script',
    },
  },
  explain: {
    all: 'Timers and congestion windows, too',
    none: 'Nothing has happened yet. Run it, or go step by step.',
    earlier: (count: string) => `${count} earlier steps`,
    at: (time: string) => `At ${time}`,
    crash: (host: string) => `${host} crashes: it has forgotten every connection.`,
  },
  segments: {
    caption: 'Segments so far',
    columns: ['Segment', 'Sent, ms', 'From, to', 'Flags', 'Seq', 'Ack', 'Text', 'Window', 'Remarks'],
    page: (page: number, pages: number, all: string) => `page ${page} of ${pages}, ${all} segments`,
    earlier: 'Earlier',
    later: 'Later',
    none: 'No segment has been sent yet.',
    fates: { delivered: '', lost: 'lost', corrupted: 'damaged', 'in flight': 'under way' },
    again: 'sent again',
    copy: 'a copy',
    comma: ', ',
  },
  octets: {
    none: 'No segment has been sent yet.',
    label: 'Octets of the packet, field by field',
    length: (octets: string) => `${octets} octets`,
    at: (from: number, last: number) => (from === last ? `octet ${from}` : `octets ${from}–${last}`),
    parts: { ip: 'IPv4', tcp: 'TCP', option: 'TCP option', text: 'Text' },
    names: namesOf(fields),
    meanings: meaningsOf(fields),
  },
  graphs: {
    direction: 'Direction',
    host: 'Host',
    from: (host: HostName) => `From ${host}`,
  },
  script: {
    host: 'Played against',
    about: 'The same conversation as a packetdrill script, from the point of view of one host: tsyn drill plays it.',
  },
  gallery: {
    questions: 'Questions',
    title: 'Why is TCP as it is?',
    about:
      'Each answer is searched for here and now: everything that can happen to two endpoints of the TCP that ships, on a network that loses, repeats and reorders; then the same without the mechanism in question.',
    search: 'Search',
    stop: 'Stop',
    waiting: 'Not searched yet.',
    progress: (states: string, rate: string) => `${states} states so far, ${rate} a second`,
    bounds: 'What was searched',
    cure: 'What the TCP that ships makes of it',
  },
  capture: {
    title: 'A capture of your own',
    about:
      'Open a pcap or pcapng file: its connections are followed through the states of this TCP, named as Wireshark names them, and told in sentences. It is read here; nothing leaves this page.',
    choose: 'Open a file',
    drop: 'or drop it anywhere on the page',
    letGo: 'Let go to read this capture',
    reading: (percent: number) => `Reading: ${percent} %`,
    failed: (reason: string) => `This file cannot be read: ${reason}`,
    problem: (offset: string, block: string, reason: string) =>
      `The file cannot be read beyond octet ${offset} (${block}): ${reason}. What came before it is below.`,
    file: (name: string, packets: string, connections: string) =>
      `${name}: ${packets} IP packets, ${connections} connection${connections === '1' ? '' : 's'}`,
    columns: [
      'Stream',
      'Ends',
      'Begins',
      'Lasts',
      'Packets',
      'Octets',
      'Round trip',
      'Sent again',
      'What Wireshark would say',
    ],
    others: (count: string) => `${count} further connections are not listed.`,
    anomaly: (label: string, count: string) => `${label} ×${count}`,
    comma: ', ',
    connection: (stream: number) => `Connection ${stream}`,
    chapters: { opened: 'How it opened', flowed: 'What flowed', trouble: 'What went wrong', ended: 'How it ended' },
    ladder: 'As a ladder',
    states: 'States of both ends',
    explained: 'Step by step',
    further: (shown: string, all: string) => `${shown} of ${all} segments are shown: show more`,
  },
  ...helpEn,
  sentences,
  why,
};

export type More = typeof moreEn;
