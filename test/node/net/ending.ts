/** Scenarios: how connections end: in order, one way, at once, by a reset, by a signal. */

import type { Socket } from 'node:net';
import { finished, pipeline } from 'node:stream';
import { lineOf } from './modules.ts';
import { portOf, readToEnd, type Scenario, type Stage, sleep, stateOf, turns, until } from './stage.ts';

/** A connection with both ends watched: what most endings begin with. */
async function pair(
  stage: Stage,
  options: { allowHalfOpen?: boolean; client?: object } = {},
): Promise<[Socket, Socket]> {
  let accept: (accepted: Socket) => void = () => {};
  const accepting = new Promise<Socket>((done) => {
    accept = done;
  });
  const server = await stage.listen(accept, { allowHalfOpen: options.allowHalfOpen ?? false });
  const client = stage.connect(server, options.client ?? {});
  client.on('close', () => server.close());
  await new Promise((done) => client.once('connect', done));
  return [client, await accepting];
}

export const ending: Record<string, Scenario> = {
  'the client ends, the server follows': async (stage) => {
    const [client, accepted] = await pair(stage);
    stage.drain('client', client);
    stage.drain('accepted', accepted);
    client.end('hello', () => stage.note('client', 'end callback'));
    stage.note('client', `after end ${stateOf(client)}`);
  },
  'the server ends, the client follows': async (stage) => {
    const [client, accepted] = await pair(stage);
    stage.drain('client', client);
    stage.drain('accepted', accepted);
    accepted.end('hello', () => stage.note('accepted', 'end callback'));
  },
  'both end at once': async (stage) => {
    const [client, accepted] = await pair(stage);
    stage.drain('client', client);
    stage.drain('accepted', accepted);
    client.end('from the client');
    accepted.end('from the server');
  },
  'an echo': async (stage) => {
    const [client, accepted] = await pair(stage);
    stage.drain('client', client);
    accepted.pipe(accepted);
    client.end('hello');
  },
  'an end without a reader is not noticed': async (stage) => {
    const [client, accepted] = await pair(stage);
    accepted.end('hello');
    await until(() => readToEnd(client));
    stage.note('client', stateOf(client));
    stage.drain('client', client);
  },
  'the server keeps its half open': async (stage) => {
    const [client, accepted] = await pair(stage, { allowHalfOpen: true });
    stage.drain('client', client);
    stage.drain('accepted', accepted);
    client.end('question');
    accepted.on('end', () => {
      setTimeout(() => {
        stage.note('accepted', `late ${stateOf(accepted)}`);
        accepted.end('answer');
      }, 20);
    });
  },
  'the client keeps its half open': async (stage) => {
    const [client, accepted] = await pair(stage, { client: { allowHalfOpen: true } });
    stage.drain('client', client);
    stage.drain('accepted', accepted);
    accepted.end('greeting');
    client.on('end', () => {
      setTimeout(() => {
        stage.note('client', `late ${stateOf(client)}`);
        client.end('late text');
      }, 20);
    });
  },
  'text after the end': async (stage) => {
    const [client, accepted] = await pair(stage);
    client.resume();
    accepted.resume();
    client.end();
    const kept = client.write('late', (error) => stage.note('client', `written: ${lineOf(error)}`));
    stage.note('client', `write says ${kept}`);
  },
  'text after destroy': async (stage) => {
    const [client, accepted] = await pair(stage);
    accepted.resume();
    client.destroy();
    const kept = client.write('late', (error) => stage.note('client', `written: ${lineOf(error)}`));
    stage.note('client', `write says ${kept}`);
    client.end('later', () => stage.note('client', 'end callback'));
  },
  'text to one that has ended and does not want it': async (stage) => {
    const [client, accepted] = await pair(stage);
    client.resume();
    accepted.end();
    await new Promise((done) => client.on('end', done));
    await turns(2);
    client.write('late', (error) => stage.note('client', `written: ${error === null ? 'well' : lineOf(error)}`));
  },
  'end is called twice': async (stage) => {
    const [client, accepted] = await pair(stage);
    client.resume();
    accepted.resume();
    client.end('once', () => stage.note('client', 'first callback'));
    client.end(() => stage.note('client', 'second callback'));
    client.on('close', () => client.end((error?: Error) => stage.note('client', `third: ${lineOf(error)}`)));
  },
  'destroyed before it is connected': async (stage) => {
    const server = await stage.listen((accepted) => accepted.resume());
    const client = stage.connect(server);
    client.write('lost', (error) => stage.note('client', `written: ${lineOf(error)}`));
    const self = client.destroy();
    stage.note('client', `returns itself: ${self === client} ${stateOf(client)}`);
    await sleep(30);
    server.close();
  },
  'destroyed with an error before it is connected': async (stage) => {
    const server = await stage.listen((accepted) => accepted.resume());
    stage.connect(server).destroy(new Error('of our own'));
    await sleep(30);
    server.close();
  },
  'destroyed when connected': async (stage) => {
    const [client, accepted] = await pair(stage);
    stage.drain('accepted', accepted);
    client.destroy();
    stage.note('client', stateOf(client));
    client.destroy();
  },
  'destroyed with an error when connected': async (stage) => {
    const [client, accepted] = await pair(stage);
    stage.drain('accepted', accepted);
    client.destroy(new Error('of our own'));
    client.destroy(new Error('a second one'));
  },
  'destroyed after text': async (stage) => {
    const [client, accepted] = await pair(stage);
    stage.drain('accepted', accepted);
    client.write('hello', (error) => stage.note('client', `written: ${error?.message}`));
    client.destroy();
  },
  'destroyed soon after text': async (stage) => {
    const [client, accepted] = await pair(stage);
    stage.drain('accepted', accepted);
    client.write('hello', () => stage.note('client', 'written'));
    client.destroySoon();
    stage.note('client', stateOf(client));
  },
  'destroyed while ending': async (stage) => {
    const [client, accepted] = await pair(stage);
    stage.drain('accepted', accepted);
    client.end('hello', (error?: Error) => stage.note('client', `end callback ${error?.message}`));
    client.destroy();
  },
  'destroyed by the server at once': async (stage) => {
    const server = await stage.listen((accepted) => accepted.destroy());
    const client = stage.connect(server);
    stage.drain('client', client);
    client.on('close', () => server.close());
  },
  'destroyed in data': async (stage) => {
    const [client, accepted] = await pair(stage);
    stage.drain('client', client);
    client.on('data', () => client.destroy());
    accepted.resume().write('hello');
  },
  'reset by the client': async (stage) => {
    const [client, accepted] = await pair(stage);
    accepted.resume();
    const self = client.resetAndDestroy();
    stage.note('client', `returns itself: ${self === client} ${stateOf(client)}`);
  },
  'reset by the server': async (stage) => {
    const [client, accepted] = await pair(stage);
    client.resume();
    accepted.resetAndDestroy();
  },
  'reset while the other has text to send': async (stage) => {
    const [client, accepted] = await pair(stage);
    accepted.resetAndDestroy();
    await until(() => client.destroyed);
    client.write('lost', (error) => stage.note('client', `written: ${lineOf(error)}`));
    client.resume();
  },
  'reset before it was ever connected': (stage) => {
    stage.socket().resetAndDestroy();
  },
  'reset while it connects': async (stage) => {
    const server = await stage.listen((accepted) => accepted.resume());
    const client = stage.connect(server);
    client.resetAndDestroy();
    stage.note('client', stateOf(client));
    client.on('close', () => server.close());
  },
  'reset after the end': async (stage) => {
    const [client, accepted] = await pair(stage);
    client.resume();
    accepted.resume();
    client.end();
    client.on('close', () => client.resetAndDestroy());
  },
  'a signal that is aborted already': (stage) => {
    stage.socket({ signal: AbortSignal.abort() });
  },
  'a signal while it connects': async (stage) => {
    const server = await stage.listen((accepted) => accepted.resume());
    const control = new AbortController();
    stage.connect(server, { signal: control.signal } as object);
    control.abort();
    await sleep(30);
    server.close();
  },
  'a signal with a reason when connected': async (stage) => {
    const control = new AbortController();
    const [client, accepted] = await pair(stage, { client: { signal: control.signal } });
    accepted.resume();
    control.abort(new Error('enough'));
    stage.note('client', stateOf(client));
  },
  'a signal after the end says nothing': async (stage) => {
    const control = new AbortController();
    const [client, accepted] = await pair(stage, { client: { signal: control.signal } });
    client.resume();
    accepted.resume();
    client.end();
    await new Promise((done) => client.on('close', done));
    control.abort();
  },
  'stream.finished of a socket that is cut off': async (stage) => {
    const [client, accepted] = await pair(stage);
    accepted.resume();
    finished(client, (error) => stage.note('finished', lineOf(error)));
    client.destroy();
  },
  'stream.finished of a socket that ends well': async (stage) => {
    const [client, accepted] = await pair(stage);
    client.resume();
    accepted.resume();
    finished(client, (error) => stage.note('finished', String(error)));
    client.end();
  },
  'stream.pipeline into a socket that is reset': async (stage) => {
    const [client, accepted] = await pair(stage);
    const source = new (await import('node:stream')).PassThrough();
    pipeline(source, client, (error) => stage.note('pipeline', lineOf(error)));
    source.write('begin');
    accepted.once('data', () => accepted.resetAndDestroy());
    client.resume();
  },
  'async iteration until the end': async (stage) => {
    const [client, accepted] = await pair(stage);
    accepted.end('hello');
    accepted.resume();
    let text = '';
    for await (const data of client) text += String(data);
    stage.note('client', `iterated ${text}`);
  },
  'async iteration that is left': async (stage) => {
    const [client, accepted] = await pair(stage);
    accepted
      .on('error', () => {})
      .resume()
      .write('hello');
    for await (const _ of client) break;
    stage.note('client', `left ${stateOf(client)}`);
  },
  'async iteration of a socket that is reset': async (stage) => {
    const [client, accepted] = await pair(stage);
    accepted.write('hello');
    try {
      for await (const _ of client) accepted.resetAndDestroy();
    } catch (error) {
      stage.note('client', `iteration throws ${lineOf(error)}`);
    }
  },
  'a server with a connection is closed': async (stage) => {
    const server = await stage.listen((accepted) => accepted.resume());
    const port = portOf(server);
    const client = stage.connect(server);
    client.resume();
    await new Promise((done) => server.once('connection', done));
    server.close((error) => stage.note('server', `close callback ${String(error)}`));
    stage.note('server', `${server.listening} ${String(server.address())}`);
    const late = stage.cast.client.connect({ port, host: stage.cast.address });
    late.on('error', ({ message }) => stage.note('late', message.split(' ').slice(0, 2).join(' ')));
    await new Promise((done) => late.on('close', done));
    client.end();
  },
  'a server is disposed of': async (stage) => {
    const server = await stage.listen((accepted) => accepted.end());
    const client = stage.connect(server);
    client.resume();
    await new Promise((done) => client.on('close', done));
    await server[Symbol.asyncDispose]();
    stage.note('server', `disposed ${server.listening}`);
    await server[Symbol.asyncDispose]();
  },
  'a socket is disposed of': async (stage) => {
    const [client, accepted] = await pair(stage);
    accepted.resume();
    await client[Symbol.asyncDispose]();
    stage.note('client', `disposed ${stateOf(client)}`);
  },
};
