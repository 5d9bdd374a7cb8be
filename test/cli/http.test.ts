import { describe, expect, it } from 'vitest';
import { MAX_HEAD } from '../../src/cli/http.ts';
import { PERIOD } from '../../src/cli/site.ts';
import { Client, served } from './client.ts';

const SMALL = { receiveBuffer: 20_000, sendBuffer: 20_000 };

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Reads answers one after the other; `bodies` says whether they have any (not those to HEAD). */
function answers(text: string, bodies = true): Answer[] {
  const found: Answer[] = [];
  for (let rest = text; rest !== ''; ) {
    const [head] = rest.split('\r\n\r\n', 1);
    const [first, ...lines] = head!.split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => line.split(': ', 2)).map(([name = '', value = '']) => [name.toLowerCase(), value]),
    );
    const start = head!.length + 4;
    const end = start + (bodies ? Number(headers['content-length']) : 0);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first!)?.[1]);
    found.push({ status, headers, body: rest.slice(start, end) });
    rest = rest.slice(end);
  }
  return found;
}

function client(): Client {
  return new Client(served('http').pair);
}

/** One request on its own connection, and what became of it. */
function ask(request: string): Answer & { open: boolean } {
  const one = client();
  const [answer] = answers(one.say(request).text);
  return { ...answer!, open: !one.ended };
}

