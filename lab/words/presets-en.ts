/** Owns: what the presets say, in English. */

import type { PresetId } from '../presets/ids.ts';
import type { PresetWords } from './types.ts';

export const presets: Readonly<Record<PresetId, PresetWords>> = {
  handshake: {
    title: 'The handshake: why three?',
    story: [
      'A program at A wants to talk to a program at B. Before any text flows, both sides must know that the other is there, now, and at which number it begins to count its octets.',
      'A says its number in a SYN. B says its own in a SYN,ACK and gives A’s back, plus one: “I heard yours.” A gives B’s back, plus one: “and I yours.”',
      'Two questions, two answers. B’s answer and B’s question travel together: that leaves three segments.',
    ],
    predict: {
      question: 'B has just sent its SYN,ACK. What does it know?',
      answers: [
        'That A is there and hears it',
        'That a SYN has come, nothing more',
        'That the connection is established',
      ],
      right: 1,
      because:
        'The SYN may be old or forged, and B’s answer may get lost. Only the third segment shows that somebody has heard B’s number. Until then B stays in SYN-RECEIVED.',
    },
    challenge: {
      task: 'Lose one segment so that the connection still opens, but takes A more than a second.',
      hint: 'Lose A’s first SYN. Nobody answers it, and after a second A’s retransmission timer fires.',
      praise: 'Nobody told TCP of the loss. Silence and a clock were all it had.',
    },
  },
  'lost-syn': {
    title: 'The SYN is lost, again and again',
    story: [
      'A’s SYN never arrives. A cannot know that: it only hears nothing. So it keeps a timer and asks again.',
      'After each silence it waits twice as long: 1 s, 2 s, 4 s ...',
    ],
    predict: {
      question: 'Why does A wait longer each time?',
      answers: [
        'So that a network in trouble is not flooded',
        'Because B needs more time to start',
        'Because each SYN is larger',
      ],
      right: 0,
      because:
        'If silence means congestion, everybody asking again at once would make it worse. Doubling the wait lets any jam dissolve.',
    },
    challenge: {
      task: 'Make A’s program give up: ETIMEDOUT.',
      hint: 'Cut what A sends from 0 to 300,000 ms. A gives up three minutes after its first SYN.',
      praise: 'Even TCP’s patience ends. Its program is told, and may try again later.',
    },
  },
  'lost-synack': {
    title: 'The SYN,ACK is lost',
    story: [
      'B’s answer never arrives. B believes it has answered; A believes nobody is there.',
      'Both have sent something that must be acknowledged, so both have a timer running. Whose fires first says it again.',
      'The SYN comes a second time. B knows it, and repeats its answer with the same number.',
    ],
    predict: {
      question: 'A’s SYN comes to B a second time. What does B do?',
      answers: ['It opens a second connection', 'It sends the same SYN,ACK again', 'It sends a reset'],
      right: 1,
      because: 'The same number: the same SYN. If it comes again, the answer was lost, so B says it once more.',
    },
    challenge: {
      task: 'Make it worse: A is to be connected only after two seconds or more.',
      hint: 'Lose B’s second SYN,ACK as well.',
      praise: 'Whichever segment is lost, somebody has a timer for it.',
    },
  },
  'lost-ack': {
    title: 'The third segment is lost',
    story: [
      'A has B’s answer and is connected. Its last ACK is lost, and nobody acknowledges an ACK: A will not say it again by itself.',
      'B waits in SYN-RECEIVED, not knowing whether A has heard. Its timer repeats the SYN,ACK, and A repeats the ACK.',
    ],
    predict: {
      question: 'A is ESTABLISHED, B is not. Is that dangerous?',
      answers: [
        'Yes: they can stay so for ever',
        'No: B asks again, or A’s first text says it all',
        'Yes: what A sends now is lost',
      ],
      right: 1,
      because: 'Every later segment of A’s carries the same acknowledgment. And B repeats its SYN,ACK until it comes.',
    },
    challenge: {
      task: 'Get B to ESTABLISHED before its timer fires (within a second), though the ACK stays lost.',
      hint: 'Stop where the ACK is lost (145 ms), and let A’s program send.',
      praise: 'Text acknowledges, too. Most handshakes end that way without anybody noticing the loss.',
    },
  },
  'stale-syn': {
    title: 'An old SYN comes back: why three, again',
    story: [
      'A SYN of A’s has wandered through the network (lane C). A gave up on it long ago. Now it arrives at B.',
      'B cannot see that it is old, and answers. But a SYN,ACK is also a question: “did you mean this?” A did not, and says so with a reset. B goes back to LISTEN.',
      'With two segments only, B would now be connected to nobody, and would keep its place for ever. The third is the one that only a real, present A can send.',
    ],
    predict: {
      question: 'Who finds out that the SYN is old?',
      answers: ['B, from its number', 'A, when B’s answer arrives', 'The network, from its age'],
      right: 1,
      because: 'Only its sender knows what it has asked for. That is what the SYN,ACK is for: B asks back.',
    },
    challenge: {
      task: 'Let the old SYN arrive when A and B are connected, and see that it does no harm, without any reset.',
      hint: 'Delay C’s SYN by a second.',
      praise:
        'B answered with an ACK of where it stands (RFC 5961). A, for whom all is well, took it and stayed silent.',
    },
  },
  'simultaneous-open': {
    title: 'Both call at once',
    story: [
      'There is no server here: A and B call each other, and their SYNs cross on the way.',
      'Each gets a SYN where it expected an answer. Each answers it, and one connection comes of it, not two.',
    ],
    predict: {
      question: 'How many segments until both are ESTABLISHED?',
      answers: ['Three', 'Four', 'Two'],
      right: 1,
      because: 'Two SYNs, two SYN,ACKs. Nobody’s answer could travel with a question that had left already.',
    },
    challenge: {
      task: 'Make B refuse A: ECONNREFUSED.',
      hint: 'Make the network faster: latency 5 ms. A’s SYN comes before B calls, and nobody listens there.',
      praise: 'Simultaneous is a matter of milliseconds: each must call before it hears the other.',
    },
  },
  'half-close': {
    title: 'Half-close: why four?',
    story: [
      'A connection is two streams, one each way. A has sent its request and closes: its FIN says “I have no more to say”, not “I no longer listen”.',
      'B acknowledges the FIN and goes on with its answer for as long as it takes. A, in FIN-WAIT-2, receives and acknowledges.',
      'When B is done it closes, too. Two FINs, each acknowledged: that is the four.',
    ],
    predict: {
      question: 'A has closed. What becomes of the text B sends now?',
      answers: ['A receives it as always', 'A answers with a reset', 'B can no longer send'],
      right: 0,
      because:
        'Each direction is closed by whoever sends in it; A closed its own. B, in CLOSE-WAIT, may send for hours.',
    },
    challenge: {
      task: 'Make B’s program hear of an error (ECONNRESET) while it is still answering.',
      hint: 'Stop at 470 ms, where A has had the first of the answer, and let A’s program abort.',
      praise: 'A FIN politely ends one direction. A reset ends both at once, and what was under way is thrown away.',
    },
  },
  'lost-fin': {
    title: 'The FIN is lost',
    story: [
      'A closes, and its FIN is lost. A waits in FIN-WAIT-1: a FIN has a sequence number, so it must be acknowledged like text.',
      'The timer fires, and A says it again.',
    ],
    predict: {
      question: 'Meanwhile B ...',
      answers: ['is in CLOSE-WAIT', 'is ESTABLISHED, and suspects nothing', 'has closed, too'],
      right: 1,
      because: 'B knows only what arrives. Without the retransmission it would wait for more text for ever.',
    },
    challenge: {
      task: 'Make A send its FIN four times, and the connection still end well.',
      hint: 'Lose A’s fourth and fifth packet as well.',
      praise: 'As with the SYN: ask again, wait longer each time, and give up only after many minutes.',
    },
  },
  'lost-final-ack': {
    title: 'The last ACK is lost: why TIME-WAIT?',
    story: [
      'Everything is said. A’s last ACK is lost, and no ACK is ever acknowledged: A cannot know.',
      'B, in LAST-ACK, sends its FIN again. Because A still waits in TIME-WAIT, it answers, and waits anew.',
      'Why 2 MSL? An ACK may live one MSL (the longest life of a segment) on its way to B, and what B sends before it arrives one more on its way back. After both nothing of this connection is left anywhere.',
    ],
    predict: {
      question: 'What if A forgot the connection at once?',
      answers: [
        'Nothing: all text has arrived',
        'B’s repeated FIN would meet a reset',
        'B would stay in LAST-ACK for ever',
      ],
      right: 1,
      because:
        'A host that knows nothing answers with a reset. B did everything right, and would be told that it failed.',
    },
    challenge: {
      task: 'See it: take TIME-WAIT away.',
      hint: 'Set MSL to 0.',
      praise: 'There is the reset. Somebody has to stay behind to answer; it is whoever closed first.',
    },
  },
  'timewait-reuse': {
    title: 'The same ports again: why 2 MSL, and why fresh numbers?',
    story: [
      'B closed first and keeps the pair of ports in TIME-WAIT. A connects again from the very same port, and a segment of the first connection turns up late.',
      'The new SYN’s number lies beyond everything the first connection used, so B may take it at once. And the late segment does not fit: its number is long past.',
      'Two defences: numbers that move on, and a wait that outlives everything old. Take both away and the old text lands in the new stream.',
    ],
    predict: {
      question: 'The late segment has the right addresses, ports and checksum. How does B see that it is old?',
      answers: ['From its sequence number', 'From its time of sending', 'It does not'],
      right: 0,
      because: 'Each connection begins far from the last one’s numbers, so what is old lies outside the window.',
    },
    challenge: {
      task: 'Make B’s program read octets of the connection before (“foreign” octets).',
      hint: 'Let connections begin at the same number (fresh ISN off), and set MSL to 0. With one of the two only, nothing happens.',
      praise:
        'TCP delivered wrong text without noticing. With MSL back and equal numbers, B would ignore the new SYN until nothing old can be left: that is what the 2 MSL are for.',
    },
  },
  'simultaneous-close': {
    title: 'Both close at once',
    story: [
      'Both programs close at the same moment; the FINs cross. Each side gets a FIN before its own is acknowledged, and is CLOSING.',
      'Neither closed first, so both wait in TIME-WAIT.',
    ],
    predict: {
      question: 'Which states does A pass through?',
      answers: ['FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT', 'FIN-WAIT-1, CLOSING, TIME-WAIT', 'CLOSE-WAIT, LAST-ACK, CLOSED'],
      right: 1,
      because: 'The peer’s FIN comes before the ACK of one’s own.',
    },
    challenge: {
      task: 'Spare A its TIME-WAIT; B is to wait alone.',
      hint: 'Stop at 170 ms, where B is established, and let B close.',
      praise: 'Who closes first waits. Busy servers like their clients to be first.',
    },
  },
  'half-open': {
    title: 'B crashes, and A does not know',
    story: [
      'B loses its memory and is up again at once. Nothing tells A: a silent connection looks like a healthy one.',
      'Only when A sends something does B answer: “I know of no such connection”, a reset.',
    ],
    predict: {
      question: 'When does A’s program learn of the crash?',
      answers: ['At once', 'After 2 MSL', 'When it sends something'],
      right: 2,
      because: 'TCP sends nothing when there is nothing to say. (Keep-alive asks now and then, if it is turned on.)',
    },
    challenge: {
      task: 'Make A find out only after ten seconds or more.',
      hint: 'Cut what B sends from 900 to 15,000 ms, so that its resets are lost.',
      praise: 'A reset is never repeated, but every retransmission of A’s provokes a new one.',
    },
  },
  'half-open-syn': {
    title: 'A crashes and calls again',
    story: [
      'A has crashed and connects anew, from the same port. For B the old connection is well and alive, and now a SYN comes.',
      'B does not believe it: it says where it stands (a challenge ACK). A knows nothing of that, and sends a reset with exactly the number B named. Now B believes, and the next SYN finds it listening.',
    ],
    predict: {
      question: 'Why does B not drop its connection when the SYN comes?',
      answers: ['Anybody could have forged it', 'B has not seen it', 'B is waiting for a FIN'],
      right: 0,
      because:
        'A stranger can send a SYN without knowing any number. The reset that answers the challenge ACK proves that its sender really received it.',
    },
    challenge: {
      task: 'Make A need two resets before it is connected again.',
      hint: 'Lose A’s reset, its fourth packet.',
      praise: 'The retransmitted SYN started the same conversation once more.',
    },
  },
  'rst-abort': {
    title: 'ABORT: an end without manners',
    story: [
      'A has sent 2,000 octets, which wait at B to be read. Then A’s program aborts: a reset leaves, and everything is forgotten.',
      'B’s program is told ECONNRESET. What was waiting is thrown away, though it had arrived and been acknowledged.',
    ],
    predict: {
      question: 'Where is TIME-WAIT now?',
      answers: ['At A', 'At B', 'Nowhere'],
      right: 2,
      because: 'A reset is not answered, so nobody needs to stay behind. The price: nobody knows whether it arrived.',
    },
    challenge: {
      task: 'Leave B behind, connected to nobody.',
      hint: 'Lose the reset, A’s fourth packet.',
      praise: 'A half-open connection: B will find out when it sends, or never.',
    },
  },
  'rst-closed-port': {
    title: 'Nobody listens',
    story: [
      'A connects to a port at which no program listens. B’s host answers for it: a reset. A’s program is told ECONNREFUSED.',
    ],
    predict: {
      question: 'How long until A knows?',
      answers: ['One round trip', 'A second', 'Three minutes'],
      right: 0,
      because: 'The reset is an answer. Only silence (a firewall that drops the SYN) makes A wait.',
    },
    challenge: {
      task: 'Make the connection succeed.',
      hint: 'Stop at 20 ms, where the SYN has left, and let B listen.',
      praise: 'In time! A SYN that finds nobody is not kept for later.',
    },
  },
  'rst-forged': {
    title: 'A stranger’s resets',
    story: [
      'An attacker (lane C) sends resets in A’s name. He knows addresses and ports, but not the sequence numbers.',
      'A reset outside the window is ignored. One inside, but not exactly at the next number, makes B ask A: a challenge ACK. Only the exact number ends a connection.',
    ],
    predict: {
      question: 'With a window of 65,535: how many exact numbers are there among four billion?',
      answers: ['65,535', 'One', 'Four'],
      right: 1,
      because:
        'Until RFC 5961 any number in the window would do, and 65,000 resets were sure to hit. Now he must guess one in four billion.',
    },
    challenge: {
      task: 'Help the attacker: make his second reset hit. It stands 1,000 octets beyond what B expects.',
      hint: 'Stop where the second reset has left (600 ms), let A send 1,000 octets, and delay the reset by 10 ms.',
      praise: 'Now it stands exactly at the next number, and B is told ECONNRESET. A still suspects nothing.',
    },
  },
  'syn-flood': {
    title: 'A flood of SYNs',
    story: [
      'C sends 200 SYNs from addresses that will never answer. Each takes a place in B’s queue of half-open connections, which has 16.',
      'When it is full the oldest gives way. A’s place is taken before its ACK comes back, and A’s text meets a reset.',
      'With SYN cookies B keeps nothing: its number is itself the note, under a secret key. Whoever brings it back, plus one, has really asked.',
    ],
    predict: {
      question: 'What does B give up for cookies, without timestamps?',
      answers: ['Security', 'Options such as SACK and window scaling', 'The checksum'],
      right: 1,
      because:
        'The number has room for little more than a hash and the segment size. What else was agreed on is forgotten.',
    },
    challenge: {
      task: 'Get A’s 100 octets to B’s program, with the flood going on.',
      hint: 'Turn cookies on.',
      praise: 'The flood costs B a hash a SYN, and no memory.',
    },
  },
  'fast-retransmit': {
    title: 'One of ten is lost',
    story: [
      'A sends ten segments; the third is lost. Each that arrives behind the gap makes B say again what it still waits for, and (SACK) what it already has.',
      'The third such report convinces A: not late, lost. It sends that one segment again without waiting for its timer, and halves its speed, since a loss means a full queue somewhere.',
    ],
    predict: {
      question: 'Why not send again at the first duplicate ACK?',
      answers: ['Segments may just have overtaken each other', 'The timer must fire first', 'ACKs are unreliable'],
      right: 0,
      because: 'Networks reorder. Three reports are a good sign that it is more than that.',
    },
    challenge: {
      task: 'Make A need its timer after all.',
      hint: 'Lose the retransmission as well: A’s 13th packet.',
      praise: 'Nothing came after it that could have told. Silence, and a clock.',
    },
  },
  'zero-window': {
    title: 'B’s program does not read',
    story: [
      'B’s buffer is full: its ACKs say “window 0”, and A must stop. When B’s program reads, B says so in an ACK. Here that ACK is lost.',
      'Nobody repeats an ACK. So A asks, again and again, with a single octet, less and less often: the persist timer.',
    ],
    predict: {
      question: 'What if A did not ask?',
      answers: ['Both would wait for ever', 'B would repeat its ACK', 'The connection would time out'],
      right: 0,
      because: 'A waits for room, B for text. The probe is what breaks the deadlock.',
    },
    challenge: {
      task: 'Let the transfer end only after ten seconds or more.',
      hint: 'Cut what B sends from 3,000 to 10,000 ms.',
      praise: 'A closed window is no failure: A asks for as long as B answers.',
    },
  },
  'silly-window': {
    title: 'The silly window',
    story: [
      'B’s program reads 50 octets at a time. Were B to offer each bit of room at once, A would send 50-octet segments for ever: more header than text.',
      'So B keeps silent until there is room for a whole segment, and A waits for one.',
    ],
    predict: {
      question: 'How large are A’s segments?',
      answers: ['50 octets', '536 octets, a whole segment', 'One octet'],
      right: 1,
      because: 'Both sides avoid the silly window: the receiver in what it offers, the sender in what it sends.',
    },
    challenge: {
      task: 'Make A send at least ten segments of less than 300 octets.',
      hint: 'Give B a receive buffer of 400 octets.',
      praise: 'No whole segment ever fits, so half of the buffer has to do.',
    },
  },
  'nagle-delayed-ack': {
    title: 'Nagle meets the delayed ACK',
    story: [
      'A’s program writes 100 octets, then 100 more. B answers when it has all 200.',
      'Nagle’s rule: while something small is unacknowledged, the next small piece waits. B’s rule: an ACK waits a while for company. Each is sensible. Together they stand still.',
    ],
    predict: {
      question: 'What ends the standstill?',
      answers: ['A’s retransmission timer', 'B’s delayed-ACK timer', 'The program'],
      right: 1,
      because: 'After at most 200 ms here B sends the ACK by itself, and the second piece may go.',
    },
    challenge: {
      task: 'Get B’s answer to A before 200 ms.',
      hint: 'Turn Nagle’s rule off (TCP_NODELAY).',
      praise: 'Or write both pieces at once: that is the better cure.',
    },
  },
  keepalive: {
    title: 'Is anybody there?',
    story: [
      'Nothing is said for two hours. Then keep-alive asks: an empty segment with a number already acknowledged, which B must answer.',
      'The answer is all A wanted to know.',
    ],
    predict: {
      question: 'Why wait two hours?',
      answers: [
        'A short break in the network should not end a silent connection',
        'Timers cannot be shorter',
        'Because of TIME-WAIT',
      ],
      right: 0,
      because:
        'A connection with nothing to say needs no network. Who asks too often kills connections that would have been well.',
    },
    challenge: {
      task: 'Make A give up: ETIMEDOUT.',
      hint: 'Cut what everybody sends from 7,000,000 to 8,000,000 ms. Nine probes, 75 s apart, stay unanswered.',
      praise: 'Eleven minutes of asking, after two hours of silence.',
    },
  },
  paws: {
    title: 'When numbers come round again',
    story: [
      'Sequence numbers come round after four billion octets: at 10 Gbit/s in three and a half seconds. A segment that was held up for one round (lane C) fits the window again, to the octet.',
      'Timestamps tell: it is older than what B has seen. B drops it and says where it stands (PAWS).',
    ],
    predict: {
      question: 'The old segment has the right number. What gives it away?',
      answers: ['Its checksum', 'Its timestamp', 'Its window'],
      right: 1,
      because: 'The clock in the timestamps never goes back. What is older than the last was sent before it.',
    },
    challenge: {
      task: 'Let the old text in.',
      hint: 'Turn timestamps off.',
      praise: 'B’s program has read octets from another round, and takes A’s real ones for duplicates.',
    },
  },
  ecn: {
    title: 'A mark in the place of a loss',
    story: [
      'A sends faster than the path carries, and a router’s queue grows. It need not drop anything: it marks a packet (CE).',
      'B echoes the mark (ECE) until A has answered: A slows down, and says so (CWR). Nothing was lost.',
    ],
    predict: {
      question: 'What does A do when it hears of the mark?',
      answers: ['It sends the marked segment again', 'It slows down as if there had been a loss', 'Nothing'],
      right: 1,
      because: 'The reaction is the same. Only, nothing has to be sent again.',
    },
    challenge: {
      task: 'Show what it is good for: make A send text again.',
      hint: 'Turn ECN off. Now the queue can only say it by dropping.',
      praise: 'The same congestion, told by loss.',
    },
  },
  'pmtu-blackhole': {
    title: 'A path that swallows large packets',
    story: [
      'Somewhere on the path only 1,300 octets fit, and the router that drops what is larger says nothing (or a firewall drops its message).',
      'The handshake is small and works. The first text is large and vanishes, again and again. After two time-outs A suspects the size, and tries smaller segments.',
    ],
    predict: {
      question: 'What does a user see, without that suspicion?',
      answers: ['It connects, and then hangs', 'It does not connect', 'It is slow from the start'],
      right: 0,
      because: 'Small packets pass and large ones vanish: the classic web page that connects and never comes.',
    },
    challenge: {
      task: 'Get everything across without sending anything again.',
      hint: 'Set the hosts’ MTU to 1300: then no larger segment is ever agreed on.',
      praise: 'That is what “MSS clamping” in many a home router does.',
    },
  },
  big: {
    title: 'Six megabytes',
    story: [
      'Thousands of segments through a queue that holds 50 ms of them. The congestion window grows until something gives.',
      'Look at the graphs: slow start, what ends it, and the long curve afterwards.',
    ],
    predict: {
      question: 'What is the fewest segments of 1,448 octets for it?',
      answers: ['About 400', 'About 4,100', 'About 41,000'],
      right: 1,
      because: '6,000,000 / 1,448 is 4,144. And every second one is acknowledged.',
    },
    challenge: {
      task: 'Get it all across within a second.',
      hint: 'No rate limit (0), and a latency of 5 ms.',
      praise: 'Without a bottleneck the window doubles every round trip, and round trips are short.',
    },
  },
  'figure-6': {
    title: 'RFC 9293 figure 6: the handshake',
    story: [
      'The RFC’s first picture with its numbers: A begins at 100, B at 300. An ACK takes no number, so line 5’s text is 101 as well.',
    ],
    predict: {
      question: 'Which number does B acknowledge in line 3?',
      answers: ['100', '101', '300'],
      right: 1,
      because: 'An acknowledgment names the next number expected. The SYN took number 100.',
    },
    challenge: {
      task: 'Lose line 4, and have B ESTABLISHED by line 5 all the same.',
      hint: 'Lose A’s second packet.',
      praise: 'Line 5 carries the same acknowledgment.',
    },
  },
  'figure-7': {
    title: 'RFC 9293 figure 7: simultaneous open',
    story: ['Both call; 100 meets 300 on the way. Each answers a SYN with a SYN,ACK that repeats its own number.'],
    predict: {
      question: 'Which number does A’s SYN,ACK have?',
      answers: ['100 again', '101', '301'],
      right: 0,
      because: 'It is the same SYN once more, now with an ACK.',
    },
    challenge: {
      task: 'Turn it into an ordinary handshake in which A answers.',
      hint: 'Lose A’s first SYN.',
      praise: 'Then A’s SYN,ACK is the first that B hears of it.',
    },
  },
  'figure-8': {
    title: 'RFC 9293 figure 8: an old duplicate SYN',
    story: [
      'A’s SYN (100) is slow, and an old one (90) overtakes it. B acknowledges 91, which A never sent in this life: reset.',
      'Then the real SYN arrives, and all goes well.',
    ],
    predict: {
      question: 'Which number must A’s reset have for B to believe it?',
      answers: ['91', '100', '0'],
      right: 0,
      because: 'B has just said that it expects 91.',
    },
    challenge: {
      task: 'Lose that reset, and still get connected.',
      hint: 'Lose A’s second packet.',
      praise: 'A SYN that does not fit its half-open connection sends B back to LISTEN, and A’s timer knocks again.',
    },
  },
  'figure-9': {
    title: 'RFC 9293 figure 9: discovery of a half-open connection',
    story: [
      'A has crashed and opens anew at 400. B, at 300 and expecting 100, says so. A’s reset takes that 100, and B lets go.',
    ],
    predict: {
      question: 'Why does A’s reset carry 100 and not 401?',
      answers: ['It takes it from B’s ACK field', '100 is always used', 'A remembers the old connection'],
      right: 0,
      because: 'A remembers nothing. B’s own ACK field is the one number B is sure to believe.',
    },
    challenge: {
      task: 'Lose line 5, and see A knock twice more.',
      hint: 'Lose A’s fourth packet.',
      praise: 'Line 7 is a retransmission: it does the whole round again.',
    },
  },
  'figure-10': {
    title: 'RFC 9293 figure 10: the other side sends first',
    story: [
      'A has crashed, and B sends ten octets (300) to a connection that is no more. The answer is a reset at 100.',
    ],
    predict: {
      question: 'How does A’s host know which number to use?',
      answers: ['From B’s ACK field', 'It guesses', 'It is 0'],
      right: 0,
      because: 'Who has no connection takes the number from the segment it answers.',
    },
    challenge: {
      task: 'Make B send its text three times before it is told.',
      hint: 'Lose the first two resets: A’s third and fourth packet.',
      praise: 'Every retransmission provokes a new reset.',
    },
  },
  'figure-11': {
    title: 'RFC 9293 figure 11: two listeners and an old SYN',
    story: [
      'Nobody calls anybody. An old SYN (90) reaches B, and B’s answer reaches A, which listens, too, and has asked for nothing: reset.',
    ],
    predict: {
      question: 'A listens. Why does it not accept the SYN,ACK?',
      answers: ['It acknowledges something A never sent', 'Its queue is full', 'It does accept it'],
      right: 0,
      because: 'In LISTEN nothing has been sent, so any ACK is wrong.',
    },
    challenge: {
      task: 'Lose line 4, and let B come back to LISTEN all the same.',
      hint: 'Lose A’s first packet.',
      praise: 'B’s timer repeats the question, and A the answer.',
    },
  },
  'figure-12': {
    title: 'RFC 9293 figure 12: the normal close',
    story: ['FIN 100, ACK 101; later FIN 300, ACK 301. Four segments, because B’s program takes its time to close.'],
    predict: {
      question: 'Could it be three?',
      answers: ['Yes, if B’s FIN goes with its ACK', 'No, never', 'Only with SACK'],
      right: 0,
      because: 'If B’s program closes at once, the two travel together.',
    },
    challenge: {
      task: 'Have B wait in TIME-WAIT in the place of A.',
      hint: 'Stop at 170 ms, and let B close.',
      praise: 'The picture is the same, seen in a mirror.',
    },
  },
  'figure-13': {
    title: 'RFC 9293 figure 13: simultaneous close',
    story: ['FIN 100 and FIN 300 cross. Both are CLOSING until the ACKs arrive, and both wait 2 MSL.'],
    predict: {
      question: 'Who waits in TIME-WAIT?',
      answers: ['A', 'B', 'Both'],
      right: 2,
      because: 'Each sends the last ACK of the other’s FIN, and neither knows whether it arrives.',
    },
    challenge: {
      task: 'Bring A through FIN-WAIT-2, though B closes at the same time.',
      hint: 'Lose B’s FIN, its second packet.',
      praise: 'The ACK came before the FIN: one loss, other states.',
    },
  },
};
