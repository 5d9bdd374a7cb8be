/** Owns: the story of a captured connection in Chinese. */

import type { Offer } from './connection.ts';
import type { Actor, StoryWords } from './story.ts';
import { duration } from './words-zh.ts';

/** An address is set off from Chinese by spaces, at the beginning of a sentence behind it only. */
const first = ({ role, name }: Actor): string => (role === null ? `${name} ` : role === 'client' ? '客户端' : '服务器');
const named = (actor: Actor): string => (actor.role === null ? ` ${first(actor)}` : first(actor));
const percent = (share: number): string => `${Number((share * 100).toFixed(share < 0.01 ? 2 : 1))}%`;

function rate(bitsPerSecond: number): string {
  const steps = [
    [1e9, 'Gbit/s'],
    [1e6, 'Mbit/s'],
    [1e3, 'kbit/s'],
    [1, 'bit/s'],
  ] as const;
  const [size, unit] = steps.find(([least]) => bitsPerSecond >= least) ?? steps[3];
  return `${Number((bitsPerSecond / size).toPrecision(3))} ${unit}`;
}

function agreed(client: Offer, server: Offer): string {
  const both = [
    client.windowScale !== null && server.windowScale !== null
      ? `窗口以 ${1 << client.windowScale} 字节（客户端）和 ${1 << server.windowScale} 字节（服务器）为单位`
      : null,
    client.sack && server.sack ? '选择确认' : null,
    client.timestamps && server.timestamps ? '时间戳' : null,
  ].filter((item) => item !== null);
  const sizes = `发给客户端的报文段最长 ${client.mss ?? 536} 字节，发给服务器的最长 ${server.mss ?? 536} 字节`;
  return both.length === 0 ? `${sizes}；没有商定任何选项。` : `${sizes}；双方商定：${both.join('、')}。`;
}

