/** Owns: the words of the panels in English; their type is what another language has to have. */

import type { HostName, Settings } from '../engine/types.ts';

const settings: Readonly<Record<keyof Settings, string>> = {
  latency: 'Delay one way, ms',
  rate: 'Rate, octets a second (0: no limit)',
  queue: 'Queue, octets',
  loss: 'Chance of a loss',
  mtu: 'Largest packet of the hosts, octets',
  pathMtu: 'Largest packet of the path, octets',
  timestamps: 'Timestamps',
  windowScaling: 'Window scaling',
  sack: 'Selective acknowledgment (SACK)',
  ecn: 'Explicit congestion notification (ECN)',
  nagle: 'Nagle’s algorithm',
  delayedAck: 'Longest delay of an ACK, ms',
  msl: 'Maximum segment lifetime (MSL), ms',
  keepAlive: 'Keep-alive',
  receiveBuffer: 'Receive buffer, octets',
  congestion: 'Congestion control',
  backlog: 'Backlog of the listener',
  cookies: 'SYN cookies',
  freshIsn: 'Fresh initial sequence numbers',
};

export const panelsEn = {
  bar: {
    parts: { label: 'Parts of this page', lab: 'Lab', why: 'Why?', capture: 'Captures' },
    preset: 'Scenario',
    groups: {
      open: 'Opening',
      close: 'Closing',
      reset: 'Crashes and resets',
      data: 'Text on its way',
      path: 'The path',
      attack: 'Attacks',
      figures: 'Figures of RFC 9293',
    } as Readonly<Record<string, string>>,
    seed: 'Seed',
    seedTitle: 'Chance is made from it: the same seed, the same run',
    settings: 'Settings',
    noSettings: 'This scenario has nothing to set.',
    setting: settings,
    theme: { label: 'Theme', system: 'System theme', light: 'Light', dark: 'Dark' },
    share: 'Share',
    shareLink: 'The link to exactly this run: scenario, seed, settings and all your edits',
    copy: 'Copy',
    copied: 'Copied',
    export: 'Export',
    exports: {
      svg: ['Ladder as SVG', 'a picture that scales'],
      png: ['Ladder as PNG', 'at twice its size'],
      pcapng: ['Capture (pcapng)', 'for Wireshark: an interface for each host'],
      pkt: ['Script (packetdrill)', 'to be played against any TCP'],
      mmd: ['Mermaid diagram', 'for documents'],
      json: ['Trace (JSON)', 'everything that happened'],
    },
    failed: (reason: string) => `The export has failed: ${reason}`,
    badLink: (reason: string) => `This link cannot be opened: ${reason}`,
    dismiss: 'Dismiss',
    close: 'Close',
  },
  story: {
    predict: 'What do you think?',
    right: 'Right.',
    wrong: 'Not quite.',
    look: 'Run it and watch, then try again.',
    run: 'Run it',
    goOn: 'Go on',
    again: 'Run it again',
    challenge: 'Break it yourself',
    hint: 'A hint',
    met: 'Done!',
  },
  host: {
    name: (host: HostName) => ({ A: 'A: client', B: 'B: server', C: 'C: somebody else' })[host],
  },
};

export type PanelWords = typeof panelsEn;
