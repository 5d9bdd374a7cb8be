/**
 * Owns: the numbers of a stack, under the names `netstat -s` and `nstat` use where they have one (RFC 4293, RFC 4113),
 * and the list of reasons for which a packet can be dropped, each with a counter of its own.
 */

import { createTcpCounters, type TcpCounters } from '../tcp/index.ts';

/** Every reason for a drop. Traces and counters use these words. */
export const DROP_REASONS = [
  // Ethernet and ARP
  'interface-down',
  'ethernet-truncated',
  'ethernet-length-field',
  'ethernet-type',
  'ethernet-source',
  'ethernet-not-for-us',
  'arp-truncated',
  'arp-hardware-type',
  'arp-protocol-type',
  'arp-address-length',
  'arp-operation',
  'arp-sender',
  'arp-not-for-us',
  'arp-unsolicited',
  'arp-conflict',
  // The IPv4 header
  'ipv4-truncated',
  'ipv4-version',
  'ipv4-header-length',
  'ipv4-total-length',
  'ipv4-header-checksum',
  'ipv4-fragment-overflow',
  'ipv4-fragment-length',
  'ipv4-option-length',
  'ipv4-option-pointer',
  'ipv4-option-twice',
  // The IPv6 header and its extension headers
  'ipv6-truncated',
  'ipv6-version',
  'ipv6-payload-length',
  'ipv6-extension-length',
  'ipv6-option-length',
  'ipv6-too-many-headers',
  'ipv6-too-many-options',
  'ipv6-option-discard',
  'ipv6-option-unknown',
  'ipv6-option-unknown-unicast',
  'ipv6-routing-type',
  'ipv6-next-header',
  'ipv6-nested-fragment',
  'ipv6-fragment-length',
  'ipv6-fragment-overflow',
  'ipv6-first-fragment-chain',
  // IP, arriving
  'ip-version',
  'ip-source-martian',
  'ip-source-is-ours',
  'ip-destination-martian',
  'ip-not-for-us',
  'ip-multicast-not-joined',
  'ip-unicast-in-link-broadcast',
  'ip-unknown-protocol',
  'ip-no-next-header',
  'ip-source-route',
  // Reassembly
  'fragment-empty',
  'fragment-too-long',
  'fragment-overlap',
  'fragment-duplicate',
  'fragment-condemned',
  'fragment-too-many',
  'fragment-evicted',
  'fragment-timeout',
  'fragment-ecn',
  // IP, leaving
  'ip-no-route',
  'ip-too-big',
  'neighbour-unreachable',
  'neighbour-queue-full',
  'neighbour-cache-full',
  'neighbour-flushed',
  // Forwarding
  'forward-ttl',
  'forward-martian',
  'forward-too-big',
  'forward-no-route',
  // ICMP, ICMPv6 and Neighbor Discovery
  'icmp-truncated',
  'icmp-checksum',
  'icmp-type',
  'icmp-quote',
  'icmp-broadcast',
  'icmp-disabled',
  'icmp-unmatched',
  'icmp-ignored',
  'nd-hop-limit',
  'nd-malformed',
  'nd-fragmented',
  'nd-not-for-us',
  'nd-unsolicited',
  'nd-conflict',
  'nd-ignored',
  // UDP
  'udp-truncated',
  'udp-length',
  'udp-port',
  'udp-checksum',
  'udp-no-port',
  'udp-queue-full',
  // TCP
  'tcp-truncated',
  'tcp-data-offset',
  'tcp-option-length',
  'tcp-checksum',
  'tcp-port',
  'tcp-broadcast',
] as const;

export type DropReason = (typeof DROP_REASONS)[number];

const NO_DROPS = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>;

/** Counts since the stack was made. A flat record of numbers, and one number for each drop reason in `drops`. */
export class Counters {
  /** Packets dropped, by reason. */
  readonly drops: Record<DropReason, number> = { ...NO_DROPS };

  /** What TCP counts. */
  readonly tcp: TcpCounters = createTcpCounters();

