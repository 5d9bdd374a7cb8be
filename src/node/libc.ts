/**
 * Owns: the few calls of the C library that Node does not offer, through koffi. koffi is an optional peer of the
 * package: it is loaded only when a device is opened, and its absence is said in words.
 *
 * Memory is passed by address, because a view for each packet would cost more than the packet. Who passes an address
 * keeps the buffer alive during the call.
 */

import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { TsynError } from '../stack/errors.ts';

export interface Libc {
  /** ioctl(2) with a pointer argument; 0 or -1. */
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  /** ioctl(2) with a number argument; 0 or -1. */
  ioctlValue(fd: number, request: number, argument: number): number;
  /** read(2) to an address; octets read or -1. */
  read(fd: number, address: number, count: number): number;
  /** write(2) from an address; octets written or -1. */
  write(fd: number, address: number, count: number): number;
  /** close(2), for descriptors that Node did not open and keeps no account of. */
  close(fd: number): number;
  /** eventfd(2), close-on-exec and non-blocking; a descriptor or -1. */
  eventfd(): number;
  /** poll(2) on a thread of the pool; `done` is told the result on the event loop. */
  poll(address: number, count: number, timeout: number, done: (error: Error | null, ready: number) => void): void;
  /** Where a buffer's memory starts. It stays there while the buffer is alive. */
  address(buffer: Uint8Array): number;
  /** errno of the last call. */
  errno(): number;
}

export const EAGAIN: number = constants.errno.EAGAIN;
export const EINTR: number = constants.errno.EINTR;

const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;

let loaded: Libc | null = null;

/**
 * Loads koffi and binds the calls; once a process.
 *
 * @throws TsynError ERR_TSYN_PLATFORM on anything but Linux, ERR_TSYN_NO_KOFFI where koffi is not installed or has no
 *   binary for this machine
 */
export function loadLibc(): Libc {
  if (loaded !== null) return loaded;
  if (process.platform !== 'linux') {
    throw new TsynError('ERR_TSYN_PLATFORM', `TUN and TAP devices need Linux, not ${process.platform}`);
  }
  let koffi: typeof import('koffi');
  try {
    koffi = createRequire(import.meta.url)('koffi');
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new TsynError('ERR_TSYN_NO_KOFFI', `opening a device needs the package koffi: npm install koffi (${why})`);
  }
  const library = koffi.load(null);
  const poll = library.func('int poll(void *fds, unsigned long count, int timeout)');
  const eventfd = library.func('int eventfd(unsigned int initial, int flags)');
  loaded = {
    ioctl: library.func('int ioctl(int fd, unsigned long request, void *argument)'),
    ioctlValue: library.func('ioctl', 'int', ['int', 'unsigned long', 'unsigned long']),
    read: library.func('long read(int fd, void *buffer, unsigned long count)'),
    write: library.func('long write(int fd, void *buffer, unsigned long count)'),
    close: library.func('int close(int fd)'),
    eventfd: () => eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
    poll: (address, count, timeout, done) => poll.async(address, count, timeout, done),
    address: (buffer) => Number(koffi.address(buffer)),
    errno: () => koffi.errno(),
  };
  return loaded;
}

/** Linux numbers that Node has no name for: what a device says when its interface has been deleted. */
const UNNAMED: Readonly<Record<number, string>> = { 77: 'EBADFD' };

/** `EBUSY` for 16 and so on. */
export function errnoName(errno: number): string {
  return UNNAMED[errno] ?? (errno > 0 ? getSystemErrorName(-errno) : 'UNKNOWN');
}
