/** What clients send to image-server as pictures: taken as what it is, upright and in the right colours, or refused without a trace. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { keepingPictor, post } from '../support/keeping-pictor.ts';
import { shapeOf, until } from '../support/live-pictor.ts';
import { repositoryRoot } from '../support/repository.ts';

const fixture = (name: string): Promise<Buffer> => readFile(path.join(repositoryRoot, 'test/fixtures', name));

interface Info {
  readonly hash: string;
  readonly width: number;
  readonly height: number;
  readonly content_type: string;
}

/** A few points, as they are shown. */
const pointsOf = (picture: Buffer): Promise<Buffer> =>
  sharp(picture)
    .autoOrient()
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .resize(6, 4, { fit: 'fill' })
    .removeAlpha()
    .raw()
    .toBuffer();

/** Whole pixels first: frames with a palette are resized another way. */
const turned = (picture: Buffer, degrees: number): Promise<Buffer> =>
  sharp(picture)
    .autoOrient()
    .rotate(degrees)
    .flatten({ background: 'white' })
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer();

/** A profile that is dropped is off by 20 and more somewhere; what lossy formats do is not. */
function looksLike(one: Buffer, other: Buffer, what: string): void {
  assert.equal(one.length, other.length, what);
  const farthest = Math.max(...one.map((value, index) => Math.abs(value - other[index]!)));
  assert.ok(farthest <= 12, `${what}: off by ${farthest}`);
}

/** Name, type and size it is told with, and a picture that looks the same when it is turned by so many degrees. */
const taken: readonly (readonly [name: string, type: string, size: string, like: string, turn?: number])[] = [
  ['photo.heic', 'image/heif', '120x80', 'photo.png'],
  ['rotated.heic', 'image/heif', '80x120', 'photo.png', 270],
  ['p3.heic', 'image/heif', '120x80', 'p3.png'],
  ['alpha.heic', 'image/heif', '120x80', 'alpha.png'],
  ['photo.tiff', 'image/tiff', '120x80', 'photo.png'],
  ['lab.tiff', 'image/tiff', '120x80', 'p3.png'],
  ['cmyk-profile.jpg', 'image/jpeg', '120x80', 'cmyk-profile.jpg'],
  ['depth16.png', 'image/png', '120x80', 'photo.png'],
  ['p3-16bit.png', 'image/png', '120x80', 'p3.png'],
  ['orientation-8.jpg', 'image/jpeg', '120x80', 'photo.png'],
  ['animated.gif', 'image/gif', '60x40', 'animated.gif'],
  ['animated.webp', 'image/webp', '60x40', 'animated.gif'],
];

test('pictures of every kind are taken as what they are; their variants are upright, in their colours', async (t) => {
  const { pictor, kept } = await keepingPictor(t, { dialect: 'image-server' });
  for (const [name, type, size, like, turn = 0] of taken) {
    const answer = await post(pictor.port, '/p', {
      body: await fixture(name),
      // Whatever it is said to be.
      headers: { 'content-type': 'text/html' },
    });
    assert.equal(answer.status, 200, `${name}: ${answer.text}`);
    const { hash, width, height, content_type } = JSON.parse(answer.text) as Info;
    assert.deepEqual([content_type, `${width}x${height}`], [type, size], name);
    const dir = `/p/${hash.replace(/^(...)(...)(...)/, '$1/$2/$3/')}`;
    const variant = await pictor.get(`${dir}/full_size.jpg`);
    assert.equal(await shapeOf(variant), `jpeg ${size}`, name);
    const { icc, orientation } = await sharp(variant.body).metadata();
    assert.deepEqual([icc, orientation], [undefined, undefined], name);
    looksLike(await pointsOf(variant.body), await pointsOf(await turned(await fixture(like), turn)), name);
  }
  await until('the variants are kept', async () => (await kept()).length === 3 * taken.length);
});

