export * from './errors.ts';
export type * from './script.ts';
