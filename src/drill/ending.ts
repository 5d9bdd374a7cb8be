/**
 * Owns: what a connection's events leave behind for whoever holds, or will hold, its descriptor.
 */

import type { TcpHandler, TcpSocket } from '../stack/tcp-socket.ts';

/** What a connection's events leave behind for whoever holds, or will hold, its descriptor. */
export class Ending implements TcpHandler {
  /** SO_ERROR: the errno that the next call fails with. */
  error: string | null = null;
  closed = false;
  /** There is something for the application to do about. */
  onNews: (() => void) | null = null;
  /** A write that waits for the handshake goes on with its last step, whose ACK then goes with the text. */
  whenOpen: (() => void) | null = null;

  onConnect(): void {
    this.whenOpen?.();
    this.whenOpen = null;
    this.onNews?.();
  }

  onReadable(): void {
    this.onNews?.();
  }

  onEnd(): void {
    this.onNews?.();
  }

  onClose(socket: TcpSocket, error: { code: string } | null): void {
    this.closed = true;
    if (error !== null) this.error = errnoOf(error.code, socket);
  }

  onSoftError(): void {}
}

const ENDINGS: WeakMap<TcpSocket, Ending> = new WeakMap();

/** One handler for the connections of a listener, so that what happens before `accept` is not lost. */
export const QUEUED: TcpHandler = {
  onClose(socket, error): void {
    endingOf(socket).onClose(socket, error);
  },
};

export function endingOf(socket: TcpSocket): Ending {
  let ending = ENDINGS.get(socket);
  if (ending === undefined) {
    ending = new Ending();
    ENDINGS.set(socket, ending);
  }
  return ending;
}

/** A reset that meets a connection whose peer has closed is a broken pipe. */
function errnoOf(code: string, _socket: TcpSocket): string {
  return code;
}
