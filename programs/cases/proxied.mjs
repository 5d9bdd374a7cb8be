/**
 * Owns: psql, redis-cli, ssh and nc through a proxy of tsyn (`proxy.mjs`) to servers on the kernel's side:
 *
 *     client - the kernel - TUN device - tsyn, the proxy - TUN device - the kernel - server
 */

import assert from 'node:assert/strict';
import net from 'node:net';
import { tool } from '../../interop/tools.mjs';
import { version } from '../daemon.mjs';
import { createProxy } from '../proxy.mjs';
import { digestOf, megabytes, patternBuffer, patternDigest, sha256 } from '../text.mjs';
import { POSTGRES_PORT, startPostgres } from './postgres.mjs';
import { REDIS_PORT, startRedis } from './redis.mjs';
import { SSH_PORT, startSsh } from './ssh.mjs';

const LIMIT = 80;

/** Lets `work` have a proxy to a port of the kernel's. */
async function withProxy({ near, far }, port, work) {
  const proxy = createProxy(near.net, { host: far.address, port });
  await new Promise((resolve, reject) => proxy.once('error', reject).listen(0, near.address, resolve));
  const closed = new Promise((resolve) => proxy.once('close', resolve));
  try {
    await work(proxy.address().port);
  } finally {
    proxy.close();
  }
  // It waits for its connections: a proxy that forgets an end would never close.
  await closed;
}

export const psqlProgram = {
  name: 'psql through a proxy',
  place: 'tun',
  needs: ['openssl', 'runuser', 'pg_ctlcluster', 'psql'],
  start: startPostgres,
  cases: {
    'statements, COPY in and out, and an error': ({ place, scaled, note }) =>
      withProxy(place, POSTGRES_PORT, async (port) => {
        const where = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', place.near.address, '-p', `${port}`];
        const psql = (statement, options = {}) =>
          tool('psql', [...where, '-U', 'postgres', '-c', statement, 'postgres'], { limit: LIMIT, ...options });
        assert.equal((await psql('select 6 * 7')).said, '42\n');
        const count = scaled(200_000);
        const lines = Array.from({ length: count }, (_, i) => `${i}\tline ${i * 7}`).join('\n');
        await psql('create table t (n int primary key, line text)');
        await psql('copy t from stdin', { input: `${lines}\n` });
        const out = await psql('copy (select * from t order by n) to stdout');
        assert.equal(out.digest, sha256(`${lines}\n`));
        await assert.rejects(psql('select 1 / 0'), /division by zero/);
        note(`${megabytes(lines.length)} each way, ${version('psql')}`);
      }),
  },
};

export const redisCliProgram = {
  name: 'redis-cli through a proxy',
  place: 'tun',
  needs: ['redis-server', 'redis-cli'],
  start: startRedis,
  cases: {
    'commands, and a mass insertion': ({ place, scaled, note }) =>
      withProxy(place, REDIS_PORT, async (port) => {
        const where = ['-h', place.near.address, '-p', `${port}`];
        assert.equal((await tool('redis-cli', [...where, 'set', 'key', 'value'])).said, 'OK\n');
        assert.equal((await tool('redis-cli', [...where, 'get', 'key'])).said, 'value\n');
        const count = scaled(100_000);
        const input = Array.from({ length: count }, (_, i) => `SET key:${i} ${i}\r\n`).join('');
        const { said } = await tool('redis-cli', [...where, '--pipe'], { input, limit: LIMIT });
        assert.match(said, new RegExp(`errors: 0, replies: ${count}\n`));
        assert.equal((await tool('redis-cli', [...where, 'dbsize'])).said, `${count + 1}\n`);
        note(`${count} commands, ${version('redis-cli')}`);
      }),
  },
};

export const sshCliProgram = {
  name: 'ssh through a proxy',
  place: 'tun',
  needs: ['sshd', 'ssh', 'ssh-keygen', 'sha256sum', 'nc'],
  start: startSsh,
  cases: {
    'input, output, and exit codes': ({ place, server, scaled, note }) =>
      withProxy(place, SSH_PORT, async (port) => {
        const settings = [
          'StrictHostKeyChecking=no',
          'UserKnownHostsFile=/dev/null',
          'LogLevel=ERROR',
          'BatchMode=yes',
        ];
        const where = ['-F', 'none', '-i', server.keyPath, '-p', `${port}`].concat(settings.flatMap((s) => ['-o', s]));
        const ssh = (command, options = {}) =>
          tool('ssh', [...where, `root@${place.near.address}`, command], { limit: LIMIT, ...options });
        const octets = scaled(30e6);
        const input = patternBuffer(6, 0, octets);
        assert.equal((await ssh('sha256sum', { input })).said, `${patternDigest(6, octets)}  -\n`);
        const back = await ssh('cat', { input });
        assert.deepEqual([back.octets, back.digest], [octets, patternDigest(6, octets)]);
        await assert.rejects(ssh('exit 7'), /ended with 7/);
        note(`${megabytes(octets)} twice in and once out`);
      }),
    'half-closed by nc: the answer comes after the end of the question': async ({ place, scaled, note }) => {
      const octets = scaled(20e6);
      // Answers when it knows that nothing more will come.
      const server = net.createServer({ allowHalfOpen: true }, async (socket) => {
        const { digest } = await digestOf(socket.iterator({ destroyOnReturn: false }));
        socket.end(`${digest}\n`);
      });
      await new Promise((resolve) => server.listen(0, place.far.address, resolve));
      await withProxy(place, server.address().port, async (port) => {
        const input = patternBuffer(7, 0, octets);
        const { said } = await tool('nc', ['-N', place.near.address, `${port}`], { input, limit: LIMIT });
        assert.equal(said, `${patternDigest(7, octets)}\n`);
      });
      server.close();
      note(megabytes(octets));
    },
    'half-closed by the server: the question goes on after the end of the answer': async ({ place, scaled, note }) => {
      const octets = scaled(20e6);
      let heard;
      const server = net.createServer({ allowHalfOpen: true }, (socket) => {
        socket.end('that is all\n');
        heard = digestOf(socket);
      });
      await new Promise((resolve) => server.listen(0, place.far.address, resolve));
      await withProxy(place, server.address().port, async (port) => {
        const client = net.connect({ host: place.near.address, port, allowHalfOpen: true });
        assert.deepEqual(await digestOf(client.iterator({ destroyOnReturn: false })), {
          digest: sha256('that is all\n'),
          octets: 12,
        });
        client.end(patternBuffer(8, 0, octets));
        await new Promise((resolve) => client.once('close', resolve));
        assert.deepEqual(await heard, { digest: patternDigest(8, octets), octets });
      });
      server.close();
      note(megabytes(octets));
    },
  },
};
