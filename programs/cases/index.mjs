/**
 * Owns: the programs there are. Each is `{ name, place, paths, needs, start, cases }`: where it runs ('pipe', 'tun' or 'served',
 * see `place.mjs`), the paths it is for if not for both, the commands it needs, what is started before its cases (`start({ place, directory })`, with `stop` and
 * `version` if there are any), and its cases by title. A case gets `{ place, server, directory, scaled, family, kernel, note }`:
 * `scaled` makes a volume out of that of the good path, `note` says something about the case on its line.
 */

import { chromiumProgram } from './chromium.mjs';
import { undiciProgram, wsProgram } from './clients.mjs';
import { curlProgram, wgetProgram } from './downloads.mjs';
import { expressProgram, fastifyProgram } from './load.mjs';
import { mailProgram } from './mail.mjs';
import { mariadbProgram } from './mariadb.mjs';
import { aedesProgram, mosquittoProgram } from './mqtt.mjs';
import { postgresProgram } from './postgres.mjs';
import { psqlProgram, redisCliProgram, sshCliProgram } from './proxied.mjs';
import { redisProgram } from './redis.mjs';
import { http2Program, httpsProgram } from './secure.mjs';
import { sshProgram } from './ssh.mjs';
import { unchangedProgram } from './unchanged.mjs';

/** The same with the kernel's sockets at the server's end, and at the client's. */
const toKernel = (program) => ({ ...program, name: `${program.name} from tsyn to the kernel`, place: 'tun' });
const fromKernel = (program) => ({ ...program, name: `${program.name} from the kernel to tsyn`, place: 'served' });

/** Those that take longest first. */
export const programs = [
  postgresProgram,
  mariadbProgram,
  redisProgram,
  sshProgram,
  mosquittoProgram,
  aedesProgram,
  mailProgram,
  expressProgram,
  fromKernel(expressProgram),
  fastifyProgram,
  httpsProgram,
  toKernel(httpsProgram),
  fromKernel(httpsProgram),
  http2Program,
  toKernel(http2Program),
  fromKernel(http2Program),
  undiciProgram,
  wsProgram,
  fromKernel(wsProgram),
  curlProgram,
  wgetProgram,
  psqlProgram,
  redisCliProgram,
  sshCliProgram,
  chromiumProgram,
  unchangedProgram,
];
