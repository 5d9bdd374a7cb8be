/** Owns: the English words of the frame, the ladder, the faults and the transport bar. */

import type { TimerName } from 'tsyn/trace';
import type { Edit, Fate, HostName } from '../engine/types.ts';
import type { PacketAction } from '../ui/faults/actions.ts';

/** What is said of an arrow. Times are texts, ms. */
export interface ArrowWords {
  readonly from: HostName;
  readonly to: HostName;
  readonly flags: string;
  readonly octets: number;
  readonly seq: number;
  readonly ack: number | null;
  readonly retransmission: boolean;
  readonly copy: boolean;
  readonly fate: Fate;
  readonly sent: string;
  readonly arrives: string;
}

const fates: Readonly<Record<Fate, string>> = {
  delivered: 'delivered',
  lost: 'lost',
  corrupted: 'corrupted, dropped',
  'in flight': 'under way',
};

const actions: Readonly<Record<PacketAction, string>> = {
  lose: 'Lose',
  duplicate: 'Duplicate',
  delay: 'Delay',
  swap: 'Swap',
  corrupt: 'Corrupt',
  inject: 'Send again',
};

/** Of a timer that fires, beside its lane: a few letters have room there. */
const fires: Readonly<Record<TimerName, string>> = {
  retransmission: 'RTO fires',
  'tail-loss-probe': 'TLP fires',
  reordering: 'RACK fires',
  persist: 'probe is due',
  'delayed-ack': 'ACK is due',
  'keep-alive': 'keep-alive',
  pacing: 'pacing',
  user: 'user timeout',
  linger: 'linger over',
  cork: 'cork over',
  'time-wait': '2 MSL over',
  'fin-wait-2': 'waited long',
};

function partition(host: HostName | null): string {
  return host === null ? 'Both ways cut' : `What ${host} sends is lost`;
}

export const ladderEn = {
  frame: {
    skip: 'Skip to the ladder',
    story: 'What this is about',
    ladder: 'Ladder of segments',
    host: (host: HostName): string => `Host ${host}`,
    tabs: 'Details',
    transport: 'Time',
    help: 'Help: all keys',
    close: 'Close',
    failed: (reason: string): string => `This input cannot run: ${reason}`,
  },
  transport: {
    start: 'To the start',
    back: 'One step back',
    play: 'Run',
    pause: 'Pause',
    again: 'Run again',
    step: 'Step',
    next: 'To the next change of state or breakpoint',
    end: 'To the end',
    slider: 'Step of the run',
    position: (step: number, all: number, time: string): string => `step ${step} of ${all}, ${time} ms`,
    time: 'Virtual time: nothing here waits for a real clock',
    settings: 'Speed and breakpoints',
    speed: 'Speed',
    halt: 'Halt at',
    view: 'View',
    foresight: 'outline what is still to come',
    breakpoints: {
      state: 'a change of state',
      lost: 'a loss or drop',
      retransmission: 'a retransmission',
      timer: 'a timer that fires',
      reset: 'a reset (RST)',
    },
  },
  ladder: {
    title: 'Ladder',
    time: 'ms',
    empty: 'Nothing has happened yet. Press Run, or Step to go event by event.',
    run: 'Run',
    step: 'Step',
    hostMenu: (host: string): string => `Host ${host}: crash it, cut it off`,
    fires,
    waits: (timer: TimerName, time: string): string => `${timer === 'time-wait' ? '2 MSL' : timer} ${time}`,
    crashes: (host: string): string => `${host} crashes`,
    fold: (time: string): string => `${time} of silence`,
    arrow: (it: ArrowWords): string => {
      const numbers = `sequence ${it.seq}${it.ack === null ? '' : `, acknowledgment ${it.ack}`}`;
      const text = it.octets === 0 ? '' : `, ${it.octets} octets`;
      const marks = `${it.retransmission ? ', retransmission' : ''}${it.copy ? ', a copy' : ''}`;
      const what = it.flags === '' ? 'data' : it.flags;
      return `${it.from} to ${it.to}, ${what}, ${numbers}${text}${marks}, ${fates[it.fate]}, ${it.sent} to ${it.arrives} ms`;
    },
  },
  faults: {
    hint: 'Click an arrow to lose, duplicate or delay its segment.',
    hintDrag: ' Or drag it: out of the lanes, or down.',
    actions: 'What can be done to this segment',
    copy: 'a copy',
    claims: (host: HostName): string => `in the name of ${host}`,
    short: actions,
    action: (action: PacketAction, ms: number): string =>
      ({
        lose: 'Lose it',
        duplicate: `Duplicate it, ${ms} ms later`,
        delay: `Delay it by ${ms} ms`,
        swap: 'Swap it with the next one',
        corrupt: 'Corrupt its checksum',
        inject: 'Send it once more now',
      })[action],
    partition: (host: HostName): string => `Cut what ${host} sends …`,
    crash: (host: HostName): string => `Crash ${host}`,
    bin: 'Drop here to lose it',
    shelf: 'Old segments',
    shelfHint: 'Every segment that has been sent. Click one, or drag it onto the ladder, and it comes once more.',
    edits: 'Your changes',
    none: 'none yet',
    undo: 'Undo',
    redo: 'Redo',
    idle: 'found nothing to change',
    remove: (text: string): string => `Take back: ${text}`,
    edit: (edit: Edit): string => {
      switch (edit.op) {
        case 'partition':
          return `${partition(edit.host)}, ${edit.at} to ${edit.until} ms`;
        case 'crash':
          return `${edit.host} crashes at ${edit.at} ms`;
        case 'call':
          return `${edit.host}: ${edit.call}${edit.octets === undefined ? '' : ` ${edit.octets}`} at ${edit.at} ms`;
        default: {
          const name = `${edit.packet.host}#${edit.packet.nth}`;
          const done = { lose: 'lost', corrupt: 'corrupted', swap: 'swapped with the next' };
          if (edit.op === 'duplicate') return `${name} duplicated after ${edit.by} ms`;
          if (edit.op === 'delay') return `${name} delayed by ${edit.by} ms`;
          return edit.op === 'inject' ? `${name} once more at ${edit.at} ms` : `${name} ${done[edit.op]}`;
        }
      }
    },
    drag: {
      lose: 'lose',
      none: '',
      swap: 'swap with the next',
      delay: (ms: number): string => `delay by ${ms} ms`,
      duplicate: (ms: number): string => `duplicate after ${ms} ms`,
      inject: (ms: number): string => `once more at ${ms} ms`,
      partition: (host: HostName | null, at: number, until: number): string =>
        `${partition(host)}: ${at} to ${until} ms`,
    },
  },
};

export type LadderWords = typeof ladderEn;
