import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tsyn, tsynHere } from './run.ts';

const LINK = ['--link', 'tun:x', '--address', '10.0.0.2/24'];

/** Wrong words, and what the one line must name. */
const WRONG: ReadonlyArray<readonly [string[], string]> = [
  [[], 'a command is needed: demo, lab, up, nc'],
  [['dmeo'], "'dmeo'"],
  [['constructor'], "'constructor'"],
  [['--verbose'], "'--verbose'"],
  [['--version=2'], "'--version' takes no value"],
  [['demo', '--lang', 'fr'], "--lang must be en or zh, not 'fr'"],
  [['demo', '--lang'], "'--lang' needs a value"],
  [['demo', '--seed', '-1'], "'--seed' needs a value"],
  [['demo', '--seed=-1'], "--seed must be an integer from 0 to 4294967295, not '-1'"],
  [['demo', '--seed', '1e3'], "not '1e3'"],
  [['demo', '--seed', '4294967296'], "not '4294967296'"],
  [['demo', '--json=yes'], "'--json' takes no value, not 'yes'"],
  [['demo', '--colour'], "'--colour'"],
  [['demo', '--__proto__', 'x'], "'--__proto__'"],
  [['demo', 'now'], "'now'"],
  [['lab', 'now'], "unexpected argument 'now'"],
  [['lab', '--port', '65536'], "--port must be an integer from 0 to 65535, not '65536'"],
  [['lab', '--open=yes'], "'--open' takes no value, not 'yes'"],
  [['lab', '--host'], "'--host' needs a value"],
  [['up'], 'a link is needed'],
  [['up', '--link', 'eth0'], "--link must be tun:NAME, tap:NAME or unix:PATH, not 'eth0'"],
  [['up', '--link', 'tun:'], "not 'tun:'"],
  [['up', '--link', 'tun:x'], 'an address is needed'],
  [['up', '--link', 'tun:x', '--address', '10.0.0.2'], '--address must be an address with the length of its prefix'],
  [['up', '--link', 'tun:x', '--address', '10.0.0.2/33'], "not '10.0.0.2/33'"],
  [['up', '--link', 'tun:x', '--address', '10.0.0.2/24,'], '--address must be a list'],
  [['up', ...LINK, '--serve', 'gopher:70'], "not 'gopher:70'"],
  [['up', ...LINK, '--serve', 'http'], "not 'http'"],
  [['up', ...LINK, '--serve', 'http:0'], 'the port of --serve http must be an integer from 1 to 65535'],
  [['up', ...LINK, '--serve', 'http:80,echo:80'], 'port 80 twice'],
  [['up', ...LINK, '--mac', '02:00:00:00:00:01'], '--mac is for tap and unix links'],
  [['up', '--link', 'tap:x', '--address', '10.0.0.2/24', '--mac', 'ff:ff:ff:ff:ff:ff'], '--mac must be a unicast'],
  [['up', ...LINK, '--gateway', 'router'], "--gateway must be an IP address, not 'router'"],
  [['up', ...LINK, '--gateway', '10.0.0.1,10.0.0.3'], 'at most one address of each family'],
  [['up', ...LINK, '--mtu', '67'], '--mtu must be an integer from 68 to 65535'],
  [['up', ...LINK, 'extra'], "'extra'"],
  [['up', ...LINK, '--ladder', '--json'], '--ladder is for people, --json for programs'],
  [
    ['up', '--link', 'unix:/x', '--address', '10.0.0.2/24', '--configure', '10.0.0.1/24'],
    '--configure is for tun and tap',
  ],
  [['nc', '192.0.2.1', '80'], 'a link is needed'],
  [['nc', ...LINK], 'HOST and PORT are needed'],
  [['nc', ...LINK, 'example.org', '80'], "HOST must be an IP address, not 'example.org'"],
  [['nc', ...LINK, '192.0.2.1', 'http'], "PORT must be an integer from 1 to 65535, not 'http'"],
  [['nc', ...LINK, '192.0.2.1', '80', '81'], "'81'"],
  [['nc', ...LINK, '-w', '0', '192.0.2.1', '80'], '--wait must be an integer'],
  [['nc', ...LINK, '-l'], 'a PORT is needed'],
  [['nc', ...LINK, '-l', '192.0.2.1', '80'], "'80'"],
  [['explain'], 'a capture is needed'],
  [['explain', 'a.pcap', 'b.pcap'], "unexpected argument 'b.pcap'"],
  [['explain', 'a.pcap', '-c', 'one'], "--connection must be an integer from 0 to 4294967295, not 'one'"],
  [['explain', 'a.pcap', '--lang', 'fr'], "--lang must be en or zh, not 'fr'"],
  [['explain', 'a.pcap', '--svg'], "'--svg' needs a value"],
  [['sim'], 'a scenario is needed'],
  [['sim', 'a.mjs', 'b.mjs'], "unexpected argument 'b.mjs'"],
  [['sim', 'a.mjs', '--seed', '1', '--seeds', '2'], '--seed does not go with --seeds'],
  [['sim', 'a.mjs', '--seed', '-1'], "'--seed' needs a value"],
  [['sim', 'a.mjs', '--seed', 'x'], '--seed must be an integer from 0 to 9007199254740991'],
  [['sim', 'a.mjs', '--seeds', '0'], '--seeds must be an integer from 1'],
  [['sim', 'a.mjs', '--from', '5'], '--from goes with --seeds'],
  [
    ['sim', 'a.mjs', '--from', '9007199254740990', '--seeds', '3'],
    '--from 9007199254740990 leaves no room for 3 seeds',
  ],
  [['sim', 'a.mjs', '--jobs', '0'], '--jobs must be an integer from 1 to 256'],
  [['sim', 'a.mjs', '--side', 'client'], '--side goes with --out'],
  [['sim', 'a.mjs', '--trace', '--seeds', '2'], '--trace does not go with --seeds'],
  [['sim', 'a.mjs', '--trace', '--json'], '--trace does not go with --json'],
  [['sim', 'a.mjs', '--plan', 'p.json', '--seeds', '2'], '--plan does not go with --seeds'],
  [['sim', 'a.mjs', '--lang', 'fr'], "--lang must be en or zh, not 'fr'"],
  [['sim', 'a.mjs', '--minimize'], "unknown option '--minimize'"],
];

