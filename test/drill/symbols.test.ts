import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { errnoName, errnoNumber, errnoText, symbol } from '../../src/drill/symbols.ts';
import { hasCommand, skipTitle } from '../helpers/needs.ts';

test.each([
  ['AF_INET', 2],
  ['AF_INET6', 10],
  ['SOCK_NONBLOCK', 2048],
  ['SOL_SOCKET', 1],
  ['SOL_TCP', 6],
  ['SO_ZEROCOPY', 60],
  ['TCP_FASTOPEN', 23],
  ['TCP_FASTOPEN_CONNECT', 30],
  ['TCP_FASTOPEN_KEY', 33],
  ['TCP_INQ', 36],
  ['TCP_CM_INQ', 36],
  ['TCP_NOTSENT_LOWAT', 25],
  ['MSG_FASTOPEN', 0x2000_0000],
  ['MSG_ZEROCOPY', 0x400_0000],
  ['EPOLLET', 0x8000_0000],
  ['SIOCINQ', 0x541b],
  ['SO_EE_ORIGIN_ZEROCOPY', 5],
  ['SOF_TIMESTAMPING_TX_ACK', 512],
  ['TCP_CLOSING', 11],
  ['TCPI_OPT_SYN_DATA', 32],
  ['NULL', 0],
  ['EINPROGRESS', 115],
])('%s is %i', (name, value) => {
  expect(symbol(name)).toBe(value);
});

test('an unknown name has no value', () => {
  expect(symbol('SO_NOTHING')).toBeUndefined();
  expect(symbol('toString')).toBeUndefined();
  expect(errnoNumber('constructor')).toBeUndefined();
});

test('an error goes by number, name and text', () => {
  expect(errnoNumber('ECONNREFUSED')).toBe(111);
  expect(errnoName(111)).toBe('ECONNREFUSED');
  expect(errnoText(111)).toBe('Connection refused');
});

test('an error with two names is reported by the usual one', () => {
  expect(errnoNumber('EWOULDBLOCK')).toBe(11);
  expect(errnoName(11)).toBe('EAGAIN');
  expect(errnoName(95)).toBe('EOPNOTSUPP');
});

const missing = process.platform === 'linux' && hasCommand('python3') ? null : 'needs Linux and python3';

describe.skipIf(missing !== null)(skipTitle('beside this system', missing, true), () => {
  test('what its own library names has the value given here', () => {
    const program = `
import socket, select, errno, os, fcntl, json
known = {}
for module in (socket, select, errno, os, fcntl):
    for name in dir(module):
        value = getattr(module, name)
        if name.isupper() and isinstance(value, int) and not isinstance(value, bool): known[name] = int(value)
print(json.dumps(known))`;
    const known = JSON.parse(execFileSync('python3', ['-c', program], { encoding: 'utf8' })) as Record<string, number>;
    const mine = Object.keys(known).filter((name) => symbol(name) !== undefined);
    expect(mine.length).toBeGreaterThan(150);
    const differing = mine.filter((name) => symbol(name) !== known[name]);
    expect(differing).toEqual([]);
  });
});
