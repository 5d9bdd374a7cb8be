/** Owns: HTTP clients whose connections are another `net`'s: agents for `http` and `https`, a request as a promise. */

import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';

/** An agent for `http`. `options` of `http.Agent`. */
export function httpAgent(net, options = {}) {
  const agent = new http.Agent({ keepAlive: true, ...options });
  agent.createConnection = (where) => net.connect({ port: where.port, host: where.host });
  return agent;
}

/** An agent for `https`. `options` of `https.Agent`. */
export function httpsAgent(net, options = {}) {
  const agent = new https.Agent({ keepAlive: true, ...options });
  agent.createConnection = (where) =>
    tls.connect({ ...where, socket: net.connect({ port: where.port, host: where.host }) });
  return agent;
}

/** A request. `body`: a stream or null. @returns the response, once its headers are there */
export function request(protocol, options, body = null) {
  return new Promise((resolve, reject) => {
    const outgoing = protocol.request(options, resolve);
    outgoing.on('error', reject);
    if (body === null) outgoing.end();
    else body.pipe(outgoing);
  });
}
