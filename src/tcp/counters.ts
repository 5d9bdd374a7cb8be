/** Owns: what the engine counts, under the names of netstat and nstat where those exist. */

export interface TcpCounters {
  TcpActiveOpens: number;
  TcpPassiveOpens: number;
  TcpAttemptFails: number;
  TcpEstabResets: number;
  TcpInSegs: number;
  TcpOutSegs: number;
  TcpRetransSegs: number;
  TcpInErrs: number;
  TcpInCsumErrors: number;
  TcpOutRsts: number;
  /** SYNs dropped by a listener for whatever reason. */
  TcpExtListenDrops: number;
  /** Connections refused because the accept queue was full. */
  TcpExtListenOverflows: number;
  /** Half-open connections that gave way because there were too many. */
  TcpExtTCPReqQFullDrop: number;
  /** SYNs answered with a cookie because there were too many half-open connections. */
  TcpExtTCPReqQFullDoCookies: number;
  TcpExtSyncookiesSent: number;
  TcpExtSyncookiesRecv: number;
  /** ACKs that could have brought a cookie back and did not: forged, too old, or astray. */
  TcpExtSyncookiesFailed: number;
  /** Connections whose SYN carried text that was taken (RFC 7413). */
  TcpExtTCPFastOpenActive: number;
  /** The same where it was not, or the SYN with it got no answer. */
  TcpExtTCPFastOpenActiveFail: number;
  /** Connections given to their user before the handshake was over. */
  TcpExtTCPFastOpenPassive: number;
  /** SYNs with a cookie that is none of ours. */
  TcpExtTCPFastOpenPassiveFail: number;
  /** SYNs with a fast open option at a listener that had enough such connections pending. */
  TcpExtTCPFastOpenListenOverflow: number;
  /** SYNs that asked for a cookie. */
  TcpExtTCPFastOpenCookieReqd: number;
  /**
   * Options that came twice (the last one holds), or had a size or value that they cannot have (RFC 7323 2.3, RFC 7413
   * 4.1.1: passed over, or bounded), and MSSs smaller than what is believed.
   */
  TcpOddOptions: number;
  TcpExtDelayedACKs: number;
  /** Connections that ended in TIME-WAIT. */
  TcpExtTW: number;
  /** TIME-WAIT records given up early because the table was full. */
  TcpExtTCPTimeWaitOverflow: number;
  /** TIME-WAITs reopened by a newer SYN. */
  TcpExtTWRecycled: number;
  /** TIME-WAITs resumed because that SYN turned out to be old (MAY-2). */
  TcpTimeWaitResumed: number;
  /** RSTs ignored in TIME-WAIT (RFC 1337). */
  TcpTimeWaitResetIgnored: number;
  TcpExtPAWSEstab: number;
  /** Segments without the timestamps that were agreed on, dropped (RFC 7323 3.2). */
  TcpMissingTimestamp: number;
  TcpExtTCPChallengeACK: number;
  TcpExtTCPSYNChallenge: number;
  /** Challenge and out-of-window ACKs not sent because the last one was less than the interval ago. */
  TcpExtTCPACKSkipped: number;
  /** Segments whose sequence number failed the first step of 3.10.7.4. */
  TcpOutOfWindow: number;
  /** Segments whose ACK field failed the fifth step of 3.10.7.4. */
  TcpBadAck: number;
  /** Segments that made no sense in their state and were dropped. */
  TcpUnexpected: number;
  /** ACKs that echoed a congestion mark (RFC 3168); windows reduced for one. */
  TcpEcnEchoes: number;
  TcpEcnReductions: number;
  TcpExtTCPTimeouts: number;
  /** Time-outs found needless; reductions taken back for timestamps, for D-SACKs. */
  TcpExtTCPSpuriousRTOs: number;
  TcpExtTCPFullUndo: number;
  TcpExtTCPDSACKUndo: number;
  TcpExtTCPSynRetrans: number;
  TcpFastRetransmits: number;
  /**
   * SACK blocks that cannot be true and say nothing: inverted, of unsent text, across SND.UNA, below it without being a
   * D-SACK (RFC 2018, RFC 2883); or more pieces than there are segments.
   */
  TcpExtTCPSACKDiscard: number;
  /** Times that the peer went back on what it had reported (RFC 2018 8). */
  TcpExtTCPSACKReneging: number;
  /** D-SACKs; of these about text that the last reduction did not send again, and without a reduction to take back. */
  TcpExtTCPDSACKRecv: number;
  TcpExtTCPDSACKIgnoredOld: number;
  TcpExtTCPDSACKIgnoredNoUndo: number;
  /** Duplicate ACKs beyond what was outstanding, which do not stretch the window (RFC 5681 3.2). */
  TcpSurplusDuplicates: number;
  /** Echoes of timestamps that were never sent, or too long ago to be measured. */
  TcpExtTSEcrRejected: number;
  /** Tail loss probes sent (RFC 8985 7). */
  TcpExtTCPLossProbes: number;
  TcpExtTCPWinProbe: number;
  TcpExtTCPKeepAlive: number;
  TcpExtTCPOFOQueue: number;
  /** Text that ended beyond the window and was dropped (`config.takeBeyondWindow`). */
  TcpExtBeyondWindow: number;
  /** Out-of-order text dropped at the bound on ranges. */
  TcpExtTCPOFODrop: number;
  TcpExtTCPAbortOnTimeout: number;
  TcpExtTCPAbortOnData: number;
  TcpExtTCPAbortOnClose: number;
  TcpExtTCPAbortOnLinger: number;
  /** User Timeout options with a reserved value, ignored (RFC 5482 3.4). */
  TcpBadUserTimeout: number;
  /** Probes of a larger segment size that were lost, and that arrived (RFC 4821). */
  TcpExtTCPMTUPFail: number;
  TcpExtTCPMTUPSuccess: number;
  /** Times that large segments were taken to vanish, and became smaller. */
  TcpBlackHoles: number;
  /** ICMP errors whose quoted sequence number was not in flight (RFC 5927). */
  TcpExtOutOfWindowIcmps: number;
}

