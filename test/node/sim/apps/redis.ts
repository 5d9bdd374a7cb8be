/**
 * The least of Redis that clients need: SET, GET, INCR, PING and INFO in its protocol (RESP2). What else they say is answered with
 * an error, as by a server that is older than the client.
 */

import net, { type Server, type Socket } from 'node:net';

export interface RedisServer {
  readonly server: Server;
  /** Ends the listener and all connections, as a process does that is ended: by FIN. */
  stop(): void;
}

type Values = Map<string, string>;

const COMMANDS: Readonly<Record<string, (values: Values, ...words: string[]) => string>> = {
  PING: () => '+PONG\r\n',
  INFO: () => bulk('redis_version:7.0.0\r\nloading:0\r\n'),
  SET: (values, key, value) => {
    values.set(key!, value!);
    return '+OK\r\n';
  },
  GET: (values, key) => (values.has(key!) ? bulk(values.get(key!)!) : '$-1\r\n'),
  INCR: (values, key) => {
    const next = Number(values.get(key!) ?? 0) + 1;
    values.set(key!, String(next));
    return `:${next}\r\n`;
  },
};

export interface RedisOptions {
  /** What a new connection costs the server's one thread, ms, as a handshake of TLS does; whether or not the client is still there. */
  readonly greeting?: number;
}

/** Listens where Redis does, on the host that calls. */
export function serveRedis({ greeting = 0 }: RedisOptions = {}): RedisServer {
  const values: Values = new Map();
  const sockets = new Set<Socket>();
  /** When the thread has done what there is to do. */
  let free = 0;
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    free = Math.max(free, performance.now()) + greeting;
    setTimeout(() => serve(socket, values), free - performance.now());
  });
  server.listen(6379);
  return {
    server,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function serve(socket: Socket, values: Values): void {
  let rest = '';
  // One octet a character: lengths are of octets.
  socket.setEncoding('latin1').on('data', (text: string) => {
    rest += text;
    for (let read = readCommand(rest); read !== null; read = readCommand(rest)) {
      const [name = '', ...words] = read.words;
      rest = rest.slice(read.length);
      const command = COMMANDS[name.toUpperCase()];
      socket.write(command === undefined ? `-ERR unknown command '${name}'\r\n` : command(values, ...words), 'latin1');
    }
  });
}

/** A command is a list of strings, each behind its length: `*2 $3 GET $1 a`, each on a line. @returns null when it is not all there */
function readCommand(text: string): { words: string[]; length: number } | null {
  const line = (from: number): { value: number; next: number } | null => {
    const end = text.indexOf('\r\n', from);
    return end < 0 ? null : { value: Number(text.slice(from + 1, end)), next: end + 2 };
  };
  const head = line(0);
  if (head === null) return null;
  const words: string[] = [];
  let at = head.next;
  while (words.length < head.value) {
    const word = line(at);
    if (word === null || text.length < word.next + word.value + 2) return null;
    words.push(text.slice(word.next, word.next + word.value));
    at = word.next + word.value + 2;
  }
  return { words, length: at };
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}
