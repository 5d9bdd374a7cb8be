/**
 * Owns: `tsyn/net`: Node's `net` over a userspace stack. The default export is a module on a stack of its own with nothing but
 * loopback; `createNet` makes one for any stack.
 */

import { createNet, type Net } from './create.ts';
import { createDefaultStack } from './default-stack.ts';

/** Nothing is far away: larger buffers would only leave the processor's caches. */
const tcp = { receiveBuffer: 512 * 1024, sendBuffer: 512 * 1024 };

const net: Net = createNet(createDefaultStack({ tcp }));

export default net;
export const BlockList: Net['BlockList'] = net.BlockList;
export const SocketAddress: Net['SocketAddress'] = net.SocketAddress;
export const connect: Net['connect'] = net.connect;
export const createConnection: Net['createConnection'] = net.createConnection;
export const createServer: Net['createServer'] = net.createServer;
export const isIP: Net['isIP'] = net.isIP;
export const isIPv4: Net['isIPv4'] = net.isIPv4;
export const isIPv6: Net['isIPv6'] = net.isIPv6;
export const Server: Net['Server'] = net.Server;
export const Socket: Net['Socket'] = net.Socket;
export const Stream: Net['Stream'] = net.Stream;
export const getDefaultAutoSelectFamily: Net['getDefaultAutoSelectFamily'] = net.getDefaultAutoSelectFamily;
export const setDefaultAutoSelectFamily: Net['setDefaultAutoSelectFamily'] = net.setDefaultAutoSelectFamily;
export const getDefaultAutoSelectFamilyAttemptTimeout: Net['getDefaultAutoSelectFamilyAttemptTimeout'] =
  net.getDefaultAutoSelectFamilyAttemptTimeout;
export const setDefaultAutoSelectFamilyAttemptTimeout: Net['setDefaultAutoSelectFamilyAttemptTimeout'] =
  net.setDefaultAutoSelectFamilyAttemptTimeout;
export type { NetOptions } from './host.ts';
export { attachTls } from './tls.ts';
export { createNet, type Net };
