/**
 * Owns: one bulk transfer between the kernel and tsyn over an impaired TUN device, in either direction, for a given time:
 *
 *     kernel - TUN device - (capture) - impair - stack
 *
 * Nothing is left to devices: the kernel hands over packets of 1500 octets, so that every loss is the loss of one segment.
 * Both sides have their buffers grow by themselves, as they do by default. The application of the receiver counts.
 */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { SeededRandom } from '../dist/base/index.js';
import { impair, PacketPool, tap } from '../dist/link/index.js';
import { EventLoopDriver, openCapture, openTun, randomKey, systemRandom } from '../dist/node/index.js';
import { createStack } from '../dist/stack/index.js';
import { pattern } from './pattern.mjs';
import { tool } from './tools.mjs';
import { until } from './wait.mjs';

/** Transfers made so far: each has a device and networks of its own. */
let transfers = 0;

/** `TCP_CONGESTION`. */
const CUBIC = 's.setsockopt(socket.IPPROTO_TCP, 13, b"cubic")';

/**
 * The kernel's side: listens, says its port, takes one connection, and for so many seconds sends or receives. Says how
 * many octets it received, and what `ss` knows of the connection at the end.
 */
const PEER = `
import socket, subprocess, sys, time
here, role, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
s = socket.socket(socket.AF_INET6 if ':' in here else socket.AF_INET)
${CUBIC}
s.bind((here, 0))
s.listen()
print(s.getsockname()[1], flush=True)
s, _ = s.accept()
end = time.monotonic() + seconds
octets = 0
if role == 'send':
    text = bytes(range(256)) * 256
    s.settimeout(seconds + 5)
    while time.monotonic() < end:
        s.send(text)
else:
    room = bytearray(262144)
    while (left := end - time.monotonic()) > 0:
        s.settimeout(left)
        try:
            got = s.recv_into(room)
        except TimeoutError:
            break
        if got == 0:
            break
        octets += got
print(octets, flush=True)
print(' '.join(subprocess.run(['ss', '-tinH', 'src', '[' + here + ']' if ':' in here else here], capture_output=True, text=True).stdout.split()), flush=True)
sys.stdin.read()
`;

/**
 * `settings`: rate (bits/s), delay (ms, one way), queueBdps (the queue in bandwidth-delay products), loss (probability),
 * sender ('tsyn' or 'kernel'), seconds, family, seed, capture (a path without extension, or null).
 *
 * @returns the receiver's rate in bits a second, and a line about the sender
 */
export async function transfer(settings) {
  const { rate, delay, queueBdps, loss, sender, seconds, family, seed, capture } = settings;
  const number = (transfers++ % 250) + 1;
  const [theirs, ours] =
    family === 4 ? [`10.8.${number}.1`, `10.8.${number}.2`] : [`fd08:${number}::1`, `fd08:${number}::2`];
  const prefix = family === 4 ? 24 : 64;
  const driver = new EventLoopDriver();
  const { scheduler } = driver;
  const pool = new PacketPool();
  const device = `bad${number}`;
  const tun = await openTun({ name: device, pool, scheduler, offload: false });
  const lines = [
    `link set dev ${device} txqueuelen 10000`,
    `address add ${theirs}/${prefix} dev ${device}${family === 6 ? ' nodad' : ''}`,
    `link set dev ${device} up`,
  ];
  await tool('ip', ['-batch', '-'], { input: lines.join('\n') });
  const file = capture === null ? null : openCapture(`${capture}.pcapng`);
  const wire = impair(file === null ? tun : tap(tun, scheduler, file.port(device, 'ip')), scheduler, pool, {
    random: new SeededRandom(seed),
  });
  const queueBytes = (rate / 8) * ((2 * delay) / 1000) * queueBdps;
  wire.set('both', { rate, delay, loss, queueBytes, queuePackets: 1e6 });
  const stack = createStack({ scheduler, random: systemRandom, secret: randomKey(), pool });
  stack.addInterface({ link: wire, addresses: [`${ours}/${prefix}`] });
  const peer = kernelPeer(theirs, sender === 'tsyn' ? 'receive' : 'send', seconds);
  try {
    const port = Number(await peer.line());
    driver.wake();
    const end = application(stack, theirs, port, sender === 'tsyn');
    await until(() => end.began > 0, 'the connection');
    if (sender === 'tsyn') {
      const octets = Number(await peer.line((seconds + 10) * 1000));
      return { rate: (octets * 8) / seconds, note: noteOf(end.socket.info(), wire.counters.send) };
    }
    await until(() => end.over(seconds), 'the end of the transfer', (seconds + 10) * 1000);
    await peer.line((seconds + 10) * 1000);
    const said = await peer.line();
    return { rate: end.rate, note: `${kernelNote(said)}, ${fates(wire.counters.receive)}` };
  } finally {
    await peer.stop();
    stack.close();
    wire.close();
    await tun.closed;
    driver.close();
    file?.close();
  }
}

/** tsyn's application: sends as much as is taken, or reads and counts. */
function application(stack, address, port, sends) {
  let written = 0;
  let received = 0;
  const end = {
    socket: null,
    /** When it was established; the clock of the event loop, ms. */
    began: 0,
    /** bits/s, once it is over. */
    rate: 0,
    over(seconds) {
      const elapsed = performance.now() - end.began;
      if (end.rate === 0 && elapsed >= seconds * 1000) end.rate = (received * 8000) / elapsed;
      return end.rate > 0;
    },
  };
  const pump = (socket) => {
    for (;;) {
      const piece = pattern(1, written, 65_536);
      const taken = socket.write(piece);
      written += taken;
      if (taken < piece.length) return;
    }
  };
  const handler = {
    onConnect: (socket) => {
      end.began = performance.now();
      if (sends) pump(socket);
    },
    onWritable: (socket) => {
      if (sends) pump(socket);
    },
    onReadable: (socket) => {
      while (socket.readableLength > 0) {
        const { length } = socket.peek();
        socket.consume(length);
        received += length;
      }
    },
  };
  end.socket = stack.tcp.connect({ address, port, handler, options: { congestion: 'cubic' } });
  return end;
}

/** The process of {@link PEER}: its lines one by one. */
function kernelPeer(address, role, seconds) {
  const child = spawn('python3', ['-c', PEER, address, role, `${seconds}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const gone = new Promise((resolve) => child.on('close', resolve));
  return {
    async line(limit = 10_000) {
      await until(() => lines.length > 0, 'a word of the kernel’s side', limit);
      return lines.shift();
    },
    async stop() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function noteOf(info, counters) {
  const { dataSegsOut, totalRetrans, rtt, minRtt, sndCwndSegments, reordering } = info;
  const words = [`${dataSegsOut} segments`, `${totalRetrans} again`, `cwnd ${sndCwndSegments}`];
  words.push(`rtt ${rtt.toFixed(1)} (least ${minRtt.toFixed(1)}) ms`, `reordering ${reordering}`, fates(counters));
  return words.join(', ');
}

function kernelNote(said) {
  const field = (name) => new RegExp(`(?:^| )${name}:([^ ]+)`).exec(said)?.[1] ?? '-';
  const control = /\b(cubic|reno|bbr)\b/.exec(said)?.[1] ?? 'unknown control';
  const words = [control, `${field('data_segs_out')} segments`, `${field('retrans').split('/').pop()} again`];
  words.push(`cwnd ${field('cwnd')}`, `rtt ${field('rtt').split('/')[0]} (least ${field('minrtt')}) ms`);
  return words.join(', ');
}

function fates({ lost, overflowed }) {
  return `${lost} lost, ${overflowed} too many for the queue`;
}
