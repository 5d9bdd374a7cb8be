import type { NetConnectOpts, Server } from 'node:net';

/** What the proxy needs of a net. */
export type ProxyNet = Pick<typeof import('node:net'), 'createServer' | 'connect'>;

export function createProxy(net: ProxyNet, target: NetConnectOpts, farNet?: ProxyNet): Server;
