/** Plays test/golden/dialects/vip-http.json against a running server and whatever it keeps its objects in. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import path from 'node:path';
import sharp from 'sharp';
import { drawFixture, type Fixture } from './drawn-fixtures.ts';
import { eventually } from './eventually.ts';
import type { PictorProcess } from './pictor-process.ts';
import { repositoryRoot } from './repository.ts';

type Texts = Readonly<Record<string, string>>;

interface Expectation {
  readonly status: number;
  readonly url?: string;
  readonly body?: string;
  readonly empty?: boolean;
  readonly length?: number;
  readonly fixture?: string;
  readonly size?: string;
  readonly pixels?: Texts;
  readonly headers?: Texts;
  readonly headersLike?: Texts;
  readonly absent?: readonly string[];
}

interface StoredObject {
  readonly key: string;
  readonly fixture?: string;
  readonly notFixture?: string;
  readonly size?: string;
  readonly plain?: boolean;
  readonly type?: string;
}

interface Step {
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers?: Texts;
    readonly fixture?: string;
    readonly length?: number;
    readonly chunked?: boolean;
  };
  readonly expect: Expectation;
  readonly stored?: readonly StoredObject[];
}

export interface VipVector {
  readonly name: string;
  readonly authority: string;
  readonly env?: Texts;
  readonly steps: readonly Step[];
}

interface VipVectorFile {
  readonly env: Texts;
  readonly fixtures: readonly Fixture[];
  readonly objects: readonly { readonly key: string; readonly fixture: string; readonly type: string }[];
  readonly vectors: readonly VipVector[];
}

/** The vectors and what they need. */
export const vipVectors = JSON.parse(
  readFileSync(path.join(repositoryRoot, 'test/golden/dialects/vip-http.json'), 'utf8'),
) as VipVectorFile;

/** The bytes of every fixture, by name. @param folder for drawing them */
export async function drawnFixtures(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = vipVectors.fixtures.map(async (fixture) => {
    await drawFixture(folder, fixture);
    return [fixture.name, readFileSync(path.join(folder, fixture.name))] as const;
  });
  return new Map(await Promise.all(entries));
}

/** What a server keeps its objects in, seen from outside of it. */
export interface VipStore {
  readonly bucket: string;
  put(key: string, bytes: Uint8Array, type: string): Promise<void>;
  /** Null: there is none. `type` is absent where it is not kept. */
  get(key: string): Promise<{ readonly bytes: Buffer; readonly type?: string } | null>;
  /** Every key, in order. */
  keys(): Promise<readonly string[]>;
}

export interface VipStage {
  readonly pictor: PictorProcess;
  readonly store: VipStore;
  readonly fixtures: ReadonlyMap<string, Buffer>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Question {
  readonly method: string;
  readonly path: string;
  readonly headers?: Texts;
  readonly body?: Uint8Array | undefined;
  readonly chunked?: boolean | undefined;
}

/** One request on a connection of its own; the target goes out as it is. */
export function ask(
  port: number,
  { method, path: target, headers = {}, body, chunked }: Question,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length: Texts =
      body !== undefined && chunked !== true ? { 'Content-Length': String(body.byteLength) } : {};
    let answered = false;
    const outgoing = request(
      { host: '127.0.0.1', port, method, path: target, headers: { ...headers, ...length }, agent: false },
      (response) => {
        answered = true;
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode: status = 0, headers: found } = response;
          resolve({ status, headers: found, body: Buffer.concat(chunks) });
        });
      },
    );
    // A server that refuses a body answers before it has read it, and closes.
    outgoing.on('error', (error) => {
      if (!answered) reject(error);
    });
    if (chunked === true) outgoing.setHeader('Transfer-Encoding', 'chunked');
    outgoing.end(body);
  });
}

