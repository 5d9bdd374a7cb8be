/**
 * The pictures of docs/pictures against what the stack and the checker do now. Fails when one is stale, missing or left over;
 * with `--record` writes them anew.
 *
 *   npm run pictures
 *   npm run pictures -- --record
 *
 * Each is made twice, in English (NAME.svg) and in Chinese (NAME.zh-CN.svg). Nothing is drawn by hand: connections are those of two
 * hosts of the stack on a simulated link, counter-examples those that a search finds.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { answer, EXPERIMENTS } from '../dist/check/index.js';
import { playScene, sceneSvg } from '../dist/cli/why/picture.js';
import { endOf, sceneOf } from '../dist/cli/why/row.js';
import { WHY_TEXTS } from '../dist/cli/why/texts.js';
import { stateDiagramSvg } from '../dist/explain/index.js';
import { Simulation } from '../dist/sim/index.js';
import { congestionGraphSvg, ladderSvg, sequenceGraphSvg } from '../dist/trace/index.js';

const FOLDER = new URL('../docs/pictures/', import.meta.url);
const LANGUAGES = [
  ['en', ''],
  ['zh', '.zh-CN'],
];
const PORT = 80;

/** Two hosts on a link, and all that happens while `play` lets them: `play(client, server, sim, link)`. @returns events */
function played(link, hosts, play) {
  const events = [];
  const sim = new Simulation({ seed: 1, trace: (event) => events.push(event) });
  const [client, server] = [sim.host('client', hosts.client), sim.host('server', hosts.server)];
  const wire = sim.link(client, server, link);
  play(client, server, sim, wire);
  return events;
}

const readAll = (socket) => socket.consume(socket.readableLength);
const text = (length) => Uint8Array.from({ length }, (_, i) => 97 + (i % 26));

/** Two hosts get to know each other. */
function opening(client, server, sim) {
  server.stack.tcp.listen({ port: PORT, onConnection: () => {} });
  client.stack.tcp.connect({ address: server.address, port: PORT });
  sim.run(100);
}

/**
 * A client asks, the server answers in three segments, one of which is lost. The client closes; the server still has something to
 * say before it closes, too.
 */
function conversation(client, server, sim, wire) {
  const [answer, rest] = [4344, 1000];
  server.stack.tcp.listen({ port: PORT, onConnection: serve });
  function serve(socket) {
    let answered = false;
    socket.handler = {
      onReadable: () => {
        readAll(socket);
        if (answered) return;
        answered = true;
        wire.drop((packet) => packet.len > 1000, 1, 'back');
        socket.write(text(answer));
      },
      onEnd: () => {
        sim.after(30, () => socket.write(text(rest)));
        sim.after(60, () => socket.end());
      },
    };
  }
  const socket = client.stack.tcp.connect({ address: server.address, port: PORT });
  let got = 0;
  socket.handler = {
    onConnect: () => socket.write(text(120)),
    onReadable: () => {
      got += socket.readableLength;
      readAll(socket);
      if (got === answer) sim.after(60, () => socket.end());
    },
  };
  sim.run();
}

/** The server sends `size` octets and closes. `lose`: of the large packets, which one. */
function transfer(size, lose = 0) {
  return (client, server, sim, wire) => {
    let large = 0;
    wire.drop((packet) => packet.len > 1000 && ++large === lose, Infinity, 'back');
    server.stack.tcp.listen({ port: PORT, onConnection: serve });
    function serve(socket) {
      let left = size;
      const write = () => {
        while (left > 0) {
          const written = socket.write(new Uint8Array(Math.min(left, 65_536)));
          if (written === 0) return;
          left -= written;
        }
        socket.end();
      };
      socket.handler = { onWritable: write };
      write();
    }
    const socket = client.stack.tcp.connect({ address: server.address, port: PORT });
    socket.handler = { onReadable: readAll, onEnd: () => socket.end() };
    sim.run(sim.now + 60_000);
  };
}

