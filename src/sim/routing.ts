/**
 * Owns: the routes of a simulation's hosts: the fewest hops to every network, for both families, through hosts that
 * forward. They are worked out when somebody first asks after the topology has changed, for the hosts that are joined to
 * what changed. What hosts have been told by hand stays. Links that are down and hosts that have crashed change nothing:
 * nobody runs a routing protocol.
 */

import { invariant } from '../base/invariant.ts';
import { type Address, formatAddress, networkOf, type Prefix } from '../wire/address.ts';
import type { SimHost } from './host.ts';
import type { Attachment, Segment } from './segment.ts';

type Family = 4 | 6;
const FAMILIES: readonly Family[] = [4, 6];

/** How a host reaches a network. */
interface Way {
  readonly destination: string;
  /** The next router; null where the destination is on the segment. */
  readonly via: string | null;
  readonly attachment: Attachment;
}

/** The first step from a host to a segment that it is not on. */
interface Hop {
  readonly attachment: Attachment;
  readonly gateway: Attachment;
}

export class Routing {
  readonly #changed: Set<Segment> = new Set();
  /** What each host has been told. */
  readonly #told: Map<SimHost, Way[]> = new Map();

  /** Somebody joined this segment. */
  changed(segment: Segment): void {
    this.#changed.add(segment);
  }

