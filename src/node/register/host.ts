/** Owns: the host of a process under `tsyn/register`: its stack, with an interface on each link that is wanted. */

import type { Stack } from '../../stack/index.ts';
import { EventLoopDriver } from '../driver.ts';
import { addHostInterface, openHostLinkSync } from '../host-link.ts';
import type { HostSettings } from '../host-settings.ts';
import { createDefaultStack } from '../net/default-stack.ts';
import type { RegisterSettings } from './settings.ts';

/** @throws TsynError of settings, devices and sockets */
export function createHost({ interfaces, stack: options }: RegisterSettings): Stack {
  const stack = createDefaultStack(options);
  for (const settings of interfaces) open(stack, settings);
  return stack;
}

function open(stack: Stack, settings: HostSettings): void {
  const opened = openHostLinkSync(settings, stack);
  addHostInterface(stack, settings, opened);
  EventLoopDriver.of(stack.scheduler)!.follow(opened.link);
  opened.link.closed.then((error) => {
    const { kind, target } = settings.link;
    process.emitWarning(
      `tsyn/register: the link ${kind}:${target} has ended: ${error?.message ?? 'closed by its other end'}`,
    );
  });
}
