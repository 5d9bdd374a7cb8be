import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { B, connected, type Pair, pair, say, text } from './pair.ts';

let net: Pair;
beforeEach(() => {
  net = pair();
});
afterEach(() => net.close());

describe('a connection', () => {
  it('carries text both ways, and ends when both have closed', async () => {
    const [client, server] = await connected(net);
    await say(client, 'question');
    expect(await text(server)).toBe('question');
    await say(server, 'answer');
    expect(await text(client)).toBe('answer');
    await expect(client.closed).resolves.toBeUndefined();
    await expect(server.closed).resolves.toBeUndefined();
  });

  it('says where it leads, in both families', async () => {
    const listener = net.b.listen({ port: 80 });
    expect(listener.addr).toEqual({ transport: 'tcp', hostname: '::', port: 80 });
    for (const [target, remote, local] of [
      [`${B}:80`, `${B}:80`, /^10\.0\.0\.1:\d+$/],
      ['[fd00::2]:80', '[fd00::2]:80', /^\[fd00::1\]:\d+$/],
    ] as const) {
      const client = net.a.connect(target);
      const info = await client.opened;
      expect(info).toEqual({ remoteAddress: remote, localAddress: expect.stringMatching(local), alpn: null });
      const server = await listener.accept();
      expect((await server.opened).remoteAddress).toBe(info.localAddress);
      expect((await server.opened).localAddress).toBe(remote);
    }
  });

  it('is there at once: what is written before it is open is sent when it is', async () => {
    const listener = net.b.listen({ port: 80 });
    const client = net.a.connect({ hostname: B, port: 80 });
    const said = say(client, 'early');
    const reading = text(client);
    const server = await listener.accept();
    expect(await text(server)).toBe('early');
    await said;
    await say(server, 'late');
    expect(await reading).toBe('late');
  });
});
