/** What these tests use of the package `ws`, which brings no types. */
declare module 'ws' {
  import type { EventEmitter } from 'node:events';
  import type { AddressInfo } from 'node:net';

  export class WebSocket extends EventEmitter {
    static readonly OPEN: 1;
    binaryType: string;
    readonly readyState: number;
    readonly bufferedAmount: number;
    constructor(url: string, options?: { readonly handshakeTimeout?: number });
    send(data: Uint8Array | string): void;
    ping(): void;
    close(code?: number, reason?: string): void;
    terminate(): void;
    pause(): void;
    resume(): void;
    addEventListener(type: string, listener: (event: unknown) => void): void;
    removeEventListener(type: string, listener: (event: unknown) => void): void;
  }

  export class WebSocketServer extends EventEmitter {
    readonly clients: Set<WebSocket>;
    constructor(options: { host: string; port: number });
    address(): AddressInfo;
    close(): void;
  }
}
