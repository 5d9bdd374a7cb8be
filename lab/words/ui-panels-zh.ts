/** Owns: the words of the panels in Chinese. */

import type { PanelWords } from './ui-panels-en.ts';

export const panelsZh: PanelWords = {
  bar: {
    parts: { label: '页面各部分', lab: '实验', why: '为什么？', capture: '抓包' },
    theme: { label: '主题', system: '跟随系统', light: '浅色', dark: '深色' },
    dismiss: '关闭',
  },
};
