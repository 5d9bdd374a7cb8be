/** Owns: PostgreSQL's server and `pg` on tsyn: transactions, COPY both ways, LISTEN and NOTIFY, cancelling, TLS. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import copy from 'pg-copy-streams';
import { daemon, version } from '../daemon.mjs';
import { makeCertificate } from '../serve.mjs';
import { digestOf, megabytes, patternBuffer } from '../text.mjs';

const USER = 'postgres';
export const POSTGRES_PORT = 5432;
const VERSIONS = '/usr/lib/postgresql';

/** Octets of each COPY. */
const COPIED = 100e6;

/** PostgreSQL does not run as root. */
const AS_USER = ['-u', USER, '--'];

/** The newest installed server's folder of commands. Debian keeps them out of every PATH. */
function commands() {
  const newest = readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a))[0];
  return join(VERSIONS, newest, 'bin');
}

/** A server with a database of its own, which trusts everybody: there is nobody else in its network. */
export async function startPostgres({ place, directory }) {
  const bin = commands();
  const data = join(directory, 'postgres');
  mkdirSync(data);
  chmodSync(directory, 0o755);
  const { keyPath, certPath } = makeCertificate(data, [place.far.address]);
  execFileSync('chown', ['-R', USER, data]);
  const cluster = join(data, 'cluster');
  const initdb = [
    join(bin, 'initdb'),
    '--pgdata',
    cluster,
    '--no-sync',
    '--auth=trust',
    '--encoding=UTF8',
    '--no-locale',
  ];
  execFileSync('runuser', [...AS_USER, ...initdb], { stdio: ['ignore', 'ignore', 'pipe'] });
  writeFileSync(join(cluster, 'pg_hba.conf'), 'host all all 0.0.0.0/0 trust\nhost all all ::/0 trust\n');
  const settings = {
    listen_addresses: place.far.address,
    port: POSTGRES_PORT,
    unix_socket_directories: '',
    fsync: 'off',
    ssl: 'on',
    ssl_cert_file: certPath,
    ssl_key_file: keyPath,
  };
  const words = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = await daemon('runuser', [...AS_USER, join(bin, 'postgres'), '-D', cluster, ...words], {
    address: place.far.address,
    port: POSTGRES_PORT,
  });
  return { version: version(join(bin, 'postgres')), certPath, stop: server.stop };
}

function clientOf({ near, far }, options = {}) {
  return new pg.Client({
    host: far.address,
    port: POSTGRES_PORT,
    user: USER,
    database: 'postgres',
    stream: () => new near.net.Socket(),
    ...options,
  });
}

