/** Owns: a run as a sequence diagram in Mermaid's language, as many documents and repositories show it. */

import { RelativeNumbers, type SegmentEvent, type StateEvent, type TraceEvent } from 'tsyn/trace';
import type { Run } from '../types.ts';

/**
 * Each packet stands where it arrives, or is lost: a diagram has no time, and so cause comes before effect. Times are in the
 * labels, in ms.
 */
export function toMermaid(run: Run): string {
  const numbers = new RelativeNumbers();
  const sent: Map<number, SegmentEvent> = new Map();
  const lines = ['sequenceDiagram', ...run.lanes.map((host) => `  participant ${host}`)];
  const arrow = (packet: number, head: string, to: string, mark: string): void => {
    const event = sent.get(packet);
    if (event === undefined) return;
    const again = event.retransmission ? ' (retransmission)' : '';
    lines.push(
      `  ${event.host}${head}${to}: ${plain(`${ms(event.time)} ${numbers.text(event, true)}${again}${mark}`)}`,
    );
  };
  let before: TraceEvent | null = null;
  for (const event of run.events) {
    switch (event.type) {
      case 'segment-sent':
        numbers.see(event);
        sent.set(event.packet, event);
        break;
      case 'segment-received': {
        const { copyOf, injected } = run.packets[event.packet - 1]!;
        if (injected && copyOf !== null) sent.set(event.packet, sent.get(copyOf)!);
        arrow(event.packet, '->>', event.host, injected ? ' (injected)' : '');
        break;
      }
      case 'packet-lost':
        arrow(event.packet, '-x', run.packets[event.packet - 1]!.to, ' (lost)');
        break;
      case 'packet-dropped':
        arrow(event.packet, '-x', run.packets[event.packet - 1]!.to, ` (${event.reason})`);
        break;
      case 'state':
        lines.push(stateLine(event));
        break;
      case 'call': {
        if (event.call === 'RECEIVE') break;
        // A call is told of when it is done; the state that it has led to stands before it.
        const led = before?.type === 'state' && before.host === event.host ? before : null;
        if (led !== null) lines.pop();
        lines.push(`  Note over ${event.host}: ${ms(event.time)} ${event.call}`);
        if (led !== null) lines.push(stateLine(led));
        break;
      }
      case 'note':
        lines.push(`  Note over ${event.host}: ${plain(`${ms(event.time)} ${event.text}`)}`);
    }
    before = event;
  }
  return `${lines.join('\n')}\n`;
}

function stateLine({ host, to }: StateEvent): string {
  return `  Note over ${host}: ${to}`;
}

function ms(time: number): string {
  return `${Math.round(time * 1000) / 1000} ms`;
}

/** Without what means something to Mermaid. */
function plain(text: string): string {
  return text.replace(/[;#%{}]/g, ' ');
}
