export * from './errors.ts';
export {
  formatAction,
  formatCall,
  formatEvent,
  formatExpression,
  formatPacket,
  formatScript,
  formatSeconds,
  formatTcpOption,
  formatTime,
} from './format.ts';
export { sequenceEnd } from './parse-sequence.ts';
export { optionLength } from './parse-tcp-options.ts';
export { parseScript } from './parser.ts';
export type * from './script.ts';
