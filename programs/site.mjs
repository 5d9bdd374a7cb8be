/**
 * Owns: a small web site as a request listener of `http`, `https` or `http2`:
 *
 *     GET  /text/SEED/OCTETS        that much of a pattern; takes `Range: bytes=`, one range
 *     PUT  /sink, POST /sink        tells length and SHA-256 of what it was sent, as JSON
 *     GET  /page/IMAGES             a page with so many images
 *     GET  /image/NUMBER.png        an image, NUMBER + 1 pixels wide
 *     GET  /linked/COUNT            a page with links to /text/1/1000 and so on, for mirrors
 */

import { deflateSync } from 'node:zlib';
import { digestOf, pattern, patternStream } from './text.mjs';

export async function site(request, response) {
  const [, what, first, second] = request.url.split('/');
  request.on('error', () => {});
  response.on('error', () => {});
  try {
    if (what === 'text') sendText(request, response, Number(first), Number(second));
    else if (what === 'sink') send(response, 'application/json', JSON.stringify(await digestOf(request)));
    else if (what === 'page') send(response, 'text/html', page(Number(first)));
    else if (what === 'image') send(response, 'image/png', image(Number.parseInt(first, 10)));
    else if (what === 'linked') send(response, 'text/html', linked(Number(first)));
    else {
      response.statusCode = 404;
      send(response, 'text/plain', 'there is no such page');
    }
  } catch (error) {
    response.destroy(error);
  }
}

function send(response, type, body) {
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}

function sendText(request, response, seed, octets) {
  let [from, to] = [0, octets];
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '');
  if (range !== null) {
    const [, first, last] = range;
    if (first === '') from = Math.max(0, octets - Number(last));
    else [from, to] = [Number(first), last === '' ? octets : Math.min(octets, Number(last) + 1)];
    if (from >= to) {
      response.statusCode = 416;
      response.setHeader('Content-Range', `bytes */${octets}`);
      response.end();
      return;
    }
    response.statusCode = 206;
    response.setHeader('Content-Range', `bytes ${from}-${to - 1}/${octets}`);
  }
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('Content-Length', to - from);
  if (request.method === 'HEAD') response.end();
  else patternStream(seed, from, to).pipe(response);
}

function page(images) {
  const list = Array.from({ length: images }, (_, i) => `<img src="/image/${i}.png" alt="${i}">`);
  return `<!doctype html><title>images</title><link rel="icon" href="/image/0.png">${list.join('\n')}`;
}

function linked(count) {
  const list = Array.from({ length: count }, (_, i) => `<a href="/text/${i + 1}/1000">${i}</a>`);
  return `<!doctype html><title>links</title>${list.join('\n')}`;
}

/** A grey PNG of noise: as wide as its number says, so that none can stand in for another. */
export function image(number) {
  const [width, height] = [number + 1, 200];
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(8, 8); // bits of a sample; all others 0: grey, deflate, no interlace
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) pattern(number, y * width, width).copy(rows, y * (width + 1) + 1);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat(parts);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** As PNG wants it; zlib's own is not in every Node that we run on. */
function crc32(data) {
  let crc = 0xffffffff;
  for (const octet of data) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
