/** Owns: MariaDB's server and `mysql2` on tsyn: statements, a transaction, a large value, an error. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { daemon, version } from '../daemon.mjs';
import { megabytes, patternBuffer } from '../text.mjs';

const PORT = 3306;
/** MariaDB's own user: it does not run as root. */
const USER = 'mysql';
const LOGIN = { user: 'program', password: 'programs only', database: 'test' };

async function startMariadb({ place, directory }) {
  chmodSync(directory, 0o755);
  const data = join(directory, 'mariadb');
  mkdirSync(data);
  const opening = join(directory, 'opening.sql');
  const { user, password, database } = LOGIN;
  const statements = [
    `create database if not exists ${database}`,
    `create user '${user}'@'%' identified by '${password}'`,
    `grant all on *.* to '${user}'@'%'`,
  ];
  writeFileSync(opening, statements.map((statement) => `${statement};\n`).join(''));
  execFileSync('chown', ['-R', USER, data]);
  const common = ['--no-defaults', `--datadir=${data}`, `--user=${USER}`];
  execFileSync('mariadb-install-db', [...common, '--skip-test-db', '--auth-root-authentication-method=normal'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const words = [
    ...common,
    `--bind-address=${place.far.address}`,
    `--port=${PORT}`,
    `--socket=${join(data, 'socket')}`,
    `--pid-file=${join(data, 'pid')}`,
    `--init-file=${opening}`,
    '--skip-name-resolve',
    '--max-allowed-packet=64M',
    '--innodb-flush-log-at-trx-commit=0',
  ];
  const server = await daemon('mariadbd', words, { address: place.far.address, port: PORT });
  return { version: version('mariadbd'), stop: server.stop };
}

function connect({ near, far }) {
  const stream = () => near.net.connect({ host: far.address, port: PORT });
  return mysql.createConnection({ ...LOGIN, stream });
}

export const mariadbProgram = {
  name: 'MariaDB with mysql2',
  place: 'tun',
  needs: ['mariadbd', 'mariadb-install-db'],
  start: startMariadb,
  cases: {
    async 'statements, a transaction, a large value, an error'({ place, scaled, note }) {
      const [writer, reader] = await Promise.all([connect(place), connect(place)]);
      const count = scaled(1000);
      await writer.query('create table t (n int primary key, word varchar(50))');
      await writer.beginTransaction();
      for (let i = 0; i < count; i++) await writer.execute('insert into t values (?, ?)', [i, `word ${i}`]);
      const seen = async () => (await reader.query('select count(*) as n from t'))[0][0].n;
      assert.equal(await seen(), 0);
      await writer.commit();
      assert.equal(await seen(), count);
      await assert.rejects(reader.query('insert into t values (0, null)'), { code: 'ER_DUP_ENTRY' });
      const octets = scaled(20e6);
      const value = patternBuffer(3, 0, octets);
      await writer.query('create table large (body longblob)');
      await writer.execute('insert into large values (?)', [value]);
      const [rows] = await reader.query('select body from large');
      assert.equal(Buffer.compare(rows[0].body, value), 0);
      await Promise.all([writer.end(), reader.end()]);
      note(`${count} statements, ${megabytes(octets)} each way`);
    },
  },
};
