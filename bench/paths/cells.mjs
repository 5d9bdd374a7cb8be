/**
 * The cells of the throughput table: what path, which losses, which congestion controller; and which of them CI runs.
 *
 * A cell's name says it all: `10M/20ms/0.1%/burst/reorder/cubic`.
 */

/** Octets of an IP packet, and of the text in it (20 IP, 20 TCP, 12 timestamps). */
export const PACKET = 1500;
export const TEXT = 1448;

export const RATES = [10, 100, 1000]; // Mbit/s, counted as octets of IP packets
export const RTTS = [1, 20, 100, 300]; // ms
export const LOSSES = [0, 0.01, 0.1, 1, 3]; // percent
export const CONTROLLERS = ['newreno', 'cubic'];
/** Packets lost in a row on the average, in the cells with bursts. */
export const BURST = 5;
/** Share of packets that are late by up to RTT / 4, in the cells with reordering. */
export const REORDER = 0.05;

/** Rate of text in Mbit/s when the link is never idle. */
export const capacity = ({ rate }) => (rate * TEXT) / PACKET;
/** Packets that fill the path without a queue. */
export const bdp = ({ rate, rtt }) => (rate * rtt * 1000) / 8 / PACKET;

function cell(rate, rtt, loss, burst, reorder, controller) {
  const speed = rate === 1000 ? '1G' : `${rate}M`;
  const name = [
    speed,
    `${rtt}ms`,
    `${loss}%`,
    ...(burst ? ['burst'] : []),
    ...(reorder ? ['reorder'] : []),
    controller,
  ];
  return { name: name.join('/'), rate, rtt, loss, burst, reorder, controller };
}

/** Every cell, in the order of the table. */
export const ALL = RATES.flatMap((rate) =>
  CONTROLLERS.flatMap((controller) =>
    [false, true].flatMap((reorder) =>
      RTTS.flatMap((rtt) =>
        LOSSES.flatMap((loss) =>
          (loss === 0 ? [false] : [false, true]).map((burst) => cell(rate, rtt, loss, burst, reorder, controller)),
        ),
      ),
    ),
  ),
);

/** The cells that CI runs: every rate, RTT, loss and controller, with and without reordering. */
const CI = `
10M/1ms/0%/newreno
10M/20ms/0.1%/newreno
10M/100ms/0%/reorder/newreno
10M/100ms/1%/newreno
10M/300ms/0.01%/newreno
10M/300ms/3%/newreno
100M/1ms/1%/newreno
100M/20ms/0%/reorder/newreno
100M/20ms/3%/newreno
100M/100ms/0.1%/reorder/newreno
100M/300ms/0%/newreno
1G/1ms/0.1%/newreno
1G/20ms/0%/newreno
10M/1ms/3%/cubic
10M/20ms/0%/cubic
10M/20ms/1%/cubic
10M/100ms/0.1%/cubic
10M/300ms/0%/reorder/cubic
100M/1ms/0%/reorder/cubic
100M/20ms/0.01%/cubic
100M/100ms/0%/cubic
100M/300ms/0.1%/cubic
1G/20ms/0.1%/reorder/cubic
1G/100ms/0%/cubic
`
  .trim()
  .split('\n');

const byName = new Map(ALL.map((c) => [c.name, c]));

/**
 * The cells that a word chooses: `all`, `ci`, a name, or part of one (`1G/300ms`, `cubic`), several with commas.
 *
 * @throws Error when it chooses none
 */
export function choose(words) {
  const chosen = new Set();
  for (const word of words.split(',')) {
    const exact = byName.get(word);
    let found = exact === undefined ? ALL.filter(({ name }) => matches(name, word)) : [exact];
    if (word === 'all') found = ALL;
    if (word === 'ci') found = CI.map((name) => byName.get(name));
    if (found.length === 0) throw new Error(`no cell has ${word} in its name`);
    for (const c of found) chosen.add(c);
  }
  return [...chosen];
}

/** Whether the parts of `word` stand in a cell's name one after the other: `1G/0%` is in `1G/300ms/0%/cubic`. */
function matches(name, word) {
  const parts = name.split('/');
  let at = -1;
  return word.split('/').every((part) => {
    at = parts.indexOf(part, at + 1);
    return at >= 0;
  });
}
