/** Owns: what the presets say, in English. */

import type { PresetId } from '../presets/ids.ts';
import type { PresetWords } from './types.ts';

export const presets: Readonly<Record<PresetId, PresetWords>> = {
  handshake: {
    title: 'The handshake: why three?',
    story: [
      'A program at A wants to talk to a program at B. Before any text flows, both sides have to know that the other is there, now, and at which number each will begin to count its octets.',
      'A says its number in a SYN. B says its own in a SYN,ACK and repeats A’s plus one: “I heard yours.” A repeats B’s plus one: “and I yours.”',
      'Two questions, two answers. B’s answer and B’s question travel together, and so there are three segments.',
    ],
    predict: {
      question: 'When B has sent its SYN,ACK, what does it know?',
      answers: [
        'That A is there and can hear it',
        'That a SYN has come, and nothing more',
        'That the connection is established',
      ],
      right: 1,
      because:
        'The SYN may be old, or forged, and B’s answer may be lost. Only the third segment shows that there is somebody who heard B’s number; until then B stays in SYN-RECEIVED.',
    },
    challenge: {
      task: 'Lose one segment so that the connection still opens, but takes more than a second.',
      hint: 'Lose A’s first SYN. Nobody answers, and after a second A’s retransmission timer fires.',
      praise: 'TCP was told of no loss. Silence was all it had, and a clock.',
    },
  },
  'lost-synack': {
    title: 'The SYN,ACK is lost',
    story: [
      'B’s answer never arrives. B believes that it has answered; A believes that nobody is there.',
      'Both have a timer running, because both have sent something that must be acknowledged. Whoever’s fires first says it again.',
      'The SYN comes a second time. B knows it already, and repeats its answer with the same number.',
    ],
    predict: {
      question: 'A’s SYN comes to B a second time. What does B do?',
      answers: ['It opens a second connection', 'It answers with the same SYN,ACK again', 'It answers with a reset'],
      right: 1,
      because:
        'The number is the same, so it is the same SYN. To get it again means that the answer has been lost: B says it once more.',
    },
    challenge: {
      task: 'Make it worse: the connection is to be established only after two seconds or more.',
      hint: 'Lose B’s second SYN,ACK as well.',
      praise:
        'Each silence doubles the wait: 1 s, 2 s, 4 s ... so that a network in trouble is not flooded with repetitions.',
    },
  },
  'half-close': {
    title: 'Half-close: why four?',
    story: [
      'A connection is two streams, one each way. A has sent its request and closes: its FIN says “I have nothing more to say”, not “I no longer listen”.',
      'B acknowledges the FIN, and goes on sending its answer for as long as it takes. A, in FIN-WAIT-2, receives and acknowledges.',
      'When B is done it closes, too. Two FINs, each acknowledged: that is the four.',
    ],
    predict: {
      question: 'A has closed. What happens to the text that B sends now?',
      answers: ['A receives it as always', 'A answers it with a reset', 'B can no longer send'],
      right: 0,
      because:
        'Each direction is closed by whoever sends in it, and A closed only its own. B, in CLOSE-WAIT, may send for hours.',
    },
    challenge: {
      task: 'Make B’s program hear of an error (ECONNRESET) while it is still answering.',
      hint: 'Make A’s program abort while it waits for the answer: A, ABORT, at 500 ms.',
      praise:
        'A FIN is a polite end of one direction. A reset ends both, at once, and whatever was under way is thrown away.',
    },
  },
};
