/** What the client says to an image-server, and what it makes of the answers. */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { after, beforeEach, describe, test } from 'node:test';
import { createImageServerClient, ImageServerError } from '../../../src/client/index.ts';
import { startFakeImageServer } from '../../support/fake-image-server.ts';

const picture = Buffer.from('not looked at by anybody here');
const md5 = createHash('md5').update(picture).digest('hex');
const hash = '6e0072682e66287b662827da75b244a3';
const folder = '/products/6e0/072/682/e66287b662827da75b244a3';
const secret = 'your-secret';

const server = await startFakeImageServer();
after(() => server.close());
const images = createImageServerClient({ url: `${server.url}/`, namespace: 'products' });
const last = () => server.seen.at(-1)!;

/** Path and query of a request, its signature held against what the server would compute. */
function checkedSignature({ method, url }: { readonly method: string; readonly url: string }): URL {
  const asked = new URL(url, server.url);
  const [path, expires] = ['X-Path', 'X-Expires'].map((name) => asked.searchParams.get(name));
  const wanted = createHmac('sha256', secret).update(`${method}\n${path}\n${expires}`).digest('base64url');
  assert.equal(asked.searchParams.get('X-Signature'), wanted);
  assert.equal(path, decodeURIComponent(asked.pathname));
  return asked;
}

beforeEach(() => server.seen.splice(0));

describe('upload', () => {
  const bodies = {
    'a Blob': () => new Blob([picture], { type: 'image/png' }),
    bytes: () => new Uint8Array(picture),
    'an ArrayBuffer': () => new Uint8Array(picture).buffer,
    'a stream': () => new Blob([picture]).stream(),
  };
  for (const [name, body] of Object.entries(bodies)) {
    test(`takes ${name}`, async () => {
      const stored = await images.upload(body());
      assert.deepEqual(
        [stored.namespace, stored.hash, stored.width, stored.height],
        ['products', md5, 800, 600],
      );
      assert.equal(last().url, '/products');
      assert.equal(last().method, 'POST');
      assert.deepEqual(last().body, picture);
    });
  }

  test('the type of a Blob goes along, unless another one is said', async () => {
    const blob = new Blob([picture], { type: 'image/png' });
    assert.equal((await images.upload(blob)).contentType, 'image/png');
    assert.equal((await images.upload(blob, { contentType: 'image/svg+xml' })).contentType, 'image/svg+xml');
  });

  test('names outputs and another namespace', async () => {
    const outputs = ['x300.jpg', { width: 200, format: 'webp' }] as const;
    await images.upload(new Uint8Array(picture), { namespace: 'avatars', outputs });
    assert.equal(last().url, '/avatars?outputs=x300.jpg%2Cw200.webp');
  });

  test('a URL is for the server to fetch', async () => {
    await images.upload(new URL('https://a.example/b c.jpg?d=(1)&e'));
    assert.equal(last().url, '/products?source=https%3A%2F%2Fa.example%2Fb%2520c.jpg%3Fd%3D%281%29%26e');
    assert.equal(last().body.length, 0);
  });

  test('signs with a secret', async () => {
    const signing = createImageServerClient({ url: server.url, namespace: 'products', sign: { secret } });
    await signing.upload(new Uint8Array(picture), { outputs: ['x300.jpg'] });
    assert.equal(checkedSignature(last()).searchParams.get('outputs'), 'x300.jpg');
  });

  test('asks somebody else for the signature', async () => {
    const asked: unknown[] = [];
    const signing = createImageServerClient({
      url: server.url,
      sign: (request) => {
        asked.push(request);
        return `${request.base}${request.path}?signed`;
      },
    });
    await signing.upload(new Uint8Array(picture), { namespace: 'products', outputs: ['original'] });
    assert.deepEqual(asked, [{ method: 'POST', path: '/products', base: server.url }]);
    assert.equal(last().url, '/products?signed&outputs=original');
  });
});

