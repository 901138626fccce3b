/** Replies of the real `pictor imgproxy` on a real socket, against the vectors of both imgproxy versions. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { type Origin, type OriginReply, startOrigin } from '../support/origin.ts';
import { type PictorProcess, type RawReply, startPictor } from '../support/pictor-process.ts';

type Texts = Readonly<Record<string, string>>;

interface Fixture {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly format: 'png' | 'jpeg' | 'gif' | 'webp';
  readonly orientation?: number;
  readonly alpha?: boolean;
}

/** The meaning of each field stands in `about` of the vector files. */
interface VectorRequest {
  readonly method: string;
  readonly path?: string;
  readonly headers?: Texts;
  readonly sign?: string;
  readonly signSource?: {
    readonly before: string;
    readonly source: string;
    readonly after: string;
    readonly plain?: boolean;
  };
  readonly signature?: string;
  readonly signatureOf?: string;
  readonly signatureAppend?: string;
  readonly signatureLength?: number;
  readonly prepend?: string;
  readonly append?: string;
}

interface Expectation {
  readonly status: number;
  readonly body?: string;
  readonly type?: string;
  readonly width?: number;
  readonly height?: number;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly headersNot?: Texts;
  readonly headersLike?: Texts;
  readonly fixture?: string;
  readonly maxBytes?: number;
}

interface Vector {
  readonly name: string;
  readonly authority: string;
  readonly env?: Texts;
  readonly origin?: {
    readonly status?: number;
    readonly type?: string;
    readonly headers?: Texts;
    readonly body?: string;
    readonly fixture?: string;
    readonly loop?: boolean;
    readonly etag?: string;
    readonly lastModified?: string;
  };
  readonly asked?: Readonly<Record<string, string | null>>;
  readonly request: VectorRequest;
  readonly expect: Expectation;
  readonly then?: { readonly headers: Texts; readonly expect: Expectation };
}

interface VectorFile {
  readonly fixtures: readonly Fixture[];
  readonly env: Texts;
  readonly vectors: readonly Vector[];
}

interface Stage {
  readonly pictor: PictorProcess;
  readonly origin: Origin;
  readonly fixtures: string;
  readonly env: Texts;
}

for (const name of ['imgproxy-v1-http.json', 'imgproxy-v4-http.json']) {
  const text = readFileSync(path.join(import.meta.dirname, '../golden/dialects', name), 'utf8');
  describe(name, () => playAll(JSON.parse(text) as VectorFile));
}

function playAll(file: VectorFile): void {
  let fixtures = '';
  before(async () => {
    fixtures = await mkdtemp(path.join(tmpdir(), 'pictor-vectors-'));
    await Promise.all(file.fixtures.map((fixture) => drawFixture(fixtures, fixture)));
  });
  after(() => rm(fixtures, { recursive: true, force: true }));

  const byEnv = Map.groupBy(file.vectors, ({ env = {} }) => JSON.stringify(env));
  for (const [envText, vectors] of byEnv) {
    describe(envText, () => {
      const stage: { current?: Stage } = {};
      before(async () => {
        const env = filled({ ...file.env, ...(JSON.parse(envText) as Texts) }, { '{fixtures}': fixtures });
        const pictor = await startPictor({ args: ['imgproxy'], bind: 'IMGPROXY_BIND', env });
        stage.current = { pictor, origin: await startOrigin(), fixtures, env };
      });
      after(async () => {
        await stage.current?.origin.close();
        await stage.current?.pictor.stop();
      });
      for (const [index, vector] of vectors.entries()) {
        test(`${vector.name} (${vector.authority})`, () => play(vector, index, stage.current!));
      }
    });
  }
}

async function play(vector: Vector, index: number, stage: Stage): Promise<void> {
  // Each vector has an origin path of its own: answers and failures are remembered by URL.
  const place = `/${index}`;
  if (vector.origin !== undefined)
    stage.origin.route(`${place}/a.png`, originReply(vector.origin, place, stage));
  const target = targetOf(vector.request, `${stage.origin.url}${place}`, stage.env);
  const { method, headers = {} } = vector.request;
  const reply = await stage.pictor.send(method, target, headers);
  await meets(reply, vector.expect, stage);
  const asked = stage.origin.requests.findLast((request) => request.target === `${place}/a.png`);
  for (const [name, value] of Object.entries(vector.asked ?? {}))
    assert.equal(asked?.headers[name.toLowerCase()], value ?? undefined, `asked with ${name}`);
  if (vector.then === undefined) return;
  const etag = reply.headers['etag']?.replaceAll('"', '') ?? assert.fail('no ETag');
  const again = filled(vector.then.headers, { '{etag}': etag });
  await meets(await stage.pictor.send(method, target, { ...headers, ...again }), vector.then.expect, stage);
}

