// TCP scripts as a test suite: node --test examples/drill.test.mjs
// `drill` throws when a script fails, so it works in any test runner. Time is virtual: nothing waits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DrillFailedError, drill, drillFolder } from 'tsyn/drill';

test('a script in a file', () => {
  drill(new URL('../scripts/open/three-way-handshake-passive.pkt', import.meta.url));
});

test('a script in the program', () => {
  drill`
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
    +0 bind(3, ..., ...) = 0
    +0 listen(3, 1) = 0

    +0 < S 0:0(0) win 65535 <mss 1460>
    +0 > S. 0:0(0) ack 1 <mss 1460>
    +.1 < . 1:1(0) ack 1 win 65535
    +0 accept(3, ..., ...) = 4

    // An hour later.
    +3600 write(4, ..., 100) = 100
    +0 > P. 1:101(100) ack 1
  `;
});

test('a script that says something else than what happens', () => {
  const wrong = () => drill`
    0 < S 100:100(0) win 65535
    +0 > R. 0:0(0) ack 7
  `;
  assert.throws(wrong, (error) => error instanceof DrillFailedError && /ack: expected 7, actual 1/.test(error.message));
});

// Each script of a folder, over IPv4, IPv6 and IPv4 on sockets of IPv6, is a test of its own.
drillFolder(new URL('../scripts/time-wait', import.meta.url), test);