export const storyInChinese: StoryWords = {
  space: '',
  headings: { opened: '如何建立', flowed: '传了什么', trouble: '出了什么问题', ended: '如何结束' },
  cast: (client, server) => `${client} 是客户端，${server} 是服务器。`,
  strangers: (a, b) => `${a} 与 ${b} 之间的连接；是谁请求建立的，捕获文件里看不到。`,
  duration,

  opened: (opening, client, server, roundTrip) => {
    const took = roundTrip === null ? '' : `用时 ${duration(roundTrip)}。`;
    switch (opening) {
      case 'handshake':
        return `${first(client)}请求，${named(server).trimStart()}同意，${named(client).trimStart()}再确认：三个报文段。${took}`;
      case 'simultaneous':
        return `双方同时请求（同时打开），合成一个连接。${took}`;
      case 'refused':
        return `${first(client)}请求，${named(server).trimStart()}用 RST 拒绝。`;
      case 'unanswered':
        return `${first(client)}请求，没有得到应答。`;
      case 'unfinished':
        return `${first(client)}请求，${named(server).trimStart()}同意，第三个报文段却一直没有来。`;
      case 'one-way':
        return `捕获里只有${named(client)}发出的包：它请求之后照常继续，看来${named(server)}同意了。`;
      case 'answer':
        return `捕获从${named(server)}的应答开始，SYN 不在其中。`;
      case 'middle':
        return '开始捕获之前，连接已经建立。';
    }
  },
  persisted: (client, tries, after) => `${first(client)}的 SYN 一共发了 ${tries} 次，前后 ${duration(after)}。`,
  reused: '捕获里更早的一个连接用过同样的一对套接字。',
  agreed,

  flowed: (from, text, segments, bitsPerSecond) =>
    `${first(from)}发送了 ${text} 字节数据，用了 ${segments} 个包${bitsPerSecond > 0 ? `，平均 ${rate(bitsPerSecond)}` : ''}。`,
  silent: (actors) => (actors.length > 1 ? '没有传送任何数据。' : `${first(actors[0]!)}没有发送数据。`),
  roundTrips: (from, mean, min, max) =>
    `在捕获处看，${first(from)}发出的数据平均 ${duration(mean)}后得到确认（最短 ${duration(min)}，最长 ${duration(max)}）。`,

  fine: '捕获里看不出问题。',
  anomalies: {
    reused_ports: '同样的一对套接字开始了新的连接',
    retransmission: '重新发送：原来的丢失了，或者它的 ACK 丢失或迟到',
    fast_retransmission: '重复 ACK 说明有缺口，不等定时器就重传',
    spurious_retransmission: '重传了已经得到确认的数据：它的 ACK 迟到或丢失',
    out_of_order: '报文段比后发的晚到：网络打乱了次序，或者丢失后立即补发',
    lost_segment: '出现缺口：缺的数据在到达捕获处之前丢失，或者没有被捕获',
    ack_lost_segment: '确认了捕获里没有的数据：捕获漏了包',
    window_update: '接收方告知空间变大',
    window_full: '发送方填满了窗口，必须等接收方',
    keep_alive: '询问对方是否还在',
    keep_alive_ack: '对保活的应答',
    duplicate_ack: '接收方重复同一个 ACK：缺口后面的数据已到',
    zero_window_probe: '发送方询问关闭的窗口是否重新打开',
    zero_window: '接收方没有空间：应用程序读得不够快',
    zero_window_probe_ack: '对窗口探测的应答',
  },
  anomaly: (label, by, frames, more, [from, to], meaning) => {
    const who = by.map(({ actor, count }) => `${first(actor).trimEnd()} ${count} 个`).join('，');
    const when = from === to ? `在 ${duration(from)}处` : `从 ${duration(from)}到 ${duration(to)}`;
    return `${label}：${who}，${when}（帧 ${frames.join('、')}${more ? ' 等' : ''}）；${meaning}。`;
  },
  stalled: (actor, time) => `${first(actor)}的窗口一共关闭了 ${duration(time)}。`,
  loss: (actor, share) => `${first(actor)}的包有 ${percent(share)} 是重传。`,
  icmp: (n) => `有 ${n} 个 ICMP 差错报告路上有问题。`,

  closed: (actor, time) => `${first(actor)}先关闭，在 ${duration(time)}之后。`,
  crossed: (time) => `双方在 ${duration(time)}之后同时关闭：两个 FIN 在路上交错。`,
  followed: (second, wait, octets) =>
    octets > 0
      ? `${first(second)}的方向又用了 ${duration(wait)}，发送了 ${octets} 字节，然后也关闭。`
      : `${first(second)}${wait < 1 ? '立即' : `在 ${duration(wait)}之后`}也关闭。`,
  halfOpen: (second, octets) =>
    `在捕获里，${first(second)}的方向没有关闭${octets > 0 ? `；它又发送了 ${octets} 字节` : ''}。`,
  timeWait: (actors) =>
    actors.length > 1
      ? '双方都留在 TIME-WAIT。'
      : `${first(actors[0]!)}留在 TIME-WAIT：最后的 ACK 若丢失由它补发，旧报文段也不会混进新的连接。`,
  lastAckMissing: (actor) => `对${named(actor)}的 FIN 的确认不在捕获里。`,
  reset: (by, other, time, cause) => {
    const why: Record<typeof cause, string> = {
      'closed-port': '没有程序在监听那个端口，或者防火墙这样回答',
      'old-answer': '收到的应答确认的不是它自己的 SYN，而是旧的重复',
      'gave-up-opening': '它已经放弃，或者只是想看看有没有应答（端口扫描）',
      'no-connection': '它不知道有这个连接：重新启动过，或者已经忘掉',
      'text-after-close': `它已经关闭，没有程序再读数据，而${named(other)}还在发送`,
      timeout: '一再重传的数据始终没有得到确认',
      'keep-alive': '保活探测无人应答',
      unread: `应用程序放弃了连接，或者没有读完${named(other)}发来的数据就关闭了`,
      abort: '应用程序放弃了连接',
      'after-end': '对它来说连接已经结束',
    };
    return `${first(by)}在 ${duration(time)}之后发出 RST。可能的原因：${why[cause]}。`;
  },
  resetIgnored: (by) => `此后${named(by)}照常发送，所以这个 RST 是伪造的，或者序号不对。`,
  moreResets: (n) => `一共有 ${n} 个 RST。`,
  stillOpen: (ends) => {
    const [a, b] = ends;
    if (b !== undefined && a!.state === b.state) return `捕获结束时双方都处于 ${b.state}。`;
    return `捕获结束时${ends.map(({ actor, state }, at) => `${at === 0 ? named(actor) : first(actor)}处于 ${state}`).join('，')}。`;
  },
  unanswered: (actor, times) => `${first(actor)}把最后的数据重发了 ${times} 次，再也没有得到应答。`,
};
