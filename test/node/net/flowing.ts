/** Scenarios: text on its way: writing, reading, stopping, waiting. */

import type { Socket } from 'node:net';
import { portOf, readToEnd, type Scenario, type Stage, sleep, stateOf, turns, until } from './stage.ts';

/** A connection whose client ends when it has been told to, and a server that closes behind it. */
async function conversation(
  stage: Stage,
  onAccepted: (accepted: Socket) => void,
  client: object = {},
  server: object = {},
): Promise<Socket> {
  const listening = await stage.listen(onAccepted, server);
  const socket = stage.connect(listening, client);
  socket.on('close', () => listening.close());
  await new Promise((done) => socket.once('connect', done));
  return socket;
}

export const flowing: Record<string, Scenario> = {
  'writes call back in order': async (stage) => {
    const client = await conversation(stage, (accepted) => stage.drain('accepted', accepted));
    client.resume();
    for (const text of ['a', 'bc', 'def']) {
      const kept = client.write(text, () => stage.note('client', `written ${text} ${client.bytesWritten}`));
      stage.note('client', `write ${kept} ${client.bytesWritten} ${client.writableLength}`);
    }
    client.end('ghij', () => stage.note('client', `end ${client.bytesWritten}`));
  },
  'corked writes are one': async (stage) => {
    const client = await conversation(stage, (accepted) => stage.drain('accepted', accepted));
    client.resume();
    client.cork();
    for (const text of ['a', 'bc', 'def']) client.write(text, () => stage.note('client', `written ${text}`));
    stage.note('client', `${client.writableCorked} ${client.writableLength} ${client.bytesWritten}`);
    client.uncork();
    stage.note('client', `${client.writableCorked} ${client.writableLength} ${client.bytesWritten}`);
    client.end();
  },
  'octets are counted by encoding': async (stage) => {
    const client = await conversation(stage, (accepted) => stage.drain('accepted', accepted));
    client.resume();
    for (const encoding of ['utf8', 'latin1', 'hex', 'base64', 'utf16le'] as const) {
      client.write('c3a9', encoding);
      stage.note('client', `${encoding} ${client.bytesWritten}`);
    }
    client.write(new Uint8Array(7));
    client.write(new DataView(new ArrayBuffer(3)) as unknown as Uint8Array);
    stage.note('client', `views ${client.bytesWritten}`);
    client.end('é€', () => stage.note('client', `end ${client.bytesWritten}`));
  },
  'more than the stream holds is told, and its drain': async (stage) => {
    const client = await conversation(stage, (accepted) => stage.drain('accepted', accepted));
    client.resume();
    const kept = client.write(Buffer.alloc(20_000_000), () => stage.note('client', 'written'));
    stage.note('client', `${kept} ${client.writableNeedDrain}`);
    client.on('drain', () => client.end());
  },
  'a reader that stops stops the other': async (stage) => {
    let held: Socket | undefined;
    const client = await conversation(stage, (accepted) => {
      held = accepted;
      accepted.pause();
    });
    client.resume();
    const kept = client.write(Buffer.alloc(30_000_000), () => stage.note('client', 'written'));
    await sleep(100);
    stage.note('client', `${kept} ${client.writableLength} ${client.bytesWritten} ${held!.bytesRead < 20_000_000}`);
    stage.drain('accepted', held!);
    held!.resume();
    client.end();
  },
  'a socket is stopped and goes on': async (stage) => {
    const client = await conversation(stage, (accepted) => accepted.end('hello'));
    client.on('pause', () => stage.note('client', 'pause'));
    client.on('resume', () => stage.note('client', 'resume'));
    stage.drain('client', client);
    client.pause();
    await until(() => readToEnd(client));
    stage.note('client', `stopped ${client.isPaused()} ${client.bytesRead}`);
    client.resume();
  },
  'accepted sockets are stopped where the server says so': async (stage) => {
    const client = await conversation(
      stage,
      (accepted) => {
        stage.note('accepted', `${accepted.isPaused()} ${accepted.readableFlowing}`);
        stage.drain('accepted', accepted);
        setTimeout(() => {
          stage.note('accepted', `${accepted.isPaused()} ${accepted.bytesRead}`);
          accepted.resume();
        }, 30);
      },
      {},
      { pauseOnConnect: true },
    );
    client.resume();
    client.end('hello');
  },
  'reading by hand': async (stage) => {
    const client = await conversation(stage, (accepted) => accepted.end('hello'));
    client.on('readable', () => {
      let data: Buffer | null = client.read();
      while (data !== null) {
        stage.note('client', `read ${data.length} ${client.readableLength}`);
        data = client.read();
      }
    });
  },
  'what is put back is read again': async (stage) => {
    const client = await conversation(stage, (accepted) => accepted.end('hello'));
    client.once('readable', () => {
      const data: Buffer = client.read();
      client.unshift(data.subarray(2));
      stage.drain('client', client);
      stage.note('client', `put back ${client.bytesRead}`);
    });
  },
  'text of an encoding': async (stage) => {
    const client = await conversation(stage, (accepted) => accepted.end('é€'));
    client.setEncoding('utf8');
    stage.drain('client', client);
  },
  'text into a buffer of the user': async (stage) => {
    let text = '';
    const buffer = Buffer.alloc(3);
    const callback = (count: number, data: Uint8Array): boolean => {
      text += Buffer.from(data.buffer, data.byteOffset, count).toString();
      return true;
    };
    const client = await conversation(stage, (accepted) => accepted.end('hello, world'), {
      onread: { buffer, callback },
    });
    client.on('data', () => stage.note('client', 'data'));
    client.on('end', () => stage.note('client', `${text} ${client.bytesRead}`));
  },
  'text into buffers that a function gives': async (stage) => {
    const sizes: number[] = [];
    let given = 0;
    const client = await conversation(stage, (accepted) => accepted.end('hello, world'), {
      onread: {
        buffer: () => Buffer.alloc(++given === 1 ? 5 : 100),
        callback: (count: number, data: Uint8Array) => {
          sizes.push(count);
          stage.note('client', `into ${data.length}`);
          return true;
        },
      },
    });
    client.on('end', () => stage.note('client', `${sizes.join()} ${client.bytesRead}`));
  },
  'a callback that has enough stops the socket': async (stage) => {
    let times = 0;
    const client: Socket = await conversation(stage, (accepted) => accepted.end('hello, world'), {
      onread: {
        buffer: Buffer.alloc(4),
        callback: (count: number) => {
          times++;
          stage.note('client', `got ${count}`);
          return times !== 1;
        },
      },
    });
    await until(() => times === 1);
    stage.note('client', `stopped ${times} ${client.isPaused()}`);
    client.resume();
  },
  'an idle socket is told, and stays': async (stage) => {
    const client = await conversation(stage, (accepted) => accepted.resume());
    const self = client.setTimeout(20, () => {
      stage.note('client', `callback ${client.timeout} ${stateOf(client)}`);
      client.end();
    });
    stage.note('client', `${self === client} ${client.timeout}`);
    client.resume();
  },
  'an idle socket is told once for each wait': async (stage) => {
    const client = await conversation(stage, (accepted) => accepted.resume());
    client.resume().setTimeout(15);
    await sleep(60);
    client.write('x');
    await sleep(60);
    client.setTimeout(0);
    stage.note('client', `off ${client.timeout}`);
    client.end();
  },
  'a wait given to connect runs while it connects': async (stage) => {
    const server = await stage.listen((accepted) => accepted.resume());
    const client = stage.cast.client.connect({ port: portOf(server), host: stage.cast.address, timeout: 30 });
    stage.watch('client', client);
    stage.note('client', `timeout ${client.timeout}`);
    client.resume().on('timeout', () => client.destroy());
    client.on('close', () => server.close());
  },
  'a socket that does nothing has no timeout': async (stage) => {
    const client = stage.socket();
    stage.note('client', `${client.timeout} ${client.bytesRead} ${client.bytesWritten} ${client.bufferSize}`);
    client.setTimeout(10);
    await sleep(30);
    client.destroy();
  },
  'switches return the socket, whatever its state': async (stage) => {
    const client = stage.socket();
    const all = (when: string): void => {
      const same = [
        client.setNoDelay(),
        client.setNoDelay(false),
        client.setKeepAlive(),
        client.setKeepAlive(true, 5_000),
        client.setTimeout(0),
        client.ref(),
        client.unref(),
        client.ref(),
        client.pause(),
        client.resume(),
        client.setEncoding('utf8'),
      ].every((each) => each === client);
      stage.note('client', `${when} ${same}`);
    };
    all('new');
    const server = await stage.listen((accepted) => accepted.resume());
    client.connect(portOf(server), stage.cast.address);
    all('connecting');
    await new Promise((done) => client.on('connect', done));
    all('connected');
    client.end();
    await new Promise((done) => client.on('close', done));
    all('closed');
    stage.note('server', `${server.ref() === server} ${server.unref() === server}`);
    server.close();
  },
  'four megabytes there and back': async (stage) => {
    const client = await conversation(stage, (accepted) => accepted.pipe(accepted));
    const text = Buffer.alloc(4_000_000, 'the quick brown fox');
    const read: Buffer[] = [];
    client.on('data', (data) => read.push(data));
    client.on('end', () => {
      stage.note('client', `same ${Buffer.concat(read).equals(text)} ${client.bytesRead} ${client.bytesWritten}`);
    });
    client.end(text);
  },
  'counts stay after the end': async (stage) => {
    const client = await conversation(stage, (accepted) => {
      accepted.resume().on('close', () => stage.note('accepted', `${accepted.bytesRead} ${accepted.bytesWritten}`));
      accepted.write('hi');
    });
    client.resume();
    client.end('hello');
    await new Promise((done) => client.on('close', done));
    await turns(1);
    stage.note('client', `${client.bytesRead} ${client.bytesWritten} ${String(client.bufferSize)}`);
  },
  'a listener that stops in data keeps the rest': async (stage) => {
    let other: Socket | undefined;
    const client = await conversation(stage, (accepted) => {
      other = accepted;
      accepted.write('one');
    });
    client.on('data', (data) => {
      stage.note('client', `data ${String(data)}`);
      client.pause();
      other?.end('two');
      other = undefined;
      void until(() => readToEnd(client)).then(() => client.resume());
    });
  },
  'a stream of many small writes arrives whole': async (stage) => {
    const client = await conversation(stage, (accepted) => stage.drain('accepted', accepted));
    client.resume();
    for (let i = 0; i < 2_000; i++) client.write(`${i}\n`);
    client.end();
  },
};
