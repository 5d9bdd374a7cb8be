import { describe, expect, it } from 'vitest';
import { harnessDefines } from '../../src/drill/harness.ts';
import { defaultsSysctls, plainSysctls } from '../../src/drill/profile.ts';
import { runSettings } from '../../src/drill/run-settings.ts';
import { fastOpenKey } from '../../src/drill/settings.ts';
import { parse } from '../helpers/script.ts';

describe('what the suites’ harness defines', () => {
  it('has the cookies of the addresses of the run, under the key of defaults.sh and under no key', () => {
    const cookies = (ip: 'ipv4' | 'ipv6' | 'mapped'): unknown[] => {
      const defines = harnessDefines(ip);
      return [defines.get('TFO_COOKIE'), defines.get('TFO_COOKIE_ZERO')];
    };
    expect(cookies('ipv4')).toEqual(['3021b9d889017eeb', 'b7c12350a90dc8f5']);
    expect(cookies('mapped')).toEqual(cookies('ipv4'));
    expect(cookies('ipv6')).toEqual(['c1d1e9742a47a9bc', '82af1a8f9a205c34']);
  });

  it('has the names of the socket’s version of IP, which is 6 where IPv4 is mapped', () => {
    expect(harnessDefines('ipv4').get('CMSG_LEVEL_IP')).toBe('SOL_IP');
    expect(harnessDefines('mapped').get('CMSG_LEVEL_IP')).toBe('SOL_IPV6');
    expect(harnessDefines('mapped').get('CMSG_TYPE_RECVERR')).toBe('IPV6_RECVERR');
  });

  it('has the ICMP code for a host that is not reached, of either version', () => {
    const codes = (['ipv4', 'mapped', 'ipv6'] as const).map((ip) => harnessDefines(ip).get('CODE'));
    expect(codes).toEqual(['host_unreachable', 'host_unreachable', 'address_unreachable']);
  });
});

describe('tcp_fastopen_key', () => {
  it('is four words, each least significant octet first', () => {
    const key = fastOpenKey({ ...plainSysctls, tcp_fastopen_key: '01020304-05060708-090a0b0c-0d0e0f10' });
    expect([...key!]).toEqual([4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9, 16, 15, 14, 13]);
    expect([fastOpenKey(plainSysctls), fastOpenKey(defaultsSysctls)?.length]).toEqual([null, 16]);
  });
});

describe('the addresses of a run', () => {
  const own = parse('--local_ip=10.1.2.3 --remote_ip=10.4.5.6 0 pipe([3, 4]) = 0');

  it('are the script’s where they are of the version of the run', () => {
    expect(runSettings(own, { ip: 'mapped' })).toMatchObject({ localAddress: '10.1.2.3', remoteAddress: '10.4.5.6' });
    expect(runSettings(own, { ip: 'ipv6' })).toMatchObject({ localAddress: 'fd3d:0a0b:17d6::1' });
  });
});
