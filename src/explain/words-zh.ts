/** Owns: the sentences in Chinese. */

import type { Kind } from './meaning.ts';
import type { Offer, Range, Sentences } from './sentences.ts';

const octets = ([from, to]: Range): string => (from === to ? `第 ${from} 字节` : `第 ${from}–${to} 字节`);

export function duration(ms: number): string {
  const [value, unit] = ms >= 1000 ? [ms / 1000, '秒'] : [ms, '毫秒'];
  return `${Number(value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2))} ${unit}`;
}

function offers(h: string, { mss, scale, sack, timestamps, ecn, fastOpen }: Offer): string {
  const items = [
    ...(mss === null ? [] : [`报文段最长 ${mss} 字节`]),
    ...(scale === null ? [] : [`窗口以 ${scale} 字节为单位`]),
    ...(sack ? ['选择确认'] : []),
    ...(timestamps ? ['时间戳'] : []),
    ...(ecn ? ['ECN'] : []),
    ...(fastOpen === null ? [] : [fastOpen === 'request' ? '索取 fast open cookie' : '带有 fast open cookie']),
  ];
  return `${h} 给出的选项：${items.join('、')}。`;
}

const NAMES: Partial<Record<Kind, string>> = {
  syn: 'SYN',
  'syn-ack': 'SYN,ACK',
  'syn-both': 'SYN,ACK',
  fin: 'FIN',
  'window-probe': '窗口探测',
  'keep-alive': '保活探测',
  refusal: 'RST',
  'no-connection': 'RST',
  abort: 'RST',
};

const TWO_MSL = '还要停留 2 MSL：万一最后的 ACK 丢了可以补发，也等网络里的旧报文段全部消亡';

