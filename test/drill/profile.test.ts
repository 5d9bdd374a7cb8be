import { describe, expect, test } from 'vitest';
import { DrillSkip } from '../../src/drill/errors.ts';
import { defaultsSysctls, PROFILES, plainSysctls, selftestsSysctls, withSysctl } from '../../src/drill/profile.ts';
import { fastOpenSettings, receiveBufferOption, stackSettings } from '../../src/drill/settings.ts';
import { mergeConfig } from '../../src/stack/config.ts';
import { mergeTcpOptions } from '../../src/stack/tcp-options.ts';
import { defaultTcpOptions } from '../../src/tcp/index.ts';
import { shiftFor } from '../../src/tcp/window.ts';

const CONTROLLERS = { cubic: 1, newreno: 1 };

describe('settings by name', () => {
  test('a setting that is honoured changes nothing else', () => {
    expect(withSysctl(defaultsSysctls, 'tcp_rmem', '4096 131072\t33554432')).toEqual({
      ...defaultsSysctls,
      tcp_rmem: [4096, 131_072, 33_554_432],
    });
    expect(withSysctl(plainSysctls, 'tcp_fastopen', '0x402').tcp_fastopen).toBe(0x402);
    expect(withSysctl(plainSysctls, 'tcp_congestion_control', 'reno').tcp_congestion_control).toBe('reno');
  });

  test('a setting whose effect cannot be seen is taken without a word', () => {
    expect(withSysctl(plainSysctls, 'tcp_fack', '0')).toBe(plainSysctls);
    expect(withSysctl(plainSysctls, 'tcp_dsack', '1')).toBe(plainSysctls);
  });

  test.each([
    ['tcp_nothing', '1', 'unsupported setting: net.ipv4.tcp_nothing'],
    ['toString', '1', 'unsupported setting: net.ipv4.toString'],
    ['tcp_dsack', '0', 'unsupported value of net.ipv4.tcp_dsack: 0'],
    ['tcp_sack', '2', 'unsupported value of net.ipv4.tcp_sack: 2'],
    ['tcp_sack', '', 'unsupported value of net.ipv4.tcp_sack: '],
    ['tcp_rmem', '4096 8192', 'unsupported value of net.ipv4.tcp_rmem: 4096 8192'],
    ['tcp_congestion_control', 'bbr', 'unsupported value of net.ipv4.tcp_congestion_control: bbr'],
    ['tcp_fastopen_key', 'short', 'unsupported value of net.ipv4.tcp_fastopen_key: short'],
  ])('%s=%s skips the script', (name, value, reason) => {
    expect(() => withSysctl(plainSysctls, name, value)).toThrow(new DrillSkip(reason));
  });

  test('the profiles of both suites differ in who takes part in fast open', () => {
    expect({ ...selftestsSysctls, tcp_fastopen: defaultsSysctls.tcp_fastopen }).toEqual(defaultsSysctls);
    expect(fastOpenSettings(defaultsSysctls)).toMatchObject({ client: true, server: true, allListeners: true });
    expect(fastOpenSettings(selftestsSysctls)).toMatchObject({ client: true, server: true, allListeners: false });
    expect(fastOpenSettings(plainSysctls)).toMatchObject({ client: true, server: false });
  });
});

describe('what they mean to the stack', () => {
  test.each(Object.entries(PROFILES))('the stack takes all of the profile %s', (_name, sysctls) => {
    const { config, options } = stackSettings(sysctls);
    mergeConfig(config);
    mergeTcpOptions(defaultTcpOptions, options, CONTROLLERS);
  });

  test.each([
    [15_728_640, 8],
    [33_554_432, 10],
    [3_732_736, 6],
    [2_097_152, 6],
    [65_535, 0],
    [65_536, 1],
  ])('a receive buffer of at most %i is a window shift of %i', (most, shift) => {
    const sysctls = { ...plainSysctls, tcp_rmem: [4096, 10_000, most] as const };
    expect(shiftFor(stackSettings(sysctls).options.receiveBufferMax as number)).toBe(shift);
  });

  test('a buffer that an application has set does not scale unless it must', () => {
    expect(shiftFor(receiveBufferOption(20_000).receiveBufferMax as number)).toBe(0);
    expect(shiftFor(receiveBufferOption(200_000).receiveBufferMax as number)).toBe(2);
  });

  test('the first window is half the buffer in whole segments', () => {
    expect(stackSettings(defaultsSysctls).options.receiveBuffer).toBe(184 * 1460);
    expect(stackSettings(plainSysctls).options.receiveBuffer).toBe(29 * 1460);
    expect(stackSettings({ ...plainSysctls, tcp_rmem: [4096, 131_072, 6_291_456] }).options.receiveBuffer).toBe(64_240);
  });

  test('retries become the time they take', () => {
    expect(stackSettings(defaultsSysctls).config.tcp).toMatchObject({ synR2: 63_000, r2: 924_600, minRto: 200 });
    expect(stackSettings({ ...plainSysctls, tcp_syn_retries: 0, tcp_retries2: 1 }).config.tcp).toMatchObject({
      synR2: 1000,
      r2: 600,
    });
  });

  test('switches are switched', () => {
    const off = { ...plainSysctls, tcp_timestamps: 0, tcp_sack: 0, tcp_window_scaling: 0, tcp_ecn: 0 };
    expect(stackSettings(off).options).toMatchObject({
      timestamps: false,
      sack: false,
      windowScaling: false,
      ecn: 'off',
    });
    expect(stackSettings(plainSysctls).options).toMatchObject({ timestamps: true, sack: true, ecn: 'accept' });
    const other = { ...plainSysctls, tcp_congestion_control: 'reno', tcp_mtu_probing: 2, tcp_syncookies: 2 };
    expect(stackSettings(other).options).toMatchObject({ congestion: 'newreno', mtuProbing: 'always' });
    expect(stackSettings(other).config.tcp?.synCookies).toBe('always');
  });
});
