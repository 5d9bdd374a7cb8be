export { CaptureStream, type CaptureStreamOptions } from './capture.ts';
export * from './driver.ts';
export * from './entropy.ts';
export { SocketError, type SocketErrorDetails } from './errors.ts';
export {
  BridgeInterface,
  type BridgeInterfaceOptions,
  LoopbackInterface,
  type LoopbackInterfaceOptions,
  type NetworkInterface,
  TapInterface,
  type TapInterfaceOptions,
  TunInterface,
  type TunInterfaceOptions,
} from './interfaces.ts';
export * from './links/index.ts';
export { type ListenAddress, Listener, type ListenOptions } from './listener.ts';
export type { AnySocketAddress, Resolve } from './names.ts';
export { PacketStream, type PacketStreamOptions } from './packet-stream.ts';
export { type PingProbeOptions, type PingReply, PingSession, type PingSessionOptions } from './ping.ts';
export type { Octets } from './settle.ts';
export { Socket, type SocketInfo, type SocketOptions } from './socket.ts';
export { createSockets, type Retainer, type Sockets, type SocketsOptions } from './sockets.ts';
export * from './stack.ts';
export { type UdpDatagram, UdpSocket, type UdpSocketOptions } from './udp.ts';
