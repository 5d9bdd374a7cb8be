/** One TCP connection as a pure state machine: `tsyn/tcp`. */
export { Bursts } from './bursts.ts';
export * as calls from './calls.ts';
export {
  atEnd,
  type CallResult,
  peek,
  pushedLength,
  type ReceiveResult,
  type SendResult,
  setKeepAlive,
  status,
  urgentRemaining,
} from './calls.ts';
export { defaultTcpConfig, defaultTcpOptions, type TcpConfig, type TcpOptions } from './config.ts';
export {
  Acknowledgment,
  type CongestionController,
  type CongestionSignal,
  reduced,
  windowInUse,
} from './congestion/controller.ts';
export { cubic } from './congestion/cubic.ts';
export { cubicWithHyStart, type HyStartSigns } from './congestion/hystart.ts';
export { newReno } from './congestion/newreno.ts';
export { slowStart } from './congestion/slowstart.ts';
export * from './connection.ts';
export { setCork } from './cork.ts';
export { createTcpCounters, type TcpCounters } from './counters.ts';
export { Endpoint } from './endpoint.ts';
export type { Ends, Outbox, TcpEnv } from './env.ts';
export { FastOpen, isEarly } from './fastopen.ts';
export { initialSequence, timestampOffset } from './isn.ts';
export { pacingRate } from './pacing.ts';
export { icmpError, ipOptionsChanged, isInFlight, pathMtuChanged } from './pathmtu.ts';
export { QuickAcks, setQuickAck } from './quickack.ts';
export { resetUnknown } from './reset.ts';
export { hasRoom } from './sendroom.ts';
export { ARROWS, type Arrow, isSynchronized, maySend, maySendUs, type State } from './state.ts';
export { acceptCookie, COOKIE_LIFETIME, readCookie, sendCookie } from './syncookies.ts';
export * from './tcb.ts';
export { returnToListen } from './teardown.ts';
export {
  reopen,
  resume,
  TimeWait,
  type TimeWaitOutcome,
  timeWaitArrives,
  timeWaitBegun,
  timeWaitEnd,
  timeWaitExpired,
} from './timewait.ts';
