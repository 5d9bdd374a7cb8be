/**
 * Owns: what a program under `tsyn/register` cannot send to another process. Sockets and servers of the stack are instances of those that
 * Node sends, but there is no descriptor in them that another process could be given.
 */

import { ChildProcess } from 'node:child_process';
import { coded } from '../net/errors.ts';

/** Of `process` and of children: sends a message, with something of the kernel's. */
type Send = (message: unknown, handle?: unknown, ...rest: unknown[]) => boolean;

interface Channel {
  _send?: Send;
}

/** @param stays whether it cannot be sent: then `send` throws ERR_INVALID_HANDLE_TYPE, as for whatever else Node does not know */
export function refuseToSend(stays: (handle: object) => boolean): void {
  const guard = (channel: Channel): void => {
    const send = channel._send;
    if (send === undefined) return;
    channel._send = function (this: Channel, message, handle, ...rest) {
      if (typeof handle === 'object' && handle !== null && stays(handle)) {
        throw coded(TypeError, 'ERR_INVALID_HANDLE_TYPE', 'This handle type cannot be sent');
      }
      return send.call(this, message, handle, ...rest);
    };
  };
  guard(process as Channel);
  const methods = ChildProcess.prototype as unknown as { spawn(...args: unknown[]): unknown };
  const { spawn } = methods;
  methods.spawn = function (this: Channel, ...args: unknown[]) {
    const result = spawn.apply(this as typeof methods, args);
    guard(this);
    return result;
  };
}
