/** The small commands of `pictor image-server`. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { Command, CommandCall } from '../../../../src/cli/command.ts';
import { generateSecret } from '../../../../src/cli/image-server/generate-secret.ts';
import { signUrlCommand } from '../../../../src/cli/image-server/sign-url.ts';
import { imageServerVersion } from '../../../../src/cli/image-server/version.ts';

async function run(command: Command, args: readonly string[], env: CommandCall['env'] = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await command({
    args,
    env,
    options: {},
    print: (text) => out.push(text),
    complain: (text) => err.push(text),
    columns: null,
    errorColumns: null,
  });
  return { code, out: out.join(''), err: err.join('') };
}

test('generate-secret: 32 bytes unless something else is said, one per line', async () => {
  const one = await run(generateSecret, []);
  assert.match(one.out, /^[\w-]{43}\n$/);
  assert.equal(one.code, 0);
  const many = await run(generateSecret, ['--length=64', '--count', '3']);
  assert.match(many.out, /^(?:[\w-]{86}\n){3}$/);
  assert.equal(new Set(many.out.trim().split('\n')).size, 3);
});

test('generate-secret: what cannot be is refused with the usage', async () => {
  for (const args of [
    ['--length', '8'],
    ['--length', 'x'],
    ['--count=0'],
    ['--count'],
    ['--no', '1'],
    ['what'],
  ]) {
    const { code, out, err } = await run(generateSecret, args);
    assert.equal(code, 1, args.join(' '));
    assert.match(out, /^[^\n]+\n$/);
    assert.match(err, /^Usage: pictor image-server generate-secret/);
  }
});

test('sign-url: what the server compares', async () => {
  const args = [
    '--secret',
    'your-secret',
    '--path',
    '/products',
    '--base-url',
    'https://images.example.com',
    '--ttl=1h30m',
  ];
  const before = Math.floor(Date.now() / 1000);
  const { code, out } = await run(signUrlCommand, args);
  assert.equal(code, 0);
  const url = new URL(out.trim());
  const expires = Number(url.searchParams.get('X-Expires'));
  assert.ok(expires >= before + 5400 && expires <= Date.now() / 1000 + 5400);
  const signature = createHmac('sha256', 'your-secret')
    .update(`POST\n/products\n${expires}`)
    .digest('base64url');
  assert.equal(url.searchParams.get('X-Signature'), signature);
  assert.match(
    out,
    /^https:\/\/images\.example\.com\/products\?X-Expires=\d+&X-Path=%2Fproducts&X-Signature=[\w-]{43}\n$/,
  );
});

test('sign-url: the secret may come from the environment, the method in any case', async () => {
  const args = ['--path', '/a/b c.jpg', '--method', 'get'];
  const { out } = await run(signUrlCommand, args, { IMAGE_SERVER_SECRET: 's' });
  const [path, query] = out.trim().split('?');
  assert.equal(path, '/a/b%20c.jpg');
  const fields = new URLSearchParams(query);
  const message = `GET\n/a/b c.jpg\n${fields.get('X-Expires')}`;
  assert.equal(fields.get('X-Signature'), createHmac('sha256', 's').update(message).digest('base64url'));
});

test('sign-url: tells what is missing or wrong', async () => {
  const problemOf = async (...args: string[]) => {
    const { code, out, err } = await run(signUrlCommand, args);
    assert.equal(code, 1);
    assert.match(err, /^Usage: pictor image-server sign-url/);
    return out;
  };
  assert.equal(await problemOf('--path', '/a'), '--secret is required\n');
  assert.equal(await problemOf('--secret', 's'), '--path is required\n');
  assert.equal(
    await problemOf('--secret', 's', '--path', '/a', '--ttl', 'soon'),
    'invalid TTL duration: "soon"\n',
  );
  assert.match(await problemOf('--secret', 's', '--path', 'a'), /begins with \//);
  assert.equal(await problemOf('--secret'), 'flag needs an argument: --secret\n');
});

test('version: three lines', async () => {
  const { out, code } = await run(imageServerVersion, []);
  assert.match(out, /^images version \[\d+\.\d+\.\d+\]\ngit hash \[\]\nbuild timestamp \[\]\n$/);
  assert.equal(code, 0);
});
