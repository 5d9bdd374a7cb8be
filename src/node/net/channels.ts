/** Owns: the channels of `node:diagnostics_channel` that Node's `net` publishes on, for tracers that listen there. */

import { type Channel, channel } from 'node:diagnostics_channel';

export const clientSockets: Channel = channel('net.client.socket');
export const serverSockets: Channel = channel('net.server.socket');
