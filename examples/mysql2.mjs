// mysql2 over tsyn: npm run -s build && node examples/mysql2.mjs
import { once } from 'node:events';
import mysql from 'mysql2';
import net from 'tsyn/net';

// mysql2 brings a server: it greets, and answers each query with the query.
const database = mysql.createServer();
database.on('connection', (connection) => {
  const answered = () => connection._resetSequenceId(); // packets are numbered from 0 in each conversation
  connection.serverHandshake({
    protocolVersion: 10,
    serverVersion: '8.0.0',
    connectionId: 1,
    statusFlags: 2,
    characterSet: 45,
    capabilityFlags: 0xffffff,
    authCallback: (_, welcome) => answered(welcome(null)),
  });
  const column = { name: 'query', catalog: 'def', schema: '', table: '', orgTable: '', orgName: '' };
  const type = { characterSet: 45, columnLength: 255, columnType: 253, flags: 0, decimals: 0 };
  connection.on('query', (query) => answered(connection.writeTextResult([{ query }], [{ ...column, ...type }])));
  connection.on('error', () => {});
});
const server = net.createServer((socket) => database._server.emit('connection', socket)).listen(3306, '127.0.0.1');
await once(server, 'listening');

// The line: a function that makes the connection.
const client = mysql.createConnection({ user: 'tsyn', stream: () => net.connect(3306, '127.0.0.1') }).promise();

const [rows] = await client.query('select me');
console.log(`mysql2: ${rows[0].query}`);
client.destroy();
server.close();
