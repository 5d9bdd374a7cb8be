import { describe, expect, it } from 'vitest';
import { ARROWS } from '../../src/tcp/state.ts';
import type { StateEvent, TraceEvent } from '../../src/trace/events.ts';
import { renderLadder } from '../../src/trace/ladder.ts';
import { type Followed, follow, followSegments } from './captured.ts';
import { Talk } from './talk.ts';
import { letters, TwoHosts, type TwoHostsOptions } from './two-hosts.ts';

type Conversation = (hosts: TwoHosts) => void;

/** Whole lives; one that loses its handshake ends where it is. */
const LIVES: Readonly<Record<string, Conversation>> = {
  'a half-close': (hosts) => {
    const [client, server] = hosts.open();
    if (server === undefined) return;
    client.write(letters(3000));
    client.end();
    hosts.pass(300);
    server.write(letters(3000));
    server.end();
  },
  'a simultaneous close': (hosts) => {
    const [client, server] = hosts.open();
    if (server === undefined) return;
    client.write(letters(300));
    server.write(letters(300));
    client.end();
    server.end();
  },
  'a close by the server': (hosts) => {
    const [client, server] = hosts.open();
    if (server === undefined) return;
    server.write(letters(5000));
    server.end();
    hosts.pass(50);
    client.end();
  },
  'an abort by the server': (hosts) => {
    const [client, server] = hosts.open();
    if (server === undefined) return;
    client.write(letters(5000));
    hosts.pass(30);
    server.abort();
  },
  'an abort after a close': (hosts) => {
    const [client, server] = hosts.open();
    if (server === undefined) return;
    client.write(letters(5000));
    hosts.pass(30);
    client.end();
    hosts.pass(10);
    client.abort();
  },
  'a refusal': (hosts) => {
    hosts.connect();
  },
};

function live(conversation: Conversation, options: TwoHostsOptions = {}): TwoHosts {
  const hosts = new TwoHosts(options);
  conversation(hosts);
  hosts.pass(400_000);
  return hosts;
}

/** What no packet shows. */
const UNSEEN = ['CLOSED>LISTEN', 'LISTEN>CLOSED', 'TIME-WAIT>CLOSED'];

function arrows(events: readonly TraceEvent[], host: string): string[] {
  return events
    .filter((event): event is StateEvent => event.type === 'state' && event.host === host)
    .map(({ from, to }) => `${from}>${to}`)
    .filter((arrow) => !UNSEEN.includes(arrow));
}

function ladder({ events, hosts: [left, right] }: Followed): string {
  return `\n${renderLadder(events, { left, right, windows: false })}\n`;
}

