/** Every reply in test/golden/dialects/imageproxy-http.json, asked of the real program with a real origin behind it. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { type Origin, type OriginReply, startOrigin } from '../support/origin.ts';
import { type PictorProcess, type RawReply, startPictor } from '../support/pictor-process.ts';

type Fixture = { readonly name: string } & (Striped | { readonly rows: readonly string[] });

interface Striped {
  readonly width: number;
  readonly height: number;
  readonly format: string;
  readonly frames?: number;
}

interface Words extends Pick<OriginReply, 'status' | 'redirect' | 'etag' | 'lastModified' | 'hang' | 'body'> {
  readonly type?: string;
  readonly fixture?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Expectation {
  readonly status: number;
  readonly type?: string;
  readonly size?: string;
  readonly frames?: number;
  readonly fixture?: string;
  readonly body?: string;
  readonly bodyLike?: string;
  readonly empty?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly absent?: readonly string[];
}

interface Vector {
  readonly name: string;
  readonly args?: readonly string[];
  readonly origin?: Readonly<Record<string, Words>>;
  readonly request: {
    readonly path: string;
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly times?: number;
  };
  readonly expect: Expectation;
  readonly asked?: Readonly<Record<string, string | null>>;
  readonly fetches?: number;
}

const file = path.join(import.meta.dirname, '../golden/dialects/imageproxy-http.json');
const { fixtures, vectors } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly fixtures: readonly Fixture[];
  readonly vectors: readonly Vector[];
};

const bytes = new Map<string, Buffer>();
let origin: Origin;

before(async () => {
  for (const fixture of fixtures) bytes.set(fixture.name, await draw(fixture));
  origin = await startOrigin();
});
after(() => origin.close());

for (const [key, group] of Map.groupBy(vectors, ({ args = [] }) => JSON.stringify(args))) {
  describe(`with ${key}`, () => {
    let pictor: PictorProcess;
    before(async () => {
      const args = (JSON.parse(key) as string[]).map((arg) => (arg === 'O/' ? `${origin.url}/` : arg));
      pictor = await startPictor({ args: ['imageproxy', '-allowPrivateSources', ...args] });
    });
    after(() => pictor.stop());
    for (const vector of group) test(vector.name, () => play(vector, pictor));
  });
}

async function play(
  { origin: words = {}, request, expect, asked = {}, fetches }: Vector,
  pictor: PictorProcess,
) {
  for (const [place, reply] of Object.entries({ ...usual(), ...words })) origin.route(place, asReply(reply));
  const target = targetOf(request.path);
  const remote = request.path.replace(/^.*O(?=\/)/, '');
  const before = origin.count(remote);
  for (let time = 0; time < (request.times ?? 1); time += 1)
    await meets(await pictor.send(request.method ?? 'GET', target, request.headers), expect);
  if (fetches !== undefined) assert.equal(origin.count(remote) - before, fetches, 'fetches');
  const last = origin.requests.findLast(({ target: place }) => place === remote);
  for (const [name, value] of Object.entries(asked))
    assert.equal(last?.headers[name], value ?? undefined, `asked with ${name}`);
}

const usual = (): Record<string, Words> => ({
  ...Object.fromEntries(
    fixtures.map((fixture) => {
      const { name } = fixture;
      return [`/${name}`, { type: `image/${'format' in fixture ? fixture.format : 'png'}`, fixture: name }];
    }),
  ),
  '/broken.png': { type: 'image/png', body: 'this is no picture\n' },
  '/a.txt': { type: 'text/plain', body: 'hello\n' },
  '/a.svg': {
    type: 'image/svg+xml',
    body: '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50"><rect width="9" height="9"/></svg>',
  },
});

const asReply = ({ type, fixture, headers = {}, ...rest }: Words): OriginReply => ({
  ...rest,
  headers: { ...(type === undefined ? {} : { 'Content-Type': type }), ...headers },
  ...(fixture === undefined ? {} : { body: bytes.get(fixture)! }),
});

function targetOf(text: string): string {
  const target = text.replace(/O(?=\/)/, origin.url).replace('{port}', String(origin.port));
  return target.replace(/\{sign:([^}]+)\}/, (_, key: string) =>
    createHmac('sha256', key)
      .update(target.slice(target.indexOf('http')))
      .digest('base64url'),
  );
}

async function meets(reply: RawReply, expected: Expectation): Promise<void> {
  const { status, type, headers = {}, absent = [], empty, body, bodyLike, fixture } = expected;
  assert.equal(reply.status, status, reply.body.toString('latin1', 0, 200));
  if (type !== undefined) assert.equal(reply.headers['content-type'], type);
  for (const [name, value] of Object.entries(headers)) {
    if (value === '(digits)') assert.match(reply.headers[name] ?? '', /^\d+$/, name);
    else assert.equal(reply.headers[name], value, name);
  }
  for (const name of absent) assert.equal(reply.headers[name], undefined, name);
  if (empty === true) assert.equal(reply.body.length, 0);
  if (body !== undefined) assert.equal(reply.body.toString(), body);
  if (bodyLike !== undefined) assert.match(reply.body.toString('latin1'), new RegExp(bodyLike));
  if (fixture !== undefined) assert.ok(reply.body.equals(bytes.get(fixture)!), 'the very bytes');
  await meetsPicture(reply, expected);
}

async function meetsPicture({ body }: RawReply, { size, frames }: Expectation): Promise<void> {
  if (size === undefined) return;
  const { format, width, height, pages } = await sharp(body).metadata();
  assert.equal(`${format} ${width}x${height}`, size);
  if (frames !== undefined) assert.equal(pages, frames);
}

/** A picture of stripes; sharp writes no BMP, so that one is put together here. */
async function draw(fixture: Fixture): Promise<Buffer> {
  if ('rows' in fixture) return drawRows(fixture.rows);
  const { width, height, format, frames = 1 } = fixture;
  const pixels = Buffer.alloc(width * height * frames * 3);
  for (let at = 0; at < pixels.length; at += 1) pixels[at] = (at * 7 + Math.floor(at / width)) & 0xf0;
  if (format === 'bmp') return bitmap(pixels, width, height);
  const raw = { width, height: height * frames, channels: 3 as const, pageHeight: height };
  const delay = Array.from({ length: frames }, () => 100);
  return sharp(pixels, { raw })
    .toFormat(format as 'png', frames > 1 ? { delay } : {})
    .toBuffer();
}

function drawRows(rows: readonly string[]): Promise<Buffer> {
  const pixels = Buffer.from(rows.flatMap((row) => row.split('').map((digit) => Number(digit) * 255)));
  return sharp(pixels, { raw: { width: rows[0]!.length, height: rows.length, channels: 1 } })
    .png()
    .toBuffer();
}

function bitmap(pixels: Buffer, width: number, height: number): Buffer {
  const head = Buffer.alloc(54);
  head.write('BM');
  head.writeUInt32LE(54 + pixels.length, 2);
  head.writeUInt32LE(54, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(width, 18);
  head.writeInt32LE(height, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(24, 28);
  head.writeUInt32LE(pixels.length, 34);
  return Buffer.concat([head, pixels]);
}
