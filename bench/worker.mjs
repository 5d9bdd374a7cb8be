/** One workload on one side, in a process of its own: `worker.mjs SIDE WORKLOAD SECONDS OPTIONS` prints one line of JSON. */

import * as checker from './checker.mjs';
import { cheapestPath } from './limit.mjs';
import * as nodeNet from './node-net.mjs';
import * as recovery from './recovery.mjs';
import * as simulator from './simulator.mjs';
import * as tsyn from './tsyn.mjs';
import * as tsynNet from './tsyn-net.mjs';
import * as web from './web.mjs';

const [side, workload, seconds, options = '{}'] = process.argv.slice(2);
const result =
  side === 'limit'
    ? { rate: cheapestPath(Number(seconds)) }
    : await { tsyn, web, recovery, simulator, checker, 'tsyn/net': tsynNet, 'node:net': nodeNet }[side][workload](
        Number(seconds),
        JSON.parse(options),
      );
console.log(JSON.stringify(result));
process.exit(0);
