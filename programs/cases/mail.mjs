/** Owns: SMTP either way round: nodemailer on tsyn with smtp-server on the kernel, and the other way. */

import assert from 'node:assert/strict';
import nodemailer from 'nodemailer';
import { SMTPServer } from 'smtp-server';
import { listen, makeCertificate } from '../serve.mjs';
import { megabytes, patternBuffer } from '../text.mjs';

const LOGIN = { user: 'program', pass: 'programs only' };
const ATTACHED = 5e6;

/** A server that keeps its mails. `accept` is for sockets of any net. */
function mailbox(certificate) {
  const mails = [];
  const server = new SMTPServer({
    ...certificate,
    onAuth: ({ username, password }, _, done) => {
      if (username === LOGIN.user && password === LOGIN.pass) done(null, { user: username });
      else done(new Error('there is no such user'));
    },
    onData: (stream, session, done) => {
      const pieces = [];
      stream.on('data', (data) => pieces.push(data));
      stream.on('end', () => {
        mails.push({
          envelope: session.envelope,
          secure: session.secure,
          text: Buffer.concat(pieces).toString('latin1'),
        });
        done();
      });
    },
  });
  server.on('error', () => {});
  return { mails, accept: (socket) => server.server.emit('connection', socket) };
}

/** nodemailer with its sockets from a net. */
function transport(net, address, port, options = {}) {
  return nodemailer.createTransport({
    host: address,
    port,
    auth: LOGIN,
    getSocket: (_, done) => {
      const socket = net.connect({ host: address, port });
      socket.once('error', done);
      socket.once('connect', () => {
        socket.off('error', done);
        done(null, { connection: socket });
      });
    },
    ...options,
  });
}

async function post({ server, scaled, note }, from, to) {
  const { certificate } = server;
  const { mails, accept } = mailbox(certificate);
  const served = await listen(to, accept);
  const octets = scaled(ATTACHED);
  const content = patternBuffer(5, 0, octets);
  const mail = {
    from: 'one@example.org',
    to: ['two@example.org', 'three@example.org'],
    subject: 'a pattern',
    text: 'It is attached.',
    attachments: [{ filename: 'pattern', content }],
  };
  // STARTTLS, which the server offers, on one connection after the other.
  const mailer = transport(from.net, to.address, served.port, { requireTLS: true, tls: { ca: certificate.cert } });
  for (let i = 0; i < 3; i++) {
    const { accepted } = await mailer.sendMail(mail);
    assert.deepEqual(accepted, mail.to);
  }
  mailer.close();
  assert.equal(mails.length, 3);
  for (const { envelope, secure, text } of mails) {
    assert.equal(secure, true);
    assert.deepEqual(
      envelope.rcptTo.map(({ address }) => address),
      mail.to,
    );
    const encoded = content.toString('base64');
    assert.ok(text.replaceAll('\r\n', '').includes(encoded), 'the attachment is not the one that was sent');
  }
  const stranger = transport(from.net, to.address, served.port, {
    auth: { user: 'nobody', pass: 'nothing' },
    tls: { ca: certificate.cert },
  });
  await assert.rejects(stranger.sendMail(mail), { code: 'EAUTH' });
  stranger.close();
  await served.stop();
  note(`three mails of ${megabytes(octets)}`);
}

export const mailProgram = {
  name: 'nodemailer with smtp-server',
  place: 'tun',
  needs: ['openssl'],
  start: async ({ place, directory }) => ({
    certificate: makeCertificate(directory, [place.near.address, place.far.address]),
  }),
  cases: {
    'mails with an attachment from tsyn to the kernel': (context) =>
      post(context, context.place.near, context.place.far),
    'and from the kernel to tsyn': (context) => post(context, context.place.far, context.place.near),
  },
};
