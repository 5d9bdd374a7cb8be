#!/usr/bin/env node
/** Owns: the `tsyn` command as a process. What it does is `commands.ts`. */

import { Output } from './command.ts';
import { main } from './commands.ts';

const stdout = new Output(process.stdout);
const stderr = new Output(process.stderr);

main(process.argv.slice(2), { stdin: process.stdin, stdout, stderr, env: process.env }).then(async (status) => {
  await stdout.flushed();
  if (stdout.failure !== null) stderr.line(`tsyn: ${stdout.failure.message}`);
  await stderr.flushed();
  process.exit(stdout.failure === null ? status : 1);
});
