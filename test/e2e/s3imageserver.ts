/** `pictor s3imageserver` with its buckets in any S3 service that is running. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { S3Client } from '@aws-sdk/client-s3';
import sharp from 'sharp';
import { drawing, livePictor, until } from '../support/live-pictor.ts';
import type { PictorProcess } from '../support/pictor-process.ts';
import { repositoryRoot } from '../support/repository.ts';
import { adminOf, freshBucket, putObject, type RunningS3 } from '../support/s3-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface HttpVector {
  readonly name: string;
  readonly authority: string;
  readonly method?: string;
  readonly target: string;
  readonly sent?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly type?: string;
  readonly width?: number;
  readonly height?: number;
  readonly pages?: number;
  readonly body?: string;
  readonly empty?: true;
  readonly object?: string;
  /** As large as this picture is when it stands upright. */
  readonly fixture?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly file?: string;
}

const vectors = (
  JSON.parse(
    readFileSync(path.join(repositoryRoot, 'test/golden/dialects/s3imageserver-http.json'), 'utf8'),
  ) as { requests: readonly HttpVector[] }
).requests;

const fixture = (name: string): Promise<Buffer> => readFile(path.join(repositoryRoot, 'test/fixtures', name));

const jpeg = (width: number, height: number): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: 'teal' } })
    .jpeg()
    .toBuffer();

/** Everything the vectors ask for, by key. */
async function objects(): Promise<Readonly<Record<string, Buffer>>> {
  const landscape = await jpeg(1200, 800);
  const tiff = await sharp(landscape).tiff().toBuffer();
  return {
    'imagesLarge/my_image_name.jpg': landscape,
    'imagesLarge/my kätzchen.jpg': landscape,
    imagesLarge_glued: landscape,
    'imagesLarge_glued.jpg': landscape,
    'imagesLarge/small.jpg': await jpeg(200, 150),
    'imagesLarge/tall.jpg': await jpeg(200, 250),
    'imagesLarge/big.jpg': await jpeg(4000, 3000),
    'imagesLarge/odd.jpg': await jpeg(1000, 667),
    'imagesLarge/anim.gif': await fixture('animated.gif'),
    'imagesLarge/gif.png': await fixture('animated.gif'),
    'imagesLarge/anim.webp': await fixture('animated.webp'),
    'imagesLarge/sideways.jpg': await fixture('orientation-6.jpg'),
    'imagesLarge/picture.TIFF': tiff,
    'imagesLarge/file.txt': landscape,
    'imagesLarge/photo.JPG': landscape,
    'imagesLarge/page.jpg': Buffer.from('<!DOCTYPE html><script>alert(1)</script>'),
    'imagesLarge/byte.jpg': Buffer.from([0xff]),
    'imagesLarge/empty.jpg': Buffer.alloc(0),
    'imagesLarge/torn.jpg': landscape.subarray(0, 40),
  };
}

/** Nothing of the machine's own, and no question to the address of cloud metadata. */
export const quietAws = { AWS_EC2_METADATA_DISABLED: 'true' };

/** A bucket as a handler names it. */
export const awsOf = (
  { endpoint, accessKeyId, secretAccessKey }: Omit<RunningS3, 'close'>,
  bucket: string,
  more: object = {},
): object => ({
  bucket_name: bucket,
  file_path: 'imagesLarge/',
  aws_access: accessKeyId,
  aws_secret: secretAccessKey,
  endpoint,
  ...more,
});

export interface RunningS3imageserver {
  readonly pictor: PictorProcess;
  readonly folder: string;
  /** Its cache folder. */
  readonly cache: string;
}

/** Starts it with these handlers; relative paths in them are below `folder`. */
export async function s3imageserverWith(
  context: TestContext,
  { handlers, folder: given, top = {} }: { handlers: readonly object[]; folder?: string; top?: object },
): Promise<RunningS3imageserver> {
  const folder = given ?? (await temporaryFolder(context));
  const cache = path.join(folder, 'cache');
  const own = handlers.map((handler) => ({ cache_path: cache, ...handler }));
  const file = path.join(folder, 'config.json');
  await writeFile(file, `// handlers\n${JSON.stringify({ handlers: own, ...top })}`);
  const pictor = await livePictor(context, { args: ['s3imageserver', '-c', file], env: quietAws });
  return { pictor, folder, cache };
}

/**
 * What holds on every service.
 * @param start gives one for the whole suite
 * @param more further tests on the same one
 */
