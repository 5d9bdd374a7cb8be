// A congestion controller of your own, in a page: TCP Vegas, which keeps a few segments in the bottleneck's queue by the
// round-trip time, instead of filling it until it overflows. Beside it CUBIC, on the same simulated path.

import { World } from 'tsyn/sim';
import { reduced, windowInUse } from 'tsyn/tcp';

/** Segments that Vegas wants to have in the queue: not fewer, not more. */
const FEWEST = 2;
const MOST = 4;

const vegas = {
  name: 'vegas',

  start(cc) {
    // What the controller remembers: plain values only, so that connections can be copied.
    cc.state = { baseRtt: Infinity, roundRtt: Infinity, roundEnd: null };
  },

  acknowledged(cc, { acked, mss, rtt, una, nxt }, _now) {
    const { state } = cc;
    if (rtt >= 0) {
      state.baseRtt = Math.min(state.baseRtt, rtt);
      state.roundRtt = Math.min(state.roundRtt, rtt);
    }
    state.roundEnd ??= nxt;
    if (((una - state.roundEnd) | 0) < 0) {
      if (cc.cwnd < cc.ssthresh && windowInUse(cc)) cc.cwnd += Math.ceil(acked / 2);
      return;
    }
    // A round trip is over: how many segments did the queue hold?
    const queued = ((cc.cwnd / mss) * (state.roundRtt - state.baseRtt)) / state.roundRtt;
    if (cc.cwnd < cc.ssthresh) {
      if (queued > FEWEST) cc.ssthresh = cc.cwnd;
    } else if (queued < FEWEST) {
      cc.cwnd += mss;
    } else if (queued > MOST) {
      cc.cwnd -= mss;
      cc.ssthresh = cc.cwnd; // no slow start again
    }
    state.roundEnd = nxt;
    state.roundRtt = Infinity;
  },

  congested(cc, _signal, flight, mss, _now) {
    cc.ssthresh = reduced(cc, 0.75, flight, 2 * mss);
  },

  timedOut(cc, flight, mss, first, _now) {
    if (first) cc.ssthresh = reduced(cc, 0.5, flight, 2 * mss);
    cc.cwnd = mss;
  },
};

/** 30 s over 20 Mbit/s and 40 ms, with a queue of 200 packets. */
function run(congestion) {
  const world = new World({ seed: 1 });
  const client = world.host('client', { controllers: { vegas }, tcp: { congestion } });
  const server = world.host('server');
  world.join(client, server, { forth: { delay: 20, rate: 20e6, queuePackets: 200 }, back: { delay: 20 } });
  let received = 0;
  const onReadable = (socket) => {
    received += socket.readableLength;
    socket.consume(socket.readableLength);
  };
  server.tcp.listen({ port: 80, handler: { onReadable }, onConnection: () => {} });
  const chunk = new Uint8Array(65_536);
  const fill = (socket) => {
    while (socket.write(chunk) === chunk.length);
  };
  const socket = client.tcp.connect({ address: '10.0.0.2', port: 80, handler: { onConnect: fill, onWritable: fill } });
  world.run(30_000);
  const { rtt, totalRetrans } = socket.info();
  const rate = (received * 8) / 30 / 1e6;
  console.log(
    `${congestion}: ${rate.toFixed(1)} Mbit/s, ${Math.round(rtt)} ms a round trip, ${totalRetrans} segments sent again`,
  );
}

run('cubic');
run('vegas');
