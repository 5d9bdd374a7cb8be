/** Owns: the sentences in English. */

import type { Kind } from './meaning.ts';
import type { Offer, Range, Sentences } from './sentences.ts';

const octets = ([from, to]: Range): string => (from === to ? `octet ${from}` : `octets ${from}–${to}`);
const count = (n: number): string => `${n} octet${n === 1 ? '' : 's'}`;
const also = (items: readonly string[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
const capital = (text: string): string => (/^octet/.test(text) ? `O${text.slice(1)}` : text);
const ordinal = (n: number): string => ['no', 'first', 'second', 'third'][n] ?? `${n}th`;

export function duration(ms: number): string {
  const [value, unit] = ms >= 1000 ? [ms / 1000, 's'] : [ms, 'ms'];
  return `${Number(value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2))} ${unit}`;
}

function offers(h: string, { mss, scale, sack, timestamps, ecn, fastOpen }: Offer): string {
  const items = [
    ...(mss === null ? [] : [`segments of up to ${count(mss)}`]),
    ...(scale === null ? [] : [`windows in units of ${count(scale)}`]),
    ...(sack ? ['selective acknowledgments'] : []),
    ...(timestamps ? ['timestamps'] : []),
    ...(ecn ? ['ECN'] : []),
    ...(fastOpen === null ? [] : [fastOpen === 'request' ? 'a request for a fast open cookie' : 'a fast open cookie']),
  ];
  return `Options: ${h} offers ${also(items)}.`;
}

const NAMES: Partial<Record<Kind, string>> = {
  syn: 'SYN',
  'syn-ack': 'SYN,ACK',
  'syn-both': 'SYN,ACK',
  fin: 'FIN',
  'window-probe': 'window probe',
  'keep-alive': 'keep-alive',
  refusal: 'RST',
  'no-connection': 'RST',
  abort: 'RST',
};

const TWO_MSL =
  'stays for two MSL: to acknowledge again if its last ACK is lost, and until no old segment is left in the network';

export const english: Sentences = {
  space: ' ',
  duration,

  packet(h, kind, range, fin) {
    const name = NAMES[kind] ?? (range === null ? 'ACK' : null);
    if (name !== null) return `${h === null ? 'its' : `${h}'s`} ${name}`;
    return `${octets(range!)}${h === null ? '' : ` of ${h}`}${fin ? ' with its FIN' : ''}`;
  },
  somePacket: 'a packet',

  syn: (h, p, isn) =>
    `${h} asks ${p} for a connection. Its SYN says that ${h}'s numbers begin with ${isn}, which is shown as 0.`,
  synAck: (h, p, isn) =>
    `${h} agrees: it acknowledges ${p}'s SYN and sends its own. Its numbers begin with ${isn}, shown as 0.`,
  synBoth: (h, p) =>
    `${h} has asked ${p} itself, and now has ${p}'s SYN too: it sends its own again, with an ACK. One connection comes of both.`,
  handshake: (h, p) =>
    `${h} acknowledges ${p}'s SYN, the third segment of the handshake. Only this tells ${p} that it has not answered an old SYN.`,
  text: (h, range, p) => `${h} sends ${octets(range)} to ${p}.`,
  fin: (h, p, afterText, halfway) =>
    [
      afterText ? 'That is all: FIN.' : `${h} has nothing more to send to ${p}${halfway ? '' : ' either'}: FIN.`,
      ...(halfway ? [`${afterText ? h : 'It'} still receives.`] : []),
    ].join(' '),
  ack: (h, last) => `${h} acknowledges everything up to octet ${last}.`,
  ackFin: (h, p, halfway) =>
    `${h} acknowledges ${p}'s FIN. ${halfway ? `${h} itself may go on sending.` : 'Now both directions are closed.'}`,
  ackFinAgain: (h, p) => `${h} acknowledges ${p}'s FIN once more, in case the ACK before was lost.`,
  ackAgain: (h, next) => `${h} says again where it stands: octet ${next} is the next it expects.`,
  duplicate: (h, next, n) =>
    `${h} still expects octet ${next}: what has come lies beyond a gap. It says so at once (duplicate ACK ${n}).`,
  window: (h, window) => `${h} tells how much room it has now: a window of ${count(window)}.`,
  zeroWindow: (h, p) => `${h} has taken all it has room for: its window is 0, and ${p} must wait.`,
  windowProbe: (h, p) =>
    `${h} asks whether ${p} has room again (window probe): had the news been lost, both would wait for ever.`,
  probeAnswer: (h, window) =>
    window === 0
      ? `${h} answers the probe: still no room.`
      : `${h} answers the probe: there is room for ${count(window)}.`,
  keepAlive: (h, p) =>
    `${h} has heard nothing for long. It asks whether ${p} is still there with a number that ${p} has long had (keep-alive).`,
  keepAliveAnswer: (h) => `${h} is still there, and says so.`,
  challenge: (h, p) =>
    `${h} does not believe it: it could be old or forged. It says where it stands (challenge ACK); if ${p} means it, ${p} resets.`,
  refusal: (h, port) => `${h} refuses: nobody listens on port ${port}.`,
  noConnection: (h, p) => `${h} knows of no connection that this belongs to, and tells ${p} so with a RST.`,
  abort: (h, p) =>
    `${h} gives the connection up at once: RST. What is under way is lost, and ${p} is told of a failure.`,
  again: (thing, h, why) => {
    const reason = {
      'time-out': 'no acknowledgment came in time',
      missing: 'the ACKs say that it is missing',
      probe: 'a probe, to learn whether the last segments arrived',
      unknown: 'it has not been acknowledged',
    }[why];
    return `${h} sends ${thing} again: ${reason}.`;
  },
  forged: (h, claimed) => `${h} sends a packet that claims to come from ${claimed}.`,

  offers,
  reuse: 'The same pair of ports had a connection before.',
  alsoAcks: (last) => `With it goes an ACK of everything up to octet ${last}.`,
  sack: (ranges) => `${capital(also(ranges.map(octets)))} came too (SACK), and need not be sent again.`,
  twice: (range) => `${capital(octets(range))} came twice (D-SACK).`,
  noRoom: (p) => `The window is 0: ${p} must wait.`,
  echo: (p) => `ECE: a router has marked a packet for congestion; ${p} should slow down.`,
  reduced: (h) => `CWR: ${h} has slowed down.`,
  urgent: (h) => `URG: ${h} marks text as urgent.`,

  comes: (h, thing) => `${capital(thing)} reaches ${h}.`,
  copy: (h, thing) => `A second copy of ${thing} reaches ${h}.`,
  stranger: (h, thing) => `${h} gets ${thing}, which nobody has just sent: it is old, or forged.`,
  takes: (h, thing) => `${h} takes ${thing}.`,
  fills: (h, thing) => `${h} takes ${thing}: it fills the gap.`,
  beyond: (h, thing, next) => `${h} keeps ${thing}, but octet ${next} is missing before it.`,
  old: (h, thing) => `${h} has had ${thing} already, and answers with an ACK.`,
  outside: (h, thing) => `${h} cannot take ${thing}: the number is not one that it expects now.`,
  aged: (h, thing) =>
    `${h} drops ${thing}: its timestamp is older than the last, so it was sent before, however well its number fits (PAWS).`,
  resetOutside: (h) => `The RST has not exactly the number that ${h} expects: it does not end the connection.`,
  acked: (h, n, after) =>
    `${h} learns that ${count(n)} more arrived${after === null ? '' : `, ${duration(after)} after they were sent`}.`,
  ownAcked: (h, flag, after) =>
    `${h} learns that its ${flag} arrived${after === null ? '' : `: a round trip of ${duration(after)}`}.`,
  heardDuplicate: (h, n) =>
    `It is the ${ordinal(n)} duplicate ACK in a row${n === 3 ? `: enough for ${h} to take the segment for lost, without waiting for a timer` : ''}.`,
  opens: (h, window) => `The window is open again: ${h} may send ${count(window)}.`,
  stops: (h) => `The window is closed: ${h} must stop.`,

  arrows: {
    'CLOSED>LISTEN': (h) => `${h} waits for somebody to connect (passive OPEN).`,
    'CLOSED>SYN-SENT': (h, p) =>
      `${h} wants a connection with ${p} (active OPEN): a SYN goes out, and it waits for the answer.`,
    'LISTEN>SYN-RECEIVED': (h, p) =>
      `${h} has a SYN and answers it. Whether ${p} still means it, the ACK of ${h}'s own SYN will tell.`,
    'LISTEN>SYN-SENT': (h, p) => `${h}, which was waiting, now asks ${p} itself.`,
    'LISTEN>CLOSED': (h) => `${h} no longer waits for connections.`,
    'SYN-SENT>SYN-RECEIVED': (_h, p) => `${p} has asked too, at the same time (simultaneous open).`,
    'SYN-SENT>ESTABLISHED': (h, p) => `${h}'s SYN is acknowledged, and it has ${p}'s: the connection is open for ${h}.`,
    'SYN-RECEIVED>ESTABLISHED': (h) => `${h}'s SYN is acknowledged: the connection is open for ${h} too.`,
    'SYN-RECEIVED>FIN-WAIT-1': (h) => `${h} closes before its SYN is acknowledged: a FIN follows.`,
    'SYN-RECEIVED>LISTEN': (h) =>
      `Nothing came of it. ${h} waits for connections again; its user never heard of this one.`,
    'ESTABLISHED>FIN-WAIT-1': (h) => `${h} closes, and has had no FIN yet: its own goes out, and it still receives.`,
    'ESTABLISHED>CLOSE-WAIT': (h, p) => `${p} will send nothing more. ${h} may, until its own user closes.`,
    'FIN-WAIT-1>FIN-WAIT-2': (h, p) =>
      `${h}'s FIN is acknowledged. ${p}'s direction is still open: ${h} waits for its FIN.`,
    'FIN-WAIT-1>CLOSING': (h, p) => `${p} closes at the same time: its FIN came before the ACK of ${h}'s.`,
    'FIN-WAIT-1>TIME-WAIT': (h) =>
      `A FIN came together with the ACK of ${h}'s own. ${h}, which closed first, ${TWO_MSL}.`,
    'FIN-WAIT-2>TIME-WAIT': (h) => `Both directions are closed. ${h}, which closed first, ${TWO_MSL}.`,
    'CLOSE-WAIT>LAST-ACK': (h) => `${h} closes too. Only the ACK of its FIN is missing.`,
    'CLOSING>TIME-WAIT': (h) => `${h}'s FIN is acknowledged: both directions are closed. ${h} ${TWO_MSL}.`,
    'LAST-ACK>CLOSED': (h) => `${h}'s FIN is acknowledged: ${h} is done, and forgets the connection.`,
    'TIME-WAIT>CLOSED': (h) =>
      `Two MSL are over: no segment of the connection can be left. ${h} forgets it, and the ports are free.`,
    'TIME-WAIT>SYN-RECEIVED': (h) => `A SYN that can only be newer: ${h} need not wait any longer, and answers it.`,
    'SYN-RECEIVED>TIME-WAIT': (h) => `The SYN was old after all: ${h} goes back to TIME-WAIT.`,
  },
  ends: (h, from, why) => {
    const reason = {
      reset: `a RST has come${from === 'SYN-SENT' ? ', which refuses it' : ''}`,
      timeout: 'nothing has been acknowledged for too long',
      orphan: 'nobody waits for it, and the FIN has not come',
      call: 'its user gives it up',
    }[why];
    return `${h} deletes the connection: ${reason}.`;
  },

  timers: {
    retransmission: {
      name: 'retransmission',
      purpose: 'without an ACK by then it sends again',
      fired: 'no ACK has come: it sends the oldest again, and waits twice as long the next time',
    },
    'tail-loss-probe': {
      name: 'tail loss probe',
      purpose: 'if the last segments stay unanswered it asks early',
      fired: 'the last segments are unanswered: it sends one more, so that the answer tells what is missing',
    },
    reordering: {
      name: 'reordering',
      purpose: 'what overtook it has arrived; it may only be late',
      fired: 'what others have overtaken has not come: it is lost',
    },
    persist: {
      name: 'persist',
      purpose: 'the window has no room for a whole segment, and the news of more can be lost',
      fired: 'no news of more room has come, so it sends what the window takes, or a probe',
    },
    'delayed-ack': {
      name: 'delayed ACK',
      purpose: 'text of its own or a second segment may come first, and the ACK with it',
      fired: 'nothing came to carry the ACK: it goes alone',
    },
    'keep-alive': {
      name: 'keep-alive',
      purpose: 'after so long a silence it asks whether the other is there',
      fired: 'there has been silence for long: it asks whether the other is there',
    },
    pacing: { name: 'pacing', purpose: 'segments are spread over the round trip', fired: 'the next segment may go' },
    user: {
      name: 'user time-out',
      purpose: 'without any progress by then it gives up',
      fired: 'nothing was acknowledged for so long: it gives up',
    },
    linger: {
      name: 'linger',
      purpose: 'the user waits no longer than that for the end',
      fired: 'the user waits no longer: it resets',
    },
    cork: { name: 'cork', purpose: 'a fuller segment may come of it', fired: 'what is held back goes out' },
    'time-wait': {
      name: 'TIME-WAIT',
      purpose: 'two MSL: there and back again, the longest that a segment can live',
      fired: 'two MSL are over',
    },
    'fin-wait-2': {
      name: 'FIN-WAIT-2',
      purpose: 'nobody waits here any more for a FIN that may never come',
      fired: 'the FIN has not come, and nobody waits for it',
    },
  },
  timerSet: (h, name, wait, purpose, anew) =>
    `${h} ${anew ? 'restarts' : 'starts'} its ${name} timer, ${wait}: ${purpose}.`,
  timerStopped: (h, name) => `${h} stops its ${name} timer: its reason is gone, or it is set anew.`,
  timerFired: (h, name, fired) => `${h}'s ${name} timer fires: ${fired}.`,

  cwnd: (h, now, before) =>
    before === null || before === now
      ? `${h} may have ${count(now)} under way (cwnd).`
      : `${h} may have ${count(now)} under way (cwnd; before, ${before}).`,
  phases: {
    'slow-start': 'Slow start: it doubles each round trip until something is lost or ssthresh is reached.',
    'congestion-avoidance': 'Congestion avoidance: it grows slowly, feeling for the limit.',
    'fast-recovery': 'Fast recovery: something was lost, so it sends less, and mends the loss while ACKs keep coming.',
    loss: 'A time-out: nothing is known of what was under way, so it begins again with a small window.',
  },
  undone: (h) => `Nothing was lost after all, only late: ${h} takes the reduction back.`,

  call: (h, call, n, listens) => {
    switch (call) {
      case 'OPEN':
        return listens ? `${h}'s user listens (OPEN, passive).` : `${h}'s user asks for a connection (OPEN, active).`;
      case 'SEND':
        return `${h}'s user gives it ${count(n)} to send (SEND).`;
      case 'RECEIVE':
        return `${h}'s user takes ${count(n)} (RECEIVE): there is room again for as much.`;
      case 'CLOSE':
        return `${h}'s user has nothing more to send (CLOSE).`;
      case 'ABORT':
        return `${h}'s user gives the connection up (ABORT).`;
    }
  },
  refused: (result) => `The answer: ${result}.`,

  link: {
    'packet-lost': (thing) => `The network loses ${thing}. Neither side is told.`,
    'packet-duplicated': (thing) => `The network makes a second packet of ${thing}.`,
    'packet-reordered': (thing) => `The network delays ${thing}: others overtake it.`,
    'packet-corrupted': (thing) => `The network changes bits of ${thing}: the checksum will not be right.`,
    'packet-held': (thing) => `The network holds ${thing} back.`,
    'packet-released': (thing) => `The network lets ${thing} go on.`,
    'packet-injected': (thing) => `The network delivers ${thing}, which neither side sends now: it is old, or forged.`,
  },
  dropped: (h, thing, why, reason) => {
    switch (why) {
      case 'queue':
        return `The queue at ${h} is full: it drops ${thing}. That is what congestion is.`;
      case 'checksum':
        return `${h} drops ${thing}: the checksum is wrong. To TCP it is as if it were lost.`;
      case 'down':
        return `${thing} gets nowhere: the way is down.`;
      default:
        return `${h} drops ${thing} (${reason}).`;
    }
  },
};
