/**
 * Owns: `struct tcp_info` as the assertions of a script see it: names, units and constants of Linux.
 */

import type { CongestionState } from '../stack/tcp-info.ts';
import type { TcpSocket } from '../stack/tcp-socket.ts';
import type { State } from '../tcp/index.ts';
import { symbol } from './symbols.ts';

const STATES: Readonly<Record<State, number>> = {
  ESTABLISHED: 1,
  'SYN-SENT': 2,
  'SYN-RECEIVED': 3,
  'FIN-WAIT-1': 4,
  'FIN-WAIT-2': 5,
  'TIME-WAIT': 6,
  CLOSED: 7,
  'CLOSE-WAIT': 8,
  'LAST-ACK': 9,
  LISTEN: 10,
  CLOSING: 11,
};

const CONGESTION_STATES: Readonly<Record<CongestionState, number>> = {
  open: 0,
  disorder: 1,
  cwr: 2,
  recovery: 3,
  loss: 4,
};

/** Names that stand for numbers in every assertion. */
const NAMES =
  'TCP_ESTABLISHED TCP_SYN_SENT TCP_SYN_RECV TCP_FIN_WAIT1 TCP_FIN_WAIT2 TCP_TIME_WAIT TCP_CLOSE TCP_CLOSE_WAIT ' +
  'TCP_LAST_ACK TCP_LISTEN TCP_CLOSING TCP_CA_Open TCP_CA_Disorder TCP_CA_CWR TCP_CA_Recovery TCP_CA_Loss ' +
  'TCPI_OPT_TIMESTAMPS TCPI_OPT_SACK TCPI_OPT_WSCALE TCPI_OPT_ECN TCPI_OPT_ECN_SEEN TCPI_OPT_SYN_DATA';

export const INFO_CONSTANTS: ReadonlyMap<string, number> = new Map(
  NAMES.split(' ').map((name) => [name, symbol(name)!] as const),
);

/** Linux's TCP_INFINITE_SSTHRESH. */
const NO_SSTHRESH = 0x7fffffff;
const UNKNOWN_RTT = 0xffffffff;

/** What the kernel would tell of the socket; without one, or before it has been used, a closed one. */
export function tcpInfoFields(socket: TcpSocket | null): Record<string, number> {
  if (socket === null) return { tcpi_state: STATES.CLOSED };
  const info = socket.info();
  const { options } = info;
  const { snd, passive, fastOpened } = socket.tcb;
  // The kernel counts our SYN, unless it was acknowledged with the text that it carried.
  const syn = snd.synAcked && !(fastOpened && !passive) ? 1 : 0;
  const us = (ms: number): number => Math.round(ms * 1000);
  return {
    tcpi_state: STATES[info.state],
    tcpi_ca_state: CONGESTION_STATES[info.caState],
    tcpi_retransmits: info.retransmits,
    tcpi_probes: info.probes,
    tcpi_backoff: info.backoff,
    tcpi_options:
      (options.timestamps ? 1 : 0) |
      (options.sack ? 2 : 0) |
      (options.wscale ? 4 : 0) |
      (options.ecn ? 8 : 0) |
      (options.ecnSeen ? 16 : 0) |
      (options.synData ? 32 : 0),
    tcpi_snd_wscale: info.sndWscale,
    tcpi_rcv_wscale: info.rcvWscale,
    tcpi_delivery_rate_app_limited: info.deliveryRateAppLimited ? 1 : 0,
    tcpi_rto: us(info.rto),
    tcpi_ato: us(info.ato),
    tcpi_snd_mss: info.sndMss,
    tcpi_rcv_mss: info.rcvMss,
    tcpi_unacked: info.unacked,
    tcpi_sacked: info.sacked,
    tcpi_lost: info.lost,
    tcpi_retrans: info.retrans,
    tcpi_fackets: 0,
    tcpi_last_data_sent: info.lastDataSent,
    tcpi_last_ack_sent: 0,
    tcpi_last_data_recv: info.lastDataRecv,
    tcpi_last_ack_recv: info.lastAckRecv,
    tcpi_pmtu: info.pmtu,
    tcpi_rcv_ssthresh: info.rcvSsthresh,
    tcpi_rtt: info.rtt < 0 ? 0 : us(info.rtt),
    tcpi_rttvar: us(info.rttvar),
    tcpi_snd_ssthresh: info.sndSsthresh === Infinity ? NO_SSTHRESH : Math.floor(info.sndSsthresh / info.sndMss),
    tcpi_snd_cwnd: info.sndCwndSegments,
    tcpi_advmss: info.advmss,
    tcpi_reordering: info.reordering,
    tcpi_rcv_rtt: 0,
    tcpi_rcv_space: info.rcvSpace,
    tcpi_total_retrans: info.totalRetrans,
    tcpi_pacing_rate: info.pacingRate === Infinity ? 0 : Math.floor(info.pacingRate),
    tcpi_max_pacing_rate: 0xffffffff,
    tcpi_bytes_acked: info.bytesAcked,
    tcpi_bytes_received: info.bytesReceived,
    tcpi_segs_out: info.segsOut,
    tcpi_segs_in: info.segsIn,
    tcpi_notsent_bytes: info.notsentBytes,
    tcpi_min_rtt: info.minRtt < 0 ? UNKNOWN_RTT : us(info.minRtt),
    tcpi_data_segs_in: info.dataSegsIn,
    tcpi_data_segs_out: info.dataSegsOut,
    tcpi_delivery_rate: Math.floor(info.deliveryRate),
    tcpi_busy_time: us(info.busyTime),
    tcpi_rwnd_limited: us(info.rwndLimited),
    tcpi_sndbuf_limited: us(info.sndbufLimited),
    tcpi_delivered: info.delivered + syn,
    tcpi_delivered_ce: info.deliveredCe,
    tcpi_bytes_sent: info.bytesSent,
    tcpi_bytes_retrans: info.bytesRetrans,
    tcpi_dsack_dups: info.dsackDups,
    tcpi_reord_seen: info.reordSeen,
    tcpi_rcv_ooopack: info.rcvOooPack,
    tcpi_snd_wnd: info.sndWnd,
    tcpi_rcv_wnd: info.rcvWnd,
  };
}
