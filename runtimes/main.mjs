/** Plays the scenario in a process: `main.mjs RELAY`, where RELAY is the URL of a relay of WebSockets. Prints the results in one line. */

import { play } from './scenario.mjs';

const relay = (globalThis.Deno?.args ?? globalThis.process.argv.slice(2))[0];
console.log(JSON.stringify(await play(relay)));