describe('wrong words', () => {
  for (const [words, named] of WRONG) {
    it(`are told in one line, with status 2: tsyn ${words.join(' ')}`, async () => {
      const { status, stdout, stderr } = await tsynHere(words);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(/^tsyn[^\n]*\n$/);
      expect(stderr).toContain(named);
    });
  }
});

describe('tsyn', () => {
  it('hands its status to the shell', () => {
    for (const words of [[], ['demo', '--lang', 'fr'], ['up']]) {
      const { status, stdout, stderr } = tsyn(words);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(/^tsyn[^\n]*\n$/);
    }
  });

  it('tells its version', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    for (const word of ['--version', '-V']) {
      expect(tsyn([word])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    }
  });

  it('helps, with every command and by each of them', async () => {
    const { stdout } = await tsynHere(['--help']);
    for (const command of ['demo', 'up', 'nc']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
      for (const word of ['--help', '-h']) {
        const help = await tsynHere([command, word]);
        expect(help).toMatchObject({ status: 0, stderr: '' });
        expect(help.stdout).toMatch(new RegExp(`^Usage: tsyn ${command} `));
      }
    }
  });

  it('says in one line, with status 1, what the world lacks', () => {
    const words = ['--link', 'unix:/no/such/socket', '--address', '10.0.0.2/24'];
    for (const command of [['up'], ['nc', '10.0.0.1', '80']]) {
      const { status, stdout, stderr } = tsyn([...command, ...words]);
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toMatch(/^tsyn (up|nc): [^\n]*ENOENT[^\n]*\n$/);
    }
  });
});
