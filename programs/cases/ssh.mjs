/** Owns: OpenSSH's server and `ssh2` on tsyn: commands, and sftp both ways. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'ssh2';
import { daemon, version } from '../daemon.mjs';
import { digestOf, megabytes, patternBuffer, patternDigest, patternStream, sha256 } from '../text.mjs';

export const SSH_PORT = 2222;
const COPIED = 50e6;

/** A server that lets root in with a key made for the occasion. @returns also keyPath */
export async function startSsh({ place, directory }) {
  // The server insists on this folder. The mount is seen in this namespace only.
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
  mkdirSync('/run/sshd');
  const keyPath = join(directory, 'client-key');
  const hostKeyPath = join(directory, 'host-key');
  for (const path of [keyPath, hostKeyPath]) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
  const authorized = join(directory, 'authorized');
  copyFileSync(`${keyPath}.pub`, authorized);
  const settings = [
    `ListenAddress ${place.far.host}`,
    `Port ${SSH_PORT}`,
    `HostKey ${hostKeyPath}`,
    `AuthorizedKeysFile ${authorized}`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'UseDNS no',
    'Subsystem sftp internal-sftp',
  ];
  const config = join(directory, 'sshd_config');
  writeFileSync(config, `${settings.join('\n')}\n`);
  // It starts itself again for every connection, and wants its whole path for that.
  const path = execFileSync('sh', ['-c', 'command -v sshd'], { encoding: 'utf8' }).trim();
  const server = await daemon(path, ['-D', '-e', '-f', config], { address: place.far.address, port: SSH_PORT });
  return { version: version('ssh', '-V'), keyPath, stop: server.stop };
}

async function withClient({ near, far }, keyPath, work) {
  const client = new Client();
  const ready = new Promise((resolve, reject) => client.on('ready', resolve).on('error', reject));
  const sock = near.net.connect({ host: far.address, port: SSH_PORT });
  client.connect({ sock, username: 'root', privateKey: readFileSync(keyPath) });
  await ready;
  const closed = new Promise((resolve) => client.on('close', resolve));
  try {
    await work(client);
  } finally {
    client.end();
    await closed;
  }
}

/** Runs a command there. `input`: a stream or null. @returns its exit code and what it printed */
function run(client, command, input = null) {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) {
        reject(error);
        return;
      }
      let said = '';
      channel.setEncoding('utf8').on('data', (data) => {
        said += data;
      });
      channel.on('close', (code) => resolve({ code, said }));
      if (input === null) channel.end();
      else input.pipe(channel);
    });
  });
}

export const sshProgram = {
  name: 'OpenSSH with ssh2',
  place: 'tun',
  needs: ['sshd', 'ssh', 'ssh-keygen', 'sha256sum'],
  start: startSsh,
  cases: {
    async 'commands side by side, with input and exit codes'({ place, server, scaled, note }) {
      const octets = scaled(10e6);
      await withClient(place, server.keyPath, async (client) => {
        const results = await Promise.all([
          run(client, 'echo here; exit 3'),
          run(client, 'sha256sum', patternStream(1, 0, octets)),
          run(client, 'echo "$SSH_CONNECTION"'),
        ]);
        assert.deepEqual(results[0], { code: 3, said: 'here\n' });
        assert.equal(results[1].said, `${patternDigest(1, octets)}  -\n`);
        assert.ok(results[2].said.startsWith(`${place.near.address} `), results[2].said);
      });
      note(`${megabytes(octets)} of input`);
    },
    async 'sftp of a file there and back'({ place, server, directory, scaled, note }) {
      const octets = scaled(COPIED);
      const paths = ['original', 'there', 'back'].map((name) => join(directory, name));
      const [original, there, back] = paths;
      const pieces = [];
      for await (const piece of patternStream(2, 0, octets)) pieces.push(piece);
      writeFileSync(original, Buffer.concat(pieces));
      await withClient(place, server.keyPath, async (client) => {
        const sftp = await promisify(client.sftp.bind(client))();
        const began = performance.now();
        await promisify(sftp.fastPut.bind(sftp))(original, there);
        const between = performance.now();
        await promisify(sftp.fastGet.bind(sftp))(there, back);
        const end = performance.now();
        const sums = (await run(client, `sha256sum ${original} ${there} ${back}`)).said;
        const wanted = paths.map((path) => `${patternDigest(2, octets)}  ${path}\n`);
        assert.equal(sums, wanted.join(''));
        const rate = (ms) => `${megabytes((octets / ms) * 1000)}/s`;
        note(`${megabytes(octets)}, there at ${rate(between - began)}, back at ${rate(end - between)}`);
        const part = sftp.createReadStream(there, { start: 1000, end: 1999 });
        const closed = once(part, 'close');
        const { digest } = await digestOf(part);
        assert.equal(digest, sha256(patternBuffer(2, 1000, 2000)));
        await closed;
        sftp.end();
      });
    },
  },
};
