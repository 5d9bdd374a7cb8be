import { describe, expect, it } from 'vitest';
import net from '../../../src/node/net/index.ts';

describe('a class that inherits from Socket', () => {
  it('has instances of its own only, which are sockets too', () => {
    class Client extends net.Socket {}
    const client = new Client();
    expect([client instanceof Client, client instanceof net.Socket]).toEqual([true, true]);
    expect(new net.Socket() instanceof Client).toBe(false);
  });
});
