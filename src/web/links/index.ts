export {
  type LinkHost,
  MessageLink,
  type MessageLinkCounters,
  type MessageLinkOptions,
} from './message-link.ts';
export {
  type BroadcastChannelLike,
  broadcastChannelLink,
  type MessagePortLike,
  type MessagePortLinkOptions,
  messagePortLink,
} from './message-port.ts';
export {
  type ReadableLike,
  type StreamLinkOptions,
  type StreamPair,
  streamLink,
  type WritableLike,
} from './stream.ts';
export { type V86Bus, type V86Emulator, v86Link } from './v86.ts';
export { type WebSocketLike, type WebSocketLinkOptions, websocketLink } from './websocket.ts';
