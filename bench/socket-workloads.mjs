/** The workloads on any module in the shape of Node's `net`, both ends in one process. */

import { sleep } from './tsyn.mjs';

/** @param open () => { client, server: modules, address: the server's, close } */
export function socketWorkloads(open) {
  const listen = ({ server: net, address }, options, onConnection) =>
    new Promise((resolve) => {
      const server = net.createServer(options, onConnection);
      server.listen(0, address, () => resolve({ server, port: server.address().port }));
    });

  /** Lets the work get going, then counts for so long. @returns how much a second */
  const rateOf = async (count, seconds) => {
    await sleep(Math.min(seconds * 300, 1000));
    const before = { count: count(), time: performance.now() };
    await sleep(seconds * 1000);
    return (count() - before.count) / ((performance.now() - before.time) / 1000);
  };

  /** @returns octets a second */
  async function bulk(seconds) {
    const place = open();
    let received = 0;
    const { server, port } = await listen(place, {}, (socket) =>
      socket.on('data', (data) => {
        received += data.length;
      }),
    );
    const chunk = Buffer.alloc(65536, 7);
    const client = place.client.connect(port, place.address);
    const pump = () => {
      while (client.write(chunk));
    };
    client.on('connect', pump).on('drain', pump);
    const rate = await rateOf(() => received, seconds);
    client.destroy();
    server.close();
    place.close();
    return { rate };
  }

  /** The other way round, into one buffer of the reader's (`onread`): no memory is taken for what comes. @returns octets a second */
  async function bulkOnread(seconds) {
    const place = open();
    const chunk = Buffer.alloc(65536, 7);
    const { server, port } = await listen(place, {}, (socket) => {
      const pump = () => {
        while (socket.write(chunk));
      };
      socket.on('drain', pump).on('error', () => {});
      pump();
    });
    let received = 0;
    const callback = (count) => {
      received += count;
      return true;
    };
    const onread = { buffer: Buffer.alloc(65536), callback };
    const client = place.client.connect({ port, host: place.address, onread });
    const rate = await rateOf(() => received, seconds);
    client.destroy();
    server.close();
    place.close();
    return { rate };
  }

  /** @returns round trips of 64 octets a second */
  async function pingPong(seconds) {
    const place = open();
    const { server, port } = await listen(place, { noDelay: true }, (socket) =>
      socket.on('data', (data) => socket.write(data)),
    );
    const ping = Buffer.alloc(64);
    let trips = 0;
    const client = place.client.connect({ port, host: place.address, noDelay: true });
    client.on('connect', () => client.write(ping));
    client.on('data', () => {
      trips++;
      client.write(ping);
    });
    const rate = await rateOf(() => trips, seconds);
    client.destroy();
    server.close();
    place.close();
    return { rate };
  }

  /** Connect, accept, client FIN, server FIN, client sees it; `flights` at once. @returns connections a second */
  async function connections(seconds, { flights = 1 }) {
    const place = open();
    const { server, port } = await listen(place, {}, (socket) => socket.resume());
    let count = 0;
    let going = true;
    const next = () => {
      const socket = place.client.connect(port, place.address);
      socket.on('connect', () => socket.end());
      socket.resume();
      socket.on('end', () => {
        count++;
        if (going) next();
      });
    };
    for (let i = 0; i < flights; i++) next();
    const rate = await rateOf(() => count, seconds);
    going = false;
    server.close();
    place.close();
    return { rate };
  }

  /** @returns octets on the heap for a pair of idle sockets */
  async function idle(count) {
    const place = open();
    const held = [];
    const { server, port } = await listen(place, {}, (socket) => held.push(socket));
    const more = async (n) => {
      for (let i = 0; i < n; i++) {
        await new Promise((resolve) => held.push(place.client.connect(port, place.address, resolve)));
      }
      await sleep(200);
    };
    await more(1000); // by then what is compiled and kept for all is there
    const before = await used();
    await more(count);
    const pair = ((await used()) - before) / count;
    for (const socket of held) socket.destroy();
    server.close();
    place.close();
    return { pair };
  }

  return { bulk, bulkOnread, pingPong, connections, idle };
}

async function used() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc();
    await sleep(20);
  }
  return process.memoryUsage().heapUsed;
}
