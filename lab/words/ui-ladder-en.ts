/** Owns: the English words of the frame, the ladder, the faults and the transport bar. */

import type { HostName } from '../engine/types.ts';

export const ladderEn = {
  frame: {
    skip: 'Skip to the ladder',
    story: 'What this is about',
    ladder: 'Ladder of segments',
    host: (host: HostName): string => `Host ${host}`,
    tabs: 'Details',
    transport: 'Time',
  },
};

export type LadderWords = typeof ladderEn;
