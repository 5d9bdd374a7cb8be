/**
 * Owns: programs that know nothing of tsyn, started with `--import tsyn/register`, each a process with a stack and a device of its
 * own: autocannon as people type it, and node-redis, which takes no sockets.
 */

import assert from 'node:assert/strict';
import http from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { tool } from '../../interop/tools.mjs';
import { serve } from '../serve.mjs';
import { site } from '../site.mjs';
import { megabytes } from '../text.mjs';
import { REDIS_PORT, startRedis } from './redis.mjs';

const LIMIT = 60;
const REGISTER = new URL('../../dist/node/register/index.js', import.meta.url).href;
const AUTOCANNON = createRequire(import.meta.url).resolve('autocannon/autocannon.js');
const REDIS_CLIENT = fileURLToPath(new URL('../redis-client.mjs', import.meta.url));

/** Networks of the processes: beside those of the place, whose far end they reach through the kernel as a router. */
const NETWORKS = {
  4: { address: '10.79.1.2', gateway: '10.79.1.1', prefix: 24 },
  6: { address: 'fd79:1::2', gateway: 'fd79:1::1', prefix: 64 },
};

/** Runs a program of Node's over tsyn, or as it is. @returns what it printed, and the address that it speaks from */
async function overTsyn({ place, family, kernel }, words) {
  if (kernel) return { ...(await tool(process.execPath, words, { limit: LIMIT })), from: place.near.address };
  const { address, gateway, prefix } = NETWORKS[family];
  const settings = [
    'TSYN_LINK=tun:unchanged',
    `TSYN_ADDRESS=${address}/${prefix}`,
    `TSYN_GATEWAY=${gateway}`,
    `TSYN_CONFIGURE=${gateway}/${prefix}`,
  ];
  const command = [...settings, process.execPath, '--import', REGISTER, ...words];
  return { ...(await tool('env', command, { limit: LIMIT })), from: address };
}

export const unchangedProgram = {
  name: 'tsyn/register',
  place: 'tun',
  // The bad path is inside a stack, and theirs are their own.
  paths: ['good'],
  needs: ['redis-server'],
  start: startRedis,
  cases: {
    async 'autocannon as it is, to a server of the kernel'(context) {
      const { place, note } = context;
      const callers = new Set();
      const server = http.createServer((request, response) => {
        callers.add(request.socket.remoteAddress);
        site(request, response);
      });
      const served = await serve(place.far, server);
      const url = `http://${place.far.host}:${served.port}/text/1/1000`;
      const { said, from } = await overTsyn(context, [AUTOCANNON, '--json', '-a', '5000', '-c', '20', url]);
      const { errors, timeouts, non2xx, ['2xx']: answered, requests } = JSON.parse(said);
      assert.deepEqual({ errors, timeouts, non2xx, answered }, { errors: 0, timeouts: 0, non2xx: 0, answered: 5000 });
      assert.deepEqual([...callers], [from]);
      await served.stop();
      note(`5000 requests by 20 connections, ${Math.round(requests.average)} a second`);
    },
    async 'node-redis as it is, to the server'(context) {
      const { place, note } = context;
      const { said, from } = await overTsyn(context, [REDIS_CLIENT, place.far.address, `${REDIS_PORT}`]);
      const { caller, ...told } = JSON.parse(said);
      assert.equal(caller.replace(/^\[?(.*?)\]?:\d+$/, '$1'), from);
      assert.deepEqual(told, { stored: 1000, equal: true, heard: 100, length: 1e6 });
      note(`1000 commands at once, 100 messages, a value of ${megabytes(1e6)}`);
    },
  },
};