  /** Brings routes up to date. */
  settle(): void {
    if (this.#changed.size === 0) return;
    const hosts = joined(this.#changed);
    this.#changed.clear();
    for (const host of hosts) {
      this.#told.set(
        host,
        FAMILIES.flatMap((family) => waysOf(host, family)),
      );
      this.tell(host);
    }
  }

  /** Enters a host's routes into its present stack. */
  tell(host: SimHost): void {
    if (!host.isUp) return;
    host.stack.routeTable.remove((route) => route.metric === METRIC);
    host.stack.paths.invalidate();
    for (const { destination, via, attachment } of this.#told.get(host) ?? []) {
      const way = { destination, interface: attachment.iface, metric: METRIC };
      host.stack.addRoute(via === null ? way : { ...way, via });
    }
  }
}

/** Tells the simulation's routes from those entered by hand, which go before. */
const METRIC = 1_000_000;

/** Whether there is a way from one host to another, for either family. */
export function isPath(from: SimHost, to: SimHost): boolean {
  return FAMILIES.some((family) => {
    const segments = new Set([...from.attachments.map(segmentOf), ...hops(from, family).keys()]);
    return to.attachments.some((place) => segments.has(segmentOf(place)) && has(place, family));
  });
}

/** All hosts on the segments, and on those that can be reached from there. */
function joined(segments: Iterable<Segment>): Set<SimHost> {
  const hosts = new Set<SimHost>();
  const seen = new Set(segments);
  for (const segment of seen) {
    for (const { host } of segment.members) {
      if (hosts.has(host)) continue;
      hosts.add(host);
      if (host.forwards) for (const attachment of host.attachments) seen.add(segmentOf(attachment));
    }
  }
  return hosts;
}

function waysOf(host: SimHost, family: Family): Way[] {
  // Worked out where it is needed: most hosts have one way out, and neighbours without other links.
  let found: Map<Segment, Hop> | null = null;
  const beyond = (): Map<Segment, Hop> => {
    found ??= hops(host, family);
    return found;
  };
  const ways = host.attachments.flatMap((attachment) => onLink(attachment, family));
  ways.push(...host.attachments.flatMap((attachment) => elsewhere(attachment, family, beyond)));
  if (host.attachments.length === 1) {
    const attachment = host.attachments[0]!;
    const routers = gateways(attachment, family);
    // With one way out, everything else is there.
    if (routers.length <= 1)
      return routers.length === 0 ? ways : [...ways, defaultWay(attachment, routers[0]!, family)];
  }
  for (const [segment, { attachment, gateway }] of beyond()) {
    const via = addressOf(gateway, family);
    for (const destination of networksOf(segment, family)) {
      if (!ways.some((way) => way.destination === destination)) ways.push({ destination, via, attachment });
    }
  }
  return ways;
}

/** The addresses that neighbours have on segments which no router leads to: they are theirs wherever they are asked for. */
function elsewhere(attachment: Attachment, family: Family, beyond: () => ReadonlyMap<Segment, Hop>): Way[] {
  const { host } = attachment;
  const ways: Way[] = [];
  for (const neighbour of segmentOf(attachment).members) {
    if (neighbour.host === host || neighbour.host.forwards || !has(neighbour, family)) continue;
    for (const other of neighbour.host.attachments) {
      const there = segmentOf(other);
      if (host.attachments.some((own) => segmentOf(own) === there) || beyond().has(there)) continue;
      for (const { address } of prefixesOf(other, family)) {
        ways.push({ destination: single(address), via: addressOf(neighbour, family), attachment });
      }
    }
  }
  return ways;
}

/** What is on the segment and in none of the networks of the interface's own addresses. */
function onLink(attachment: Attachment, family: Family): Way[] {
  const own = prefixesOf(attachment, family);
  const ways: Way[] = [];
  for (const other of segmentOf(attachment).members) {
    if (other.host === attachment.host) continue;
    for (const { address } of prefixesOf(other, family)) {
      if (own.some((prefix) => prefix.contains(address))) continue;
      ways.push({ destination: single(address), via: null, attachment });
    }
  }
  return ways;
}

/** The network of one address. */
function single(address: Address): string {
  return `${formatAddress(address)}/${address.family === 4 ? 32 : 128}`;
}

function defaultWay(attachment: Attachment, router: Attachment, family: Family): Way {
  return { destination: family === 4 ? '0.0.0.0/0' : '::/0', via: addressOf(router, family), attachment };
}

/** Who forwards on the attachment's segment, but for the host itself. */
function gateways(attachment: Attachment, family: Family): Attachment[] {
  const { host } = attachment;
  return segmentOf(attachment).members.filter(
    (m) => m.host !== host && m.host.forwards && leads(m, family) && has(m, family),
  );
}

/** Whether what arrives here is forwarded: not what comes to a NAT from outside, in the family that it translates. */
function leads(attachment: Attachment, family: Family): boolean {
  return family === 6 || attachment.side !== 'outside';
}

/** The first hop to every segment that the host is not on itself, the nearest first. */
function hops(host: SimHost, family: Family): Map<Segment, Hop> {
  const found = new Map<Segment, Hop>();
  const own = new Set(host.attachments.map(segmentOf));
  let edge: (readonly [Attachment, Hop])[] = host.attachments.flatMap((attachment) =>
    gateways(attachment, family).map((gateway) => [gateway, { attachment, gateway }] as const),
  );
  while (edge.length > 0) {
    const next: (readonly [Attachment, Hop])[] = [];
    for (const [gateway, hop] of edge) {
      for (const beyond of gateway.host.attachments) {
        const segment = segmentOf(beyond);
        if (beyond === gateway || own.has(segment) || found.has(segment)) continue;
        found.set(segment, hop);
        for (const further of gateways(beyond, family)) next.push([further, hop]);
      }
    }
    edge = next;
  }
  return found;
}

function networksOf(segment: Segment, family: Family): Set<string> {
  return new Set(
    segment.members.flatMap((member) =>
      prefixesOf(member, family).map((prefix) => `${formatAddress(networkOf(prefix))}/${prefix.length}`),
    ),
  );
}

/** The attachment's addresses of a family, link-local ones left out. */
function prefixesOf(attachment: Attachment, family: Family): Prefix[] {
  return attachment.prefixes.filter(({ address }) => address.family === family);
}

function has(attachment: Attachment, family: Family): boolean {
  return attachment.prefixes.some(({ address }) => address.family === family);
}

function addressOf(attachment: Attachment, family: Family): string {
  return formatAddress(prefixesOf(attachment, family)[0]!.address);
}

function segmentOf(attachment: Attachment): Segment {
  const { segment } = attachment;
  invariant(segment !== null, 'a host is attached to no segment');
  return segment;
}
