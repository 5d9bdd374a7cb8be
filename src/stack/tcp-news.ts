/** Owns: how the engine's signals read as calls of an application's handler, and in which order. */

import {
  SIGNAL_CLOSED,
  SIGNAL_DRAINED,
  SIGNAL_END,
  SIGNAL_ESTABLISHED,
  SIGNAL_READABLE,
  SIGNAL_SOFT_ERROR,
  SIGNAL_URGENT,
  SIGNAL_WRITABLE,
} from '../tcp/index.ts';
import { failureError } from './tcp-errors.ts';
import type { TcpSocket } from './tcp-socket.ts';

/** In which order the news of one moment is told. */
export const NEWS: readonly number[] = [
  SIGNAL_ESTABLISHED,
  SIGNAL_URGENT,
  SIGNAL_READABLE,
  SIGNAL_END,
  SIGNAL_WRITABLE,
  SIGNAL_DRAINED,
  SIGNAL_SOFT_ERROR,
  SIGNAL_CLOSED,
];

/** Calls the handler for one signal. */
export function tell(socket: TcpSocket, signal: number): void {
  const { handler, tcb } = socket;
  switch (signal) {
    case SIGNAL_ESTABLISHED:
      handler.onConnect?.(socket);
      return;
    case SIGNAL_URGENT:
      handler.onUrgent?.(socket);
      return;
    case SIGNAL_READABLE:
      handler.onReadable?.(socket);
      return;
    case SIGNAL_END:
      handler.onEnd?.(socket);
      return;
    case SIGNAL_WRITABLE:
      handler.onWritable?.(socket);
      return;
    case SIGNAL_DRAINED:
      handler.onDrained?.(socket);
      return;
    case SIGNAL_SOFT_ERROR:
      handler.onSoftError?.(socket, tcb.softError ?? 'retransmitting');
      return;
    case SIGNAL_CLOSED:
      handler.onClose?.(socket, failureError(tcb));
  }
}
