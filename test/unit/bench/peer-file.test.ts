import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { readPeer } from '../../../bench/peer-file.ts';
import { repositoryRoot } from '../../support/repository.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ground = { dir: '/photos', origin: 'http://127.0.0.1:9000' };
const least = { name: 'other', command: 'serve', urls: { cold: '/{width}/{source}' } };

async function fileOf(t: TestContext, content: unknown): Promise<string> {
  const file = path.join(await temporaryFolder(t), 'peer.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

test('URLs are filled for a picture of the suite', async (t) => {
  const urls = {
    cold: '/{width}x{height}/{format}.{extension}?q={quality}&f={source}&p={path}',
    mixed: '/{url}|{urlEncoded}|{urlBase64}',
  };
  const peer = readPeer(await fileOf(t, { ...least, urls }), ground);
  const picture = { source: '12mp-3.jpg', width: 400, format: 'jpeg' } as const;
  assert.equal(peer.path('cold', picture), '/400x300/jpeg.jpg?q=80&f=12mp-3.jpg&p=/photos/12mp-3.jpg');
  const url = 'http://127.0.0.1:9000/12mp-3.jpg';
  const encoded = Buffer.from(url).toString('base64url');
  assert.equal(peer.path('mixed', picture), `/${url}|${encodeURIComponent(url)}|${encoded}`);
});

test('a server takes no part in scenarios without a URL, nor in formats it does not write', async (t) => {
  const peer = readPeer(await fileOf(t, { ...least, formats: ['jpeg'] }), ground);
  const picture = { source: '2mp.jpg', width: 100, format: 'jpeg' } as const;
  assert.equal(peer.path('cold', picture), '/100/2mp.jpg');
  assert.equal(peer.path('cold', { ...picture, format: 'webp' }), null);
  assert.equal(peer.path('hits', picture), null);
});

const mistakes: readonly (readonly [string, unknown, RegExp])[] = [
  ['no JSON', '{"name": ', /peer\.json: .*JSON/],
  ['a field that does not exist', { ...least, arguments: [] }, /the file: .*arguments/],
  ['no command', { ...least, command: undefined }, /command: /],
  ['a scenario that does not exist', { ...least, urls: { warm: '/' } }, /urls: .*warm/],
  ['no URL at all', { ...least, urls: {} }, /urls: expected the URL of one scenario/],
  ['a URL that is no path', { ...least, urls: { cold: 'http://x/' } }, /urls\.cold: .*begins with \//],
  [
    'a placeholder nobody knows',
    { ...least, urls: { cold: '/{w}' } },
    /urls\.cold: unknown placeholder \{w\}: .*\{width\}/,
  ],
  [
    'a picture in a command',
    { ...least, args: ['{port}', '{width}'] },
    /args\.1: unknown placeholder \{width\}: .*\{port\}/,
  ],
  ['a format nobody writes', { ...least, formats: ['bmp'] }, /formats\.0: /],
];

for (const [what, content, message] of mistakes) {
  test(`the file of a server is refused: ${what}`, async (t) => {
    const file = await fileOf(t, content);
    assert.throws(() => readPeer(file, ground), message);
  });
}

test('the server that comes with the suite is described without mistakes', () => {
  const peer = readPeer(path.join(repositoryRoot, 'bench/peers/tiny-sharp.json'), ground);
  assert.equal(peer.path('cold', { source: '2mp.jpg', width: 100, format: 'webp' }), '/100/webp/2mp.jpg');
});

test('a command that does not exist is told by name', async (t) => {
  const peer = readPeer(await fileOf(t, { ...least, command: '/nowhere/serve' }), ground);
  await assert.rejects(peer.start(), /\/nowhere\/serve .*did not start.*ENOENT/);
});