const opened = played({ latency: 20 }, {}, opening);
/** A connection from its OPEN to its CLOSED, and where its end begins. */
const whole = played({ latency: 20 }, {}, conversation);
const closing = whole.findIndex((event) => event.type === 'state' && event.to === 'FIN-WAIT-1');
const losing = played(
  { latency: 20, bandwidth: 8_000_000 },
  { client: { tcp: { receiveBuffer: 65_536 } } },
  transfer(200_000, 30),
);
const queueing = played({ latency: 20, bandwidth: 8_000_000, queue: { packets: 30 } }, {}, transfer(6_000_000));

const LANES = { left: 'client', right: 'server' };
const TITLES = {
  en: {
    handshake: 'Three segments open a connection',
    conversation:
      'A connection from OPEN to CLOSED: a request, an answer of which a segment is lost, four segments to close',
    close: 'Four segments close a connection, and TIME-WAIT waits for what may still come',
    states: 'The life of a client in the states of TCP',
    sequence: 'A lost segment and its fast retransmission in the sequence numbers of a transfer',
    congestion: 'CUBIC on a path whose queue holds 30 packets',
  },
  zh: {
    handshake: '三个报文段打开连接',
    conversation: '一个连接从 OPEN 到 CLOSED：一次请求，应答中丢失一个报文段，四个报文段关闭连接',
    close: '四个报文段关闭连接，TIME-WAIT 等待可能迟到的报文段',
    states: '客户端在 TCP 各状态中走过的一生',
    sequence: '一次传输的序列号：一个报文段丢失与快速重传',
    congestion: '队列容纳 30 个分组的路径上的 CUBIC',
  },
};

/** A counter-example of the gallery: the experiment that shows it. */
const found = new Map();
function counterExample(name) {
  return (lang) => {
    const experiment = EXPERIMENTS.find((one) => one.name === name);
    if (!found.has(name)) found.set(name, answer(experiment.question, 1));
    const result = found.get(name);
    const scene = sceneOf(experiment, result, 1);
    const { mutants, counters } = WHY_TEXTS[lang];
    return sceneSvg(scene, playScene(scene, lang), lang, endOf(result, lang), mutants[scene.mutant], counters[name]);
  };
}

const PICTURES = {
  handshake: (lang, title) => ladderSvg(opened, { ...LANES, lang, title }),
  conversation: (lang, title) => ladderSvg(whole, { ...LANES, lang, title, windows: false, calls: false }),
  close: (lang, title) =>
    ladderSvg(whole.slice(closing), { ...LANES, lang, title, windows: false, origin: whole[closing].time }),
  'why-three': counterExample('two-way'),
  'why-four': counterExample('auto-fin'),
  'why-2msl': counterExample('one-msl'),
  states: (lang, title) => {
    const history = whole.filter((event) => event.type === 'state' && event.host === 'client');
    return stateDiagramSvg(history, { lang, title });
  },
  sequence: (lang, title) => sequenceGraphSvg(losing, { lang, title }),
  congestion: (lang, title) => congestionGraphSvg(queueing, { host: 'server', lang, title }),
};

const record = process.argv.includes('--record');
mkdirSync(FOLDER, { recursive: true });
const leftOver = new Set(readdirSync(FOLDER));
const stale = [];
for (const [lang, suffix] of LANGUAGES) {
  for (const [name, draw] of Object.entries(PICTURES)) {
    const file = `${name}${suffix}.svg`;
    const current = draw(lang, TITLES[lang][name]);
    const known = leftOver.delete(file) ? readFileSync(new URL(file, FOLDER), 'utf8') : null;
    if (known === current) continue;
    stale.push(file);
    if (record) writeFileSync(new URL(file, FOLDER), current);
    else
      console.error(`docs/pictures/${file} is ${known === null ? 'missing' : 'stale'}: npm run pictures -- --record`);
  }
}
for (const file of leftOver) {
  stale.push(file);
  if (record) rmSync(new URL(file, FOLDER));
  else console.error(`docs/pictures/${file} is of nothing that is drawn: npm run pictures -- --record`);
}
const all = Object.keys(PICTURES).length * LANGUAGES.length;
console.log(
  record
    ? `${stale.length} pictures written anew or removed`
    : `${all - stale.length} of ${all} pictures are as the stack is`,
);
process.exit(record || stale.length === 0 ? 0 : 1);