/** Plays one vector. */
export async function playVip({ steps }: VipVector, stage: VipStage): Promise<void> {
  let key = '';
  const filled = (text: string) => text.replaceAll('{bucket}', stage.store.bucket).replaceAll('{key}', key);
  for (const { request: asked, expect, stored = [] } of steps) {
    const target = filled(asked.path);
    const { method, headers = {}, chunked } = asked;
    const answer = await ask(stage.pictor.port, {
      method,
      path: target,
      headers,
      chunked,
      body: bodyOf(asked, stage),
    });
    const context = `${method} ${target}`;
    const shown = /json|text/.test(answer.headers['content-type'] ?? '') ? answer.body.toString() : '';
    assert.equal(answer.status, expect.status, `${context}: ${shown}`);
    if (expect.url !== undefined) {
      const { url } = JSON.parse(answer.body.toString()) as { readonly url: string };
      const match = new RegExp(filled(expect.url)).exec(url);
      assert.ok(match !== null, `${url} is not ${expect.url}`);
      key = match[1] ?? '';
    }
    await meets(answer, expect, { context, stage });
    for (const object of stored) await isStored({ ...object, key: filled(object.key) }, stage);
  }
}

function bodyOf(
  { method, fixture, length, chunked }: Step['request'],
  { fixtures }: VipStage,
): Buffer | undefined {
  const bytes = fixture === undefined ? undefined : fixtures.get(fixture)!;
  if (length !== undefined) return Buffer.concat([bytes ?? Buffer.alloc(0)], length);
  return bytes ?? (method === 'POST' && chunked !== undefined ? Buffer.alloc(0) : undefined);
}

interface Circumstances {
  readonly context: string;
  readonly stage: VipStage;
}

async function meets(answer: Answer, expect: Expectation, { context, stage }: Circumstances): Promise<void> {
  const {
    headers = {},
    headersLike = {},
    absent = [],
    body,
    empty,
    length,
    fixture,
    size,
    pixels = {},
  } = expect;
  for (const [name, value] of Object.entries(headers))
    assert.equal(answer.headers[name], value, `${context}: ${name}`);
  for (const [name, pattern] of Object.entries(headersLike))
    assert.match(String(answer.headers[name]), new RegExp(`^${pattern}$`), `${context}: ${name}`);
  for (const name of absent) assert.equal(answer.headers[name], undefined, `${context}: ${name}`);
  if (body !== undefined) assert.equal(answer.body.toString(), body, context);
  if (empty === true) assert.equal(answer.body.length, 0, context);
  if (length !== undefined) assert.equal(answer.body.length, length, context);
  if (fixture !== undefined)
    assert.ok(answer.body.equals(stage.fixtures.get(fixture)!), `${context}: the very bytes`);
  if (size !== undefined) assert.equal(await sizeOf(answer.body), size, context);
  for (const [place, colour] of Object.entries(pixels)) await meetsPixel(answer.body, place, colour);
}

export async function sizeOf(bytes: Buffer): Promise<string> {
  const { format, width, height } = await sharp(bytes).metadata();
  return `${format} ${width}x${height}`;
}

async function meetsPixel(picture: Buffer, place: string, colour: string): Promise<void> {
  const [left = 0, top = 0] = place.split(',').map(Number);
  const pixel = await sharp(picture).extract({ left, top, width: 1, height: 1 }).raw().toBuffer();
  const wanted = Buffer.from(colour, 'hex');
  assert.ok(
    wanted.every((channel, index) => Math.abs(channel - pixel[index]!) < 12),
    `${place}: ${pixel.toString('hex')}, not ${colour}`,
  );
}

/** Some are made after the answer: wait for them. */
async function isStored(wanted: StoredObject, { store, fixtures }: VipStage): Promise<void> {
  const { key, fixture, notFixture, size, plain, type } = wanted;
  await eventually(`${key} is stored`, async () => (await store.get(key)) !== null);
  const object = (await store.get(key))!;
  if (fixture !== undefined) assert.ok(object.bytes.equals(fixtures.get(fixture)!), `${key}: the very bytes`);
  if (notFixture !== undefined) assert.ok(!object.bytes.equals(fixtures.get(notFixture)!), key);
  if (size !== undefined) assert.equal(await sizeOf(object.bytes), size, key);
  if (type !== undefined && object.type !== undefined) assert.equal(object.type, type, key);
  if (plain === true) {
    const { exif, icc, xmp, orientation, isProgressive, chromaSubsampling } = await sharp(
      object.bytes,
    ).metadata();
    assert.deepEqual([exif, icc, xmp, orientation], [undefined, undefined, undefined, undefined], key);
    assert.deepEqual([isProgressive, chromaSubsampling], [false, '4:2:0'], key);
  }
}
