/**
 * What a bulk transfer should reach, written from the papers and RFCs: steady-state windows in segments, rates of text in
 * Mbit/s. `p` is the probability that a segment is lost, `rtt` is in ms.
 */

import { capacity, REORDER, TEXT } from './cells.mjs';

/** A window of `segments`, sent once in each `rtt`, as Mbit/s of text. */
const rateOf = (segments, rtt) => (segments * TEXT * 8) / rtt / 1000;

/**
 * NewReno's window: it grows by a segment a round trip and is halved by a loss, so that 3/8 W^2 segments lie between
 * losses and the mean is sqrt(3 / (2 b p)) (Mathis et al. 1997). `b` is the number of segments that one ACK counts for.
 * A sender that counts segments grows half as fast when every second one is acknowledged (b = 2); this one counts
 * octets (RFC 3465, RFC 5681 3.1: one segment for each window acknowledged), so b = 1 whatever the receiver does.
 */
export const renoWindow = (p) => Math.sqrt(3 / (2 * p));

/**
 * CUBIC's window, RFC 9438 5.1, equation 6 with C = 0.4 and beta = 0.7: (C (3 + beta) / (4 (1 - beta)))^(1/4) (RTT / p)^(3/4),
 * where the Reno-friendly region (5.1: equal to Reno's at every p) does not give more.
 */
export function cubicWindow(p, rtt) {
  const C = 0.4;
  const beta = 0.7;
  const concave = ((C * (3 + beta)) / (4 * (1 - beta))) ** 0.25 * (rtt / 1000 / p) ** 0.75;
  return Math.max(concave, renoWindow(p));
}

/**
 * The model of Padhye, Firoiu, Towsley and Kurose (1998), equation 32, with the time-outs that NewReno without SACK would
 * meet: `rto` is T0 in ms.
 */
export function pftkWindow(p, rtt, rto) {
  const b = 1;
  const waits = Math.min(1, 3 * Math.sqrt((3 * b * p) / 8)) * p * (1 + 32 * p * p);
  return rtt / (rtt * Math.sqrt((2 * b * p) / 3) + rto * waits);
}

/**
 * What is asked of a cell: `share` of `reference` (Mbit/s of text), or nothing (null).
 *
 * @param rto the RTO in use, ms
 * @param inOrder what the same cell reaches without reordering, Mbit/s; undefined where that was not run
 */
export function gate(cell, rto, inOrder) {
  const { loss, rtt, burst, reorder, controller } = cell;
  const p = loss / 100;
  const full = capacity(cell);
  if (p === 0) {
    if (reorder && inOrder !== undefined)
      return { share: 0.95, reference: inOrder, against: 'the same without reordering' };
    return { share: 0.95, reference: full, against: 'capacity' };
  }
  if (burst) return null;
  const [share, segments, model] =
    p > 0.001
      ? [0.7, pftkWindow(p, rtt, rto), 'PFTK']
      : controller === 'cubic'
        ? [0.9, cubicWindow(p, rtt), 'RFC 9438 5.1']
        : [0.9, renoWindow(p), 'sqrt(3/2p)'];
  const reference = rateOf(segments, rtt);
  return reference < full ? { share, reference, against: model } : { share, reference: full, against: 'capacity' };
}

export { REORDER };
