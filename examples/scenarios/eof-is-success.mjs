/**
 * A bug that needs bad luck: the client takes the end of the stream for the end of the document.
 *
 *   tsyn sim examples/scenarios/eof-is-success.mjs --seeds 1000 --minimise
 *
 * The server says how long its document is, sends it, and closes; if it is not rid of it within 700 ms it gives the client up
 * and closes, too. The client reads to the end and does not look at the length. On most networks that works for years.
 */

const DOCUMENT = 'It was a bright cold day in April, and the clocks were striking thirteen. '.repeat(60);
const PATIENCE = 700;

/** @param {import('tsyn/sim').Simulation} sim */
function serve(sim, host) {
  const octets = new TextEncoder().encode(`${DOCUMENT.length}\n${DOCUMENT}`);
  const CHUNK = 1000;
  host.stack.tcp.listen({
    port: 80,
    onConnection(socket) {
      let sent = 0;
      // A chunk at a time: the next when the client has the one before.
      const more = () => {
        if (sent < octets.length) sent += socket.write(octets, sent, Math.min(CHUNK, octets.length - sent));
        else socket.end();
      };
      const patience = sim.after(PATIENCE, () => socket.end());
      socket.handler = { onReadable: more, onDrained: more, onClose: () => patience.cancel() };
    },
  });
}

/** Reads a document. @returns what has come of it so far */
function fetchDocument(host, address) {
  const decoder = new TextDecoder();
  const got = { text: '', done: false };
  const socket = host.stack.tcp.connect({ address, port: 80 });
  const read = () => {
    const octets = new Uint8Array(socket.readableLength);
    got.text += decoder.decode(octets.subarray(0, socket.read(octets)));
  };
  socket.handler = {
    onConnect: () => socket.write(new TextEncoder().encode('GET\n')),
    onReadable: read,
    onEnd() {
      read();
      got.done = true; // the bug: nobody compares the length
      socket.end();
    },
  };
  return got;
}

export default {
  name: 'eof-is-success',
  description: 'a client takes the end of the stream for the end of the document',
  deadline: 120_000,
  run(sim) {
    const client = sim.host('client');
    const server = sim.host('server');
    sim.link(client, server, { latency: 10, jitter: 2, loss: 0.01, duplicate: 0.01 });
    serve(sim, server);
    const got = fetchDocument(client, server.address);
    sim.runUntil(() => got.done, { goal: 'the client is done' });
    const body = got.text.slice(got.text.indexOf('\n') + 1);
    if (body !== DOCUMENT) {
      throw new Error(`the client says it is done with ${body.length} of ${DOCUMENT.length} octets`);
    }
  },
};
