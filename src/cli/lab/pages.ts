/** Owns: a folder of files as web pages: what is at which path, of which type, and what a browser may do with it. */

import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { extname, join } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
};

/** The page loads what is here and nothing else, and nobody puts it into a frame. */
const POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'none'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache',
};

/** Files there have their content in their names: a browser never asks for one twice, not even to start a worker anew. */
const LASTING = '/assets/';
const FOR_EVER = { 'cache-control': 'public, max-age=31536000, immutable' };

/** Answers requests with the files of a folder, its `index.html` for `/`. */
export function pagesOf(folder: string): RequestListener {
  return ({ method = 'GET', url = '/' }, response) => {
    const answer = (status: number, headers: Readonly<Record<string, string>>, body: Uint8Array | string): void => {
      const length = Buffer.byteLength(body);
      response.writeHead(status, { ...HEADERS, ...headers, 'content-length': length });
      response.end(method === 'HEAD' ? undefined : body);
    };
    const refuse = (status: number, text: string, headers = {}): void =>
      answer(status, { 'content-type': TYPES['.txt']!, ...headers }, `${status}: ${text}\n`);
    if (method !== 'GET' && method !== 'HEAD') {
      refuse(405, 'only GET and HEAD', { allow: 'GET, HEAD' });
      return;
    }
    const path = pathOf(url);
    const type = path === null ? undefined : TYPES[extname(path)];
    const content = path === null || type === undefined ? null : contentOf(join(folder, path));
    if (content === null) refuse(404, 'there is no such page');
    else answer(200, { 'content-type': type!, ...(path!.startsWith(LASTING) ? FOR_EVER : {}) }, content);
  };
}

/** The path within the folder, or null for one that leads out of it or makes no sense. */
function pathOf(url: string): string | null {
  const [path = ''] = url.split(/[?#]/);
  let plain: string;
  try {
    plain = decodeURIComponent(path);
  } catch {
    return null;
  }
  if (!/^\/(?:[\w-][\w.-]*\/)*(?:[\w-][\w.-]*)?$/.test(plain)) return null;
  return plain.endsWith('/') ? `${plain}index.html` : plain;
}

function contentOf(file: string): Uint8Array | null {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}
