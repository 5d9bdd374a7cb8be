/** Owns: the same words in Chinese as in `ui-ladder-en.ts`. */

import type { LadderWords } from './ui-ladder-en.ts';

export const ladderZh: LadderWords = {
  frame: {
    skip: '跳到时序图',
    story: '这个场景讲什么',
    ladder: '报文段时序图',
    host: (host) => `主机 ${host}`,
    tabs: '细节',
    transport: '时间',
  },
};
