/** Every scene in test/golden/dialects/image-server-http.json, played with the real program: on a folder, and with buckets behind it. */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import sharp from 'sharp';
import { eventually } from '../support/eventually.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { type PictorProcess, type RawReply, startPictor } from '../support/pictor-process.ts';
import { radosgwMissing, startRadosgw } from '../support/radosgw.ts';
import { adminOf, freshBucket, type RunningS3 } from '../support/s3-service.ts';
import { startS3rver } from '../support/s3rver.ts';

type Fixture = { readonly name: string } & (
  | { readonly text: string }
  | { readonly repeat: number }
  | { readonly file: string }
  | Drawn
);

interface Drawn {
  readonly width: number;
  readonly height: number;
  readonly format: 'jpeg' | 'png' | 'webp' | 'gif';
  readonly space?: 'cmyk';
  readonly orientation?: number;
  readonly clear?: boolean;
  readonly frames?: number;
}

type Texts = Readonly<Record<string, string>>;

interface Step {
  readonly name: string;
  readonly authority: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Texts;
  readonly body?: string;
  readonly form?: string;
  readonly expect: {
    readonly status: number;
    readonly type?: string;
    readonly body?: string;
    readonly bodyLike?: string;
    readonly size?: string;
    readonly same?: string;
    readonly smallerThan?: string;
    readonly empty?: boolean;
    readonly bytes?: number;
    readonly headers?: Texts;
    readonly headersLike?: Texts;
    readonly absent?: readonly string[];
  };
  readonly stored?: Texts;
  readonly storedText?: Texts;
  readonly storedSizes?: Texts;
  readonly storedPixels?: Texts;
  readonly asked?: Texts;
}

interface Scene {
  readonly name: string;
  readonly everywhere?: boolean;
  readonly args: readonly string[];
  readonly steps: readonly Step[];
}

const file = path.join(import.meta.dirname, '../golden/dialects/image-server-http.json');
const { fixtures, scenes } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly fixtures: readonly Fixture[];
  readonly scenes: readonly Scene[];
};

const bytes = new Map<string, Buffer>();
let origin: Origin;

before(async () => {
  origin = await startOrigin();
  for (const fixture of fixtures) {
    bytes.set(fixture.name, await draw(fixture));
    origin.route(`/${fixture.name}`, { body: fixtureNamed(fixture.name) });
  }
  origin.route('/teapot.jpg', { status: 418, body: 'short and stout' });
});
after(() => origin.close());

function fixtureNamed(name: string): Buffer {
  const found = bytes.get(name);
  assert.ok(found !== undefined, `no fixture ${name}`);
  return found;
}

/** Where what was kept can be looked for, past the program. */
interface Keeping {
  readonly args: readonly string[];
  readonly env: Texts;
  /** Null: no such object. */
  read(key: string): Promise<Buffer | null>;
  close(): Promise<void>;
}

describe('on a folder', () => {
  for (const scene of scenes) playScene(scene, async (root) => folderAt(root));
});

const everywhere = scenes.filter((scene) => scene.everywhere === true);

describe('with s3rver behind it', () => withService(startS3rver));
if (radosgwMissing === false) describe('with Ceph behind it', () => withService(startRadosgw));
else test('with Ceph behind it', { skip: radosgwMissing }, () => {});

function withService(start: () => Promise<RunningS3>): void {
  let service: RunningS3;
  before(async () => {
    service = await start();
  });
  after(() => service.close());
  for (const scene of everywhere) playScene(scene, () => bucketOf(service));
}

const folderAt = (root: string): Keeping => ({
  args: [],
  env: {},
  read: (key) => readFile(path.join(root, key)).catch(() => null),
  close: async () => {},
});