  // IPv4 (RFC 4293)
  IpInReceives = 0;
  IpInHdrErrors = 0;
  IpInAddrErrors = 0;
  IpForwDatagrams = 0;
  IpInUnknownProtos = 0;
  IpInDelivers = 0;
  IpOutRequests = 0;
  IpOutNoRoutes = 0;
  IpReasmTimeout = 0;
  IpReasmReqds = 0;
  IpReasmOKs = 0;
  IpReasmFails = 0;
  IpFragOKs = 0;
  IpFragFails = 0;
  IpFragCreates = 0;

  // IPv6
  Ip6InReceives = 0;
  Ip6InHdrErrors = 0;
  Ip6InAddrErrors = 0;
  Ip6OutForwDatagrams = 0;
  Ip6InUnknownProtos = 0;
  Ip6InDelivers = 0;
  Ip6OutRequests = 0;
  Ip6OutNoRoutes = 0;
  Ip6ReasmTimeout = 0;
  Ip6ReasmReqds = 0;
  Ip6ReasmOKs = 0;
  Ip6ReasmFails = 0;
  Ip6FragOKs = 0;
  Ip6FragFails = 0;
  Ip6FragCreates = 0;

  // ICMP
  IcmpInMsgs = 0;
  IcmpInErrors = 0;
  IcmpInCsumErrors = 0;
  IcmpInDestUnreachs = 0;
  IcmpInTimeExcds = 0;
  IcmpInParmProbs = 0;
  IcmpInSrcQuenchs = 0;
  IcmpInRedirects = 0;
  IcmpInEchos = 0;
  IcmpInEchoReps = 0;
  IcmpOutMsgs = 0;
  IcmpOutRateLimitGlobal = 0;
  IcmpOutRateLimitHost = 0;
  IcmpOutDestUnreachs = 0;
  IcmpOutTimeExcds = 0;
  IcmpOutParmProbs = 0;
  IcmpOutEchos = 0;
  IcmpOutEchoReps = 0;

  // ICMPv6
  Icmp6InMsgs = 0;
  Icmp6InErrors = 0;
  Icmp6InCsumErrors = 0;
  Icmp6InDestUnreachs = 0;
  Icmp6InPktTooBigs = 0;
  Icmp6InTimeExcds = 0;
  Icmp6InParmProblems = 0;
  Icmp6InEchos = 0;
  Icmp6InEchoReplies = 0;
  Icmp6InRouterSolicits = 0;
  Icmp6InRouterAdvertisements = 0;
  Icmp6InNeighborSolicits = 0;
  Icmp6InNeighborAdvertisements = 0;
  Icmp6InRedirects = 0;
  Icmp6OutMsgs = 0;
  Icmp6OutRateLimitHost = 0;
  Icmp6OutRateLimitGlobal = 0;
  Icmp6OutDestUnreachs = 0;
  Icmp6OutPktTooBigs = 0;
  Icmp6OutTimeExcds = 0;
  Icmp6OutParmProblems = 0;
  Icmp6OutEchos = 0;
  Icmp6OutEchoReplies = 0;
  Icmp6OutNeighborSolicits = 0;
  Icmp6OutNeighborAdvertisements = 0;

  // ARP and neighbours of both families
  ArpInRequests = 0;
  ArpInReplies = 0;
  ArpOutRequests = 0;
  ArpOutReplies = 0;
  ArpConflicts = 0;
  ArpDefences = 0;
  NeighbourFailures = 0;
  NeighbourEvictions = 0;
  NeighbourSolicitRateLimit = 0;
  /** Another host claims an IPv6 address of ours; no defence is defined for that (RFC 4862 5.4.4 is about tentative ones). */
  NdConflicts = 0;

  // UDP, both families
  UdpInDatagrams = 0;
  UdpNoPorts = 0;
  UdpInErrors = 0;
  UdpOutDatagrams = 0;
  UdpRcvbufErrors = 0;
  UdpInCsumErrors = 0;

  /** A plain copy: every counter by name, drops as `Drop:reason`. */
  snapshot(): Record<string, number> {
    const { drops, tcp, ...numbers } = this;
    const copy: Record<string, number> = {};
    for (const [name, value] of Object.entries(numbers)) if (typeof value === 'number') copy[name] = value;
    Object.assign(copy, tcp);
    for (const [reason, value] of Object.entries(drops)) copy[`Drop:${reason}`] = value;
    return copy;
  }
}
