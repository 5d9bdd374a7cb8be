// A client and a server that know nothing of any simulation: what the suites beside run inside three test runners.
import { createHash, randomUUID } from 'node:crypto';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Answers each line, the first one of a connection only after a second. */
export function serve(port) {
  return net
    .createServer(async (socket) => {
      await sleep(1000);
      socket.setEncoding('utf8').on('data', (text) => socket.write(createHash('sha1').update(text).digest('hex')));
      socket.on('end', () => socket.end());
    })
    .listen(port);
}

/** Asks until there is an answer, with pauses of half an hour. Resolves with the time it took, and how often it asked. */
export async function ask(host, port) {
  const begun = Date.now();
  for (let attempts = 1; ; attempts++) {
    try {
      const answer = await attempt(host, port);
      return { answer, attempts, took: Date.now() - begun, id: randomUUID() };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1_800_000));
    }
  }
}

function attempt(host, port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, host, () => socket.write('question'));
    socket.setEncoding('utf8').on('data', (answer) => {
      socket.end();
      resolve(answer);
    });
    socket.on('error', reject);
  });
}