export const chinese: Sentences = {
  space: '',
  duration,

  packet(h, kind, range, fin) {
    const name = NAMES[kind] ?? (range === null ? 'ACK' : `${octets(range)}${fin ? '和 FIN' : ''}`);
    return h === null ? name : `${h} 的${_(name)}`;
  },
  somePacket: '一个包',

  syn: (h, p, isn) => `${h} 请求与 ${p} 建立连接。SYN 说明 ${h} 的序号从 ${isn} 开始，这里记作 0。`,
  synAck: (h, p, isn) => `${h} 同意：确认 ${p} 的 SYN，同时发出自己的 SYN。它的序号从 ${isn} 开始，记作 0。`,
  synBoth: (h, p) =>
    `${h} 自己已经请求过 ${p}，现在又收到 ${p} 的 SYN：它带上 ACK 再发一次自己的 SYN。两个请求合成一个连接。`,
  handshake: (h, p) => `${h} 确认 ${p} 的 SYN，这是握手的第三个报文段。有了它，${p} 才知道自己应答的不是旧 SYN。`,
  text: (h, range, p) => `${h} 向 ${p} 发送${octets(range)}。`,
  fin: (h, p, afterText, halfway) =>
    [
      afterText ? '数据到此为止：FIN。' : `${h} ${halfway ? '' : '也'}没有数据要发给 ${p} 了：FIN。`,
      ...(halfway ? [`${afterText ? `${h} ` : '它'}仍然可以接收。`] : []),
    ].join(''),
  ack: (h, last) => `${h} 确认收到第 ${last} 字节为止的全部数据。`,
  ackFin: (h, p, halfway) =>
    `${h} 确认 ${p} 的 FIN。${halfway ? `${h} 自己还可以继续发送。` : '至此两个方向都已关闭。'}`,
  ackFinAgain: (h, p) => `${h} 再次确认 ${p} 的 FIN，以防上一个 ACK 丢失。`,
  ackAgain: (h, next) => `${h} 再次说明自己收到了哪里：下一个期待的是第 ${next} 字节。`,
  duplicate: (h, next, n) =>
    `${h} 期待的仍是第 ${next} 字节：刚到的数据前面有缺口。它立即说明这一点（第 ${n} 个重复 ACK）。`,
  window: (h, window) => `${h} 告知现在有多少空间：窗口为 ${window} 字节。`,
  zeroWindow: (h, p) => `${h} 的缓冲区已满：窗口为 0，${p} 必须等待。`,
  windowProbe: (h, p) => `${h} 询问 ${p} 是否又有了空间（窗口探测）：窗口打开的消息如果丢了，两边会永远等下去。`,
  probeAnswer: (h, window) =>
    window === 0 ? `${h} 应答探测：仍然没有空间。` : `${h} 应答探测：有 ${window} 字节的空间。`,
  keepAlive: (h, p) => `${h} 很久没有听到消息，就用一个 ${p} 早已收到的序号询问 ${p} 是否还在（保活）。`,
  keepAliveAnswer: (h) => `${h} 还在，并且作了应答。`,
  challenge: (h, p) =>
    `${h} 不轻信：它可能是旧的，也可能是伪造的。${h} 说明自己的状态（challenge ACK）；如果 ${p} 真是这个意思，会回 RST。`,
  refusal: (h, port) => `${h} 拒绝：没有程序在监听端口 ${port}。`,
  noConnection: (h, p) => `${h} 不知道这个报文段属于哪个连接，用 RST 告诉 ${p}。`,
  abort: (h, p) => `${h} 立即放弃连接：RST。路上的数据作废，${p} 会得知连接失败。`,
  again: (thing, h, why) => {
    const reason = {
      'time-out': '迟迟没有收到确认',
      missing: '对方的确认表明它没有到',
      probe: '探一探最后几个报文段到了没有',
      unknown: '它还没有得到确认',
    }[why];
    return `${h} 重新发送${_(thing)}：${reason}。`;
  },
  forged: (h, claimed) => `${h} 发出一个自称来自 ${claimed} 的包。`,

  offers,
  reuse: '这一对端口以前有过连接。',
  alsoAcks: (last) => `同时确认收到第 ${last} 字节为止的数据。`,
  sack: (ranges) => `${ranges.map(octets).join('、')}也已收到（SACK），不必重传。`,
  twice: (range) => `${octets(range)}收到了两次（D-SACK）。`,
  noRoom: (p) => `窗口为 0：${p} 必须等待。`,
  echo: (p) => `ECE：有路由器在包上标记了拥塞，${p} 应当放慢。`,
  reduced: (h) => `CWR：${h} 已经放慢。`,
  urgent: (h) => `URG：${h} 把数据标为紧急。`,

  comes: (h, thing) => `${spaced(thing).trimStart()}到达 ${h}。`,
  copy: (h, thing) => `${h} 又收到一份${_(thing)}。`,
  stranger: (h, thing) => `${h} 收到${_(thing)}，可是刚才没有人发过它：是旧的，或是伪造的。`,
  takes: (h, thing) => `${h} 收下${_(thing)}。`,
  fills: (h, thing) => `${h} 收下${_(thing)}：正好填上缺口。`,
  beyond: (h, thing, next) => `${h} 先留着${_(thing)}，但前面缺第 ${next} 字节。`,
  old: (h, thing) => `${h} 早已收到过${_(thing)}，只回一个 ACK。`,
  outside: (h, thing) => `${h} 不能收下${_(thing)}：序号不在它现在期待的范围内。`,
  aged: (h, thing) => `${h} 丢弃${_(thing)}：时间戳比上一个还旧，一定发得更早，序号再合适也不行（PAWS）。`,
  resetOutside: (h) => `这个 RST 的序号不正好是 ${h} 所期待的：连接不会因此结束。`,
  acked: (h, n, after) => `${h} 得知又有 ${n} 字节送到${after === null ? '' : `，距发出 ${duration(after)}`}。`,
  ownAcked: (h, flag, after) =>
    `${h} 得知自己的 ${flag} 已送到${after === null ? '' : `：往返时间 ${duration(after)}`}。`,
  heardDuplicate: (h, n) =>
    `这是连续第 ${n} 个重复 ACK${n === 3 ? `：足以让 ${h} 不等定时器就认定那个报文段丢失` : ''}。`,
  opens: (h, window) => `窗口重新打开：${h} 可以发送 ${window} 字节。`,
  stops: (h) => `窗口关闭：${h} 必须停下。`,

  arrows: {
    'CLOSED>LISTEN': (h) => `${h} 等待别人来连接（被动 OPEN）。`,
    'CLOSED>SYN-SENT': (h, p) => `${h} 要与 ${p} 建立连接（主动 OPEN）：发出 SYN，等待应答。`,
    'LISTEN>SYN-RECEIVED': (h, p) =>
      `${h} 收到 SYN 并作应答。${p} 是不是真要连接，要等 ${h} 自己的 SYN 得到确认才知道。`,
    'LISTEN>SYN-SENT': (h, p) => `${h} 本来在等待，现在自己向 ${p} 请求。`,
    'LISTEN>CLOSED': (h) => `${h} 不再等待连接。`,
    'SYN-SENT>SYN-RECEIVED': (_h, p) => `${p} 也在同时请求（同时打开）。`,
    'SYN-SENT>ESTABLISHED': (h, p) => `${h} 的 SYN 得到确认，也有了 ${p} 的 SYN：对 ${h} 来说连接已经建立。`,
    'SYN-RECEIVED>ESTABLISHED': (h) => `${h} 的 SYN 得到确认：对 ${h} 来说连接也建立了。`,
    'SYN-RECEIVED>FIN-WAIT-1': (h) => `${h} 的 SYN 还没得到确认就要关闭：接着发 FIN。`,
    'SYN-RECEIVED>LISTEN': (h) => `这次没有结果。${h} 继续等待连接，它的应用程序对此一无所知。`,
    'ESTABLISHED>FIN-WAIT-1': (h) => `${h} 关闭，此时还没有收到 FIN：发出自己的 FIN，但仍然接收。`,
    'ESTABLISHED>CLOSE-WAIT': (h, p) => `${p} 不再发送数据。${h} 还可以发，直到自己的应用程序也关闭。`,
    'FIN-WAIT-1>FIN-WAIT-2': (h, p) => `${h} 的 FIN 得到确认。${p} 那个方向还开着：${h} 等它的 FIN。`,
    'FIN-WAIT-1>CLOSING': (h, p) => `${p} 同时也在关闭：它的 FIN 比 ${h} 的 FIN 的 ACK 先到。`,
    'FIN-WAIT-1>TIME-WAIT': (h) => `FIN 和对 ${h} 自己 FIN 的确认一起到达。先关闭的 ${h} ${TWO_MSL}。`,
    'FIN-WAIT-2>TIME-WAIT': (h) => `两个方向都已关闭。先关闭的 ${h} ${TWO_MSL}。`,
    'CLOSE-WAIT>LAST-ACK': (h) => `${h} 也关闭了，只差自己的 FIN 得到确认。`,
    'CLOSING>TIME-WAIT': (h) => `${h} 的 FIN 得到确认：两个方向都已关闭。${h} ${TWO_MSL}。`,
    'LAST-ACK>CLOSED': (h) => `${h} 的 FIN 得到确认：${h} 的事已经办完，忘掉这个连接。`,
    'TIME-WAIT>CLOSED': (h) => `2 MSL 已过：这个连接的报文段不可能还有剩下的。${h} 忘掉连接，端口可以再用。`,
    'TIME-WAIT>SYN-RECEIVED': (h) => `来了一个只可能是新的 SYN：${h} 不必再等，直接应答。`,
    'SYN-RECEIVED>TIME-WAIT': (h) => `那个 SYN 到底还是旧的：${h} 回到 TIME-WAIT。`,
  },
  ends: (h, from, why) => {
    const reason = {
      reset: `收到 RST${from === 'SYN-SENT' ? '，被拒绝' : ''}`,
      timeout: '太久没有任何数据得到确认',
      orphan: '没有程序在等它，而 FIN 一直没有来',
      call: '应用程序放弃了它',
    }[why];
    return `${h} 删除连接：${reason}。`;
  },

  timers: {
    retransmission: {
      name: '重传',
      purpose: '到时还没有 ACK 就重传',
      fired: '没有收到 ACK，重传最早的数据，下次等待的时间加倍',
    },
    'tail-loss-probe': {
      name: '尾丢包探测',
      purpose: '最后几个报文段若没有回音，就提前问一声',
      fired: '最后几个报文段没有回音，再发一个，从回答里可以知道缺了什么',
    },
    reordering: {
      name: '乱序等待',
      purpose: '后发的已经先到，它也许只是迟到',
      fired: '被后发的超过，至今没到：认定丢失',
    },
    persist: {
      name: '坚持',
      purpose: '窗口容不下一整个报文段，而变大的消息可能会丢',
      fired: '没有等到窗口变大的消息，就发出窗口容得下的数据，或者探测',
    },
    'delayed-ack': {
      name: '延迟确认',
      purpose: '自己的数据或者第二个报文段也许马上就到，ACK 可以一起走',
      fired: '没有等到可以捎带 ACK 的数据，ACK 单独发出',
    },
    'keep-alive': { name: '保活', purpose: '沉默这么久就要问一声对方还在不在', fired: '沉默太久，问一声对方还在不在' },
    pacing: { name: '发送节奏', purpose: '把报文段均匀分布在往返时间里', fired: '可以发下一个报文段了' },
    user: { name: '用户超时', purpose: '到时毫无进展就放弃', fired: '这么久没有任何确认，放弃' },
    linger: { name: '关闭等待', purpose: '应用程序最多等这么久', fired: '应用程序不再等，发 RST' },
    cork: { name: '合并等待', purpose: '也许能凑成更满的报文段', fired: '留着的数据现在发出' },
    'time-wait': { name: 'TIME-WAIT', purpose: '2 MSL，一去一回，报文段最长的寿命', fired: '2 MSL 已过' },
    'fin-wait-2': {
      name: 'FIN-WAIT-2',
      purpose: '这里已经没有程序在等那个也许永远不来的 FIN',
      fired: 'FIN 没有来，也没有程序在等它',
    },
  },
  timerSet: (h, name, wait, purpose, anew) =>
    `${h} ${anew ? '重新启动' : '启动'}${spaced(name)}定时器，${wait}：${purpose}。`,
  timerStopped: (h, name) => `${h} 停止${spaced(name)}定时器：不必再等，或者重新计时。`,
  timerFired: (h, name, fired) => `${h} 的${spaced(name)}定时器到期：${fired}。`,

  cwnd: (h, now, before) =>
    before === null || before === now
      ? `${h} 在路上的数据最多可以有 ${now} 字节（cwnd）。`
      : `${h} 在路上的数据最多可以有 ${now} 字节（cwnd，原来是 ${before}）。`,
  phases: {
    'slow-start': '慢启动：每个往返时间翻一倍，直到丢包或者达到 ssthresh。',
    'congestion-avoidance': '拥塞避免：慢慢增长，试探极限。',
    'fast-recovery': '快速恢复：有数据丢失，少发一些，趁 ACK 还在到来时补上。',
    loss: '超时：路上的数据下落不明，从小窗口重新开始。',
  },
  undone: (h) => `其实没有丢，只是迟到：${h} 撤销刚才的减小。`,

  call: (h, call, n, listens) => {
    switch (call) {
      case 'OPEN':
        return listens ? `${h} 的应用程序开始监听（被动 OPEN）。` : `${h} 的应用程序请求建立连接（主动 OPEN）。`;
      case 'SEND':
        return `${h} 的应用程序交来 ${n} 字节要发送（SEND）。`;
      case 'RECEIVE':
        return `${h} 的应用程序取走 ${n} 字节（RECEIVE）：又空出这么多空间。`;
      case 'CLOSE':
        return `${h} 的应用程序没有数据要发了（CLOSE）。`;
      case 'ABORT':
        return `${h} 的应用程序放弃连接（ABORT）。`;
    }
  },
  refused: (result) => `结果：${result}。`,

  link: {
    'packet-lost': (thing) => `网络丢掉了${_(thing)}。没有人通知任何一方。`,
    'packet-duplicated': (thing) => `网络把${spaced(thing)}复制成两份。`,
    'packet-reordered': (thing) => `网络耽搁了${_(thing)}：后发的会先到。`,
    'packet-corrupted': (thing) => `网络改变了${spaced(thing)}的几个比特：校验和会对不上。`,
    'packet-held': (thing) => `网络扣住了${_(thing)}。`,
    'packet-released': (thing) => `网络放行${_(thing)}。`,
    'packet-injected': (thing) => `网络送来${_(thing)}，可是现在没有人发它：是旧的，或是伪造的。`,
  },
  dropped: (h, thing, why, reason) => {
    switch (why) {
      case 'queue':
        return `${h} 的队列满了，丢弃${_(thing)}。这就是拥塞。`;
      case 'checksum':
        return `${h} 丢弃${_(thing)}：校验和不对。对 TCP 来说与丢失无异。`;
      case 'down':
        return `${spaced(thing).trimStart()}无路可走：线路断开。`;
      default:
        return `${h} 丢弃${_(thing)}（${reason}）。`;
    }
  },
};

/** A space between Chinese and the Latin letters that it leads up to. */
function _(text: string): string {
  return /^[\w[]/.test(text) ? ` ${text}` : text;
}

/** Spaces around Latin letters among Chinese. */
function spaced(word: string): string {
  return `${_(word)}${/[\w\]]$/.test(word) ? ' ' : ''}`;
}