describe('states followed in a capture', () => {
  it.each(Object.entries(LIVES))('are those that the stacks went through: %s', (_name, conversation) => {
    for (let seed = 0; seed < 10; seed++) {
      const hosts = live(conversation, { seed });
      const [followed, ...more] = follow(hosts.packets);
      expect(more).toEqual([]);
      expect(arrows(followed!.events, followed!.hosts[0])).toEqual(arrows(hosts.events, 'client'));
      expect(arrows(followed!.events, followed!.hosts[1])).toEqual(arrows(hosts.events, 'server'));
    }
  });

  it.each(Object.entries(LIVES))(
    'are right for the end where the capture was made when packets are lost: %s',
    (_name, conversation) => {
      for (let seed = 0; seed < 40; seed++) {
        const hosts = live(conversation, { seed, forth: { loss: 0.2 }, back: { loss: 0.2 } });
        const [followed] = follow(hosts.packets);
        expect(arrows(followed!.events, followed!.hosts[0]), `seed ${seed}`).toEqual(arrows(hosts.events, 'client'));
      }
    },
  );

  it('change along arrows of the diagram only, and in the order of time at each end', () => {
    const known = new Set(ARROWS.map(({ from, to }) => `${from}>${to}`));
    for (const conversation of Object.values(LIVES)) {
      for (let seed = 0; seed < 20; seed++) {
        const hosts = live(conversation, { seed, forth: { loss: 0.3 }, back: { loss: 0.3 } });
        for (const { events, hosts: names } of follow(hosts.packets)) {
          for (const name of names) {
            const own = events.filter(({ host }) => host === name);
            const states = own.filter((event) => event.type === 'state');
            for (const { from, to } of states) expect(known).toContain(`${from}>${to}`);
            for (let i = 1; i < states.length; i++) expect(states[i]!.from).toBe(states[i - 1]!.to);
          }
        }
      }
    }
  });

  it('are drawn beside the segments: a half-close, with the ACK of a FIN lost on the way', () => {
    const hosts = new TwoHosts();
    const [client, server] = hosts.open();
    client.write(letters(100));
    client.end();
    hosts.pass(100);
    server.write(letters(200));
    hosts.pass(100);
    hosts.wire.link.drop((_packet, direction) => direction === 'send', 1);
    server.end();
    hosts.pass(1000);
    expect(ladder(follow(hosts.packets)[0]!)).toMatchInlineSnapshot(`
      "
       ms  192.0.2.1:58971                                                            192.0.2.2:80      ms
           CLOSED           |                                                      |  LISTEN
        0  SYN-SENT         |---- SYN seq=0 mss=1460 sackOK ws=10 ts ------------->|  SYN-RECEIVED       0
       40  ESTABLISHED      |<--- SYN,ACK seq=0 ack=1 mss=1460 sackOK ws=10 ts ----|                    40
       40                   |---- ACK seq=1 ack=1 -------------------------------->|  ESTABLISHED       40
       60                   |---- PSH,ACK seq=1 len=100 ack=1 -------------------->|                    60
       60  FIN-WAIT-1       |---- FIN,ACK seq=101 ack=1 -------------------------->|  CLOSE-WAIT        60
      100  FIN-WAIT-2       |<------------------------------ ACK seq=1 ack=102 ----|                   100
      180                   |<------------------ PSH,ACK seq=1 len=200 ack=102 ----|                   180
      220                   |---- ACK seq=102 ack=201 ---------------------------->|                   220
      280  TIME-WAIT        |<------------------------ FIN,ACK seq=201 ack=102 ----|  LAST-ACK         280
      280                   |---- ACK seq=102 ack=202 ----.........................|
      525                   |<--- FIN,ACK seq=201 ack=102 (TCP Retransmission) ----|                   525
      525                   |---- ACK seq=102 ack=202 (TCP Dup ACK 10#1) --------->|  CLOSED           525
      "
    `);
  });

  it('cross where both close at once', () => {
    const hosts = new TwoHosts();
    const [client, server] = hosts.open();
    client.end();
    server.end();
    hosts.pass(100);
    expect(ladder(follow(hosts.packets)[0]!)).toMatchInlineSnapshot(`
      "
       ms  192.0.2.1:58971                                                            192.0.2.2:80      ms
           CLOSED           |                                                      |  LISTEN
        0  SYN-SENT         |---- SYN seq=0 mss=1460 sackOK ws=10 ts ------------->|  SYN-RECEIVED       0
       40  ESTABLISHED      |<--- SYN,ACK seq=0 ack=1 mss=1460 sackOK ws=10 ts ----|                    40
       40                   |---- ACK seq=1 ack=1 -------------------------------->|  ESTABLISHED       40
       60  FIN-WAIT-1       |---- FIN,ACK seq=1 ack=1 ----.........................|
                            |.........................---- FIN,ACK seq=1 ack=1 ----|  FIN-WAIT-1        80
       80  CLOSING          |<---- FIN,ACK seq=1 ack=1 ............................|
                            |............................ FIN,ACK seq=1 ack=1 ---->|  CLOSING          100
       80                   |---- ACK seq=2 ack=2 -------------------------------->|  TIME-WAIT        100
      100  TIME-WAIT        |<-------------------------------- ACK seq=2 ack=2 ----|                   100
      "
    `);
  });

  it('of a SYN that is answered at the third time begin there', () => {
    const hosts = new TwoHosts();
    hosts.listen();
    hosts.wire.link.drop(() => true, 2);
    hosts.connect();
    hosts.pass(4000);
    expect(ladder(follow(hosts.packets)[0]!)).toMatchInlineSnapshot(`
      "
        ms  192.0.2.1:58971                                                                             192.0.2.2:80       ms
            CLOSED           |                                                                       |  LISTEN
         0  SYN-SENT         |---- SYN seq=0 mss=1460 sackOK ws=10 ts ----...........................|
                                                         ... 1 s later ...
      1000                   |---- SYN seq=0 mss=1460 sackOK ws=10 ts (TCP Retransmission) ----......|
                                                         ... 2 s later ...
      3000                   |---- SYN seq=0 mss=1460 sackOK ws=10 ts (TCP Retransmission) --------->|  SYN-RECEIVED     3000
      3040  ESTABLISHED      |<-------------------- SYN,ACK seq=0 ack=1 mss=1460 sackOK ws=10 ts ----|                   3040
      3040                   |---- ACK seq=1 ack=1 ------------------------------------------------->|  ESTABLISHED      3040
      "
    `);
  });
});

