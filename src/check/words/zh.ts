/** Owns: the gallery in Chinese. */

import type { Model } from '../model.ts';
import type { WhyWords } from './types.ts';

export const chinese: WhyWords = {
  whys: {
    'three-way': {
      question: '为什么建立连接要三次握手，两次不行吗？',
      answer:
        'SYN 可能是旧的：发送方也许早已放弃、崩溃，或者又发过新的。是不是旧的，只有发送方自己知道，所以服务器用 SYN,ACK 反问一次，等第三个报文段确认之后，才把连接当真。',
    },
    'fresh-isn': {
      question: '为什么每个连接都要用不同的初始序号？',
      answer: '握手只凭序号辨认属于自己的报文段。如果每个连接都从同一个序号开始，对旧 SYN 的应答就会恰好对上新的 SYN。',
    },
    'stale-text': {
      question: '序号重复使用，到了传数据的时候会出什么事？',
      answer: '绑定在旧 SYN 上的服务器，会把另一个连接的数据当成这个连接的数据收下。序号每次都换，两者就不会混淆。',
    },
    'ack-check': {
      question: '客户端为什么必须检查 SYN,ACK 确认的是哪个序号？',
      answer:
        '这个 SYN,ACK 也许是在应答更早的一个 SYN。区别只在确认号上：它确认的不是刚刚发出的那个。处于 SYN-SENT 的一方遇到不对的确认号，要回一个 RST。',
    },
    'simultaneous-open': {
      question: '两边同时打开会怎样？',
      answer:
        '两个 SYN 在路上交错，结果是一个连接，而不是两个：双方虽然都已发出自己的 SYN，仍然应答对方的 SYN，用四个报文段完成平时三个做的事。',
    },
    'four-way': {
      question: '为什么关闭连接要四次挥手？',
      answer:
        'FIN 的意思是“我没有话要说了”，与对方是否还有话说无关。每个方向由自己的应用程序决定何时结束，每个 FIN 都要被确认：二二得四。',
    },
    'second-fin': {
      question: '第二个 FIN 为什么也要单独确认？',
      answer: '带着第二个 FIN 的报文段同样可能丢失。在确知客户端已经收到之前，服务器必须保留连接，并且重传 FIN。',
    },
    'first-fin': {
      question: '第一个 FIN 为什么要确认，没有确认就要重传？',
      answer: '道理相同：FIN 丢了而不重传，两边就会永远等下去。',
    },
    piggyback: {
      question: '挥手一定要四次吗？',
      answer:
        '不一定。如果 FIN 到达时服务器已经没有话要说，它自己的 FIN 可以和 ACK 合在一起：三个报文段就够，关闭应有的性质全都成立。',
    },
    'time-wait': {
      question: '为什么先关闭的一方要留在 TIME-WAIT？',
      answer:
        '最后一个 ACK 可能没有送到，这个连接的报文段也可能迟到，总得有人应答。如果主机已经忘了这个连接，就只会回 RST，而什么都没做错的对方会被告知连接失败。',
    },
    'two-msl': {
      question: '为什么 TIME-WAIT 是 2 MSL，而不是 1 MSL？',
      answer:
        '最后的 ACK 最多存活一个 MSL；就在这段时间快要结束时，对方还可能发出报文段，而它又能存活一个 MSL：一去，一回。',
    },
    'rto-premise': {
      question: '2 MSL 够用，要以什么为前提？',
      answer:
        '前提是对方很快就会重传 FIN。每当有数据得到确认，重传定时器就重新计时（RFC 6298 5.3），所以如果 FIN 之前还有数据在路上，FIN 的重传会比想象的晚，最多晚一个 MSL。RTO 不超过半个 MSL 时，2 MSL 就够了。',
    },
    'old-duplicates': {
      question: 'TIME-WAIT 还有什么用？',
      answer: '在这段时间里，这一对端口不能再用，旧连接留在网络里的报文段会全部消亡。否则旧报文段可能恰好落进新连接。',
    },
    'two-defences': {
      question: '有了全新的序号，还需要 TIME-WAIT 吗？',
      answer:
        '序号只解决一半：旧报文段对不上序号不同的新连接。可是最后的 ACK 丢了，仍然没有人补发。两种机制各管一件事，所以要有两种。',
    },
    'old-syn': {
      question: '谁来保护后关闭的一方？',
      answer:
        '它没有 TIME-WAIT。如果连接的寿命比报文段还短，它自己的 SYN 的副本可能在连接结束之后再次到达，打开一个没有对方的连接。只有全新的序号才能保证下一个连接的报文段都对不上：这才是 TCP 两种机制都需要的真正原因。',
    },
    'rst-in-time-wait': {
      question: '为什么 RST 不能结束 TIME-WAIT？',
      answer:
        '对方比我们先结束，也先忘记。我们的 ACK 如果迟到，对方会回 RST，它的序号完全正确，会让等待半途而废（RFC 1337）。所以 TIME-WAIT 不理会 RST。',
    },
    reopen: {
      question: '客户端马上重新连接，也得等满 2 MSL 吗？',
      answer:
        '不必。SYN 的序号如果超过旧连接用过的一切序号，就一定是新的，TIME-WAIT 会给它让路；万一它其实是旧的，就恢复 TIME-WAIT，接着等完剩下的时间。',
    },
    retransmission: {
      question: '为什么要重传？',
      answer: '网络丢了报文段，不会告诉任何人。没有及时得到确认的数据要重发，这样不论发生过什么，每个字节都还能送到。',
    },
    reassembly: {
      question: '接收方为什么要保留早到的数据？',
      answer: '网络不保证顺序。缺口之后的数据先留着，等缺口补上；凡是确认过的，就必须交付。',
    },
    'window-probe': {
      question: '窗口关闭之后为什么要探测？',
      answer:
        '接收方腾出空间后会发 ACK 通知，而 ACK 是不重传的。这个 ACK 一旦丢失，除非发送方不时问一问，否则双方会永远互相等待。',
    },
  },

  counters: {
    'two-way':
      '客户端发出 SYN 之后放弃了，SYN 这时才到。没有第三次握手，服务器当场就算连接建立，和一个并不存在的客户端处于 ESTABLISHED。真正的 TCP 会在 SYN-RECEIVED 等第三个报文段；客户端用 RST 回应 SYN,ACK，服务器便回到 LISTEN。',
    'two-way-stuck':
      '同上，而且 SYN,ACK 丢了。服务器处于 ESTABLISHED，不欠谁什么：它不会发送，没有定时器在走，对面也没有人来关闭，就这样占着资源，直到重启。三次握手时它会重传 SYN,ACK，得到 RST，回到 LISTEN。',
    'constant-isn':
      '服务器应答的是 1 号 SYN；客户端已经放弃它，又发出序号相同的 2 号 SYN。于是对 1 号的应答恰好对上 2 号，2 号的 ACK 又恰好对上服务器，双方都进入 ESTABLISHED，而服务器所在的 1 号连接早已不存在。序号不同的话，客户端一看就知道这个 SYN,ACK 应答的是别的 SYN，会回 RST。',
    'constant-isn-text':
      '客户端发出 1 号 SYN 后崩溃，重启后以相同的序号再次打开。服务器把 2 号连接的字节当作 1 号连接的第一个字节收下了。序号若是新的，1 号的 SYN,ACK 在传数据之前就会被拒绝。',
    'no-ack-check':
      '客户端放弃了 1 号，以另一个序号打开了 2 号。给 1 号的 SYN,ACK 迟到了，它确认的序号 2 号从来没有发过。不检查的客户端就进入 ESTABLISHED，而服务器对 2 号一无所知。真正的 TCP 会回 RST，继续等自己的应答。',
    'no-cross':
      '双方同时打开，两个 SYN 交错。没有从 SYN-SENT 到 SYN-RECEIVED 的这条路，谁也不接受不带 ACK 的 SYN，各自不停地重传，永远建立不了连接。',
    'auto-fin':
      '客户端没有话要说，先关闭了。服务器还没问过自己的应用程序，就用 FIN 回应 FIN；应用程序随后想写的数据被拒绝（connection closing）。真正的 TCP 只确认 FIN，停在 CLOSE-WAIT，服务器想说多久就说多久。',
    'no-last-ack':
      '服务器发出 FIN 就忘掉连接，而这个 FIN 丢了。客户端在 FIN-WAIT-2 等它，再也没有人会重传：只能永远等下去。真正的 TCP 停在 LAST-ACK，重传 FIN，直到得到确认。',
    'fin-once':
      '第一个 FIN 丢了，又不重传。客户端在 FIN-WAIT-1 等确认，服务器不知道对方已经说完。重传定时器管数据，同样也管 FIN。',
    'no-time-wait':
      '一个报文段也没有丢。服务器先确认了 FIN，再发自己的 FIN，而 FIN 超过了前面的 ACK。客户端应答之后立刻忘记；这时 ACK 才到，端口上已经没有人，便回了 RST。RST 又赶在最后的 ACK 之前到达，处于 LAST-ACK 的服务器被告知连接失败。若有 TIME-WAIT，这个 ACK 到达时就还有人在。',
    'one-msl':
      '握手的 ACK 迟到，到达时服务器已在 LAST-ACK，于是回了一个应答。这个应答是在 TIME-WAIT 的第一个 MSL 之内发出的，自己还能存活一个 MSL：它到达时，只有 1 MSL 的等待已经结束，换来一个 RST，服务器的连接以失败告终。（其间最后的 ACK 丢了。）等满 2 MSL，就能等到先前一切报文段可能引起的后果。',
    'rto-whole-msl':
      '这里没有关掉任何机制，就是真正的 TCP，只是这个世界里 RTO 和 MSL 一样长。数据的确认来得晚，重传定时器重新计时，所以 FIN 的重传比“发出后一个 RTO”更晚，副本到达时 2 MSL 已经过完。回应它的 RST 结束了处于 LAST-ACK 的服务器。现实中有余地：这里的 MSL 是一分钟，而 RTO 通常不到一秒。',
    'old-fin':
      '1 号的 FIN 发了两次，第一份已经够用。没有 TIME-WAIT，客户端立刻以相同的序号打开 2 号，这时第二份到了：服务器把它当作 2 号的结束，告诉应用程序不会再有数据。若有 TIME-WAIT，这份副本在 2 号开始之前就已消亡。',
    'old-fin-1-msl':
      '教科书里的那个过程。最后的 ACK 走了整整一个 MSL，就在它到达之前，服务器又重传了 FIN。客户端等了一个 MSL 就打开 2 号，而 1 号的 FIN 仍在自己的 MSL 之内到达，关掉了 2 号。等 2 MSL 的话，它早已消亡。',
    'fresh-isn-no-answer':
      '序号是全新的，反例却和 time-wait 那一个相同：处于 LAST-ACK 的服务器被 RST 结束，因为没有人留下来等迟到的报文段。序号保护的是下一个连接，管不了这一个如何收尾。',
    'old-syn-repeated':
      '除了序号相同，什么机制都没有关掉。SYN 发了两次，第二份到达时服务器已经结束并重新监听，于是打开了一个没有对方的连接。等客户端再来，序号相同，一切都对得上，2 号的 FIN 被当成了 1 号的结束。TIME-WAIT 在这里帮不上忙，因为服务器没有 TIME-WAIT。',
    'rst-ends-time-wait':
      '服务器需要的都已收到，重新开始监听。客户端的第二个 ACK 到了那里，换来 RST，TIME-WAIT 刚开始就结束了：它要防的事现在全都可能发生。真正的 TCP 在 TIME-WAIT 中不理会 RST。',
    'no-reopen':
      '服务器先关闭，处于 TIME-WAIT；客户端从同一个端口重新打开。SYN 得到的是旧连接的 ACK，ACK 又引来 RST，而 RST 照规矩不予理会：2 MSL 结束之前，客户端寸步难行。真正的 TCP 看出这个 SYN 更新，便打开连接。',
    'no-retransmission': '写了一个字节，报文段丢了，事情就到此为止：没有人会知道。重传定时器会让它再发一次。',
    'drop-chain':
      '两个报文段换了位置。第二个先留着，第一个补上缺口后，两个都确认了，却只交付了一个。于是第三个字节占了第二个的位置：流里有了缺口，而且谁也发现不了。确认过的就必须交付。',
    'no-reassembly':
      '两个报文段换了位置。最终流里并没有错，可是早到的那个字节被扔掉了，明明已经到过，还得再发一次。如果丢的是一大段数据里的第一个报文段，要重发的就是整个窗口。',
    'no-persist':
      '接收方的缓冲区满了，窗口关闭。应用程序读走了数据，而通知窗口打开的 ACK 丢了。发送方等窗口，接收方等数据，双方都没有定时器。坚持定时器会让发送方去问。',
  },

  properties: {
    H1: '服务器处于 ESTABLISHED 时，客户端在同一个连接里到过 ESTABLISHED',
    'H1-weak': '服务器处于 ESTABLISHED 时，客户端正在打开同一个连接，或者已经打开了它',
    H3: '客户端处于 ESTABLISHED 时，它接受的 SYN,ACK 是对它自己那个 SYN 的应答',
    D1: '先前连接的字节不会在后来的连接里交付',
    D2: '先前连接的 FIN 不会结束后来的连接',
    D3: '先前连接的 RST 不会结束后来的连接',
    D4: '交付的就是写入的，次序不变，没有缺口；全部交付之后才告知结束',
    D6: '落在窗口里的数据到了就保留，不必重发',
    C1: '没有关闭的应用程序可以写',
    C4: '应用程序关闭之前不会发出 FIN',
    W1: '后关闭的一方正常结束，而不是被 RST 结束',
    W2: '同一对端口的先前连接还有报文段在路上时，不会开始新的连接',
    W3: 'TIME-WAIT 只因自己的定时器到期或更新的 SYN 而结束，别无其他',
    W4: '为一个其实是旧的 SYN 让过路的 TIME-WAIT，会接着等完剩下的时间',
    S1: '窗口的边沿不后退，不确认没有到达的数据，每个报文段都带着该带的内容',
    H2: '从任何状态出发，双方仍能互相建立连接，或者都能回到空闲',
    C2: '从任何状态出发，双方仍能正常结束',
    C3: '从任何状态出发，双方仍能得知对方已经结束',
    D5: '从任何状态出发，写入的每个字节仍能交付，或者写入者能得知没有交付',
    W5: '一方处于 TIME-WAIT 时，重新打开的客户端在它结束之前就能建立连接',
  },

  mutants: {
    'two-way': '去掉第三次握手',
    'constant-isn': '每次都用相同的初始序号',
    'no-ack-check': '不检查 SYN,ACK 的确认号',
    'no-cross': '去掉从 SYN-SENT 到 SYN-RECEIVED 的转移',
    'auto-fin': '收到 FIN 就自动回 FIN',
    'no-last-ack': '服务器发出 FIN 就算结束',
    'fin-once': 'FIN 只发一次',
    'no-time-wait': '去掉 TIME-WAIT',
    'time-wait-1-msl': 'TIME-WAIT 只有 1 MSL',
    'rst-ends-time-wait': 'RST 可以结束 TIME-WAIT',
    'no-reopen': 'TIME-WAIT 不给更新的 SYN 让路',
    'no-persist': '窗口关闭后不探测',
    'no-retransmission': '去掉重传',
    'no-reassembly': '扔掉缺口之后的数据',
    'drop-chain': '确认缺口之后的数据却不交付',
  },

  bounds,
  searched: (text) => `搜索范围：${text}`,
  property: (name, meaning) => `性质 ${name}：${meaning}。`,
  holds: (property, states, depth, pruned) =>
    `${property} 在 ${states} 个状态中全部成立：这就是上述范围内的所有状态，最深 ${depth} 步。${
      pruned === '0' ? '' : `超出范围的 ${pruned} 步没有走，对它们不作断言。`
    }`,
  violated: (property, steps, states) => `${property} 被违反，最少只要 ${steps} 步（${states} 个状态）：`,
  bounded: (states, depth, waiting, stopped) => {
    const why = { memory: '内存用完了', states: '状态数到了限定的上限', asked: '被中止' };
    return `没有结论：${why[stopped]}。已访问 ${states} 个状态，最深 ${depth} 步，还有 ${waiting} 个没有展开。对其余部分不作断言。`;
  },
  unexpected: (property) => `这与陈列的结论不符：${property} 的结果本应相反。`,
  with: '真正的 TCP',
  withBut: (mutant) => `真正的 TCP，但${spaced(mutant)}`,
  without: (mutant) => `同上，但${spaced(mutant)}`,
  switched: (mutant) => `${mutant}：`,
  nobody: '没有关掉任何机制',
  cure: '真正的 TCP 遇到同样的安排：',
  crashes: (host) => `${host} 崩溃：它知道的一切都没有了`,
  forgets: (host) => `${host} 忘记了这个连接`,
  reports: (host) => `ICMP 向 ${host} 报告了错误`,
  trap: (property) => `从这里起，不论再发生什么，${property} 都无法达到`,
};

