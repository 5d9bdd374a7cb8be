/** The why gallery in words, a language a name, so that a bundler leaves out the one not asked for: `tsyn/check/words`. */

export { english } from './en.ts';
export { headOf, verdictText } from './told.ts';
export type { PropertyName, WhyText, WhyWords } from './types.ts';
export { chinese } from './zh.ts';