describe('pictures that are there', () => {
  test('process names what shall be made', async () => {
    await images.process(hash, ['x100.jpg', { square: 200, format: 'jpg' }]);
    assert.deepEqual([last().method, last().url], ['POST', `${folder}/process?outputs=x100.jpg%2Cx200.jpg`]);
  });

  test('info gives the facts', async () => {
    const facts = { namespace: 'products', hash, width: 800, height: 600, contentType: 'image/jpeg' };
    assert.deepEqual(await images.info(hash), facts);
    assert.deepEqual([last().method, last().url], ['GET', `${folder}/info.json`]);
  });

  test('info is signed where reads are', async () => {
    const signing = createImageServerClient({
      url: server.url,
      namespace: 'products',
      sign: { secret },
      signReads: true,
    });
    await signing.info(hash);
    assert.equal(checkedSignature(last()).pathname, `${folder}/info.json`);
    const url = await signing.signedVariantUrl(hash, 'w200.jpg');
    checkedSignature({ method: 'GET', url: url.slice(server.url.length) });
  });

  test('storeFile puts a file beside the picture', async () => {
    await images.storeFile(hash, { name: 'my notes.txt', body: new Blob(['text']) });
    assert.deepEqual(
      [last().method, last().url, last().body.toString()],
      ['POST', `${folder}/my%20notes.txt`, 'text'],
    );
  });

  test('variantUrl asks nobody', () => {
    assert.equal(images.variantUrl(hash, 'x300.webp'), `${server.url}${folder}/x300.webp`);
    const wish = { width: 300, height: 200, quality: 50, format: 'jpg' };
    assert.equal(
      images.variantUrl(hash, wish, { namespace: 'avatars' }),
      `${server.url}${folder.replace('products', 'avatars')}/300x200-q50.jpg`,
    );
    assert.equal(server.seen.length, 0);
  });

  test('no namespace and no hash are mistakes', async () => {
    const homeless = createImageServerClient({ url: server.url });
    assert.throws(() => homeless.variantUrl(hash, 'x300.webp'), TypeError);
    await assert.rejects(homeless.upload(new Blob([])), TypeError);
    for (const wrong of [hash.toUpperCase(), hash.slice(1), '../etc']) {
      assert.throws(() => images.variantUrl(wrong, 'x300.webp'), TypeError);
    }
    assert.throws(() => images.variantUrl(hash, 'x300.webp', { namespace: 'Not/One' }), TypeError);
    await assert.rejects(images.signedVariantUrl(hash, 'x300.webp'), TypeError);
  });
});

describe('failures', () => {
  const failureOf = async (body: string, status: number) => {
    server.answerNext({ status, body });
    const failure = await images.upload(new Uint8Array(picture)).catch((error: unknown) => error);
    assert.ok(failure instanceof ImageServerError);
    return failure;
  };

  test('carry status, body and what the server said', async () => {
    const failure = await failureOf('{\n  "error": "File is empty"\n}\n', 404);
    assert.deepEqual([failure.status, failure.code], [404, undefined]);
    assert.equal(failure.text, '{\n  "error": "File is empty"\n}\n');
    assert.equal(failure.message, 'the image server answered 404: File is empty');
  });

  test('name the code of a refused signature', async () => {
    const body = '{"error":"SignatureExpired","message":"The provided signature has expired"}\n';
    const failure = await failureOf(body, 401);
    assert.deepEqual([failure.status, failure.code], [401, 'SignatureExpired']);
    assert.match(failure.message, /: The provided signature has expired$/);
  });

  test('a plain text, and an answer that is none of an image server', async () => {
    assert.equal(
      (await failureOf('404 page not found\n', 404)).message,
      'the image server answered 404: 404 page not found',
    );
    for (const body of ['<html>', '[]', '{"hash":1}']) {
      assert.equal((await failureOf(body, 200)).text, body);
    }
  });

  test('nobody there has status 0', async () => {
    const gone = await startFakeImageServer();
    await gone.close();
    const lost = createImageServerClient({ url: gone.url, namespace: 'products' });
    await assert.rejects(lost.info(hash), (error) => error instanceof ImageServerError && error.status === 0);
  });

  test('an abort stays an abort', async () => {
    const signal = AbortSignal.abort();
    await assert.rejects(images.info(hash, { signal }), { name: 'AbortError' });
  });
});
