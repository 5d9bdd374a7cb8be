export * from './capture.ts';
export * from './capture-file.ts';
export * from './clock.ts';
export * from './driver.ts';
export * from './entropy.ts';
export * from './frame-stream.ts';
export * from './tun.ts';
