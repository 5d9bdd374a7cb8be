/** `tsyn lab`: files as pages, and the command as its users run it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pagesOf } from '../../src/cli/lab/pages.ts';
import { MAIN, tsyn } from './run.ts';

const DIST = dirname(dirname(MAIN));

interface Got {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** The path goes out as it is: clients would tidy it up. */
function get(port: number, path: string, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('pages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-'));
  const server = createServer(pagesOf(join(folder, 'lab')));
  let port: number;

  beforeAll(async () => {
    mkdirSync(join(folder, 'lab', 'assets'), { recursive: true });
    writeFileSync(join(folder, 'secret.js'), 'secret');
    writeFileSync(join(folder, 'lab', 'index.html'), '<!doctype html>');
    writeFileSync(join(folder, 'lab', 'icon.svg'), '<svg/>');
    writeFileSync(join(folder, 'lab', '.hidden.js'), 'hidden');
    writeFileSync(join(folder, 'lab', 'assets', 'index-B4c_3.js'), 'export {};');
    writeFileSync(join(folder, 'lab', 'assets', 'index.css'), 'a{}');
    writeFileSync(join(folder, 'lab', 'program.exe'), 'MZ');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['/', 'text/html; charset=utf-8', '<!doctype html>'],
    ['/?lang=zh', 'text/html; charset=utf-8', '<!doctype html>'],
    ['/icon.svg', 'image/svg+xml', '<svg/>'],
    ['/assets/index-B4c_3.js', 'text/javascript; charset=utf-8', 'export {};'],
    ['/assets/index.css', 'text/css; charset=utf-8', 'a{}'],
  ])('at %s are of type %s', async (path, type, body) => {
    const got = await get(port, path);
    expect(got).toMatchObject({ status: 200, body });
    expect(got.headers['content-type']).toBe(type);
  });

  it('may load what is beside them and nothing else, and are in nobody’s frame', async () => {
    const { headers } = await get(port, '/');
    expect(headers['content-security-policy']).toContain("default-src 'self'");
    expect(headers['content-security-policy']).toContain("connect-src 'none'");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it('are asked for anew each time, but for those that have their content in their name', async () => {
    expect((await get(port, '/')).headers['cache-control']).toBe('no-cache');
    expect((await get(port, '/assets/index-B4c_3.js')).headers['cache-control']).toContain('immutable');
    expect((await get(port, '/assets/gone-B4c_3.js')).headers['cache-control']).toBe('no-cache');
  });

  it.each([
    '/secret.js',
    '/../secret.js',
    '/assets/../../secret.js',
    '/%2e%2e/secret.js',
    '/..%2fsecret.js',
    '//secret.js',
    '/.hidden.js',
    '/program.exe',
    '/assets',
    '/assets/',
    '/%',
    '/index.html%00.js',
  ])('are not at %s', async (path) => {
    const { status, body } = await get(port, path);
    expect({ status, body }).toEqual({ status: 404, body: '404: there is no such page\n' });
  });

  it('have heads without bodies, and are not written', async () => {
    expect(await get(port, '/', 'HEAD')).toMatchObject({ status: 200, body: '', headers: { 'content-length': '15' } });
    expect(await get(port, '/', 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });
});

describe('tsyn lab', () => {
  it('says where the page is, serves it, and ends when it is told to', async () => {
    const child = spawn(process.execPath, [MAIN, 'lab', '--port', '0', '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'exit');
    const said = await new Promise<string>((resolve) => child.stdout.once('data', (data) => resolve(String(data))));
    const { url } = JSON.parse(said);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const { status, body } = await get(Number(new URL(url).port), '/');
    expect(status).toBe(200);
    expect(body).toContain('<title>tsyn lab</title>');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  it('says how the page is made where it is not', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'unbuilt-'));
    cpSync(DIST, join(elsewhere, 'dist'), { recursive: true, filter: (path) => !path.startsWith(join(DIST, 'lab')) });
    writeFileSync(join(elsewhere, 'package.json'), '{ "type": "module" }');
    const main = join(elsewhere, 'dist', 'cli', 'main.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'lab'], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    rmSync(elsewhere, { recursive: true });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^tsyn lab: the page is not built: .* npm run lab:build makes it\n$/);
  });

  it('says so when the port is taken', async () => {
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    // The child needs this process for nothing, so that waiting for it here is no harm.
    const { status, stderr } = tsyn(['lab', '--port', String(port)]);
    other.close();
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `tsyn lab: cannot listen on port ${port} of 127.0.0.1: another program has it; --port 0 takes one that is free\n`,
    });
  });
});
