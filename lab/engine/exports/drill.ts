/** Owns: a run as a packetdrill script of what one host saw: what it sent is expected, what came is injected. */

import { recordTrace } from 'tsyn/drill';
import { DEFAULTS } from '../preset.ts';
import type { HostName, Run } from '../types.ts';

/**
 * A script for `tsyn drill`. What a script cannot say is left out: crashes, other connections than the first.
 *
 * @throws RecordError ERR_DRILL_RECORD: the host saw no connection open
 */
export function toDrill(run: Run, host: HostName): string {
  const script = recordTrace(run.events, { local: host, own: true });
  const { preset, seed } = run.input;
  const [title, ...rest] = script.split('\n');
  const lines = rest.flatMap((line) => {
    if (line.startsWith('`tsyn defaults')) return [withSettings(line, run)];
    return line.startsWith('0 socket(') ? [line, ...socketOptions(run)] : [line];
  });
  return [title, `// The lab's preset ${preset}, seed ${seed}, as ${host} saw it.`, ...lines].join('\n');
}

/** What is asked for a socket at a time. */
function socketOptions({ settings }: Run): readonly string[] {
  const { receiveBuffer, keepAlive, nagle } = settings;
  const options = [
    ...(receiveBuffer === DEFAULTS.receiveBuffer ? [] : [`SOL_SOCKET, SO_RCVBUF, [${receiveBuffer}]`]),
    ...(keepAlive ? ['SOL_SOCKET, SO_KEEPALIVE, [1]'] : []),
    ...(nagle ? [] : ['SOL_TCP, TCP_NODELAY, [1]']),
  ];
  return options.map((option) => `+0 setsockopt(3, ${option}, 4) = 0`);
}

/** What differs from the stack's own settings. */
function withSettings(line: string, { settings }: Run): string {
  const { timestamps, windowScaling, sack, ecn, congestion, cookies } = settings;
  const changes = [
    ...(timestamps ? [] : ['tcp_timestamps=0']),
    ...(windowScaling ? [] : ['tcp_window_scaling=0']),
    ...(sack ? [] : ['tcp_sack=0']),
    `tcp_ecn=${ecn ? 1 : 0}`,
    ...(congestion === 'cubic' ? [] : ['tcp_congestion_control=reno']),
    ...(cookies ? [] : ['tcp_syncookies=0']),
  ];
  return `${line.slice(0, -1)}; sysctl -q ${changes.map((change) => `net.ipv4.${change}`).join(' ')}\``;
}