/** Keys are below a path of the bucket, as they are with the original. */
async function bucketOf(service: RunningS3): Promise<Keeping> {
  const admin = adminOf(service);
  const bucket = await freshBucket(admin);
  return {
    args: [
      '--uploader=s3',
      `--aws_bucket=${bucket}`,
      '--aws_region=us-east-1',
      `--aws_access_key_id=${service.accessKeyId}`,
      `--aws_secret_key=${service.secretAccessKey}`,
      '--remote_base_path=images/',
      `--remote_base_url=${service.endpoint}/${bucket}`,
    ],
    env: { AWS_ENDPOINT_URL_S3: service.endpoint },
    read: (key) => objectIn(admin, bucket, `images/${key}`),
    close: async () => admin.destroy(),
  };
}

async function objectIn(admin: S3Client, bucket: string, key: string): Promise<Buffer | null> {
  try {
    const { Body } = await admin.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Buffer.from(await Body!.transformToByteArray());
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return null;
    throw error;
  }
}

function playScene(scene: Scene, keep: (root: string) => Promise<Keeping>): void {
  describe(scene.name, () => {
    let folder: string;
    let keeping: Keeping;
    let pictor: PictorProcess;
    before(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'pictor-image-server-'));
      const secrets = path.join(folder, 'secrets');
      await writeFile(secrets, 'new-secret\n#comment\n\n  old-secret \n');
      const root = path.join(folder, 'public');
      keeping = await keep(root);
      const own = scene.args.map((arg) => arg.replace('{secrets}', secrets));
      const args = ['image-server', 'server', `--local_base_path=${root}`, ...keeping.args, ...own];
      pictor = await startPictor({ args, env: keeping.env });
    });
    after(async () => {
      await pictor.stop();
      await keeping.close();
      await rm(folder, { recursive: true, force: true });
    });
    for (const step of scene.steps)
      test(`${step.name} (${step.authority}): ${step.method} ${step.path}`, () =>
        playStep(step, pictor, keeping));
  });
}

async function playStep(step: Step, pictor: PictorProcess, keeping: Keeping): Promise<void> {
  const reply = await send(pictor.port, step);
  await meets(reply, step, pictor);
  const kept = async (key: string, looksRight: (found: Buffer) => boolean | Promise<boolean>) =>
    eventually(`${filled(key)} is kept`, async () => {
      const found = await keeping.read(filled(key));
      return found !== null && looksRight(found);
    });
  const { stored = {}, storedText = {}, storedSizes = {}, storedPixels = {}, asked } = step;
  for (const [key, name] of Object.entries(stored))
    await kept(key, (found) => found.equals(fixtureNamed(name)));
  for (const [key, text] of Object.entries(storedText))
    await kept(key, (found) => found.toString() === filled(text));
  for (const [key, size] of Object.entries(storedSizes))
    await kept(key, async (found) => (await shapeOf(found)) === size);
  for (const [key, colour] of Object.entries(storedPixels))
    await kept(key, async (found) => (await firstPixel(found)) === colour);
  if (asked === undefined) return;
  const last = origin.requests.at(-1);
  const { target, ...headers } = asked;
  assert.equal(last?.target, target);
  for (const [name, value] of Object.entries(headers)) assert.equal(last?.headers[name], value);
}

async function meets(reply: RawReply, { expect, path: target }: Step, pictor: PictorProcess): Promise<void> {
  const { status, type, body, bodyLike, size, same, smallerThan, empty, bytes: length } = expect;
  const shown = reply.body.toString('latin1', 0, 200);
  assert.equal(reply.status, status, shown);
  if (type !== undefined) assert.equal(reply.headers['content-type'], type);
  if (body !== undefined) assert.equal(reply.body.toString(), filled(body));
  if (bodyLike !== undefined) assert.match(reply.body.toString(), new RegExp(bodyLike));
  if (empty === true) assert.equal(reply.body.length, 0, shown);
  if (length !== undefined) assert.equal(reply.body.length, length);
  if (same !== undefined) assert.ok(reply.body.equals(fixtureNamed(same)), `${target} is not ${same}`);
  for (const [name, value] of Object.entries(expect.headers ?? {}))
    assert.equal(reply.headers[name.toLowerCase()], value, name);
  for (const [name, pattern] of Object.entries(expect.headersLike ?? {}))
    assert.match(reply.headers[name.toLowerCase()] ?? '', new RegExp(pattern), name);
  for (const name of expect.absent ?? []) assert.equal(reply.headers[name.toLowerCase()], undefined, name);
  if (size !== undefined) assert.equal(await shapeOf(reply.body), size);
  if (smallerThan === undefined) return;
  const other = await pictor.get(filled(smallerThan));
  assert.ok(reply.body.length < other.body.length, `${target} is not smaller than ${smallerThan}`);
}