export function createTcpCounters(): TcpCounters {
  return {
    TcpActiveOpens: 0,
    TcpPassiveOpens: 0,
    TcpAttemptFails: 0,
    TcpEstabResets: 0,
    TcpInSegs: 0,
    TcpOutSegs: 0,
    TcpRetransSegs: 0,
    TcpInErrs: 0,
    TcpInCsumErrors: 0,
    TcpOutRsts: 0,
    TcpExtListenDrops: 0,
    TcpExtListenOverflows: 0,
    TcpExtTCPReqQFullDrop: 0,
    TcpExtTCPReqQFullDoCookies: 0,
    TcpExtTCPFastOpenActive: 0,
    TcpExtTCPFastOpenActiveFail: 0,
    TcpExtTCPFastOpenPassive: 0,
    TcpExtTCPFastOpenPassiveFail: 0,
    TcpExtTCPFastOpenListenOverflow: 0,
    TcpExtTCPFastOpenCookieReqd: 0,
    TcpOddOptions: 0,
    TcpExtSyncookiesSent: 0,
    TcpExtSyncookiesRecv: 0,
    TcpExtSyncookiesFailed: 0,
    TcpExtDelayedACKs: 0,
    TcpExtTW: 0,
    TcpExtTCPTimeWaitOverflow: 0,
    TcpExtTWRecycled: 0,
    TcpTimeWaitResumed: 0,
    TcpTimeWaitResetIgnored: 0,
    TcpExtPAWSEstab: 0,
    TcpMissingTimestamp: 0,
    TcpExtTCPChallengeACK: 0,
    TcpExtTCPSYNChallenge: 0,
    TcpExtTCPACKSkipped: 0,
    TcpOutOfWindow: 0,
    TcpBadAck: 0,
    TcpUnexpected: 0,
    TcpEcnEchoes: 0,
    TcpEcnReductions: 0,
    TcpExtTCPTimeouts: 0,
    TcpExtTCPSpuriousRTOs: 0,
    TcpExtTCPFullUndo: 0,
    TcpExtTCPDSACKUndo: 0,
    TcpExtTCPSynRetrans: 0,
    TcpFastRetransmits: 0,
    TcpExtTCPSACKDiscard: 0,
    TcpExtTCPSACKReneging: 0,
    TcpExtTCPDSACKRecv: 0,
    TcpExtTCPDSACKIgnoredOld: 0,
    TcpExtTCPDSACKIgnoredNoUndo: 0,
    TcpSurplusDuplicates: 0,
    TcpExtTSEcrRejected: 0,
    TcpExtTCPLossProbes: 0,
    TcpExtTCPWinProbe: 0,
    TcpExtTCPKeepAlive: 0,
    TcpExtTCPOFOQueue: 0,
    TcpExtBeyondWindow: 0,
    TcpExtTCPOFODrop: 0,
    TcpExtTCPAbortOnTimeout: 0,
    TcpExtTCPAbortOnData: 0,
    TcpExtTCPAbortOnClose: 0,
    TcpExtTCPAbortOnLinger: 0,
    TcpBadUserTimeout: 0,
    TcpExtTCPMTUPFail: 0,
    TcpExtTCPMTUPSuccess: 0,
    TcpBlackHoles: 0,
    TcpExtOutOfWindowIcmps: 0,
  };
}