describe('states of what a capture does not show', () => {
  const followed = (talk: Talk): Followed => followSegments(talk.told)[0]!;

  it('are taken to be ESTABLISHED in the middle of a connection', () => {
    const talk = new Talk().client({ seq: 100, ack: 500, length: 10 }).server({ seq: 500, ack: 110 });
    talk.client({ flags: 0x11, seq: 110, ack: 500 }).server({ seq: 500, ack: 111 });
    const { events, hosts, follower } = followed(talk);
    expect(arrows(events, hosts[0])).toEqual(['ESTABLISHED>FIN-WAIT-1', 'FIN-WAIT-1>FIN-WAIT-2']);
    expect(follower.ends.map(({ assumed }) => assumed)).toEqual([true, true]);
  });

  it('follow from the SYN,ACK where the SYN is missing', () => {
    const talk = new Talk().server({ flags: 0x12, seq: 500, ack: 101 }).client({ seq: 101, ack: 501 });
    const { events, hosts } = followed(talk);
    expect(arrows(events, hosts[0])).toEqual(['LISTEN>SYN-RECEIVED', 'SYN-RECEIVED>ESTABLISHED']);
    expect(arrows(events, hosts[1])).toEqual(['CLOSED>SYN-SENT', 'SYN-SENT>ESTABLISHED']);
  });

  it('follow from the ACK where the SYN,ACK is missing', () => {
    const talk = new Talk().client({ flags: 0x02, seq: 100 }).client({ seq: 101, ack: 501 });
    const { events, hosts } = followed(talk);
    expect(arrows(events, hosts[0])).toEqual(['CLOSED>SYN-SENT', 'SYN-SENT>ESTABLISHED']);
    expect(arrows(events, hosts[1])).toEqual(['LISTEN>SYN-RECEIVED', 'SYN-RECEIVED>ESTABLISHED']);
  });

  it('of an end that answers a SYN with an ACK of its own are those of an older connection', () => {
    const talk = new Talk().client({ flags: 0x02, seq: 100 }).server({ seq: 9000, ack: 77_000 });
    talk.client({ flags: 0x04, seq: 77_000 });
    const { events, hosts, follower } = followed(talk);
    expect(arrows(events, hosts[0])).toEqual(['CLOSED>SYN-SENT']);
    expect(arrows(events, hosts[1])).toEqual(['ESTABLISHED>CLOSED']);
    expect(follower.ends[0].state).toBe('SYN-SENT');
  });

  it('of a simultaneous open go through SYN-RECEIVED at both ends', () => {
    const talk = new Talk().client({ flags: 0x02, seq: 100 }).server({ flags: 0x02, seq: 500 });
    talk.client({ flags: 0x12, seq: 100, ack: 501 }).server({ flags: 0x12, seq: 500, ack: 101 });
    const { events, hosts } = followed(talk);
    const open = ['CLOSED>SYN-SENT', 'SYN-SENT>SYN-RECEIVED', 'SYN-RECEIVED>ESTABLISHED'];
    expect(arrows(events, hosts[0])).toEqual(open);
    expect(arrows(events, hosts[1])).toEqual(open);
  });

  it('stay where they are after a reset that its sender did not mean', () => {
    const talk = new Talk().open().server({ flags: 0x04, seq: 77_000 });
    talk
      .client({ seq: 101, ack: 501, length: 5 })
      .server({ seq: 501, ack: 106 })
      .client({ seq: 106, ack: 501, length: 5 });
    const { follower } = followed(talk);
    expect(follower.ends[0].state).toBe('ESTABLISHED');
  });
});