/** The target goes out byte for byte. */
function send(port: number, step: Step): Promise<RawReply> {
  const { method, path: target, headers = {}, body, form } = step;
  const boundary = 'a-boundary-of-this-test';
  const sent =
    form === undefined ? (body === undefined ? Buffer.alloc(0) : fixtureNamed(body)) : formOf(form, boundary);
  const type = form === undefined ? {} : { 'Content-Type': `multipart/form-data; boundary=${boundary}` };
  const length = method === 'POST' ? { 'Content-Length': sent.length } : {};
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path: filled(target), agent: false };
    const asking = httpRequest({ ...options, headers: { ...type, ...headers, ...length } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers as Texts,
          body: Buffer.concat(chunks),
        }),
      );
    });
    asking.on('error', reject);
    asking.end(sent);
  });
}

const formOf = (name: string, boundary: string): Buffer =>
  Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n` +
        'Content-Type: application/octet-stream\r\n\r\n',
    ),
    fixtureNamed(name),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);

const md5Of = (name: string): string => createHash('md5').update(fixtureNamed(name)).digest('hex');

function filled(text: string): string {
  return text
    .replaceAll(/\{md5 ([\w.]+)\}/g, (_, name: string) => md5Of(name))
    .replaceAll(/\{dir ([\w.]+)\}/g, (_, name: string) =>
      md5Of(name).replace(/^(...)(...)(...)/, '$1/$2/$3/'),
    )
    .replaceAll(/\{sign (\S+) (\S+) ([^}]+)\}/g, (_, secret: string, method: string, signed: string) =>
      signature(secret, method, signed),
    )
    .replaceAll('{origin}', origin.url);
}

function signature(secret: string, method: string, signed: string): string {
  const expires = Math.floor(Date.now() / 1000) + 900;
  const digest = createHmac('sha256', secret).update(`${method}\n${signed}\n${expires}`).digest('base64url');
  return `X-Expires=${expires}&X-Path=${encodeURIComponent(signed)}&X-Signature=${digest}`;
}

async function shapeOf(picture: Buffer): Promise<string> {
  const { format, width, height, pages = 1 } = await sharp(picture).metadata();
  assert.equal(pages, 1, 'frames');
  return `${format} ${width}x${height}`;
}

async function firstPixel(picture: Buffer): Promise<string> {
  const { data, info } = await sharp(picture).raw().toBuffer({ resolveWithObject: true });
  assert.equal(info.channels, 3, 'no transparency is left');
  return data.subarray(0, 3).toString('hex');
}

async function draw(fixture: Fixture): Promise<Buffer> {
  if ('text' in fixture) return Buffer.from(fixture.text);
  if ('repeat' in fixture) return Buffer.alloc(fixture.repeat, 'x');
  if ('file' in fixture) return readFile(path.join(import.meta.dirname, '../fixtures', fixture.file));
  const { width, height, format, frames = 1, clear = false, space, orientation } = fixture;
  const channels = clear ? 4 : 3;
  const pixels = Buffer.alloc(width * height * frames * channels);
  if (!clear)
    for (let at = 0; at < pixels.length; at += 1) pixels[at] = (at * 7 + Math.floor(at / width)) & 0xf0;
  const raw = { width, height: height * frames, channels, pageHeight: height } as const;
  const picture = sharp(pixels, { raw });
  if (space !== undefined) picture.toColourspace(space);
  if (orientation !== undefined) picture.withMetadata({ orientation });
  const delay = Array.from({ length: frames }, () => 100);
  return picture.toFormat(format, frames > 1 ? { delay } : {}).toBuffer();
}
