/**
 * The least of PostgreSQL that answers simple queries in its protocol, version 3: everybody is trusted, there are no
 * transactions, and values are text.
 */

import net, { type Server, type Socket } from 'node:net';

/** What a query is answered with: rows of one column called `value`. What it throws is the query's error. */
export type Query = (sql: string) => readonly string[];

/** Listens where PostgreSQL does, on the host that calls. */
export function servePostgres(query: Query): Server {
  return net.createServer((socket) => serve(socket, query)).listen(5432);
}

const READY = message('Z', 'I');
const TRUSTED = message('R', int32(0));
/** What a column of text is: no table, type 25, any length, as text. */
const TEXT = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0]);

function serve(socket: Socket, query: Query): void {
  let rest: Buffer = Buffer.alloc(0);
  let started = false;
  socket.on('error', () => {});
  socket.on('data', (data: Buffer) => {
    rest = Buffer.concat([rest, data]);
    for (;;) {
      // The first message has no kind before its length.
      const at = started ? 1 : 0;
      if (rest.length < at + 4 || rest.length < at + rest.readUInt32BE(at)) return;
      const kind = started ? String.fromCharCode(rest[0]!) : 'startup';
      const content = rest.subarray(at + 4, at + rest.readUInt32BE(at));
      rest = rest.subarray(at + rest.readUInt32BE(at));
      started = true;
      if (kind === 'startup') socket.write(Buffer.concat([TRUSTED, READY]));
      else if (kind === 'Q') socket.write(Buffer.concat([answer(content.subarray(0, -1).toString(), query), READY]));
      else if (kind === 'X') socket.end();
      else socket.write(Buffer.concat([failure(`messages '${kind}' are not understood here`), READY]));
    }
  });
}

function answer(sql: string, query: Query): Buffer {
  try {
    const values = query(sql);
    const rows = values.map((value) => message('D', int16(1), int32(Buffer.byteLength(value)), value));
    return Buffer.concat([message('T', int16(1), 'value\0', TEXT), ...rows, message('C', `SELECT ${values.length}\0`)]);
  } catch (error) {
    return failure((error as Error).message);
  }
}

function failure(text: string): Buffer {
  return message('E', 'SERROR\0', 'CXX000\0', `M${text}\0`, '\0');
}

/** A message: its kind, its length, its content. */
function message(kind: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([Buffer.from(kind), int32(content.length + 4), content]);
}

function int16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}

function int32(value: number): Buffer {
  return Buffer.concat([int16(value >>> 16), int16(value & 0xffff)]);
}
