/** Vectors of HTTP replies: what is asked, and what has to come back. Each field is explained in `about` of the files. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import type { Fixture } from './drawn-fixtures.ts';
import type { Origin, OriginReply } from './origin.ts';
import type { PictorProcess, RawReply } from './pictor-process.ts';

export type Texts = Readonly<Record<string, string>>;

interface VectorRequest {
  /** GET when absent. */
  readonly method?: string;
  readonly path?: string;
  readonly paths?: readonly string[];
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
  readonly bodyLike?: string;
  readonly bodyNotLike?: string;
  readonly type?: string;
  readonly width?: number;
  readonly height?: number;
  readonly pages?: number;
  readonly pixels?: Texts;
  readonly tolerance?: number;
  readonly sameAs?: string;
  readonly notSameAs?: string;
  readonly smallerThan?: string;
  readonly depth?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly headersNot?: Texts;
  readonly headersLike?: Texts;
  readonly fixture?: string;
  readonly maxBytes?: number;
}

interface OriginWords {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Texts;
  readonly body?: string;
  readonly fixture?: string;
  readonly loop?: boolean;
  readonly etag?: string;
  readonly lastModified?: string;
  readonly truncateAt?: number;
  readonly encoding?: 'gzip';
  readonly hang?: 'head' | 'body';
}

/** One request, or several that are answered alike, and the reply. */
export interface HttpVector {
  readonly name: string;
  readonly authority: string;
  readonly env?: Texts;
  readonly origin?: OriginWords;
  readonly asked?: Readonly<Record<string, string | null>>;
  readonly request: VectorRequest;
  readonly expect: Expectation;
  readonly then?: { readonly headers: Texts; readonly expect: Expectation };
}

/** A whole file of them. */
export interface HttpVectorFile {
  readonly fixtures: readonly Fixture[];
  readonly env: Texts;
  readonly vectors: readonly HttpVector[];
}

/** Where vectors are played: a running server, an origin, the folder of the fixtures, and the server's environment. */
export interface Stage {
  readonly pictor: PictorProcess;
  readonly origin: Origin;
  readonly fixtures: string;
  readonly env: Texts;
}

/** Plays a vector. @param place path at the origin that is this vector's own: answers are remembered by URL */
export async function playVector(vector: HttpVector, place: string, stage: Stage): Promise<void> {
  if (vector.origin !== undefined)
    stage.origin.route(`${place}/a.png`, originReply(vector.origin, place, stage));
  const origin = `${stage.origin.url}${place}`;
  const { paths, ...request } = vector.request;
  const requests = paths === undefined ? [request] : paths.map((each) => ({ ...request, path: each }));
  for (const one of requests) await playRequest(vector, targetOf(one, origin, stage.env), stage);
  const asked = stage.origin.requests.findLast(({ target }) => target === `${place}/a.png`);
  for (const [name, value] of Object.entries(vector.asked ?? {}))
    assert.equal(asked?.headers[name.toLowerCase()], value ?? undefined, `asked with ${name}`);
}

async function playRequest(vector: HttpVector, target: string, stage: Stage): Promise<void> {
  const { method = 'GET', headers = {} } = vector.request;
  const reply = await stage.pictor.send(method, target, headers);
  await meets(reply, vector.expect, { target, stage });
  if (vector.then === undefined) return;
  const etag = reply.headers['etag']?.replaceAll('"', '') ?? '';
  const again = filled(vector.then.headers, { '{etag}': etag });
  const second = await stage.pictor.send(method, target, { ...headers, ...again });
  await meets(second, vector.then.expect, { target, stage });
}

