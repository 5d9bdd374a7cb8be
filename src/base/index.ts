export * from './invariant.ts';
export * from './random.ts';
export * from './ring.ts';
export * from './scheduler.ts';
export * from './siphash.ts';