test('what is no picture, or too much of one, is refused, and leaves nothing', async (t) => {
  const { pictor, kept, onTheWay } = await keepingPictor(t, {
    dialect: 'image-server',
    env: { PICTOR_LIMITS_MAX_PIXELS: '100000000' },
  });
  const form = { 'content-type': 'multipart/form-data; boundary=edge' };
  const part = (disposition: string, body: Buffer | string) =>
    Buffer.concat([
      Buffer.from(`--edge\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`),
      Buffer.from(body),
      Buffer.from('\r\n'),
    ]);
  const end = Buffer.from('--edge--\r\n');
  const picture = await fixture('photo.png');
  const file = part('name="f"; filename="a.png"', picture);
  const unknown = 'image: unknown format';
  const tooLarge = 'image is too large';
  const svg = { 'content-type': 'image/svg+xml' };
  const bodies: readonly (readonly [body: Buffer, reason: string, headers?: Record<string, string>])[] = [
    [Buffer.alloc(0), 'File is empty'],
    [Buffer.alloc(0), 'File is empty', svg],
    [Buffer.from('x'), unknown],
    [Buffer.from('<html><script>alert(1)</script></html>'), unknown, svg],
    [await fixture('truncated.webp'), unknown],
    ...(await Promise.all(
      ['bomb.png', 'bomb.jpg', 'bomb.gif', 'bomb.webp', 'bomb.tiff', 'bomb.avif', 'forged.heic'].map(
        async (name) => [await fixture(name), tooLarge] as const,
      ),
    )),
    [Buffer.concat([file, file, end]), 'more than one file in the form', form],
    [Buffer.concat([part('name="f"', 'x'), end]), 'no file in the form', form],
    [end, 'no file in the form', form],
    [
      Buffer.concat([part(`name="${'n'.repeat(200_000)}"; filename="a"`, picture), end]),
      'no file in the form',
      form,
    ],
    [
      Buffer.concat([...Array.from({ length: 1000 }, () => part('name="f"', 'x')), file, end]),
      'no file in the form',
      form,
    ],
    [Buffer.concat([part('name="f"; filename="a.png"', ''), end]), 'File is empty', form],
    [file, 'the form is broken', form],
    [file, 'the form has no boundary', { 'content-type': 'multipart/form-data' }],
  ];
  for (const [index, [body, reason, headers = {}]] of bodies.entries()) {
    const answer = await post(pictor.port, '/p', { body, headers });
    const told = { status: answer.status, ...(JSON.parse(answer.text) as object) };
    assert.deepEqual(told, { status: 404, error: reason }, `body ${index}`);
  }
  const questions: readonly (readonly [target: string, status: number])[] = [
    ['/p?outputs=x10.exe', 400],
    ['/p?outputs=x10-q101.jpg', 400],
    ['/p?outputs=..%2Fx10.jpg', 400],
    ['/p?source=file:%2F%2F%2Fetc%2Fpasswd', 400],
    ['/tmp', 400],
    ['/P', 404],
    ['/.pictor', 404],
    ['/p/', 404],
  ];
  for (const [target, status] of questions)
    assert.equal((await post(pictor.port, target, { body: picture })).status, status, target);
  assert.deepEqual(await kept(), []);
  await until('nothing is on its way', async () => (await onTheWay()).length === 0);

  const strange = part(`name="f"; filename="${'../'.repeat(50_000)}"`, picture);
  const answer = await post(pictor.port, '/p', { body: Buffer.concat([strange, end]), headers: form });
  assert.equal(answer.status, 200, 'a name of a file is nobody’s business');
  assert.equal((await kept()).length, 2);
});

test('a drawing with a script is handed over so that it does not run, whatever it was declared as', async (t) => {
  const { pictor } = await keepingPictor(t, { dialect: 'image-server' });
  const head = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10">';
  for (const [index, type] of ['image/svg+xml', 'image/png', ''].entries()) {
    const body = Buffer.from(`${head}<script>alert(${index})</script></svg>`);
    const answer = await post(pictor.port, '/p', { body, headers: { 'content-type': type } });
    assert.equal(answer.status, 200, answer.text);
    const { hash, content_type, width } = JSON.parse(answer.text) as Info;
    assert.deepEqual([content_type, width], ['image/svg+xml', type === 'image/svg+xml' ? 0 : 20]);
    const shown = await pictor.get(`/p/${hash.replace(/^(...)(...)(...)/, '$1/$2/$3/')}/original`);
    assert.deepEqual(shown.body, body);
    assert.equal(shown.headers['content-type'], 'image/svg+xml');
    assert.equal(shown.headers['x-content-type-options'], 'nosniff');
    const policy = shown.headers['content-security-policy'] ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /(^|; )sandbox($|;)/);
  }
});