function targetOf(request: VectorRequest, origin: string, env: Texts): string {
  const { prepend = '', append = '' } = request;
  const raw = request.path
    ?.replaceAll('{origin}', origin)
    .replaceAll(/\{unix\+(\d+)\}/g, (_, ahead) => String(Math.floor(Date.now() / 1000) + Number(ahead)));
  const signed = signedText(request, origin);
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

/** Made with the first key and salt of the server. */
function signatureOf(request: VectorRequest, signed: string, env: Texts): string {
  if (request.signature !== undefined) return request.signature;
  const bytes = (name: string) => Buffer.from(env[name]?.split(',')[0] ?? '', 'hex');
  const digest = createHmac('sha256', bytes('IMGPROXY_KEY'))
    .update(bytes('IMGPROXY_SALT'))
    .update(request.signatureOf ?? signed)
    .digest('base64url');
  return digest.slice(0, request.signatureLength ?? digest.length) + (request.signatureAppend ?? '');
}

interface Asked {
  readonly target: string;
  readonly stage: Stage;
}

async function meets(reply: RawReply, expected: Expectation, asked: Asked): Promise<void> {
  const { target } = asked;
  const shown = reply.headers['content-type']?.startsWith('text/') ? reply.body.toString() : '';
  assert.equal(reply.status, expected.status, `${target}: ${shown}`);
  if (expected.type !== undefined) assert.equal(reply.headers['content-type'], expected.type, target);
  meetsHeaders(reply, expected);
  meetsBody(reply.body, expected, asked);
  await meetsOthers(reply.body, expected, asked);
  const { width, pixels, depth } = expected;
  if (width === undefined && pixels === undefined && depth === undefined) return;
  const picture = reply.headers['content-encoding'] === 'gzip' ? gunzipSync(reply.body) : reply.body;
  await meetsPicture(picture, expected, target);
}

function meetsBody(found: Buffer, expected: Expectation, { target, stage }: Asked): void {
  const { body, bodyLike, bodyNotLike, fixture, maxBytes } = expected;
  if (body !== undefined) assert.equal(found.toString(), body, target);
  if (bodyLike !== undefined) assert.match(found.toString('latin1'), new RegExp(bodyLike), target);
  if (bodyNotLike !== undefined)
    assert.doesNotMatch(found.toString('latin1'), new RegExp(bodyNotLike), target);
  if (fixture !== undefined)
    assert.ok(found.equals(readFileSync(path.join(stage.fixtures, fixture))), `${target} is not ${fixture}`);
  if (maxBytes !== undefined) assert.ok(found.length <= maxBytes, `${target}: ${found.length} bytes`);
}

/** Pictures are compared by their bytes: the same steps have the same result. */
async function meetsOthers(found: Buffer, expected: Expectation, { target, stage }: Asked): Promise<void> {
  const { sameAs, notSameAs, smallerThan } = expected;
  const other = async (wanted: string) => {
    const { status, body } = await stage.pictor.get(wanted);
    assert.equal(status, 200, wanted);
    return body;
  };
  if (sameAs !== undefined) assert.ok(found.equals(await other(sameAs)), `${target} is not ${sameAs}`);
  if (notSameAs !== undefined) assert.ok(!found.equals(await other(notSameAs)), `${target} is ${notSameAs}`);
  if (smallerThan === undefined) return;
  const most = (await other(smallerThan)).length;
  assert.ok(found.length < most, `${target} has ${found.length} bytes, ${smallerThan} ${most}`);
}

function meetsHeaders(reply: RawReply, { headers = {}, headersNot = {}, headersLike = {} }: Expectation) {
  for (const [name, value] of Object.entries(headers)) meetsHeader(reply, name, value);
  for (const [name, value] of Object.entries(headersNot))
    assert.notEqual(reply.headers[name.toLowerCase()], value);
  for (const [name, pattern] of Object.entries(headersLike))
    assert.match(reply.headers[name.toLowerCase()] ?? '', new RegExp(`^${pattern}$`), name);
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

async function meetsPicture(picture: Buffer, expected: Expectation, target: string): Promise<void> {
  const { width, height, pages, depth, pixels, tolerance = 3 } = expected;
  const found = await sharp(picture).metadata();
  if (depth !== undefined) assert.equal(found.depth, depth, `depth of ${target}`);
  if (width !== undefined) {
    const shape = [found.width, found.height, found.orientation ?? 1];
    assert.deepEqual(shape, [width, height, 1], `size of ${target}`);
    if (pages !== undefined) assert.equal(found.pages ?? 1, pages, `frames of ${target}`);
  }
  if (pixels === undefined) return;
  const { data, info } = await sharp(picture)
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  for (const [place, colour] of Object.entries(pixels)) {
    const [x = 0, y = 0] = place.split(',').map(Number);
    const at = (y * info.width + x) * 4;
    const seen = [...data.subarray(at, at + 4)];
    const wanted = [...Buffer.from(colour.padEnd(8, 'f'), 'hex')];
    const isNear = wanted.every((channel, index) => Math.abs(channel - seen[index]!) <= tolerance);
    // What cannot be seen has any colour.
    const isBothClear = wanted[3] === 0 && seen[3]! <= tolerance;
    assert.ok(isNear || isBothClear, `${target} at ${place}: ${seen.join()}, not ${wanted.join()}`);
  }
}

function originReply(reply: OriginWords, place: string, { fixtures }: Stage): OriginReply {
  const { status = 200, type, headers = {}, fixture, body = '', loop = false, ...rest } = reply;
  if (loop) return { redirect: `${place}/a.png` };
  const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
  return {
    ...rest,
    status,
    body: fixture === undefined ? body : readFileSync(path.join(fixtures, fixture)),
    headers: {
      ...(type === undefined ? {} : { 'content-type': type }),
      ...filled(headers, { '{later}': inAnHour }),
    },
  };
}

/** Texts with these placeholders filled in. */
export function filled(texts: Texts, values: Texts): Record<string, string> {
  const fill = (text: string) =>
    Object.entries(values).reduce((done, [placeholder, value]) => done.replaceAll(placeholder, value), text);
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, fill(text)]));
}
