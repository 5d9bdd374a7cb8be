/** What tests of the simulator share: a service that answers with what it got, and a conversation with it. */

import type { SimHost } from '../../src/sim/index.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import { pattern } from './endpoint.ts';

export const PORT = 7;

/** What one end of a conversation has seen. */
export interface Talk {
  readonly socket: TcpSocket;
  connected: boolean;
  /** Octets that came. */
  received: number;
  /** They are what was sent, as far as they came. */
  intact: boolean;
  ended: boolean;
  /** Over: `null` while it is not, then 'ok' or the code of the error. */
  over: string | null;
}

/** Sends back what comes, and closes when the peer does. */
export function echo(host: SimHost, port: number = PORT): void {
  const pump = (socket: TcpSocket): void => {
    for (let view = socket.peek(); view.length > 0; view = socket.peek()) {
      const taken = socket.write(view);
      socket.consume(taken);
      if (taken === 0) return;
    }
    if (socket.atEnd) socket.end();
  };
  host.stack.tcp.listen({
    port,
    onConnection: () => {},
    handler: { onReadable: pump, onWritable: pump, onEnd: pump },
  });
}

/** Sends `octets` to an echo service, closes, and notes what comes back. */
export function talkTo(from: SimHost, address: string, octets: number, port: number = PORT): Talk {
  const text = pattern(octets);
  let sent = 0;
  const write = (socket: TcpSocket): void => {
    while (sent < octets) {
      const taken = socket.write(text, sent);
      sent += taken;
      if (taken === 0) return;
    }
    socket.end();
  };
  const talk: { -readonly [K in keyof Talk]: Talk[K] } = {
    socket: from.stack.tcp.connect({
      address,
      port,
      handler: {
        onConnect(socket) {
          talk.connected = true;
          write(socket);
        },
        onWritable: write,
        onReadable(socket) {
          const view = socket.peek();
          for (let i = 0; i < view.length; i++) if (view[i] !== text[talk.received + i]) talk.intact = false;
          talk.received += view.length;
          socket.consume(view.length);
          if (socket.readableLength > 0) this.onReadable!(socket);
        },
        onEnd() {
          talk.ended = true;
        },
        onClose(_, error) {
          talk.over = error === null ? 'ok' : error.code;
        },
      },
    }),
    connected: false,
    received: 0,
    intact: true,
    ended: false,
    over: null,
  };
  return talk;
}
