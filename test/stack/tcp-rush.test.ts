import { expect, it } from 'vitest';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import { judgedPair } from '../helpers/conversation.ts';

it('as many connections as the backlog holds may be on their way at once, and none is turned away', () => {
  const { world, a, b, problems } = judgedPair(1, { forth: { delay: 20 }, back: { delay: 20 } });
  const listener = b.tcp.listen({ port: 80 });
  const failed: string[] = [];
  const sockets: TcpSocket[] = [];
  const handler = { onClose: (_: TcpSocket, error: Error | null) => failed.push(`${error}`) };
  for (let i = 0; i < listener.backlog; i++) sockets.push(a.tcp.connect({ address: '10.0.0.2', port: 80, handler }));
  world.run(900); // before any SYN is sent again
  expect(failed).toEqual([]);
  expect(sockets.filter((socket) => socket.state === 'ESTABLISHED')).toHaveLength(511);
  expect(listener.waiting).toHaveLength(511);
  expect(problems).toEqual([]);
});