function targetOf(request: VectorRequest, origin: string, env: Texts): string {
  const signed = signedText(request, origin);
  const { prepend = '', append = '', path: raw } = request;
  if (signed === null) return `${prepend}${raw}${append}`;
  const signature = signatureOf(request, signed, env);
  return prepend + (raw?.replace('{signature}', signature) ?? `/${signature}${signed}`) + append;
}

function signedText({ sign, signSource }: VectorRequest, origin: string): string | null {
  if (signSource === undefined) return sign ?? null;
  const source = signSource.source.replace('{origin}', origin);
  const encoded = signSource.plain ? encodeURIComponent(source) : Buffer.from(source).toString('base64url');
  return signSource.before + encoded + signSource.after;
}

function signatureOf(request: VectorRequest, signed: string, env: Texts): string {
  if (request.signature !== undefined) return request.signature;
  const bytes = (name: string) => Buffer.from(env[name] ?? '', 'hex');
  const digest = createHmac('sha256', bytes('IMGPROXY_KEY'))
    .update(bytes('IMGPROXY_SALT'))
    .update(request.signatureOf ?? signed)
    .digest('base64url');
  return digest.slice(0, request.signatureLength ?? digest.length) + (request.signatureAppend ?? '');
}

async function meets(reply: RawReply, expected: Expectation, { fixtures }: Stage): Promise<void> {
  const { status, body, type, width, height, headers = {}, headersNot = {} } = expected;
  const shown = reply.headers['content-type']?.startsWith('text/') ? reply.body.toString() : '';
  assert.equal(reply.status, status, shown);
  if (body !== undefined) assert.equal(reply.body.toString(), body);
  if (type !== undefined) assert.equal(reply.headers['content-type'], type);
  for (const [name, value] of Object.entries(headers)) meetsHeader(reply, name, value);
  for (const [name, value] of Object.entries(headersNot))
    assert.notEqual(reply.headers[name.toLowerCase()], value);
  for (const [name, pattern] of Object.entries(expected.headersLike ?? {}))
    assert.match(reply.headers[name.toLowerCase()] ?? '', new RegExp(`^${pattern}$`), name);
  if (expected.fixture !== undefined)
    assert.deepEqual(reply.body, readFileSync(path.join(fixtures, expected.fixture)));
  if (expected.maxBytes !== undefined) assert.ok(reply.body.length <= expected.maxBytes);
  if (width === undefined) return;
  const picture = reply.headers['content-encoding'] === 'gzip' ? await gunzipped(reply.body) : reply.body;
  const found = await sharp(picture).metadata();
  assert.deepEqual([found.width, found.height, found.orientation ?? 1], [width, height, 1]);
}

function meetsHeader(reply: RawReply, name: string, value: string | null): void {
  const found = reply.headers[name.toLowerCase()];
  const ahead = /^\{now\+(\d+)\}$/.exec(value ?? '');
  if (ahead === null) {
    assert.equal(found, value ?? undefined, name);
    return;
  }
  const seconds = (Date.parse(found ?? '') - Date.parse(reply.headers['date'] ?? '')) / 1000;
  assert.ok(Math.abs(seconds - Number(ahead[1])) <= 2, `${name}: ${found}`);
}

async function gunzipped(body: Buffer): Promise<Buffer> {
  const { gunzipSync } = await import('node:zlib');
  return gunzipSync(body);
}

function originReply(reply: NonNullable<Vector['origin']>, place: string, { fixtures }: Stage): OriginReply {
  if (reply.loop) return { redirect: `${place}/a.png` };
  const body =
    reply.fixture === undefined ? (reply.body ?? '') : readFileSync(path.join(fixtures, reply.fixture));
  const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
  return {
    status: reply.status ?? 200,
    body,
    ...(reply.etag === undefined ? {} : { etag: reply.etag }),
    ...(reply.lastModified === undefined ? {} : { lastModified: reply.lastModified }),
    headers: {
      ...(reply.type === undefined ? {} : { 'content-type': reply.type }),
      ...filled(reply.headers ?? {}, { '{later}': inAnHour }),
    },
  };
}

/** Texts with these placeholders filled in. */
function filled(texts: Texts, values: Texts): Record<string, string> {
  const fill = (text: string) =>
    Object.entries(values).reduce((done, [placeholder, value]) => done.replaceAll(placeholder, value), text);
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, fill(text)]));
}

/** A picture with something to look at in every corner, so that every crop has an answer. */
async function drawFixture(folder: string, fixture: Fixture): Promise<void> {
  const { name, width, height, format, orientation, alpha = false } = fixture;
  const channels = alpha ? 4 : 3;
  const pixels = Buffer.alloc(width * height * channels);
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    pixels.set(
      [(255 * x) / width, (255 * y) / height, (x * y) % 251, ...(alpha ? [x % 256] : [])],
      at * channels,
    );
  }
  const chain = sharp(pixels, { raw: { width, height, channels } });
  const oriented = orientation === undefined ? chain : chain.withMetadata({ orientation });
  await writeFile(path.join(folder, name), await oriented.toFormat(format).toBuffer());
}