export function describeS3imageserver(
  name: string,
  start: () => Promise<RunningS3>,
  more?: (running: () => { readonly service: RunningS3; readonly admin: S3Client }) => void,
): void {
  describe(`s3imageserver end to end: ${name}`, () => {
    let service: RunningS3;
    let admin: S3Client;
    let bucket: string;
    let filled: Readonly<Record<string, Buffer>>;
    before(async () => {
      service = await start();
      admin = adminOf(service);
      bucket = await freshBucket(admin);
      filled = await objects();
      for (const [key, Body] of Object.entries(filled)) await putObject(admin, { bucket, key }, { Body });
    });
    after(async () => {
      admin?.destroy();
      await service?.close();
    });

    test('every request of the vectors', async (t) => {
      const folder = await temporaryFolder(t);
      const errorImage = path.join(folder, 'error_image.jpg');
      await writeFile(errorImage, await jpeg(800, 800));
      const aws = awsOf(service, bucket);
      const { pictor, cache } = await s3imageserverWith(t, {
        folder,
        handlers: [
          { name: 'handlerName', prefix: 'h', aws },
          { prefix: 'j', aws, output_format: 'jpg' },
          { prefix: 'p', aws: awsOf(service, bucket, { file_path: 'imagesLarge' }) },
          { prefix: 'e', aws, error_image: errorImage },
          { prefix: 'x', aws, allowed_formats: ['txt', '.TIFF'] },
          { name: 'two words%', aws },
        ],
      });
      for (const vector of vectors)
        await t.test(`${vector.name} (${vector.authority})`, () => check({ pictor, cache, filled }, vector));
    });

    test('two handlers with buckets of their own never mix, however many ask', async (t) => {
      const other = await freshBucket(admin);
      const names = Array.from({ length: 6 }, (_, index) => `${index}.png`);
      for (const key of names) {
        await putObject(
          admin,
          { bucket, key },
          { Body: await drawing({ width: 40, height: 20, colour: 'red' }) },
        );
        const body = await drawing({ width: 40, height: 20, colour: 'blue' });
        await putObject(admin, { bucket: other, key }, { Body: body });
      }
      const { pictor } = await s3imageserverWith(t, {
        handlers: [
          { prefix: 'red', aws: awsOf(service, bucket, { file_path: '' }) },
          { prefix: 'blue', aws: awsOf(service, other, { file_path: '' }) },
        ],
      });
      const asked = names.flatMap((file) =>
        ['red', 'blue'].flatMap((prefix) =>
          [8, 12, 8, 12].map((width) => ({ prefix, target: `/${prefix}/${file}?w=${width}&f=png` })),
        ),
      );
      await Promise.all(
        asked.map(async ({ prefix, target }) => {
          const { status, body } = await pictor.get(target);
          assert.equal(status, 200, target);
          const { dominant } = await sharp(body).stats();
          assert.equal(dominant.r > dominant.b ? 'red' : 'blue', prefix, target);
        }),
      );
    });

    test('a picture on disk is given while it is fresh, and made anew when it is not', async (t) => {
      const key = 'imagesLarge/changing.png';
      const put = async (colour: string) =>
        putObject(admin, { bucket, key }, { Body: await drawing({ width: 20, height: 20, colour }) });
      await put('red');
      const handlers = [{ prefix: 'h', aws: awsOf(service, bucket), cache_time: 604_800 }];
      const first = await s3imageserverWith(t, { handlers });
      const { folder, cache } = first;
      const file = path.join(cache, 'h_w10_h0_ctrue_changing.png.png');
      const colourFrom = async (pictor: PictorProcess) => {
        const { dominant } = await sharp((await pictor.get('/h/changing.png?w=10&f=png')).body).stats();
        return dominant.r > dominant.b ? 'red' : 'blue';
      };
      assert.equal(await colourFrom(first.pictor), 'red');
      await until('the picture is on disk', () => readFile(file).then(Boolean, () => false));
      assert.equal(await first.pictor.stop(), 0);
      await put('blue');

      const age = async (seconds: number) => {
        const then = Date.now() / 1000 - seconds;
        await utimes(file, then, then);
      };
      await age(604_800 - 600);
      const second = await s3imageserverWith(t, { handlers, folder });
      assert.equal(await colourFrom(second.pictor), 'red', 'from disk');
      await age(604_800 + 600);
      assert.equal(await colourFrom(second.pictor), 'blue', 'fetched anew');
      await until('and kept', async () => (await readFile(file)).length > 0 && (await ageOf(file)) < 600);
    });

    test('without a cache, or below 0, nothing is written and every change is seen', async (t) => {
      const key = 'imagesLarge/live.png';
      const put = async (width: number) =>
        putObject(admin, { bucket, key }, { Body: await drawing({ width, height: 20, colour: 'red' }) });
      for (const off of [{ cache_enabled: false }, { cache_time: -1 }, { cache_path: '' }]) {
        await put(30);
        const { pictor, cache } = await s3imageserverWith(t, {
          handlers: [{ prefix: 'h', aws: awsOf(service, bucket), ...off }],
        });
        const width = async () => (await sharp((await pictor.get('/h/live.png')).body).metadata()).width;
        assert.equal(await width(), 30);
        await put(60);
        assert.equal(await width(), 60, JSON.stringify(off));
        assert.deepEqual(await readdir(cache).catch(() => []), []);
        assert.equal(await pictor.stop(), 0);
      }
    });

    test('with a time of 0 every request asks the bucket, and the file is rewritten', async (t) => {
      const key = 'imagesLarge/zero.png';
      const put = async (width: number) =>
        putObject(admin, { bucket, key }, { Body: await drawing({ width, height: 20, colour: 'red' }) });
      await put(30);
      const { pictor, cache } = await s3imageserverWith(t, {
        handlers: [{ prefix: 'h', aws: awsOf(service, bucket), cache_time: 0 }],
      });
      const file = path.join(cache, 'h_w0_h0_ctrue_zero.png.webp');
      const width = async () => (await sharp((await pictor.get('/h/zero.png')).body).metadata()).width;
      assert.equal(await width(), 30);
      await put(60);
      assert.equal(await width(), 60);
      await until('the file holds the new one', async () => {
        const body = await readFile(file).catch(() => null);
        return body !== null && (await sharp(body).metadata()).width === 60;
      });
    });

    test('tokens', async (t) => {
      const folder = await temporaryFolder(t);
      await mkdir(folder, { recursive: true });
      const keyFile = path.join(folder, 'verification.key');
      await writeFile(keyFile, 'verification-secret');
      const { tokens } = JSON.parse(
        readFileSync(path.join(repositoryRoot, 'test/golden/dialects/s3imageserver.json'), 'utf8'),
      ) as { tokens: readonly { name: string; key: string; token: string | null; good: boolean }[] };
      const errorImage = path.join(folder, 'error.png');
      await writeFile(errorImage, await drawing({ width: 50, height: 50, colour: 'red' }));
      const aws = awsOf(service, bucket);
      const { pictor } = await s3imageserverWith(t, {
        folder,
        handlers: [
          { prefix: 'h', aws, jwt_key_file: keyFile, error_image: errorImage },
          { prefix: 'open', aws },
        ],
      });
      for (const { name: about, key, token, good } of tokens) {
        if (key !== 'verification-secret') continue;
        const query = token === null ? '' : `&t=${token}`;
        const { status, headers } = await pictor.get(`/h/small.jpg?w=10&f=png${query}`);
        assert.equal(status, good ? 200 : 404, about);
        assert.equal(headers['content-type'], 'image/png', 'the error image stands in');
        assert.equal(headers['cache-control'], good ? undefined : 'no-store', about);
      }
      assert.equal((await pictor.get('/open/small.jpg?w=10')).status, 200);
      assert.doesNotMatch(pictor.output(), /verification-secret/);
    });

    more?.(() => ({ service, admin }));
  });
}

