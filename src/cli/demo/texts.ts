/**
 * Owns: the demo's words in English and Chinese. Each act has a title, the sections to read, and a paragraph on what
 * happens and why. Numbers come from the trace (`story.ts`); names of flags, states and calls are the RFC's in both.
 */

import type { Language } from '../../trace/index.ts';
import type { ActName, Facts } from './story.ts';

export interface ActText {
  readonly title: string;
  readonly sections: string;
  readonly text: string;
}

export interface Texts {
  readonly title: string;
  readonly intro: string;
  readonly acts: Readonly<Record<ActName, ActText>>;
  readonly closing: string;
  readonly next: string;
  /** What can be done next: a command, and what it does. */
  readonly commands: ReadonlyArray<readonly [string, string]>;
}

const SECTIONS: Readonly<Record<ActName, string>> = {
  open: 'RFC 9293 3.5, 3.4.1, RFC 7323',
  three: 'RFC 9293 3.5 (figure 8)',
  data: 'RFC 9293 3.8, RFC 2018, RFC 8985',
  half: 'RFC 9293 3.6, 3.6.1',
  'last-ack': 'RFC 9293 3.6, 3.10.7.4, RFC 6298',
  '2msl': 'RFC 9293 3.4.2, 3.10.8',
};

export function texts(lang: Language, facts: Facts): Texts {
  return lang === 'zh' ? chinese(facts) : english(facts);
}

const REAL_HOST = 'sudo npx tsyn up --link tun:tsyn0 --address 10.77.0.2/24 --configure 10.77.0.1/24 --serve http:80';

function english(f: Facts): Texts {
  const act = (name: ActName, title: string, text: string): ActText => ({ title, sections: SECTIONS[name], text });
  return {
    title: 'tsyn: the life of a TCP connection, from the first SYN to the end of 2 MSL',
    intro:
      `Two hosts, each a whole TCP/IP stack, on a simulated wire that loses two packets: client ${f.client}, ` +
      `server ${f.server}, ${f.delay} ms each way. Read from top to bottom; clocks (ms) and states stand on each host's side. ` +
      `seq and ack count from each side's initial sequence number. Time is virtual. Seed ${f.seed}.`,
    acts: {
      open: act(
        'open',
        'Three segments open a connection',
        `Each side says where its sequence numbers begin, and has to hear that it was understood. The client begins at ` +
          `${f.clientIsn}, the server at ${f.serverIsn}: a clock plus a keyed hash, so that no outsider can guess them. ` +
          `Here both are shown as 0. A SYN uses up one number, as an octet does: ack=1 says "I have your 0, send 1 next". ` +
          `The segment in the middle does two jobs, acknowledging one SYN and being the other: so three are enough. Only SYNs carry what is agreed on for the connection: the largest segment (mss), ` +
          `selective acknowledgment (sackOK), a scale for windows (ws), timestamps (ts).`,
      ),
      three: act(
        'three',
        'Why not two?',
        `Another connection opens and is aborted. Then a second copy of its SYN, which was late somewhere in the network, ` +
          `reaches the server. It looks like any other SYN, so the server answers. Only the client can know that it is old: ` +
          `its RST sends the server back to LISTEN. With a handshake of two segments the server would be ESTABLISHED now, ` +
          `with nobody at the other end.`,
      ),
      data: act(
        'data',
        'Data both ways, and a hole',
        `Back to the first connection. The client asks with ${f.request} octets, the server answers with ${f.pieces} segments ` +
          `of ${f.piece}; the second one is lost. An ACK names the next octet expected, so the client can only repeat ` +
          `ack=${1 + f.piece}; sack= says what it holds beyond the hole. So the server knows: what it sent later has arrived, ` +
          `what it sent before is lost. It sends that again at once, without waiting for a timer.`,
      ),
      half: act(
        'half',
        'Why four: each direction closes by itself',
        `FIN says "I have nothing more to send", not "I listen no more". The server acknowledges it, and in CLOSE-WAIT still ` +
          `sends ${f.rest} octets, which the client takes in FIN-WAIT-2. Its own FIN follows when it is done: two FINs and two ` +
          `ACKs. Four is the most it takes: a side with nothing left to say can put its FIN and its ACK into one segment.`,
      ),
      'last-ack': act(
        'last-ack',
        'Why TIME-WAIT: the last ACK is lost',
        `Nobody acknowledges an ACK, so the client cannot know whether its last one arrived. This one did not: after ` +
          `${f.finAgainAfter} ms of silence the server sends the FIN again. A client that had forgotten the ` +
          `connection could only answer with RST, and what went well would end as an error. From TIME-WAIT it ` +
          `acknowledges once more, and the 2 MSL begin anew.`,
      ),
      '2msl': act(
        '2msl',
        'Why 2 MSL',
        `MSL is the longest that a segment can live in the network: ${f.timeWait / 2000} s here, as on Linux; the RFC says two ` +
          `minutes. One MSL for the last ACK to ` +
          `arrive or perish; one more for a FIN sent again just before that. By then every segment of this connection ` +
          `is gone as well, and a new one with the same addresses and ports cannot mistake them for its own.`,
      ),
    },
    closing:
      `Every line above is from the trace of the stack at work; only the ${f.lost} losses and the late SYN were arranged. ` +
      `${f.sent} segments, ${seconds(f.duration)} s of virtual time.`,
    next: 'What next?',
    commands: [
      ['npx tsyn demo --lang zh', '用中文再看一遍 (the same in Chinese)'],
      ['npx tsyn demo --seed 7', 'other ports and initial sequence numbers'],
      ['npx tsyn demo --json', 'every event of the trace, one a line'],
      ['npx tsyn --help', 'all commands'],
      [REAL_HOST, 'a real host on this machine (Linux): curl http://10.77.0.2/'],
    ],
  };
}