/** Runs `work` with so many connected clients, and ends them. */
async function withClients(place, count, work) {
  const clients = Array.from({ length: count }, () => clientOf(place));
  await Promise.all(clients.map((client) => client.connect()));
  try {
    await work(...clients);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

/** Lines of a table as COPY has them, so many octets or a little more, and their digest once they are read. */
function* lines(octets, hash) {
  const text = patternBuffer(1, 0, 750_000).toString('base64');
  let [id, made] = [0, 0];
  while (made < octets) {
    let block = '';
    while (block.length < 64 * 1024 && made + block.length < octets) {
      const at = (id * 997) % (text.length - 1000);
      block += `${id}\t${text.slice(at, at + 900 + (id % 100))}\n`;
      id++;
    }
    made += block.length;
    const piece = Buffer.from(block, 'latin1');
    hash.update(piece);
    yield piece;
  }
}

export const postgresProgram = {
  name: 'PostgreSQL with pg',
  place: 'tun',
  needs: ['openssl', 'runuser', 'pg_ctlcluster'],
  start: startPostgres,
  cases: {
    async 'transactions that are taken back, and that are kept'({ place, scaled, note }) {
      const count = scaled(1000);
      await withClients(place, 2, async (writer, reader) => {
        const seen = async () => (await reader.query('select count(*)::int as n, sum(n)::int as s from t')).rows[0];
        await writer.query('create table t (n int primary key, word text)');
        await writer.query('begin');
        for (let i = 0; i < count; i++) await writer.query('insert into t values ($1, $2)', [i, `word ${i}`]);
        assert.deepEqual(await seen(), { n: 0, s: null });
        await writer.query('rollback');
        assert.deepEqual(await seen(), { n: 0, s: null });
        await writer.query('begin');
        for (let i = 0; i < count; i++) await writer.query('insert into t values ($1, $2)', [i, 'kept']);
        await assert.rejects(reader.query('select 1 / 0'), { code: '22012' });
        await writer.query('commit');
        assert.deepEqual(await seen(), { n: count, s: (count * (count - 1)) / 2 });
        await assert.rejects(writer.query('insert into t values (0)'), { code: '23505' });
      });
      note(`${2 * count} statements`);
    },
    async 'COPY in and out again'({ place, scaled, note }) {
      await withClients(place, 1, async (client) => {
        await client.query(`set work_mem = '512MB'`);
        await client.query('create unlogged table copied (id int, body text)');
        const hash = createHash('sha256');
        const octets = scaled(COPIED);
        const began = performance.now();
        await pipeline(Readable.from(lines(octets, hash)), client.query(copy.from('copy copied from stdin')));
        const between = performance.now();
        const sent = hash.digest('hex');
        const got = await digestOf(client.query(copy.to('copy (select * from copied order by id) to stdout')));
        const end = performance.now();
        assert.equal(got.digest, sent);
        assert.ok(got.octets >= octets);
        const rate = (ms) => `${megabytes((got.octets / ms) * 1000)}/s`;
        note(`${megabytes(got.octets)} in at ${rate(between - began)}, out at ${rate(end - between)}`);
      });
    },
    async 'NOTIFY is heard by those who LISTEN, in order'({ place, scaled, note }) {
      const count = scaled(1000);
      await withClients(place, 3, async (speaker, one, two) => {
        const heard = [one, two].map((client) => {
          const payloads = [];
          return new Promise((resolve) => {
            client.on('notification', ({ channel, payload }) => {
              assert.equal(channel, 'news');
              if (payloads.push(payload) === count) resolve(payloads);
            });
          });
        });
        await Promise.all([one.query('listen news'), two.query('listen news')]);
        const payloads = Array.from({ length: count }, (_, i) => `item ${i}`);
        await speaker.query(`select pg_notify('news', payload) from unnest($1::text[]) payload`, [payloads]);
        for (const got of await Promise.all(heard)) assert.deepEqual(got, payloads);
      });
      note(`${count} notifications to two`);
    },
    async 'a query is cancelled over another connection'({ place }) {
      await withClients(place, 1, async (client) => {
        const query = new pg.Query('select pg_sleep(60)');
        const ended = once(query, 'end');
        client.query(query);
        const messenger = clientOf(place);
        messenger.cancel(client, query);
        await assert.rejects(ended, { code: '57014' });
        messenger.connection.end();
        assert.deepEqual((await client.query('select 1 as one')).rows, [{ one: 1 }]);
      });
    },
    async 'TLS over the same sockets'({ place, scaled, note }) {
      const client = clientOf(place, { ssl: { rejectUnauthorized: false } });
      await client.connect();
      const { rows } = await client.query('select ssl, version from pg_stat_ssl where pid = pg_backend_pid()');
      assert.equal(rows[0].ssl, true);
      const octets = scaled(10e6);
      const repeated = await client.query('select repeat($1, $2) as text', ['0123456789', octets / 10]);
      assert.equal(repeated.rows[0].text, '0123456789'.repeat(octets / 10));
      await client.end();
      note(`${rows[0].version}, ${megabytes(octets)}`);
    },
    async 'a connection that is ended by the server is an error with its code'({ place }) {
      await withClients(place, 1, async (boss) => {
        const victim = clientOf(place);
        await victim.connect();
        const { rows } = await victim.query('select pg_backend_pid() as pid');
        const failed = once(victim, 'error').then(([error]) => error);
        await boss.query('select pg_terminate_backend($1)', [rows[0].pid]);
        assert.equal((await failed).code, '57P01');
        await victim.end();
      });
    },
  },
};
