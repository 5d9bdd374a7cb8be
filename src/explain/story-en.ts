/** Owns: the story of a captured connection in English. */

import type { Offer } from './connection.ts';
import type { Actor, StoryWords } from './story.ts';
import { duration } from './words-en.ts';

const named = ({ role, name }: Actor): string => (role === null ? name : `the ${role}`);
const count = (n: number, noun: string): string => `${grouped(n)} ${noun}${n === 1 ? '' : 's'}`;
const list = (items: readonly string[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
/** A sentence begins with a capital letter, unless with an address. */
const sentence = (text: string): string => (/^(the|only) /.test(text) ? text[0]!.toUpperCase() + text.slice(1) : text);
const percent = (share: number): string => `${Number((share * 100).toFixed(share < 0.01 ? 2 : 1))} %`;

function grouped(n: number): string {
  return `${n}`.replace(/\B(?=(\d{3})+$)/g, ',');
}

function rate(bitsPerSecond: number): string {
  const steps = [
    [1e9, 'Gbit/s'],
    [1e6, 'Mbit/s'],
    [1e3, 'kbit/s'],
    [1, 'bit/s'],
  ] as const;
  const [size, unit] = steps.find(([least]) => bitsPerSecond >= least) ?? steps[3];
  return `${Number((bitsPerSecond / size).toPrecision(3))} ${unit}`;
}

function agreed(client: Offer, server: Offer): string {
  const both = [
    client.windowScale !== null && server.windowScale !== null
      ? `windows in units of ${1 << client.windowScale} (the client's) and ${1 << server.windowScale} octets (the server's)`
      : null,
    client.sack && server.sack ? 'selective acknowledgments' : null,
    client.timestamps && server.timestamps ? 'timestamps' : null,
  ].filter((item) => item !== null);
  const sizes = `Segments may have ${client.mss ?? 536} octets towards the client and ${server.mss ?? 536} towards the server`;
  return both.length === 0 ? `${sizes}; they agreed on no options.` : `${sizes}; agreed: ${list(both)}.`;
}

export const storyInEnglish: StoryWords = {
  space: ' ',
  headings: { opened: 'How it opened', flowed: 'What flowed', trouble: 'What went wrong', ended: 'How it ended' },
  cast: (client, server) => `${client} is the client, ${server} the server.`,
  strangers: (first, second) => `Between ${first} and ${second}; who asked for the connection is not in the capture.`,
  duration,

  opened: (opening, client, server, roundTrip) => {
    const took = roundTrip === null ? '' : ` It took ${duration(roundTrip)}.`;
    switch (opening) {
      case 'handshake':
        return sentence(
          `${named(client)} asked, ${named(server)} agreed, ${named(client)} confirmed: three segments.${took}`,
        );
      case 'simultaneous':
        return `Both asked at the same time (simultaneous open), and one connection came of it.${took}`;
      case 'refused':
        return sentence(`${named(client)} asked, and ${named(server)} refused with a RST.`);
      case 'unanswered':
        return sentence(`${named(client)} asked, and there was no answer.`);
      case 'unfinished':
        return sentence(`${named(client)} asked, ${named(server)} agreed, and the third segment never came.`);
      case 'one-way':
        return sentence(
          `only what ${named(client)} sent is in the capture: it asked, and went on as if ${named(server)} had agreed.`,
        );
      case 'answer':
        return sentence(`the SYN is not in the capture, which begins with the answer of ${named(server)}.`);
      case 'middle':
        return 'It was open before the capture began.';
    }
  },
  persisted: (client, tries, after) =>
    sentence(`${named(client)} had to send its SYN ${tries} times, over ${duration(after)}.`),
  reused: 'An earlier connection in the capture had the same two sockets.',
  agreed,

  flowed: (from, text, segments, bitsPerSecond) =>
    sentence(
      `${named(from)} sent ${count(text, 'octet')} of text in ${count(segments, 'packet')}${bitsPerSecond > 0 ? `, ${rate(bitsPerSecond)} on average` : ''}.`,
    ),
  silent: (actors) =>
    actors.length > 1 ? 'No text went over it.' : sentence(`${list(actors.map(named))} sent no text.`),
  roundTrips: (from, mean, min, max) =>
    sentence(
      `${named(from)} was acknowledged after ${duration(mean)} on average (${duration(min)} to ${duration(max)}), as seen at the place of the capture.`,
    ),

  fine: 'Nothing that the capture shows.',
  anomalies: {
    reused_ports: 'the same two sockets begin a new connection',
    retransmission: 'sent again: it was lost, or its ACK was lost or late',
    fast_retransmission: 'sent again because duplicate ACKs told of a gap, without waiting for a timer',
    spurious_retransmission: 'text was sent again that had been acknowledged: its ACK was late or lost',
    out_of_order: 'a segment came after later ones: the network changed the order, or a lost one was replaced at once',
    lost_segment: 'a gap: what is missing was lost before it reached the capture, or was not captured',
    ack_lost_segment: 'an ACK for text that is not in the capture: the capture has missed packets',
    window_update: 'the receiver tells of more room',
    window_full: 'the sender has filled the window and must wait for the receiver',
    keep_alive: 'a question whether the other is still there',
    keep_alive_ack: 'and the answer',
    duplicate_ack: 'the receiver repeats its ACK: something has come beyond a gap',
    zero_window_probe: 'the sender asks whether the closed window is open again',
    zero_window: 'the receiver has no room: its application does not read fast enough',
    zero_window_probe_ack: 'and the answer',
  },
  anomaly: (label, by, frames, more, [first, last], meaning) => {
    const who = list(by.map(({ actor, count: n }) => `${n} by ${named(actor)}`));
    const when = first === last ? `at ${duration(first)}` : `from ${duration(first)} to ${duration(last)}`;
    return `${label}: ${who}, ${when} (frame${frames.length === 1 ? '' : 's'} ${frames.join(', ')}${more ? ', ...' : ''}); ${meaning}.`;
  },
  stalled: (actor, time) => sentence(`${named(actor)} kept its window closed for ${duration(time)} in all.`),
  loss: (actor, share) => sentence(`${named(actor)} sent ${percent(share)} of its packets again.`),
  icmp: (n) => `${count(n, 'ICMP error')} told of a problem on the way.`,

  closed: (first, time) => sentence(`${named(first)} closed first, after ${duration(time)}.`),
  crossed: (time) => `Both closed at the same time, after ${duration(time)}: their FINs crossed.`,
  followed: (second, wait, octets) =>
    sentence(
      octets > 0
        ? `${named(second)} used its half of the connection for ${duration(wait)} more, sent ${count(octets, 'octet')}, and closed too.`
        : `${named(second)} followed ${wait < 1 ? 'at once' : `${duration(wait)} later`}.`,
    ),
  halfOpen: (second, octets) =>
    sentence(
      `${named(second)} has not closed its direction in the capture${octets > 0 ? `; it sent ${count(octets, 'octet')} in it` : ''}.`,
    ),
  timeWait: (actors) =>
    sentence(
      actors.length > 1
        ? 'Both are left in TIME-WAIT.'
        : `${list(actors.map(named))} is left in TIME-WAIT: it answers if its last ACK was lost, and keeps old segments from a new connection.`,
    ),
  lastAckMissing: (actor) =>
    sentence(`the ACK of ${actor.role === null ? actor.name : `the ${actor.role}`}'s FIN is not in the capture.`),
  reset: (by, other, time, cause) => {
    const head = `${named(by)} sent a RST after ${duration(time)}`;
    const why: Record<typeof cause, string> = {
      'closed-port': 'nobody listens on that port, or a firewall says so',
      'old-answer': 'what it got acknowledges another SYN than its own: an old duplicate',
      'gave-up-opening': 'it had given up, or only wanted to see whether somebody answers (a port scan)',
      'no-connection': 'it knows of no such connection; it has restarted, or forgotten it',
      'text-after-close': `it had closed, nobody was left to read, and ${named(other)} still sent`,
      timeout: 'what it sent again and again was never acknowledged',
      'keep-alive': 'nobody answered its keep-alives',
      unread: `its user aborted, or closed without reading all that ${named(other)} had sent`,
      abort: 'its user aborted the connection',
      'after-end': 'for it the connection was over',
    };
    return sentence(`${head}. The likely cause: ${why[cause]}.`);
  },
  resetIgnored: (by) => sentence(`${named(by)} went on after it, so it was forged, or its number was wrong.`),
  moreResets: (n) => `There are ${n} resets in all.`,
  stillOpen: (ends) => {
    const [a, b] = ends;
    if (b !== undefined && a!.state === b.state) return `The capture ends while both are in ${b.state}.`;
    return `The capture ends while ${list(ends.map(({ actor, state }) => `${named(actor)} is in ${state}`))}.`;
  },
  unanswered: (actor, times) =>
    sentence(
      `${named(actor)} sent its last ${times === 1 ? 'segment' : `segments`} again (${times}), and there was no answer any more.`,
    ),
};
