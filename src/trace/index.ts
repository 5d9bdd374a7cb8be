export * from './events.ts';
export * from './ladder.ts';
export * from './ladder-rows.ts';
export * from './ladder-svg.ts';
export * from './pcapng.ts';
export { clip, displayWidth, endpoint, padEnd, padStart, RelativeNumbers, toJsonLines } from './text.ts';
export type { Language } from './words.ts';
