/** Owns: what the presets say, in Chinese. */

import type { PresetId } from '../presets/ids.ts';
import type { PresetWords } from './types.ts';

export const presets: Readonly<Record<PresetId, PresetWords>> = {
  handshake: {
    title: '握手：为什么是三次？',
    story: [
      'A 上的程序想和 B 上的程序通话。传数据之前，双方都得知道：对方此刻确实在，以及对方从几号开始给字节编号。',
      'A 用 SYN 报出自己的序号。B 用 SYN,ACK 报出自己的，同时把 A 的序号加一还回去：“你的我听到了。”A 再把 B 的序号加一还回去：“你的我也听到了。”',
      '两次询问，两次回答。B 的回答和询问合在一起，所以是三个报文段。',
    ],
    predict: {
      question: 'B 刚发出 SYN,ACK，这时它知道什么？',
      answers: ['A 就在那里，听得到自己', '只知道来过一个 SYN', '连接已经建立'],
      right: 1,
      because:
        '这个 SYN 可能是旧的，也可能是伪造的，B 的应答还可能丢失。只有第三个报文段能证明，真的有人听到了 B 的序号。在那之前，B 停在 SYN-RECEIVED。',
    },
    challenge: {
      task: '丢掉一个报文段，让连接仍然能建立，但 A 要花一秒以上。',
      hint: '丢掉 A 的第一个 SYN。没有人应答，一秒后 A 的重传定时器触发。',
      praise: '没有谁告诉 TCP 丢了包。它手里只有沉默，和一只钟。',
    },
  },
  'lost-syn': {
    title: 'SYN 一丢再丢',
    story: [
      'A 的 SYN 没有送到。A 无从知道，它只是什么也没听见，于是靠定时器再问一遍。',
      '每沉默一次，等待就加倍：1 秒、2 秒、4 秒……',
    ],
    predict: {
      question: 'A 为什么一次比一次等得久？',
      answers: ['免得把已经有麻烦的网络淹没', 'B 启动需要更多时间', 'SYN 一个比一个大'],
      right: 0,
      because: '沉默也许是拥塞。如果大家都马上再问，只会更堵；等待加倍，再严重的拥堵也有机会消散。',
    },
    challenge: {
      task: '让 A 的程序放弃：ETIMEDOUT。',
      hint: '从 0 到 300,000 ms，切断 A 发出的一切。第一个 SYN 发出三分钟后，A 就会放弃。',
      praise: 'TCP 的耐心也有尽头。程序会得到通知，以后可以再试。',
    },
  },
  'lost-synack': {
    title: 'SYN,ACK 丢了',
    story: [
      'B 的应答没有送到。B 以为自己答过了，A 以为那边没有人。',
      '双方都发过必须得到确认的东西，所以双方都有定时器在走。谁的先到，谁就再说一遍。',
      'SYN 第二次到达。B 认得它，于是用同一个序号再答一次。',
    ],
    predict: {
      question: 'A 的 SYN 第二次到达 B，B 会怎样？',
      answers: ['再打开一个连接', '把同一个 SYN,ACK 再发一次', '回一个 RST'],
      right: 1,
      because: '序号相同，就是同一个 SYN。它又来了，说明应答丢了，所以 B 再说一遍。',
    },
    challenge: {
      task: '让情况更糟：两秒之后 A 才能连上。',
      hint: '把 B 的第二个 SYN,ACK 也丢掉。',
      praise: '不管丢的是哪一个报文段，总有一方为它开着定时器。',
    },
  },
  'lost-ack': {
    title: '第三个报文段丢了',
    story: [
      'A 收到了 B 的应答，已经连上。它最后的 ACK 却丢了，而 ACK 是没有人确认的，A 不会主动再说一遍。',
      'B 停在 SYN-RECEIVED，不知道 A 听到没有。它的定时器会重发 SYN,ACK，A 就再确认一次。',
    ],
    predict: {
      question: 'A 是 ESTABLISHED，B 还不是。这危险吗？',
      answers: ['危险：可能永远这样下去', '不危险：B 会再问，A 的第一份数据也说明一切', '危险：A 现在发的都会丢'],
      right: 1,
      because: 'A 之后的每个报文段都带着同样的确认；而 B 会一直重发 SYN,ACK，直到它来。',
    },
    challenge: {
      task: '那个 ACK 照样丢，但要让 B 在定时器触发之前（一秒以内）进入 ESTABLISHED。',
      hint: '停在 ACK 丢失的那一步（145 ms），让 A 的程序发送。',
      praise: '数据同样能确认。现实中这样的丢失，多半谁也没有察觉。',
    },
  },
  'stale-syn': {
    title: '旧 SYN 回来了：再说为什么是三次',
    story: [
      'A 的一个 SYN 在网络里兜了很久（C 列），A 早已放弃。现在它到了 B。',
      'B 看不出它是旧的，照常应答。可是 SYN,ACK 也是一句反问：“这是你要的吗？”A 没有要过，就用 RST 说不是，B 便回到 LISTEN。',
      '如果只有两次，B 此刻就和一个并不存在的对方连着，位子一直占下去。第三个报文段，只有真正在场的 A 才发得出来。',
    ],
    predict: {
      question: '是谁发现这个 SYN 是旧的？',
      answers: ['B，看序号就知道', 'A，在 B 的应答到达时', '网络，看它的年龄'],
      right: 1,
      because: '要过什么，只有发送方自己知道。SYN,ACK 就是为此而设：B 反问一句。',
    },
    challenge: {
      task: '让旧 SYN 在 A、B 连上之后才到，看它不造成任何损害，也不引出 RST。',
      hint: '把 C 的 SYN 推迟一秒。',
      praise: 'B 用一个 ACK 说明自己的进度（RFC 5961）。对 A 来说一切正常，收下就是，不必出声。',
    },
  },
  'simultaneous-open': {
    title: '两边同时打开',
    story: [
      '这里没有服务器：A 和 B 互相呼叫，两个 SYN 在路上交错。',
      '双方等的是应答，来的却是 SYN。各自照样应答，结果是一个连接，而不是两个。',
    ],
    predict: {
      question: '双方都进入 ESTABLISHED，要几个报文段？',
      answers: ['三个', '四个', '两个'],
      right: 1,
      because: '两个 SYN，两个 SYN,ACK。询问早已上路，回答没法再搭它的车。',
    },
    challenge: {
      task: '让 B 拒绝 A：ECONNREFUSED。',
      hint: '让网络快一些：延迟 5 ms。A 的 SYN 赶在 B 呼叫之前到达，那里还没有人。',
      praise: '“同时”只是几毫秒的事：双方都要在听到对方之前先开口。',
    },
  },
  'half-close': {
    title: '半关闭：为什么是四次？',
    story: [
      '一个连接其实是两条数据流，一来一去。A 发完请求就关闭：它的 FIN 说的是“我没有话要说了”，不是“我不听了”。',
      'B 确认这个 FIN，然后继续回答，要多久就多久。A 在 FIN-WAIT-2 照常接收，照常确认。',
      'B 说完了也关闭。两个 FIN，各要一次确认：这就是四次。',
    ],
    predict: {
      question: 'A 已经关闭，B 现在发来的数据会怎样？',
      answers: ['A 照常接收', 'A 回一个 RST', 'B 已经不能再发'],
      right: 0,
      because: '每个方向由它的发送方关闭，A 关的只是自己那一边。B 在 CLOSE-WAIT，再发几个小时也可以。',
    },
    challenge: {
      task: '让 B 的程序在回答途中得知一个错误（ECONNRESET）。',
      hint: '停在 470 ms，A 刚收到回答的开头，让 A 的程序中止连接。',
      praise: 'FIN 礼貌地结束一个方向。RST 让两个方向立刻结束，路上的一切作废。',
    },
  },
  'lost-fin': {
    title: 'FIN 丢了',
    story: [
      'A 关闭，它的 FIN 却丢了。A 在 FIN-WAIT-1 等着：FIN 占一个序号，和数据一样必须得到确认。',
      '定时器触发，A 再说一遍。',
    ],
    predict: {
      question: '这段时间里，B……',
      answers: ['在 CLOSE-WAIT', '是 ESTABLISHED，毫不知情', '也关闭了'],
      right: 1,
      because: 'B 只知道到达了什么。如果没有重传，它会一直等着后面的数据。',
    },
    challenge: {
      task: '让 A 把 FIN 发四次，连接最后仍然正常结束。',
      hint: '把 A 的第四、第五个包也丢掉。',
      praise: '和 SYN 一样：再问，一次比一次等得久，好多分钟之后才放弃。',
    },
  },
  'lost-final-ack': {
    title: '最后的 ACK 丢了：为什么要 TIME-WAIT？',
    story: [
      '话都说完了。A 最后的 ACK 丢了，而 ACK 没有人确认，A 无从知道。',
      'B 在 LAST-ACK 把 FIN 再发一次。A 还守在 TIME-WAIT，于是再答一次，并重新开始等。',
      '为什么是 2 MSL？MSL 是报文段的最长寿命。A 的 ACK 去 B 那里，最多活一个 MSL；在它到达之前 B 发出的东西，回来路上最多再活一个。一去一回之后，这个连接的一切都已从网络里消失。',
    ],
    predict: {
      question: '如果 A 立刻忘掉这个连接，会怎样？',
      answers: ['没关系，数据都到了', 'B 重发的 FIN 会遇到 RST', 'B 永远停在 LAST-ACK'],
      right: 1,
      because: '什么都不记得的主机只会回 RST。B 什么也没做错，却会被告知失败。',
    },
    challenge: {
      task: '亲眼看看：去掉 TIME-WAIT。',
      hint: '把 MSL 设为 0。',
      praise: 'RST 出现了。总得有人留下来应答，这个人就是先关闭的一方。',
    },
  },
  'timewait-reuse': {
    title: '又用同一对端口：为什么等 2 MSL，为什么换序号？',
    story: [
      'B 先关闭，这对端口在它那里处于 TIME-WAIT。A 马上用同一个端口再连，而第一个连接的一个报文段这时才迟迟到来。',
      '新 SYN 的序号超过旧连接用过的一切，所以 B 可以立刻接受。迟到的报文段则对不上：它的序号早已过去。',
      '这里有两道防线：不断前移的序号，和比一切旧报文段都长的等待。两道都撤掉，旧数据就会落进新的数据流。',
    ],
    predict: {
      question: '迟到的报文段，地址、端口、校验和全都正确。B 凭什么看出它是旧的？',
      answers: ['凭序号', '凭发送时间', '看不出来'],
      right: 0,
      because: '每个连接的起点都离上一个很远，旧报文段落在窗口之外。',
    },
    challenge: {
      task: '让 B 的程序读到上一个连接的字节（“别家的”字节）。',
      hint: '让每个连接从同一个序号开始（关掉 ISN 更新），再把 MSL 设为 0。只改其中一样，什么也不会发生。',
      praise:
        'TCP 交付了错误的数据，自己却毫无察觉。把 MSL 恢复、序号仍旧相同：B 会不理睬新的 SYN，直到旧的东西不可能再有。2 MSL 就是为这个。',
    },
  },
  'simultaneous-close': {
    title: '两边同时关闭',
    story: [
      '两个程序在同一刻关闭，FIN 在路上交错。双方都在自己的 FIN 得到确认之前，先收到对方的 FIN，于是进入 CLOSING。',
      '谁也不比谁先关闭，所以两边都要在 TIME-WAIT 等。',
    ],
    predict: {
      question: 'A 会经过哪些状态？',
      answers: ['FIN-WAIT-1、FIN-WAIT-2、TIME-WAIT', 'FIN-WAIT-1、CLOSING、TIME-WAIT', 'CLOSE-WAIT、LAST-ACK、CLOSED'],
      right: 1,
      because: '对方的 FIN 比对自己 FIN 的确认先到。',
    },
    challenge: {
      task: '让 A 免去 TIME-WAIT，只由 B 等。',
      hint: '停在 170 ms，B 刚进入 ESTABLISHED，让 B 关闭。',
      praise: '谁先关闭，谁等。繁忙的服务器总希望客户端先关。',
    },
  },
  'half-open': {
    title: 'B 崩溃了，A 不知道',
    story: [
      'B 失去记忆，又立刻恢复运行。没有谁通知 A：沉默的连接，看上去和健康的连接一模一样。',
      '直到 A 发来数据，B 才回答：“没有这个连接。”也就是 RST。',
    ],
    predict: {
      question: 'A 的程序什么时候得知 B 崩溃了？',
      answers: ['立刻', '2 MSL 之后', '等它发送什么的时候'],
      right: 2,
      because: '无话可说的时候，TCP 什么也不发。（打开保活，才会不时问一问。）',
    },
    challenge: {
      task: '让 A 十秒之后才发现。',
      hint: '从 900 到 15,000 ms，切断 B 发出的一切，它的 RST 就会丢失。',
      praise: 'RST 从不重传，但 A 每重传一次，就会引出一个新的 RST。',
    },
  },
  'half-open-syn': {
    title: 'A 崩溃后又来连接',
    story: [
      'A 崩溃之后，从同一个端口重新连接。在 B 看来旧连接好好的，却来了一个 SYN。',
      'B 不轻信，只说明自己的进度（challenge ACK）。A 对此一无所知，便回一个 RST，序号正是 B 刚说的那个。这下 B 信了，下一个 SYN 到来时，它已在监听。',
    ],
    predict: {
      question: 'SYN 一到，B 为什么不马上放弃连接？',
      answers: ['谁都可能伪造它', 'B 没看到它', 'B 在等 FIN'],
      right: 0,
      because: '不知道任何序号的外人也能发 SYN。而回应 challenge ACK 的 RST，证明对方真的收到了那个 ACK。',
    },
    challenge: {
      task: '让 A 发两个 RST 才重新连上。',
      hint: '丢掉 A 的 RST，也就是它的第四个包。',
      praise: '重传的 SYN 把同样的对话又走了一遍。',
    },
  },
  'rst-abort': {
    title: 'ABORT：不讲礼貌的结束',
    story: [
      'A 发了 2,000 字节，在 B 那里等着被读。接着 A 的程序中止连接：发出 RST，忘掉一切。',
      'B 的程序被告知 ECONNRESET。等着被读的数据虽然已经到达、已经确认，也一并作废。',
    ],
    predict: {
      question: '这回 TIME-WAIT 在哪里？',
      answers: ['A', 'B', '哪里都没有'],
      right: 2,
      because: 'RST 不需要应答，所以不必有人留守。代价是：没有人知道它到了没有。',
    },
    challenge: {
      task: '把 B 一个人留下，连着一个不存在的对方。',
      hint: '丢掉那个 RST，A 的第四个包。',
      praise: '这就是半开连接：B 要等到发送时才会发现，也可能永远不会。',
    },
  },
  'rst-closed-port': {
    title: '没有人监听',
    story: ['A 连接的端口上没有程序监听。B 的主机替它回答：RST。A 的程序得到 ECONNREFUSED。'],
    predict: {
      question: 'A 要多久才知道？',
      answers: ['一个往返', '一秒', '三分钟'],
      right: 0,
      because: 'RST 也是回答。只有沉默（比如防火墙丢掉 SYN）才会让 A 一直等。',
    },
    challenge: {
      task: '让连接成功。',
      hint: '停在 20 ms，SYN 刚发出，让 B 开始监听。',
      praise: '正好赶上！没有人接的 SYN，是不会留着等人的。',
    },
  },
  'rst-forged': {
    title: '外人的 RST',
    story: [
      '攻击者（C 列）冒充 A 发 RST。地址和端口他都知道，序号却不知道。',
      'RST 在窗口之外，B 不理；在窗口之内而不是正好下一个序号，B 就发 challenge ACK 问 A。只有序号分毫不差，才能结束连接。',
    ],
    predict: {
      question: '窗口是 65,535。四十多亿个序号里，分毫不差的有几个？',
      answers: ['65,535 个', '一个', '四个'],
      right: 1,
      because: 'RFC 5961 之前，窗口里的任何序号都行，六万多个 RST 必中其一。现在要在四十多亿里猜中一个。',
    },
    challenge: {
      task: '帮攻击者一把：让第二个 RST 命中。它比 B 期望的序号多 1,000。',
      hint: '停在第二个 RST 发出的那一步（600 ms），让 A 发 1,000 字节，再把这个 RST 推迟 10 ms。',
      praise: '序号正好对上，B 被告知 ECONNRESET。A 仍然蒙在鼓里。',
    },
  },
  'syn-flood': {
    title: 'SYN 洪水',
    story: [
      'C 从 200 个永远不会应答的地址发来 SYN。B 的半开队列只有 16 个位子，每个 SYN 占一个。',
      '位子满了，最旧的让路。A 的位子在它的 ACK 回来之前就被挤掉，A 的数据于是遇到 RST。',
      '用 SYN cookie，B 什么都不必记：它的序号本身就是用密钥算出的字条。谁把它加一带回来，谁就真的来问过。',
    ],
    predict: {
      question: '没有时间戳时，B 为 cookie 放弃了什么？',
      answers: ['安全', 'SACK、窗口扩大之类的选项', '校验和'],
      right: 1,
      because: '一个序号只放得下散列值和报文段大小，别的约定都忘了。',
    },
    challenge: {
      task: '洪水照旧，把 A 的 100 字节送到 B 的程序手里。',
      hint: '打开 cookie。',
      praise: '现在每个 SYN 只花 B 一次散列运算，不占内存。',
    },
  },
  'fast-retransmit': {
    title: '十个里丢一个',
    story: [
      'A 发出十个报文段，第三个丢了。缺口后面每到一个，B 就重复一次：我还在等哪里；并且（SACK）哪些已经有了。',
      '第三次这样的报告让 A 相信：不是迟到，是丢了。它不等定时器，只重发这一个，并且放慢速度，因为丢包意味着某处的队列满了。',
    ],
    predict: {
      question: '为什么不在第一个重复 ACK 时就重发？',
      answers: ['也许只是报文段之间超了车', '得等定时器先触发', 'ACK 不可靠'],
      right: 0,
      because: '网络会打乱顺序。报告了三次，多半就不只是乱序了。',
    },
    challenge: {
      task: '让 A 终究还是要靠定时器。',
      hint: '把重传也丢掉：A 的第 13 个包。',
      praise: '后面再没有别的报文段能报告它的丢失。又只剩沉默，和一只钟。',
    },
  },
  'zero-window': {
    title: 'B 的程序不读数据',
    story: [
      'B 的缓冲区满了，它的 ACK 说“窗口 0”，A 必须停下。等 B 的程序读了数据，B 会用一个 ACK 告诉 A。这里，这个 ACK 丢了。',
      'ACK 没有人重传。所以 A 用一个字节一问再问，越问越稀：这就是坚持定时器（persist）。',
    ],
    predict: {
      question: '如果 A 不问呢？',
      answers: ['双方永远等下去', 'B 会重发 ACK', '连接会超时'],
      right: 0,
      because: 'A 等空间，B 等数据。能打破僵局的只有探测。',
    },
    challenge: {
      task: '让传输十秒之后才完成。',
      hint: '从 3,000 到 10,000 ms，切断 B 发出的一切。',
      praise: '窗口关闭不是故障：只要 B 应答，A 就一直问下去。',
    },
  },
  'silly-window': {
    title: '糊涂窗口',
    story: [
      'B 的程序每次只读 50 字节。如果每腾出一点空间就立刻通告，A 就会一直发 50 字节的小报文段，头部快比数据还长。',
      '所以 B 先不作声，直到放得下一个完整的报文段；A 也等着发完整的。',
    ],
    predict: {
      question: 'A 的报文段有多大？',
      answers: ['50 字节', '536 字节，一个完整报文段', '1 字节'],
      right: 1,
      because: '两边都在避免糊涂窗口：接收方管通告，发送方管发送。',
    },
    challenge: {
      task: '让 A 至少发出十个不足 300 字节的报文段。',
      hint: '给 B 一个 400 字节的接收缓冲区。',
      praise: '完整的报文段永远放不下，只好半个缓冲区就发。',
    },
  },
  'nagle-delayed-ack': {
    title: 'Nagle 遇上延迟 ACK',
    story: [
      'A 的程序写 100 字节，再写 100 字节。B 收齐 200 字节才回答。',
      'Nagle 的规则：还有小块没得到确认，下一个小块就先等着。B 的规则：ACK 先等一会儿，看能不能搭车。各自都有道理，合在一起就停住了。',
    ],
    predict: {
      question: '谁来打破僵局？',
      answers: ['A 的重传定时器', 'B 的延迟 ACK 定时器', '应用程序'],
      right: 1,
      because: '这里最多过 200 ms，B 就会单独发出 ACK，第二块才能走。',
    },
    challenge: {
      task: '让 A 在 200 ms 之前拿到 B 的回答。',
      hint: '关掉 Nagle（TCP_NODELAY）。',
      praise: '还有更好的办法：两块一次写完。',
    },
  },
  keepalive: {
    title: '还有人在吗？',
    story: [
      '两个小时没有任何动静，保活定时器便问一声：一个空的报文段，用的是早已确认过的序号，B 必须应答。',
      'A 想知道的，就是这一声应答。',
    ],
    predict: {
      question: '为什么要等两个小时？',
      answers: ['网络短暂中断，不该断送一个沉默的连接', '定时器没法更短', '因为 TIME-WAIT'],
      right: 0,
      because: '无话可说的连接用不着网络。问得太勤，反而会杀死本来没事的连接。',
    },
    challenge: {
      task: '让 A 放弃：ETIMEDOUT。',
      hint: '从 7,000,000 到 8,000,000 ms，切断所有人发出的一切。九次探测，间隔 75 秒，都没有回音。',
      praise: '沉默两小时，再问十一分钟。',
    },
  },
  paws: {
    title: '序号绕了一圈',
    story: [
      '序号每过四十多亿字节绕回一圈，10 Gbit/s 时只要三秒半。一个迟到了整整一圈的报文段（C 列），又分毫不差地落进窗口。',
      '时间戳说明了一切：它比 B 见过的还旧。B 丢弃它，并说明自己的进度（PAWS）。',
    ],
    predict: {
      question: '旧报文段的序号完全正确，是什么露了馅？',
      answers: ['校验和', '时间戳', '窗口'],
      right: 1,
      because: '时间戳的钟从不倒走。比上一个还旧，就是在它之前发的。',
    },
    challenge: {
      task: '把旧数据放进来。',
      hint: '关掉时间戳。',
      praise: 'B 的程序读到了上一圈的字节，还把 A 真正的数据当成重复的。',
    },
  },
  ecn: {
    title: '用标记代替丢包',
    story: [
      'A 发得比路径能承受的快，路由器的队列越来越长。它不必丢包，给一个包做上标记（CE）就行。',
      'B 把标记回送（ECE），直到 A 有了回应：放慢速度，并且说一声（CWR）。什么都没有丢。',
    ],
    predict: {
      question: 'A 得知有标记之后会做什么？',
      answers: ['重发被标记的报文段', '像丢了包一样放慢', '什么也不做'],
      right: 1,
      because: '反应一样，只是没有什么需要重发。',
    },
    challenge: {
      task: '看看它有什么用：让 A 不得不重发数据。',
      hint: '关掉 ECN，队列就只能用丢包来说话。',
      praise: '同样的拥塞，这回是丢包说出来的。',
    },
  },
  'pmtu-blackhole': {
    title: '吞掉大包的路径',
    story: [
      '路径上有一段只放得下 1,300 字节，丢掉大包的路由器一声不吭（或者它的通知被防火墙拦了）。',
      '握手的包小，畅通无阻；第一批数据的包大，一次次消失。两次超时之后，A 怀疑是大小的问题，改用小一些的报文段。',
    ],
    predict: {
      question: '如果没有这种怀疑，用户会看到什么？',
      answers: ['连上了，然后卡住', '连不上', '从头就慢'],
      right: 0,
      because: '小包过得去，大包消失：连得上却怎么也打不开的网页，常常就是它。',
    },
    challenge: {
      task: '不重发任何东西，把数据全部送到。',
      hint: '把两台主机的 MTU 设为 1300，双方就不会约定更大的报文段。',
      praise: '很多家用路由器的“MSS 钳制”做的就是这件事。',
    },
  },
  big: {
    title: '六百万字节',
    story: [
      '几千个报文段，要过一个只装得下 50 ms 的队列。拥塞窗口一直涨，涨到出事为止。',
      '看看曲线：慢启动，它怎么结束，后面又是怎样长长的一段。',
    ],
    predict: {
      question: '每个报文段 1,448 字节，最少要多少个？',
      answers: ['约 400', '约 4,100', '约 41,000'],
      right: 1,
      because: '6,000,000 / 1,448 = 4,144。而且每两个确认一次。',
    },
    challenge: {
      task: '一秒之内全部送完。',
      hint: '不限速（0），延迟 5 ms。',
      praise: '没有瓶颈，窗口每个往返翻一倍，而往返很短。',
    },
  },
  'figure-6': {
    title: 'RFC 9293 图 6：握手',
    story: ['RFC 的第一张图，用它的序号：A 从 100 开始，B 从 300 开始。ACK 不占序号，所以第 5 行的数据也是 101。'],
    predict: {
      question: '第 3 行里，B 确认的是几号？',
      answers: ['100', '101', '300'],
      right: 1,
      because: '确认号说的是期望的下一个序号。SYN 占了 100。',
    },
    challenge: {
      task: '丢掉第 4 行，让 B 靠第 5 行进入 ESTABLISHED。',
      hint: '丢掉 A 的第二个包。',
      praise: '第 5 行带着同样的确认。',
    },
  },
  'figure-7': {
    title: 'RFC 9293 图 7：同时打开',
    story: ['双方都呼叫，100 和 300 在路上交错。各自用 SYN,ACK 应答对方的 SYN，并重复自己的序号。'],
    predict: {
      question: 'A 的 SYN,ACK 是几号？',
      answers: ['还是 100', '101', '301'],
      right: 0,
      because: '它就是刚才那个 SYN，只是加上了 ACK。',
    },
    challenge: {
      task: '把它变成一次普通的握手，由 A 来应答。',
      hint: '丢掉 A 的第一个 SYN。',
      praise: '这样，B 最先听到的就是 A 的 SYN,ACK。',
    },
  },
  'figure-8': {
    title: 'RFC 9293 图 8：旧的重复 SYN',
    story: [
      'A 的 SYN（100）走得慢，一个旧的（90）抢先到达。B 确认 91，而 A 这一回从没发过它：RST。',
      '随后真正的 SYN 到达，一切顺利。',
    ],
    predict: {
      question: 'A 的 RST 必须是几号，B 才会相信？',
      answers: ['91', '100', '0'],
      right: 0,
      because: 'B 刚说过，它期望的是 91。',
    },
    challenge: {
      task: '丢掉这个 RST，仍然要连上。',
      hint: '丢掉 A 的第二个包。',
      praise: '来了一个对不上的 SYN，B 就从半开连接退回 LISTEN；A 的定时器会再敲一次门。',
    },
  },
  'figure-9': {
    title: 'RFC 9293 图 9：发现半开连接',
    story: ['A 崩溃后从 400 重新打开。B 停在 300、期望 100，并照实说出。A 的 RST 就用这个 100，B 便放手。'],
    predict: {
      question: 'A 的 RST 为什么是 100，而不是 401？',
      answers: ['取自 B 的确认号', '总是用 100', 'A 还记得旧连接'],
      right: 0,
      because: 'A 什么都不记得。B 自己的确认号，是 B 一定会相信的那个数。',
    },
    challenge: {
      task: '丢掉第 5 行，看 A 再敲两次门。',
      hint: '丢掉 A 的第四个包。',
      praise: '第 7 行是重传，它把整个过程又走一遍。',
    },
  },
  'figure-10': {
    title: 'RFC 9293 图 10：另一方先发',
    story: ['A 崩溃了。B 往一个已不存在的连接上发十个字节（300），得到的回答是 100 号的 RST。'],
    predict: {
      question: 'A 的主机怎么知道该用几号？',
      answers: ['看 B 的确认号', '猜的', '就是 0'],
      right: 0,
      because: '没有连接的一方，序号取自它所回答的报文段。',
    },
    challenge: {
      task: '让 B 把数据发三遍才得知真相。',
      hint: '丢掉前两个 RST：A 的第三、第四个包。',
      praise: '每重传一次，就引出一个新的 RST。',
    },
  },
  'figure-11': {
    title: 'RFC 9293 图 11：两个监听者和一个旧 SYN',
    story: ['谁也没有呼叫谁。一个旧 SYN（90）到了 B，B 的应答到了 A；A 也只是在监听，什么都没要过：RST。'],
    predict: {
      question: 'A 在监听，为什么不接受这个 SYN,ACK？',
      answers: ['它确认的东西 A 没发过', 'A 的队列满了', '其实接受了'],
      right: 0,
      because: 'LISTEN 状态什么都没发过，任何 ACK 都不对。',
    },
    challenge: {
      task: '丢掉第 4 行，仍让 B 回到 LISTEN。',
      hint: '丢掉 A 的第一个包。',
      praise: 'B 的定时器再问一遍，A 再答一遍。',
    },
  },
  'figure-12': {
    title: 'RFC 9293 图 12：正常关闭',
    story: ['FIN 100，ACK 101；过后 FIN 300，ACK 301。一共四个，因为 B 的程序过了一会儿才关闭。'],
    predict: {
      question: '三个够吗？',
      answers: ['够，只要 B 的 FIN 和 ACK 合在一起', '绝对不够', '有 SACK 才够'],
      right: 0,
      because: '如果 B 的程序马上关闭，两者就合成一个。',
    },
    challenge: {
      task: '让 B 代替 A 留在 TIME-WAIT。',
      hint: '停在 170 ms，让 B 关闭。',
      praise: '同一张图，照镜子而已。',
    },
  },
  'figure-13': {
    title: 'RFC 9293 图 13：同时关闭',
    story: ['FIN 100 和 FIN 300 交错。ACK 到达之前双方都是 CLOSING，之后双方都等 2 MSL。'],
    predict: {
      question: '谁在 TIME-WAIT 等待？',
      answers: ['A', 'B', '双方'],
      right: 2,
      because: '双方都为对方的 FIN 发了最后的 ACK，谁也不知道它到了没有。',
    },
    challenge: {
      task: '虽然 B 也同时关闭，让 A 经过 FIN-WAIT-2。',
      hint: '丢掉 B 的 FIN，它的第二个包。',
      praise: 'ACK 比 FIN 先到：只丢一个包，状态就不同了。',
    },
  },
};