/** A space between Chinese and the Latin letters that follow. */
function spaced(text: string): string {
  return /^\w/.test(text) ? ` ${text}` : text;
}

function bounds(model: Model): string {
  const { choices, opens, aborts, crashes, writes, losses, duplicates, capacity, msl, rto, isns, window, server } =
    model;
  const may = (choice: string): boolean => choices.some((one) => one.startsWith(choice));
  const who = server ? '一个客户端和一个服务器' : '两台都可以主动打开的主机';
  const acts = [
    server ? `打开 ${opens} 次` : `打开（合计 ${opens} 次）`,
    ...(may('abort') && aborts > 0 ? [`放弃 ${aborts} 次`] : []),
    ...(may('crash') && crashes > 0 ? [`崩溃 ${crashes} 次`] : []),
    ...(may('write') ? [`写 ${writes} 字节`] : []),
    ...(may('read') ? ['随时读取'] : []),
    ...(may('close') ? ['随时关闭'] : []),
    ...(model.calls === 0 ? [] : [`另外发出 ${model.calls} 次任意的调用`]),
  ];
  const net = [
    losses === 0 ? '不丢报文段' : `可以丢 ${losses} 个报文段`,
    ...(duplicates === 0 ? [] : [`可以把 ${duplicates} 个报文段交付两次`]),
    `可以按任何次序、经过不超过 MSL（${msl} 个时钟滴答）的任何时间交付`,
    `同时最多容纳 ${capacity} 个报文段`,
    ...(model.intrusions === 0 ? [] : [`另有外人伪造 ${model.intrusions} 个报文段`]),
  ];
  return [
    `${who}之间可能发生的一切。应用程序可以${acts.join('，')}。`,
    `网络${net.join('，')}。`,
    `重传超时为 ${rto} 个滴答，接收缓冲区为 ${window} 字节，`,
    isns === 'fresh' ? '每个连接都用全新的初始序号。' : '每个连接都从相同的序号开始。',
    ...(model.patience === 0 ? [] : [`耐心在 ${model.patience} 个滴答后用尽。`]),
    ...(model.keepAlive === 0 ? [] : [`沉默 ${model.keepAlive} 个滴答后，双方会询问对方是否还在。`]),
    ...(model.closesAtEnd ? ['服务器一得知对方结束就关闭。'] : []),
    ...(model.longLived ? ['连接的寿命超过 MSL：还有 SYN 在路上时，谁也不关闭。'] : []),
  ].join('');
}
