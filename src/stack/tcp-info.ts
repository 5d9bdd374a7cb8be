/** Owns: what can be asked about a connection, in the manner of Linux's tcp_info. */

import { receiveWindow, type State, type Tcb } from '../tcp/index.ts';

export interface TcpInfo {
  readonly state: State;
  /** ms */
  readonly rto: number;
  /** ms; -1 before the first measurement */
  readonly rtt: number;
  readonly rttvar: number;
  /** Time-outs since something new was acknowledged. */
  readonly backoff: number;
  /** Octets. */
  readonly sndMss: number;
  readonly rcvMss: number;
  readonly sndCwnd: number;
  readonly sndSsthresh: number;
  readonly sndWnd: number;
  readonly rcvWnd: number;
  readonly sndWscale: number;
  readonly rcvWscale: number;
  readonly pmtu: number;
  /** Octets sent and not acknowledged; written and not sent; received and not read. */
  readonly unacked: number;
  readonly notsent: number;
  readonly unread: number;
  readonly timestamps: boolean;
  readonly sack: boolean;
  readonly recovering: boolean;
}

export function tcpInfo(tcb: Tcb): TcpInfo {
  const { snd, rcv, rtt, cc } = tcb;
  const unacked = (snd.nxt - snd.una) >>> 0;
  return {
    state: tcb.state,
    rto: rtt.rto,
    rtt: rtt.srtt,
    rttvar: rtt.rttvar,
    backoff: rtt.backoff,
    sndMss: snd.mss,
    rcvMss: rcv.mss,
    sndCwnd: cc.cwnd,
    sndSsthresh: cc.ssthresh,
    sndWnd: snd.wnd,
    rcvWnd: receiveWindow(tcb),
    sndWscale: snd.shift,
    rcvWscale: rcv.shift,
    pmtu: tcb.mtu,
    unacked,
    notsent: Math.max(snd.text.length - unacked, 0),
    unread: rcv.text.length,
    timestamps: tcb.ts.on,
    sack: tcb.sack,
    recovering: cc.recovering,
  };
}
