import { describe, expect, it } from 'vitest';
import { icmpNumbers } from '../../src/drill/icmp-names.ts';
import { parseScript } from '../../src/drill/parser.ts';
import type { IcmpSpec } from '../../src/drill/script.ts';

function spec(text: string): IcmpSpec {
  const { action } = parseScript('icmp', `0 < icmp ${text}`).events[0]!;
  if (action.kind !== 'packet' || action.packet.protocol !== 'icmp') throw new Error(text);
  return action.packet;
}

describe('names of ICMP messages', () => {
  it.each([
    ['unreachable host_unreachable', [3, 1], [1, 0]],
    ['unreachable port_unreachable', [3, 3], [1, 4]],
    ['unreachable protocol_unreachable', [3, 2], [4, 1]],
    ['unreachable packet_filtered', [3, 13], [1, 1]],
    ['time_exceeded', [11, 0], [3, 0]],
    ['echo_request', [8, 0], [128, 0]],
    ['unreachable code_5', [3, 5], [1, 5]],
    ['type_200 code_9', [200, 9], [200, 9]],
  ])(
    '%s stands for its own number over either version, or for what a gateway makes of it (RFC 7915 4.2)',
    (text, four, six) => {
      const numbers = (family: 4 | 6) => {
        const found = icmpNumbers(spec(text), family)!;
        return [found.type, found.code];
      };
      expect([numbers(4), numbers(6)]).toEqual([four, six]);
    },
  );

  it('a packet too big leaves as much room for text over IPv6', () => {
    expect(icmpNumbers(spec('unreachable frag_needed mtu 1300'), 6)).toEqual({ type: 2, code: 0, growth: 20 });
  });

  it('what a gateway drops is no message over IPv6', () => {
    for (const text of ['source_quench', 'redirect', 'unreachable precedence_violation']) {
      expect(icmpNumbers(spec(text), 6), text).toBeNull();
      expect(icmpNumbers(spec(text), 4), text).not.toBeNull();
    }
  });

  it("IPv6's own have no name over IPv4", () => {
    expect(() => icmpNumbers(spec('packet_too_big mtu 1300'), 4)).toThrow(
      'no ICMP type for IPv4 is called packet_too_big',
    );
    expect(() => icmpNumbers(spec('unreachable no_route'), 4)).toThrow(
      'no code of ICMP unreachable is called no_route',
    );
  });
});
