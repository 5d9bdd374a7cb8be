/** Owns: the gallery in English. */

import type { Model } from '../model.ts';
import type { WhyWords } from './types.ts';

const times = (count: number): string => (count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`);
const ticks = (count: number): string => `${count} tick${count === 1 ? '' : 's'}`;
const segments = (count: number): string => (count === 1 ? 'one segment' : `${count} segments`);

export const english: WhyWords = {
  whys: {
    'three-way': {
      question: 'Why does a connection take three segments, and not two?',
      answer:
        'A SYN may be old: its sender has given up, crashed, or asked again since. Only the sender can tell, so the server asks it back, with its SYN,ACK, and takes the connection for real when the third segment confirms it.',
    },
    'fresh-isn': {
      question: 'Why does every connection begin with another sequence number?',
      answer:
        'The handshake recognises its own segments by their numbers alone. If every connection began with the same number, the answer to an old SYN would fit the new one.',
    },
    'stale-text': {
      question: 'What could come of old numbers once text is sent?',
      answer:
        'A server that is bound to an old SYN takes the text of another connection for the answer to it. Fresh numbers make the two look different.',
    },
    'ack-check': {
      question: 'Why must a client check what the SYN,ACK acknowledges?',
      answer:
        'The SYN,ACK may answer an earlier SYN. It acknowledges that one and not the one just sent, and nothing else in it tells the difference: SYN-SENT answers a wrong ACK with a reset.',
    },
    'simultaneous-open': {
      question: 'What if both sides open at the same time?',
      answer:
        'Two SYNs that cross make one connection, not two: each side answers the SYN it gets, although it has sent its own, and four segments do what three do otherwise.',
    },
    'four-way': {
      question: 'Why does closing take four segments?',
      answer:
        'A FIN says "I have nothing more to say", and nothing about the other side. Each direction ends when its own application says so, each FIN is acknowledged: two times two.',
    },
    'second-fin': {
      question: 'Why does the second FIN need an acknowledgment of its own?',
      answer:
        'The segment with the second FIN can be lost like any other. The server has to keep the connection, and to repeat the FIN, until it knows that the client has heard of the end.',
    },
    'first-fin': {
      question: 'Why is the first FIN acknowledged, and repeated until it is?',
      answer: 'The same on the other side: a FIN that is lost and not repeated leaves both hosts waiting for ever.',
    },
    piggyback: {
      question: 'Are four segments a rule?',
      answer:
        'No. If the server has nothing left to say when the FIN comes, its own FIN rides on the ACK: three segments, and everything that must hold of closing holds.',
    },
    'time-wait': {
      question: 'Why does the side that closes first stay behind in TIME-WAIT?',
      answer:
        'Somebody has to answer if the last ACK does not arrive, or if something of the connection turns up late. A host that has forgotten the connection answers with a reset, and the peer, which did everything right, is told that its connection failed.',
    },
    'two-msl': {
      question: 'Why does TIME-WAIT last two maximum segment lifetimes, and not one?',
      answer:
        'One MSL is what the last ACK may live, and just before it ends the peer may still send something, which lives an MSL in its turn: there and back again.',
    },
    'rto-premise': {
      question: 'What has to be true of the network for 2 MSL to be enough?',
      answer:
        'That the peer repeats its FIN soon. The retransmission timer begins anew whenever something is acknowledged (RFC 6298 5.3), so with text under way before the FIN the FIN may be repeated a whole MSL later than one would think. 2 MSL are enough if the RTO is no more than half an MSL.',
    },
    'old-duplicates': {
      question: 'What else is TIME-WAIT for?',
      answer:
        'While it lasts, the pair of ports cannot be used again, and everything of the old connection that is still under way dies. Otherwise an old segment may fit the new connection.',
    },
    'two-defences': {
      question: 'Would fresh sequence numbers do, without TIME-WAIT?',
      answer:
        'For one half: old segments do not fit a connection with other numbers. But the last ACK still has nobody who repeats it. The two mechanisms are two, because they do two things.',
    },
    'old-syn': {
      question: 'Who protects the side that closes last?',
      answer:
        'It has no TIME-WAIT. If a connection lives shorter than a segment may, its own SYN can come once more after it is over and open a connection with nobody. Only fresh numbers make sure that nothing of the next connection fits: the honest reason why TCP needs both.',
    },
    'rst-in-time-wait': {
      question: 'Why must a reset not end TIME-WAIT?',
      answer:
        'The peer is done before us and forgets. An ACK of ours that comes to it late is answered with a reset, which has a perfect number: it would end the wait in the middle (RFC 1337). TIME-WAIT ignores resets.',
    },
    reopen: {
      question: 'Must a client that comes back at once wait for 2 MSL?',
      answer:
        'No. A SYN with a number beyond everything that the old connection has used is surely new, and TIME-WAIT makes room for it; should it prove old after all, TIME-WAIT is restored with the time that it had left.',
    },
    retransmission: {
      question: 'Why is text sent again?',
      answer:
        'The network loses segments and tells nobody. What is not acknowledged in time is sent again, so every octet can still arrive, whatever has happened.',
    },
    reassembly: {
      question: 'Why does a receiver keep what comes too early?',
      answer:
        'The network does not keep the order. Text beyond a gap is kept until the gap is filled; what has been acknowledged must be delivered.',
    },
    'window-probe': {
      question: 'Why is a closed window probed?',
      answer:
        'When the receiver makes room it says so in an ACK, and ACKs are not repeated. If that one is lost, both wait for each other for ever, unless the sender asks now and then.',
    },
  },

  counters: {
    'two-way':
      'The client has sent a SYN and given up; then the SYN arrives. Without a third segment the server takes it for a connection at once and is ESTABLISHED with a client that does not exist. The TCP that ships waits in SYN-RECEIVED for the third segment; the client answers the SYN,ACK with a reset, and the server listens again.',
    'two-way-stuck':
      'As before, and the SYN,ACK is lost. The server is ESTABLISHED and owes nobody anything: it will not send, no timer runs, nobody is there to close. It stays so until it is restarted. With three segments it would repeat its SYN,ACK, be answered with a reset, and listen again.',
    'constant-isn':
      'The server answers SYN #1; the client has given up and sent SYN #2, with the same number. So the answer to #1 fits #2, the ACK of #2 fits the server, and the two are ESTABLISHED with each other, the server in connection #1, which is no more. With a fresh number the client sees that the SYN,ACK answers another SYN, and resets it.',
    'constant-isn-text':
      'The client crashes after SYN #1 and opens anew, with the same number. The server takes the octet of connection #2 as the first one of #1. With a fresh number the SYN,ACK of #1 would be refused before anything is sent.',
    'no-ack-check':
      'The client has given up #1 and opened #2, with another number. The SYN,ACK for #1 arrives late and acknowledges a number that #2 has never sent. Who does not look is ESTABLISHED with a server that knows nothing of #2. The TCP that ships answers with a reset and goes on waiting for its own.',
    'no-cross':
      'Both open at once and the SYNs cross. Without the arrow from SYN-SENT to SYN-RECEIVED neither takes a SYN without an ACK, each goes on repeating its own, and no connection ever comes of it.',
    'auto-fin':
      'The client has nothing more to say and closes. The server answers the FIN with a FIN of its own, before its application was asked; what that wants to write then is refused ("connection closing"). The TCP that ships acknowledges the FIN and stays in CLOSE-WAIT, where the server can go on talking for as long as it likes.',
    'no-last-ack':
      'The server forgets the connection when it has sent its FIN, and the FIN is lost. The client waits for it in FIN-WAIT-2, and nobody is left to send it again: it will wait for ever. The TCP that ships stays in LAST-ACK and repeats the FIN until it is acknowledged.',
    'fin-once':
      'The first FIN is lost and is not repeated. The client waits in FIN-WAIT-1 for an ACK, the server does not know that anything has ended. The retransmission timer covers the FIN as it covers text.',
    'no-time-wait':
      'No segment is lost. The server has sent an ACK of the FIN and then its own FIN, and the FIN overtakes the ACK. The client answers and forgets at once; then the ACK arrives at a port that knows nothing and is answered with a reset. It overtakes the last ACK, and the server, in LAST-ACK, is told that the connection failed. In TIME-WAIT the ACK would have met somebody.',
    'one-msl':
      "The ACK of the handshake is late, and reaches the server when it is in LAST-ACK, which answers it. That answer was sent within the first MSL of TIME-WAIT and lives an MSL itself: it arrives after the wait of one MSL is over, is answered with a reset, and ends the server's connection in failure. (The last ACK was lost meanwhile.) A wait of 2 MSL sees everything that anything before it may cause.",
    'rto-whole-msl':
      'Nothing is switched off: this is the TCP that ships, in a world where the RTO is as long as MSL. The ACK of the text comes late and starts the retransmission timer anew, so the FIN is repeated later than an RTO after it was sent, and its copy arrives when 2 MSL are over. The reset that answers it ends the server in LAST-ACK. The real figures leave room: MSL is a minute here, and an RTO as a rule under a second.',
    'old-fin':
      'The FIN of #1 was sent twice, and the first copy was enough. Without TIME-WAIT the client opens #2 at once, with the same number, and the second copy arrives: the server takes it for the end of #2 and tells its application that nothing more will come. In TIME-WAIT the copy would have died before #2 could begin.',
    'old-fin-1-msl':
      'The textbook run. The last ACK takes a whole MSL; just before it arrives the server repeats its FIN. The client has waited one MSL, opens #2, and the FIN of #1 arrives within its own MSL: it closes #2. With 2 MSL it would be dead.',
    'fresh-isn-no-answer':
      'The numbers are fresh, and the counter-example is that of time-wait: the server in LAST-ACK is reset, because nobody waits for what comes late. Numbers protect the next connection, they do not finish this one.',
    'old-syn-repeated':
      'Nothing is switched off but fresh numbers. The SYN was sent twice. Its second copy arrives after the server is done, and it listens: it opens a connection with nobody. When the client comes back, the same numbers make everything fit, and the FIN of #2 is taken as the end of #1. No TIME-WAIT helps here, because the server has none.',
    'rst-ends-time-wait':
      'The server has what it needs and listens again. A second ACK of the client arrives there, is answered with a reset, and that ends TIME-WAIT at its very beginning: all that it protects from can happen now. The TCP that ships ignores resets in TIME-WAIT.',
    'no-reopen':
      'The server has closed first and is in TIME-WAIT, the client opens anew from the same port. The SYN is answered with an ACK of the old connection, that with a reset, and the reset is ignored, as it has to be: the client gets nowhere until 2 MSL are over. The TCP that ships sees that the SYN is newer, and opens.',
    'no-retransmission':
      'One octet is written, its segment is lost, and that is all: neither side is ever told. The retransmission timer would send it again.',
    'drop-chain':
      'Two segments change places. The second is kept, and when the first fills the gap both are acknowledged, but only one is delivered. The third octet then stands where the second should: the stream has a hole, and nobody can know. What is acknowledged must be delivered.',
    'no-reassembly':
      'Two segments change places. Nothing is wrong with the stream in the end, but the octet that came early was thrown away and has to be sent once more, although it was here. Behind a single loss that would be a whole window.',
    'no-persist':
      "The receiver's buffer is full, so the window is closed. Its application reads, the ACK that opens the window is lost. The sender waits for a window, the receiver for text, and neither has a timer. The persist timer makes the sender ask.",
  },

  properties: {
    H1: 'when the server is ESTABLISHED, the client has been ESTABLISHED in that very connection',
    'H1-weak': 'when the server is ESTABLISHED, the client is opening that very connection, or has opened it',
    H3: 'when the client is ESTABLISHED, the SYN,ACK that it took was an answer to its own SYN',
    D1: 'no octet of an earlier connection is delivered in a later one',
    D2: 'no FIN of an earlier connection ends a later one',
    D3: 'no reset of an earlier connection ends a later one',
    D4: 'what is delivered is what was written, in order and without holes; the end is told after all of it',
    D6: 'what has arrived in the window is kept: it need not be sent again',
    C1: 'an application that has not closed may write',
    C4: 'no FIN is sent before the application has closed',
    W1: 'the side that closes last ends in good order, not by a reset',
    W2: 'no connection begins while a segment of an earlier one of the same ports is under way',
    W3: 'TIME-WAIT ends by its timer or for a newer SYN, and by nothing else',
    W4: 'TIME-WAIT that was left for a SYN that proves old goes on with the time that it had left',
    S1: 'edges of windows never go back, nothing is acknowledged that has not come, and every segment carries what it must',
    H2: 'from every state, either both sides can still become ESTABLISHED with each other or both can be idle again',
    C2: 'from every state, both sides can still end in good order',
    C3: 'from every state, the end can still be heard on both sides',
    D5: 'from every state, every octet that was written can still be delivered, or its writer be told that it was not',
    W5: 'a client that opens again while the other side is in TIME-WAIT can be ESTABLISHED before that ends',
  },

  mutants: {
    'two-way': 'without the third segment',
    'constant-isn': 'with the same initial sequence number every time',
    'no-ack-check': 'without a look at what the SYN,ACK acknowledges',
    'no-cross': 'without the arrow from SYN-SENT to SYN-RECEIVED',
    'auto-fin': 'with a FIN in answer to every FIN',
    'no-last-ack': 'with a server that is done when it has sent its FIN',
    'fin-once': 'with a FIN that is sent once',
    'no-time-wait': 'without TIME-WAIT',
    'time-wait-1-msl': 'with a TIME-WAIT of one MSL',
    'rst-ends-time-wait': 'with resets that end TIME-WAIT',
    'no-reopen': 'without room for a newer SYN in TIME-WAIT',
    'no-persist': 'without probes of a closed window',
    'no-retransmission': 'without retransmission',
    'no-reassembly': 'with text beyond a gap thrown away',
    'drop-chain': 'with text beyond a gap acknowledged and not delivered',
  },

  bounds,
  searched: (text) => `Searched: ${text}`,
  property: (name, meaning) => `Property ${name}: ${meaning}.`,
  holds: (property, states, depth, pruned) =>
    `${property} holds in ${states} states, all that there are within these bounds, up to ${depth} steps deep.${
      pruned === '0' ? '' : ` ${pruned} steps beyond the bounds were not taken: nothing is said of them.`
    }`,
  violated: (property, steps, states) =>
    `${property} is violated after ${steps} steps, the fewest possible (${states} states):`,
  bounded: (states, depth, waiting, stopped) => {
    const why = { memory: 'the memory is used up', states: 'that many states were asked for', asked: 'it was stopped' };
    return `Not decided: ${why[stopped]}. ${states} states were visited, up to ${depth} steps deep; ${waiting} wait. Nothing is said of what lies beyond.`;
  },
  unexpected: (property) => `This is not what the gallery knows: ${property} was expected to come out otherwise.`,
  with: 'The TCP that ships',
  withBut: (mutant) => `The TCP that ships, ${mutant}`,
  without: (mutant) => `The same, ${mutant}`,
  switched: (mutant) => `${mutant[0]!.toUpperCase()}${mutant.slice(1)}:`,
  nobody: 'Nothing is switched off',
  cure: 'The TCP that ships, under the same schedule:',
  crashes: (host) => `${host} crashes: everything it knew is lost`,
  forgets: (host) => `${host} forgets the connection`,
  reports: (host) => `ICMP reports an error to ${host}`,
  trap: (property) => `from here ${property} is out of reach, whatever happens`,
};

function bounds(model: Model): string {
  const { choices, opens, aborts, crashes, writes, losses, duplicates, capacity, msl, rto, isns, window, server } =
    model;
  const may = (choice: string): boolean => choices.some((one) => one.startsWith(choice));
  const who = server ? 'a client and a server' : 'two hosts that may both open';
  const acts = [
    `open ${server ? times(opens) : `(${times(opens)} in all)`}`,
    ...(may('abort') && aborts > 0 ? [`give up ${times(aborts)}`] : []),
    ...(may('crash') && crashes > 0 ? [`crash ${times(crashes)}`] : []),
    ...(may('write') ? [`write ${writes === 1 ? 'an octet' : `${writes} octets`}`] : []),
    ...(may('read') ? ['read when they like'] : []),
    ...(may('close') ? ['close when they like'] : []),
    ...(model.calls === 0 ? [] : [`make ${model.calls} further call${model.calls === 1 ? '' : 's'} of any kind`]),
  ];
  const net = [
    losses === 0 ? 'loses nothing' : `may lose ${segments(losses)}`,
    ...(duplicates === 0 ? [] : [`may deliver ${segments(duplicates)} twice`]),
    `delivers in any order and after any time up to MSL (${ticks(msl)})`,
    `holds ${segments(capacity)} at most`,
    ...(model.intrusions === 0 ? [] : [`is visited by a stranger, who forges ${segments(model.intrusions)}`]),
  ];
  return [
    `Everything that ${who} can do to each other. The applications may ${acts.join(', ')}.`,
    `The network ${net.join(', ')}.`,
    `The retransmission time-out is ${ticks(rto)}, the receive buffer ${window === 1 ? 'one octet' : `${window} octets`};`,
    isns === 'fresh'
      ? 'every connection has a fresh initial sequence number.'
      : 'every connection begins with the same sequence number.',
    ...(model.patience === 0 ? [] : [`Patience ends after ${ticks(model.patience)}.`]),
    ...(model.keepAlive === 0
      ? []
      : [`After ${ticks(model.keepAlive)} of silence each side asks whether the other is there.`]),
    ...(model.closesAtEnd ? ['The server closes as soon as it hears of the end.'] : []),
    ...(model.longLived ? ['Connections live longer than MSL: nobody closes while a SYN is under way.'] : []),
  ].join(' ');
}
