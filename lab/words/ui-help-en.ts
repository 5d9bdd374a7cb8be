/** Owns: the English words of the list of keys and of the form that cuts the network. */

import type { HostName } from '../engine/types.ts';

export const helpEn = {
  help: {
    title: 'Keys',
    intro:
      'This is the real TCP of tsyn in your browser: nothing is a prepared animation. Change anything and it is computed again.',
    groups: [
      {
        title: 'Time',
        keys: [
          ['Space', 'run, pause'],
          ['.', 'one step forward'],
          [',', 'one step back'],
          ['n', 'to the next change of state or breakpoint'],
          ['Home', 'to the start'],
          ['End', 'to the end'],
        ],
      },
      {
        title: 'On the ladder',
        keys: [
          ['↑ ↓', 'previous, next arrow'],
          ['← →', 'to the other lane’s arrows'],
          ['Enter', 'menu of the arrow'],
          ['x', 'lose it'],
          ['d', 'duplicate it'],
          [']', 'delay it by 10 ms (Shift: 100)'],
          ['[', 'take back 10 ms of the delay'],
          ['r', 'swap it with the next'],
          ['c', 'corrupt it'],
          ['i', 'send it once more, now'],
          ['p', 'cut what its sender sends, for a while'],
          ['k', 'crash its sender'],
        ],
      },
      {
        title: 'Everywhere',
        keys: [
          ['u', 'undo'],
          ['Shift u', 'redo'],
          ['1 … 9', 'open a preset'],
          ['e', 'export'],
          ['?', 'this list'],
        ],
      },
      {
        title: 'With the mouse',
        keys: [
          ['drag out', 'an arrow out of the lanes, or into the bin: lose it'],
          ['drag down', 'delay it; across the next arrow: swap them'],
          ['Alt drag', 'duplicate it'],
          ['drag the gap', 'between the lanes: cut; near a lane, only its direction'],
        ],
      },
    ],
  },
  cut: {
    title: 'Cut the network for a while',
    who: 'Lost is',
    both: 'everything, both ways',
    from: (host: HostName): string => `what ${host} sends`,
    at: 'from (ms)',
    until: 'until (ms)',
    wrong: 'It has to end after it begins.',
    go: 'Cut',
    cancel: 'Cancel',
  },
};

export type HelpWords = typeof helpEn;
