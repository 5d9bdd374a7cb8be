/** docs/throughput.md: the golden figures as matrices that a person can read. */

import { ALL, CONTROLLERS, capacity, LOSSES, RATES, RTTS } from './cells.mjs';
import { gate } from './models.mjs';

const INTRODUCTION = `# Throughput on simulated paths

What one bulk transfer between two stacks reaches on a path of a given rate, round-trip time, loss and reordering, beside what
papers and RFCs say it should. The paths are simulated (\`tsyn/sim\`): virtual time, one process, and one seed gives the
same figures on every machine.

This page is made by \`npm run paths\` (all cells, seed 1; some twenty minutes on two cores); \`npm run paths -- --cells ci\`
runs the cells that CI judges, and \`npm run paths -- --cells 1G/300ms,cubic/3%\` any others. The figures themselves, with loss events, segments sent
again and time-outs, are in [throughput.json](throughput.json); a run of CI may differ from them by 3 % where nothing is
lost, and by 15 % where the same dice may hit other segments.

## The path

- One sender that always has text and one receiver that takes it at once; packets of 1500 octets with 1448 of text (timestamps on), no
  super-segments. Buffers of six times the bandwidth-delay product, at least 256 KiB, at most 128 MiB, at both ends.
- The rate counts IP packets. The queue before it holds two bandwidth-delay products, at least 20 packets, and drops the newest when it
  is full. Half of the RTT is in each direction; only the direction of the data is impaired, before the queue.
- *Loss* is independent from packet to packet; *bursts* have the same mean, and 5 packets in a row are lost on the average (Gilbert's
  channel). *Reordering*: 5 % of the packets are late by up to a quarter of the RTT, evenly spread.
- Without loss the rate is measured from 30 to 60 round trips after the connection is established. (Where the queue of 20 packets is more than two
  bandwidth-delay products a round trip counts as a third of that with a full queue.) With loss it is measured after 20 loss events, over at least 120
  more and 100,000 segments, or over 1,500,000 segments. A loss event is a fast recovery or a time-out.

## What is asked

| cells | at least |
|---|---|
| no loss | 0.95 of rate x 1448 / 1500; with reordering 0.95 of the same cell without |
| loss to 0.1 %, independent | 0.9 of the smaller of that and the controller's response function |
| loss of 1 and 3 %, independent | 0.7 of the smaller of that and the PFTK model with the RTO in use |
| bursts | nothing: they are shown |

With p the probability of a loss, windows in segments, rate = window x 1448 octets / RTT:

- NewReno: sqrt(3 / (2 b p)) (Mathis, Semke, Mahdavi, Ott 1997). b is the number of segments that the window's growth takes one ACK for; this sender counts octets
  (RFC 3465; RFC 5681 3.1, a segment for each window acknowledged), so that delayed ACKs do not slow it: b = 1.
- CUBIC: the larger of that (RFC 9438 4.3: the Reno-friendly region) and (C (3 + beta) / (4 (1 - beta)))^(1/4) (RTT / p)^(3/4), RTT in seconds, C = 0.4, beta = 0.7
  (RFC 9438 5.1, equation 6).
- PFTK (Padhye, Firoiu, Towsley, Kurose 1998, equation 32): 1 / (RTT sqrt(2 b p / 3) + T0 min(1, 3 sqrt(3 b p / 8)) p (1 + 32 p^2)), b = 1, T0 = RTO. It is
  the model of a sender without SACK, RACK and tail loss probes, which this one should surpass.

A cell shows Mbit/s of text, and what share of its reference that is where something is asked. *Italic* is capacity as the
reference, **bold** a cell that misses what is asked. A cell that was not run for this page is empty.
`;

/** @param golden figures by cell name */
export function page(golden) {
  const out = [INTRODUCTION];
  for (const rate of RATES) {
    const speed = rate === 1000 ? '1 Gbit/s' : `${rate} Mbit/s`;
    out.push(`## ${speed}: at most ${capacity({ rate }).toPrecision(4)} Mbit/s of text\n`);
    for (const controller of CONTROLLERS) {
      for (const reorder of [false, true]) {
        const cells = ALL.filter((c) => c.rate === rate && c.controller === controller && c.reorder === reorder);
        if (!cells.some(({ name }) => golden[name])) continue;
        out.push(`### ${speed}, ${controller}${reorder ? ', with reordering' : ''}\n`);
        const columns = LOSSES.flatMap((loss) => (loss === 0 ? [[0, false]] : [[loss, false]])).concat(
          LOSSES.filter((loss) => loss > 0).map((loss) => [loss, true]),
        );
        out.push(`| RTT | ${columns.map(([loss, burst]) => `${loss} %${burst ? ' in bursts' : ''}`).join(' | ')} |`);
        out.push(`|---|${columns.map(() => '---:|').join('')}`);
        for (const rtt of RTTS) {
          const row = columns.map(([loss, burst]) =>
            entry(
              cells.find((c) => c.rtt === rtt && c.loss === loss && c.burst === burst),
              golden,
            ),
          );
          out.push(`| ${rtt} ms | ${row.join(' | ')} |`);
        }
        out.push('');
      }
    }
  }
  return `${out.join('\n').trimEnd()}\n`;
}

function entry(cell, golden) {
  const result = golden[cell.name];
  if (result === undefined) return '';
  const figure = result.mbps >= 100 ? result.mbps.toFixed(1) : result.mbps.toPrecision(3);
  const asked = gate(cell, result.rto, golden[cell.name.replace('/reorder', '')]?.mbps);
  if (asked === null) return figure;
  const share = (result.mbps / asked.reference).toFixed(2);
  if (result.mbps < asked.share * asked.reference) return `**${figure}** (${share})`;
  return asked.against === 'capacity' ? `*${figure}* (${share})` : `${figure} (${share})`;
}