function chinese(f: Facts): Texts {
  const act = (name: ActName, title: string, text: string): ActText => {
    return { title, sections: SECTIONS[name].replace('(figure 8)', '图 8'), text };
  };
  return {
    title: 'tsyn：一条 TCP 连接的一生，从第一个 SYN 到 2 MSL 结束',
    intro:
      `两台主机各运行一个完整的 TCP/IP 协议栈，中间的模拟链路会丢两个包：客户端 ${f.client}，服务器 ${f.server}，` +
      `单程 ${f.delay} 毫秒。图从上往下读，两侧分别是各自的时钟（毫秒）和状态；seq 和 ack 都从各自的初始序号算起。` +
      `时间是虚拟的。种子 ${f.seed}。`,
    acts: {
      open: act(
        'open',
        '三次握手',
        `双方都要告诉对方自己的序号从哪里开始，还要确知对方听明白了。客户端从 ${f.clientIsn} 开始，服务器从 ${f.serverIsn} ` +
          `开始：时钟加上带密钥的散列，外人猜不出来；图中都记作 0。SYN 和一个字节一样要占用一个序号，所以 ack=1 的意思是` +
          `“你的 0 号收到了，接下来请发 1 号”。中间的报文段一身兼二职，既确认对方的 SYN，又是自己的 SYN，因此三次就够了。` +
          `整条连接的约定也只能写在 SYN 里：最大报文段长度（mss）、选择确认（sackOK）、窗口扩大因子（ws）、时间戳（ts）。`,
      ),
      three: act(
        'three',
        '为什么不能只握手两次？',
        `另一条连接建立之后就被放弃了。这时，它的 SYN 有一份在网络里滞留已久的副本到达服务器。在服务器看来，这和别的 SYN ` +
          `没有两样，于是照常应答；只有客户端知道它是旧的，回一个 RST，让服务器退回 LISTEN。假如两次握手就算建立，` +
          `服务器此刻已经是 ESTABLISHED，守着一条对面没有人的连接。`,
      ),
      data: act(
        'data',
        '双向传输，丢一个报文段',
        `回到第一条连接。客户端用 ${f.request} 字节提出请求，服务器用 ${f.pieces} 个 ${f.piece} 字节的报文段作答，第二个丢了。` +
          `ACK 指明的是期望收到的下一个字节，所以客户端只能反复说 ack=${1 + f.piece}，再用 sack= 说明缺口之后已经收到了哪些。` +
          `服务器由此断定：后发的已经收到，先发的必定是丢了。于是立即重传缺失的字节，既不等定时器，也不等更多的重复 ACK；` +
          `随后一个 ACK 就把它们一并确认。`,
      ),
      half: act(
        'half',
        '为什么要四次挥手：两个方向各自关闭',
        `FIN 的意思是“我没有要发的了”，而不是“我不再听了”。服务器确认它之后处于 CLOSE-WAIT，还能继续发出 ${f.rest} 字节，` +
          `客户端在 FIN-WAIT-2 照收不误。等服务器也说完了，才发出自己的 FIN：两个 FIN，两个 ACK。四次是上限：` +
          `如果一方已经没有数据要发，FIN 和 ACK 可以合在一个报文段里。`,
      ),
      'last-ack': act(
        'last-ack',
        '为什么要有 TIME-WAIT：最后一个 ACK 丢了',
        `没有人会去确认一个 ACK，所以客户端无从知道最后这个 ACK 到了没有。这一次就没有到：等了 ${f.finAgainAfter} 毫秒没有回音，` +
          `服务器再发一次 FIN。假如客户端早已把连接忘得一干二净，就只能回一个 RST，` +
          `本来圆满的结局就成了出错。现在它还在 TIME-WAIT，可以再确认一次，并重新开始计 2 MSL。`,
      ),
      '2msl': act(
        '2msl',
        '为什么是 2 MSL',
        `MSL 是一个报文段在网络中最长的存活时间，RFC 定为 2 分钟，这里和 Linux 一样取 ${f.timeWait / 2000} 秒。最后那个 ACK 要么到达、要么消失，最多用去一个 MSL；` +
          `对方若在此之前刚好重传了 FIN，它到达或消失又最多用去一个 MSL。到那时，这条连接的其他报文段也都已消失，` +
          `之后用同样的地址和端口新建的连接不会把它们误认作自己的。`,
      ),
    },
    closing:
      `以上每一行都来自协议栈真实运行的记录，只有那 ${f.lost} 次丢包和那个迟到的 SYN 是事先安排的。` +
      `共 ${f.sent} 个报文段，历时 ${seconds(f.duration)} 秒（虚拟时间）。`,
    next: '接下来',
    commands: [
      ['npx tsyn demo --lang en', '英文版 (in English)'],
      ['npx tsyn demo --seed 7', '换一组端口和初始序号'],
      ['npx tsyn demo --json', '输出全部事件，每行一个'],
      ['npx tsyn --help', '全部命令'],
      [REAL_HOST, '在本机（Linux）上运行一台真实的主机，然后：curl http://10.77.0.2/'],
    ],
  };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
