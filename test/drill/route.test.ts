import { describe, expect, it } from 'vitest';
import { DrillFailedError, drillText } from '../../src/drill/index.ts';

const LENIENT = { lenientPsh: true };

const open = (mss: number): string => `
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1460>
+0 > S. 0:0(0) ack 1 <mss ${mss}>
+.1 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
`;

describe('metrics of the route to the peer', () => {
  it('the MTU bounds the segments of both sides, the initial window is in segments', () => {
    drillText(
      'v4.pkt',
      `\`ip route change 192.0.2.1 via 192.168.0.2 dev tun0 advmss 960 mtu lock 1000 initcwnd 3\`
${open(960)}
+0 write(4, ..., 9600) = 9600
+0 > P. 1:2881(2880) ack 1
+0 %{ assert tcpi_snd_cwnd == 3 and tcpi_pmtu == 1000 }%
`,
      LENIENT,
    );
  });

  it('a route that comes to carry more is made use of at once', () => {
    drillText(
      'v4.pkt',
      `\`ip route change 192.0.2.1 via 192.168.0.2 dev tun0 mtu lock 1000\`
${open(960)}
+0 \`ip route change 192.0.2.1 via 192.168.0.2 dev tun0 mtu lock 1500\`
+0 write(4, ..., 1460) = 1460
+0 > P. 1:1461(1460) ack 1
`,
    );
  });

  it('of routes to others nothing is seen', () => {
    drillText('v4.pkt', `\`ip route change 192.0.2.77 via 192.168.0.2 dev tun0 mtu lock 1000\`\n${open(1460)}`);
  });

  it('an announced MSS that the MTU does not leave is not to be had', () => {
    const script = `\`ip route change 192.0.2.1 via 192.168.0.2 dev tun0 advmss 500 mtu lock 1000\`\n${open(500)}`;
    expect(() => drillText('v4.pkt', script)).toThrow(DrillFailedError);
    expect(() => drillText('v4.pkt', script)).toThrow('skipped');
  });

  it('a search for the path MTU from the start probes beside full segments', () => {
    drillText(
      'v4.pkt',
      `--strict_segments
\`sysctl -q net.ipv4.tcp_mtu_probing=2 net.ipv4.tcp_base_mss=600
ip route change 192.0.2.1 via 192.168.0.2 dev tun0 mtu lock 840 initcwnd 12\`
${open(800)}
+0 \`ip route change 192.0.2.1 via 192.168.0.2 dev tun0 mtu lock 1500\`
+0 write(4, ..., 4300) = 4300
+0 > . 1:1031(1030) ack 1
+0 > . 1031:1831(800) ack 1
+0 > . 1831:2631(800) ack 1
+0 > . 2631:3431(800) ack 1
+0 > P. 3431:4231(800) ack 1
+0 > P. 4231:4301(70) ack 1
+.1 < . 1:1(0) ack 4301 win 65535
+0 write(4, ..., 1030) = 1030
+0 > P. 4301:5331(1030) ack 1
`,
      LENIENT,
    );
  });
});