async function ageOf(file: string): Promise<number> {
  const { stat } = await import('node:fs/promises');
  return Date.now() / 1000 - (await stat(file)).mtimeMs / 1000;
}

interface Checked {
  readonly pictor: PictorProcess;
  readonly cache: string;
  readonly filled: Readonly<Record<string, Buffer>>;
}

async function check({ pictor, cache, filled }: Checked, vector: HttpVector): Promise<void> {
  const { method = 'GET', target, sent = {} } = vector;
  const { status, headers, body } = await pictor.send(method, target, { ...sent });
  assert.equal(status, vector.status, body.toString('latin1').slice(0, 200));
  if (vector.type !== undefined) assert.equal(headers['content-type'], vector.type);
  if (vector.body !== undefined) assert.equal(body.toString(), vector.body);
  if (vector.empty === true) assert.equal(body.length, 0);
  if (method !== 'HEAD') assert.equal(headers['content-length'], String(body.length));
  if (vector.object !== undefined) assert.deepEqual(body, filled[vector.object]);
  for (const [name, value] of Object.entries(vector.headers ?? {}))
    assert.equal(headers[name] ?? null, value, name);
  if (vector.width !== undefined || vector.pages !== undefined || vector.fixture !== undefined)
    await checkPicture(body, vector);
  if (vector.file !== undefined) {
    const file = path.join(cache, vector.file);
    await until(`${vector.file} holds the picture`, async () =>
      body.equals(await readFile(file).catch(() => Buffer.alloc(0))),
    );
  }
}

async function checkPicture(body: Buffer, vector: HttpVector): Promise<void> {
  const { width, height, pages = 1 } = await sharp(body, { pages: -1 }).metadata();
  assert.equal(pages, vector.pages ?? 1);
  if (vector.fixture !== undefined) {
    const upright = await sharp(await fixture(vector.fixture))
      .autoOrient()
      .toBuffer({ resolveWithObject: true });
    assert.deepEqual([width, height], [upright.info.width, upright.info.height]);
  }
  if (vector.width !== undefined) assert.equal(width, vector.width);
  if (vector.height !== undefined) assert.equal(height, vector.height);
}