describe('http', () => {
  it('serves its pages', () => {
    const index = ask('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(index).toMatchObject({ status: 200, open: true, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(index.body).toContain('ESTABLISHED');
    const sockets = ask('GET /sockets HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(sockets.headers['content-type']).toBe('application/json');
    expect(JSON.parse(sockets.body)).toMatchObject({
      host: 'b',
      truncated: false,
      sockets: [
        { protocol: 'tcp', local: '*:80', remote: '*:*', state: 'LISTEN', backlog: 511 },
        { local: '10.0.0.2:80', state: 'ESTABLISHED' },
      ],
    });
    const counters = JSON.parse(ask('GET /counters?all HTTP/1.1\r\nHost: x\r\n\r\n').body);
    expect(counters.TcpPassiveOpens).toBe(1);
    expect(Object.values(counters)).not.toContain(0);
  });

  it('keeps the connection, and answers requests that come at once one after the other', () => {
    const one = client();
    one.say('GET /bytes/3 HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(answers(one.took())).toMatchObject([{ status: 200, body: '\x00\x01\x02' }]);
    const three = ['GET /bytes/1', 'HEAD /bytes/2', 'GET /nowhere'].map(
      (line) => `${line} HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    one.say(three.join(''));
    const text = one.took();
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).toEqual(['200', '200', '404']);
    expect(one.ended).toBe(false);
    one.end();
    expect(one).toMatchObject({ ended: true, closed: true, error: null });
  });

  it('closes when asked to, and with HTTP/1.0 unless asked to stay', () => {
    expect(ask('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatchObject({ open: false });
    expect(ask('GET / HTTP/1.0\r\n\r\n')).toMatchObject({ status: 200, open: false, headers: { connection: 'close' } });
    const stays = ask('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect(stays).toMatchObject({ open: true, headers: { connection: 'keep-alive' } });
  });

  it('answers HEAD as GET, without the content', () => {
    const one = client().say('HEAD /bytes/1000000 HTTP/1.1\r\nHost: x\r\n\r\n');
    const [answer, ...more] = answers(one.text, false);
    expect(answer).toMatchObject({ status: 200, headers: { 'content-length': '1000000' } });
    expect(more).toEqual([]);
  });

  it('takes requests octet by octet, with empty lines before them and bare line feeds', () => {
    const one = client();
    for (const octet of '\r\n\r\nGET /bytes/0 HTTP/1.1\nHost: x\n\n') one.say(octet, 10);
    one.pass(1000);
    expect(answers(one.text)).toMatchObject([{ status: 200, headers: { 'content-length': '0' } }]);
  });

  it('takes a URL as a target', () => {
    expect(ask('GET http://10.0.0.2/bytes/1 HTTP/1.1\r\nHost: x\r\n\r\n')).toMatchObject({ status: 200, body: '\x00' });
    expect(ask('GET http://10.0.0.2 HTTP/1.1\r\nHost: x\r\n\r\n').body).toContain('<h1>');
  });

  it('gives a slow reader what it asked for, octet for octet, from one send buffer', () => {
    const { pair } = served('http', {}, {}, SMALL);
    const one = new Client(pair);
    one.reading = false;
    one.say('GET /bytes/200000 HTTP/1.1\r\nHost: x\r\n\r\nGET /bytes/1 HTTP/1.1\r\nHost: x\r\n\r\n', 10_000);
    const most = (): number => Math.max(...pair.b.sockets().map(({ sendQueue }) => sendQueue));
    expect(most()).toBeGreaterThan(10_000);
    for (let i = 0; i < 150; i++) {
      one.read(2000);
      one.pass(500);
      expect(most()).toBeLessThanOrEqual(20_000);
    }
    const [first, second, ...more] = answers(one.text);
    expect(more).toEqual([]);
    expect(first!.body).toHaveLength(200_000);
    expect([...first!.body].every((character, i) => character.charCodeAt(0) === i % PERIOD)).toBe(true);
    expect(second).toMatchObject({ status: 200, body: '\x00' });
    expect(pair.problems).toEqual([]);
  });

  it('says 405 to other methods, with those that there are', () => {
    for (const method of ['POST', 'DELETE', 'OPTIONS', 'BREW']) {
      const answer = ask(`${method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`);
      expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' }, open: true });
    }
  });

  it('closes after a request with a body, so that nothing in it is taken for a request', () => {
    const body = 'GET /bytes/5 HTTP/1.1\r\nHost: x\r\n\r\n';
    for (const header of [`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked']) {
      for (const method of ['GET', 'POST']) {
        const one = client().say(`${method} / HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n${body}`);
        expect(answers(one.text)).toHaveLength(1);
        expect(one.ended).toBe(true);
        expect(one.error).toBe(null);
      }
    }
  });

  const BAD: ReadonlyArray<readonly [string, string, number]> = [
    ['noise', '\x16\x03\x01\x02\x00\x01\n\n', 400],
    ['a request line of two words', 'GET /\r\n\r\n', 400],
    ['a method that is no token', 'G(T / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['a target that is no path', 'GET bytes HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['another version', 'GET / HTTP/2.0\r\nHost: x\r\n\r\n', 505],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', 400],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: x\r\nfoo\r\n\r\n', 400],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost: x\r\nfoo : bar\r\n\r\n', 400],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: x\r\nfoo: bar\r\n baz\r\n\r\n', 400],
    ['a control character', 'GET / HTTP/1.1\r\nHost: x\r\nfoo: b\x00r\r\n\r\n', 400],
    ['a length that is none', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 400],
    ['two lengths', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'two kinds of length',
      'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['a head without end', `GET / HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(5000)}`, 431],
    ['a line without end', `GET /${'a'.repeat(3 * MAX_HEAD)}`, 431],
  ];
  for (const [what, request, status] of BAD) {
    it(`says ${status} to ${what}, and closes in good order`, () => {
      const one = client().say(request, 5000);
      const all = answers(one.text);
      expect(all).toMatchObject([{ status, headers: { connection: 'close' } }]);
      expect(one).toMatchObject({ ended: true, closed: false, error: null });
      one.end();
      expect(one).toMatchObject({ closed: true, error: null });
    });
  }

  it('knows no page besides its own', () => {
    for (const path of [
      '/bytes/',
      '/bytes/-1',
      '/bytes/1e3',
      '/bytes/1234567890123456',
      '/../etc/passwd',
      '//',
      '/%2e',
    ]) {
      expect(ask(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatchObject({ status: 404, open: true });
    }
  });

  it('ends a request that dribbles on for more than a minute', () => {
    const one = client();
    one.say('GET / HTTP/1.1\r\n');
    for (let i = 0; i < 30; i++) one.say('a: b\r\n', 2500);
    expect(one).toMatchObject({ closed: true, error: 'ECONNRESET' });
  });

  it('ends with a peer that sends on and on after the answer was its last', () => {
    const one = client().say('GET / HTTP/1.0\r\n\r\n');
    expect(one.ended).toBe(true);
    one.say(new Uint8Array(3_000_000), 60_000);
    expect(one).toMatchObject({ closed: true, error: 'ECONNRESET' });
  });

  it('answers what was asked before the peer closed', () => {
    const one = client();
    one.say('GET /bytes/70000 HTTP/1.1\r\nHost: x\r\n\r\n', 0).end(5000);
    expect(answers(one.text)[0]!.body).toHaveLength(70_000);
    expect(one).toMatchObject({ ended: true, closed: true, error: null });
  });

  it('is told of, request by request', () => {
    const said: string[] = [];
    const { pair } = served('http', { served: (_, what) => said.push(what) });
    new Client(pair).say('GET /x HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n');
    expect(said).toEqual(['GET /x 404', 'HEAD / 200', 'bad request 400']);
  });
});
