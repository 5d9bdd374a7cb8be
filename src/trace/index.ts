export {
  type CapturedPacket,
  CaptureError,
  type CaptureInterface,
  type CaptureSection,
  type ExactTime,
  LINKTYPE_ETHERNET,
  LINKTYPE_RAW,
  PassingPacket,
} from './capture.ts';
export { CaptureFeed, type CaptureFeedOptions, type CapturePort } from './capture-feed.ts';
export { ipPacketOf, ipStart } from './capture-link.ts';
export {
  type CaptureContents,
  CaptureReader,
  type CaptureReaderOptions,
  readCapture,
  readCaptureContents,
} from './capture-reader.ts';
export { type CongestionGraphOptions, congestionGraphSvg } from './congestion-graph.ts';
export * from './events.ts';
export { drawLadder, renderLadder, type TextLadderOptions } from './ladder.ts';
export type { ArrowKind, LadderArrow } from './ladder-arrows.ts';
export type { AxisStop } from './ladder-axis.ts';
export type { LadderBar } from './ladder-bars.ts';
export type { Label } from './ladder-labels.ts';
export * from './ladder-layout.ts';
export * from './ladder-live.ts';
export type { ContentOptions } from './ladder-reader.ts';
export * from './ladder-rows.ts';
export * from './ladder-svg.ts';
export * from './pcap.ts';
export * from './pcapng.ts';
export { type GraphOptions, type SequenceGraphOptions, sequenceGraphSvg } from './sequence-graph.ts';
export { clip, displayWidth, endpoint, padEnd, padStart, RelativeNumbers, toJsonLines } from './text.ts';
export type { Language } from './words.ts';
