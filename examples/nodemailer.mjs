// nodemailer over tsyn, with a mail server: npm run -s build && node examples/nodemailer.mjs
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import nodemailer from 'nodemailer';
import { SMTPServer } from 'smtp-server';
import net from 'tsyn/net';

const office = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onData: async (stream, session, callback) => {
    const letter = await text(stream);
    const [recipient] = session.envelope.rcptTo;
    callback(null, `${recipient.address} has mail: ${/^Subject: (.*)$/m.exec(letter)[1].trim()}`);
  },
});
// The server's line.
const server = net.createServer((socket) => office.server.emit('connection', socket)).listen(25, '127.0.0.1');
await once(server, 'listening');

// The client's lines: nodemailer wants a socket that is connected.
const getSocket = ({ host, port }, callback) => {
  const connection = net.connect(port, host, () => callback(null, { connection })).once('error', callback);
};
const mailer = nodemailer.createTransport({ host: '127.0.0.1', port: 25, getSocket });

const sent = await mailer.sendMail({ from: 'a@example.org', to: 'b@example.org', subject: 'hello', text: 'Hello.' });
console.log(`nodemailer: ${sent.response}`);
mailer.close();
server.close();
