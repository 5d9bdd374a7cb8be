/** packetdrill scripts on virtual time: `tsyn/drill`. */
export * from './errors.ts';
export { formatEvent, formatPacket, formatScript } from './format.ts';
export { harnessDefines } from './harness.ts';
export type { IpVersion } from './host.ts';
export { type Mutant, type MutationKind, mutants } from './mutate.ts';
export { optionFault } from './parse-options.ts';
export { parseScript } from './parser.ts';
export { type DrillResult, play } from './play.ts';
export { RecordError, type RecordOptions, recordCapture, recordTrace } from './record.ts';
export { describeFailure, describeResult, drillLadder } from './report.ts';
export type { RunOptions } from './run-settings.ts';
export type { Failure } from './runner.ts';
export type * from './script.ts';
export { DrillFailedError, type DrillOptions, drill, drillText, ipVersions, playText } from './suite.ts';
