/** Owns: the gallery's words with those that only the command has use for, by language. */

import { chinese, english, type WhyWords } from '../../check/words/index.ts';
import type { Language } from '../../trace/index.ts';

export type { PropertyName } from '../../check/words/index.ts';

export interface WhyTexts extends WhyWords {
  readonly written: (paths: readonly string[]) => string;
  readonly noScript: (name: string) => string;
  readonly list: string;
  readonly more: string;
}

const en: WhyTexts = {
  ...english,
  written: (paths) => `written: ${paths.join(' ')}`,
  noScript: (name) => `no script of ${name}: see docs/why.md for which counter-examples can be scripts`,
  list: 'Questions; each is answered by tsyn why NAME:',
  more: 'tsyn why --all runs all searches. Names of experiments, such as one-msl, work as well.',
};

const zh: WhyTexts = {
  ...chinese,
  written: (paths) => `已写入：${paths.join(' ')}`,
  noScript: (name) => `${name} 没有脚本：哪些反例可以写成脚本，见 docs/why.zh-CN.md`,
  list: '问题一览，用 tsyn why 名称 查看答案：',
  more: 'tsyn why --all 运行全部搜索。也可以用实验的名称，例如 one-msl。',
};

export const WHY_TEXTS: Readonly<Record<Language, WhyTexts>> = { en, zh };
