import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { HttpRequest, Reply } from '../../../src/http/messages.ts';
import { createStaticFiles } from '../../../src/http/static-files.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pictor-static-'));
after(() => rmSync(folder, { recursive: true }));
writeFileSync(path.join(folder, 'index.html'), '<!doctype html><p>hello');
writeFileSync(path.join(folder, 'app.js'), 'export {};');
writeFileSync(path.join(folder, 'secret.txt'), 'secret');

const files = createStaticFiles({ folder, files: { '/': 'index.html', '/playground/app.js': 'app.js' } });

const ask = (url: string, more: { method?: string; headers?: HttpRequest['headers'] } = {}): Reply | null =>
  files.reply({ method: 'GET', url, headers: {}, httpVersionMajor: 1, socket: {}, ...more });

const header = (reply: Reply | null, name: string) => reply?.headers[reply.headers.indexOf(name) + 1];

test('a known path is answered with its bytes and type', () => {
  const page = ask('/');
  assert.equal(page?.status, 200);
  assert.equal(Buffer.from(page.body as Uint8Array).toString(), '<!doctype html><p>hello');
  assert.equal(header(page, 'Content-Type'), 'text/html; charset=utf-8');
  assert.match(header(page, 'Content-Security-Policy')!, /^default-src 'none'; script-src 'self'; /);
  assert.equal(header(page, 'X-Content-Type-Options'), 'nosniff');
  assert.equal(header(ask('/playground/app.js?v=1'), 'Content-Type'), 'text/javascript; charset=utf-8');
});

test('nothing else is: no other path, no way out of the folder, no other method', () => {
  for (const url of [
    '/index.html',
    '/secret.txt',
    '/playground/../secret.txt',
    '/playground/%61pp.js',
    '//',
    '',
    '/__proto__',
  ]) {
    assert.equal(ask(url), null, url);
  }
  assert.equal(ask('/', { method: 'POST' }), null);
  assert.notEqual(ask('/', { method: 'HEAD' }), null);
});

test('a browser that holds the file gets 304', () => {
  const etag = header(ask('/'), 'ETag')!;
  const reply = ask('/', { headers: { 'if-none-match': `"other", W/${etag}` } });
  assert.equal(reply?.status, 304);
  assert.equal(reply.body, null);
  assert.equal(header(reply, 'ETag'), etag);
  assert.equal(ask('/', { headers: { 'if-none-match': '"other"' } })?.status, 200);
});

test('a missing file or an unknown type is told at start', () => {
  assert.throws(() => createStaticFiles({ folder, files: { '/': 'missing.html' } }), /ENOENT/);
  assert.throws(() => createStaticFiles({ folder, files: { '/': 'secret.txt' } }), /no media type/);
});
