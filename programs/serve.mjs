/** Owns: servers of this process: any protocol's over any `net`, and their certificate. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Serves `accept(socket)` at an end of a place. `options` of `net.createServer`.
 *
 * @returns port, connections (accepted so far), and stop, which is done when every connection has ended
 */
export async function listen({ net, address }, accept, options = {}) {
  let connections = 0;
  const server = net.createServer({ noDelay: true, ...options }, (socket) => {
    connections++;
    // A protocol that does not look after its sockets' errors sees them end.
    socket.on('error', () => {});
    accept(socket);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
  return {
    server,
    port: server.address().port,
    get connections() {
      return connections;
    },
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** Serves one of Node's protocol servers (http, https, http2): it is given the sockets of another's `net`, as it wants them. */
export function serve(end, protocol) {
  const { allowHalfOpen } = protocol;
  return listen(end, (socket) => protocol.emit('connection', socket), { allowHalfOpen });
}

/** A key and a certificate for addresses, made by openssl. @returns `{ key, cert, keyPath, certPath }` */
export function makeCertificate(directory, addresses) {
  const keyPath = join(directory, 'key.pem');
  const certPath = join(directory, 'cert.pem');
  const names = ['DNS:localhost', ...addresses.map((address) => `IP:${address}`)].join(',');
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
      .concat(['-keyout', keyPath, '-out', certPath, '-subj', '/CN=localhost'])
      .concat(['-addext', `subjectAltName=${names}`]),
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  return { key: readFileSync(keyPath), cert: readFileSync(certPath), keyPath, certPath };
}
