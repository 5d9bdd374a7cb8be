/**
 * Part of the scenario that every runtime plays: a network of the simulator with all that it has. The trace of every event and the
 * octets of every packet come out the same wherever it is played, because nothing but the seed decides.
 */

import { simulate } from '../dist/sim/index.js';
import { toJsonLines } from '../dist/trace/index.js';
import { join, pattern, sha256 } from './talk.mjs';

const ROUGH = {
  latency: 12,
  jitter: 4,
  bandwidth: 15e6,
  queue: { packets: 60, discipline: 'codel', target: 4, interval: 80 },
  loss: 0.02,
  lossBurst: 2.5,
  duplicate: 0.01,
  reorder: 0.02,
  corrupt: 0.01,
};

/** Sends back what comes, and closes when the peer does. */
function echo(host) {
  const pump = (socket) => {
    for (let view = socket.peek(); view.length > 0; view = socket.peek()) {
      const taken = socket.write(view);
      socket.consume(taken);
      if (taken === 0) return;
    }
    if (socket.atEnd) socket.end();
  };
  const handler = { onReadable: pump, onWritable: pump, onEnd: pump };
  host.stack.tcp.listen({ port: 7, onConnection: () => {}, handler });
}

/** A conversation with an echo service. @returns what became of it, once it is over */
function converse(host, address, octets) {
  const text = pattern(octets);
  const end = { address, received: 0, intact: true, over: null };
  let at = 0;
  const write = (socket) => {
    while (at < octets) {
      const taken = socket.write(text, at);
      at += taken;
      if (taken === 0) return;
    }
    socket.end();
  };
  const onReadable = (socket) => {
    for (let view = socket.peek(); view.length > 0; view = socket.peek()) {
      if (view.some((octet, i) => octet !== text[end.received + i])) end.intact = false;
      end.received += view.length;
      socket.consume(view.length);
    }
  };
  const onClose = (_, error) => {
    end.over = error?.code ?? 'ok';
  };
  host.stack.tcp.connect({ address, port: 7, handler: { onConnect: write, onWritable: write, onReadable, onClose } });
  return end;
}

/** A home behind a NAT and a server beyond routers, two ways apart; a partition, a rebinding, a middlebox, a crash. */
async function network() {
  const events = [];
  const octets = [];
  const sim = simulate({
    seed: 2026,
    trace: (event) => events.push(event),
    capture: (packet) => octets.push(packet.octets),
  });
  const [one, two, server] = [sim.host('one'), sim.host('two'), sim.host('server')];
  const lan = sim.switch('lan');
  for (const host of [one, two]) sim.link(host, lan, { latency: 1 });
  const nat = sim.nat('nat', { inside: lan });
  const [near, far, detour] = [sim.router('near'), sim.router('far'), sim.router('detour')];
  sim.link(nat.outside, near, ROUGH);
  sim.link(near, detour);
  sim.link(detour, far);
  const between = sim.link(near, far, { latency: 5, back: { loss: 0.01 }, mtu: 1400 });
  sim.link(far, server, { latency: 2 });
  between.middlebox((packet, direction, { delay }) => {
    packet.removeOption(4);
    if (direction === 'back' && packet.payload.length > 1000 && packet.seq % 7 === 0) delay(3);
  });
  echo(server);
  const ends = [one, two].flatMap((host) => server.addresses.map((address) => converse(host, address, 60_000)));
  sim.at(400, () => sim.partition([two], [server]));
  sim.at(1700, () => sim.repair());
  sim.at(2500, () => {
    nat.rebind();
    ends.push(converse(one, server.address, 20_000));
  });
  sim.at(2600, () => server.crash());
  sim.at(3900, () => {
    server.restart();
    echo(server);
    if (sim.chance('again', 0.5)) ends.push(converse(two, server.address, 5000));
  });
  sim.run();
  if (ends.some(({ intact, over }) => !intact || over === null))
    throw new Error('text was changed, or an end is missing');
  return {
    ends: ends.map(({ received, over }) => [received, over]),
    over: sim.now,
    faults: sim.faults.records.length,
    links: sim.links.map(({ name, counters }) => [name, counters]),
    packets: octets.length,
    octets: await sha256(join(octets)),
    events: events.length,
    trace: await sha256(new TextEncoder().encode(toJsonLines(events))),
  };
}

export const topology = {
  'simulated: switches, routers, a NAT, CoDel, faults, a partition, a middlebox and a crash': network,
};
