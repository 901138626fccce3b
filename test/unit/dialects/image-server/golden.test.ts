/** The tables of test/golden/dialects/image-server.json that are about this dialect alone. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type ErrorCode, PictorError } from '../../../../src/core/errors.ts';
import type { Orientation } from '../../../../src/core/geometry.ts';
import { imageServer } from '../../../../src/dialects/image-server/dialect.ts';
import { keyPrefix, publicUrl } from '../../../../src/dialects/image-server/keys.ts';
import { parseFileName } from '../../../../src/dialects/image-server/names.ts';
import { imageServerSettings } from '../../../../src/dialects/image-server/settings.ts';
import { covers, stringToSign } from '../../../../src/dialects/image-server/signing.ts';
import { sourceUrl } from '../../../../src/dialects/image-server/upload.ts';
import { planTransform } from '../../../../src/plan/plan.ts';
import type { FixedReply } from '../../../../src/request/dialect.ts';
import type { StorageTask, UploadFacts } from '../../../../src/request/storage.ts';
import { createStorageGuard, signingKey } from '../../../../src/service/storage-guard.ts';
import { noLimits, sourceOf } from '../../plan/support.ts';

interface Row {
  readonly authority: string;
}

interface Asked {
  readonly name: string;
  readonly method: string;
  readonly target: string;
  readonly settings?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

interface TaskRow extends Row, Asked {
  readonly task: StorageTask['task'];
  readonly facts?: UploadFacts;
  readonly objects?: readonly (readonly [key: string, body: string, type: string])[];
  readonly variants?: readonly string[];
  readonly key?: string;
  readonly type?: string;
  readonly keep?: string | null;
  readonly label?: object;
  readonly from?: string | null;
  readonly declaredType?: string;
  readonly headersShown?: object;
  readonly etag?: boolean;
  readonly location?: string;
  readonly status?: number;
  readonly reply?: { readonly status: number; readonly body: string; readonly type: string | null };
}

interface FailureRow extends Asked {
  readonly error: ErrorCode;
  readonly reason?: string;
  readonly upstreamStatus?: number;
  readonly retryAfterSeconds?: number;
  readonly status: number;
  readonly body: string;
}

interface CheckRow extends Row, Asked {
  readonly secrets: readonly string[];
  /** Unix seconds. */
  readonly now: number;
  readonly reads?: boolean;
  readonly unsigned?: boolean;
  readonly maxTtlMinutes?: number;
  readonly result: string;
}

interface Tables {
  readonly names: readonly (Row & { readonly file: string; readonly is: object })[];
  readonly sizes: readonly (Row & {
    readonly source: string;
    readonly file: string;
    readonly size: string;
    readonly scaled?: string;
    readonly from?: readonly [left: number, top: number];
    readonly orientation?: Orientation;
  })[];
  readonly tasks: readonly TaskRow[];
  readonly failures: readonly FailureRow[];
  readonly hmac: readonly {
    readonly name: string;
    readonly secret: string;
    readonly method: string;
    readonly path: string;
    readonly expires: string;
    readonly signature: string;
  }[];
  readonly checks: readonly CheckRow[];
  readonly prefixes: readonly (Row & {
    readonly signed: string;
    readonly path: string;
    readonly covers: boolean;
  })[];
  readonly urls: readonly (Row & {
    readonly baseUrl: string;
    readonly path: string;
    readonly key: string;
    readonly url: string;
  })[];
  readonly prefixed: readonly (Row & { readonly path: string; readonly prefix: string })[];
  readonly sources: readonly (Row & { readonly source: string; readonly url: string | null })[];
}

const file = path.join(import.meta.dirname, '../../../golden/dialects/image-server.json');
const tables = JSON.parse(readFileSync(file, 'utf8')) as Tables;
const folder = '/products/6e0/072/682/e66287b662827da75b244a3';
const everything = imageServerSettings.parse({ extensions: [] });

function taskOf({ method, target: raw, settings = {}, headers = {} }: Asked, now = 0): StorageTask {
  const [whole = '', ...query] = raw.split('?');
  return imageServer.storage!.task(
    {
      method,
      target: { raw, path: whole, query: query.join('?') },
      headers,
      origin: { scheme: 'http', host: 'img.example.com' },
      now: now * 1000,
    },
    imageServerSettings.parse(settings),
  );
}

for (const { file: name, is, authority } of tables.names) {
  test(`name ${name} (${authority})`, () => assert.deepEqual(parseFileName(name), is));
}

const sized = (text: string) => {
  const [width = 0, height = 0] = text.split('x').map(Number);
  return { width, height };
};

for (const { authority, source, file: name, size, scaled, from, orientation = 1 } of tables.sizes) {
  test(`${name} of ${source} (${authority})`, () => {
    const { image } = imageServer.parse({ raw: '', path: `${folder}/${name}`, query: '' }, everything, {});
    const info = sourceOf({ ...sized(source), orientation });
    const planning = planTransform({ request: image, info, limits: noLimits });
    assert.ok('plan' in planning);
    const { steps, result } = planning.plan;
    assert.deepEqual({ width: result.width, height: result.height }, sized(size));
    const scale = steps.find((step) => step.step === 'scale');
    const cut = steps.find((step) => step.step === 'extract');
    if (scaled !== undefined) assert.deepEqual(scale?.size, sized(scaled));
    assert.deepEqual(cut === undefined ? undefined : [cut.area.left, cut.area.top], from);
  });
}

for (const row of tables.tasks) {
  test(`${row.name} (${row.authority}): ${row.method} ${row.target}`, () => {
    const task = taskOf(row);
    assert.equal(task.task, row.task);
    assert.deepEqual(task.grant, { type: 'none' });
    meetsUpload(task, row);
    meetsShow(task, row);
    if (task.task === 'keep') {
      assert.equal(task.key, row.key);
      assert.equal(task.contentType, row.type);
    }
    if (task.task === 'make')
      assert.deepEqual(
        task.recipes.map(({ keep }) => keep?.key),
        row.variants,
      );
    meetsReply(task, row);
  });
}

function meetsUpload(task: StorageTask, { facts, objects, variants, from, declaredType }: TaskRow): void {
  if (task.task !== 'upload') return;
  if (from !== undefined) assert.equal(task.from ?? null, from);
  if (declaredType !== undefined) assert.equal(task.declaredType, declaredType);
  assert.equal(task.rewrite, null);
  if (facts === undefined) return;
  if (objects !== undefined) {
    const kept = task
      .objects(facts)
      .map(({ key, body, contentType }) => [key, body === 'picture' ? body : body.text, contentType]);
    assert.deepEqual(kept, objects);
  }
  if (variants !== undefined) {
    const made = task.variants(facts);
    assert.deepEqual(
      made.map(({ recipe }) => recipe.keep?.key),
      variants,
    );
    assert.ok(made.every(({ when }) => when === 'before'));
  }
}

function meetsShow(
  task: StorageTask,
  { key, type, keep, label, headersShown = {}, etag = false }: TaskRow,
): void {
  if (task.task !== 'show') return;
  const { recipe, showing } = task;
  assert.equal(task.bucket, '');
  assert.equal(task.key, key);
  assert.equal(recipe?.keep?.key ?? null, keep);
  if (recipe !== undefined) assert.deepEqual(recipe.originals, [key!.replace(/[^/]*$/, 'original')]);
  if (label !== undefined) assert.deepEqual(recipe?.label, label);
  assert.deepEqual(showing, {
    contentType: type,
    svg: true,
    pdf: true,
    headers: headersShown,
    lastModified: 'object',
    since: 'compare',
    etag,
    ranges: true,
  });
}

function replyOf(task: StorageTask, facts: UploadFacts | undefined): FixedReply | null {
  if (task.task === 'show') return null;
  if (task.task === 'refuse') return task.voice!.failure!(task.error);
  return task.task === 'upload' ? (facts === undefined ? null : task.reply(facts)) : task.reply;
}

function meetsReply(task: StorageTask, { reply, status, location, facts }: TaskRow): void {
  const found = replyOf(task, facts);
  if (status !== undefined) assert.equal(found?.status, status);
  if (location !== undefined) assert.equal(found?.headers?.['Location'], location);
  if (reply === undefined) return;
  assert.deepEqual(
    { status: found?.status, body: found?.body, type: found?.headers?.['Content-Type'] ?? null },
    reply,
  );
}

for (const { error, reason, upstreamStatus, retryAfterSeconds, status, body, ...asked } of tables.failures) {
  test(`${asked.name}: ${asked.method} ${asked.target} fails with ${error}`, () => {
    const failure = new PictorError(error, {
      detail: 'a secret of the operator',
      ...(reason === undefined ? {} : { reason }),
      ...(upstreamStatus === undefined ? {} : { upstreamStatus }),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    });
    const reply = taskOf({ ...asked, headers: {} }).voice!.failure!(failure);
    assert.equal(reply?.status, status);
    assert.equal(reply?.body, body);
    assert.equal(reply?.headers?.['Cache-Control'], 'no-store');
    for (const [name, value] of Object.entries(asked.headers ?? {}))
      assert.equal(reply?.headers?.[name], value);
  });
}

for (const { name, secret, method, path: signed, expires, signature } of tables.hmac) {
  test(`${name}: ${method} ${signed} signed with ${secret}`, () => {
    const text = stringToSign(method, signed, expires);
    assert.equal(createHmac('sha256', secret).update(text).digest('base64url'), signature);
  });
}

const messages: Readonly<Record<string, string>> = {
  MissingSignature: 'Request must include X-Signature and X-Expires parameters',
  InvalidExpires: 'Invalid expiration timestamp',
  SignatureExpired: 'The provided signature has expired',
  SignatureTTLExceeded: 'Signature expiration exceeds maximum allowed TTL',
  InvalidPath: 'Request path does not match signed path',
  InvalidSignature: 'The request signature does not match',
};

for (const row of tables.checks) {
  const { name, authority, method, target, secrets, now, reads = false, unsigned = false, result } = row;
  test(`${name} (${authority}): ${method} ${target}`, async () => {
    const { maxTtlMinutes = 60 } = row;
    const signatures = { uploads: !unsigned, reads, secrets, maxTtlMinutes };
    const task = taskOf({ name, method, target, settings: { signatures } }, now);
    const guard = createStorageGuard({
      policy: imageServer.policy(imageServerSettings.parse({ signatures })),
      secrets: () => secrets.map(signingKey),
      verify: null,
    });
    const refused = await refusal(task, guard);
    if (result === 'pass') return assert.equal(refused, null);
    assert.deepEqual(refused, {
      status: 401,
      body: `{"error":"${result}","message":"${messages[result]}"}\n`,
      headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
    });
  });
}

/** What somebody without a good grant is told; null: the grant is good. */
async function refusal(
  task: StorageTask,
  guard: ReturnType<typeof createStorageGuard>,
): Promise<FixedReply | null> {
  try {
    await guard.check(task.grant);
  } catch (thrown) {
    assert.ok(thrown instanceof PictorError);
    return task.voice?.failure?.(thrown) ?? null;
  }
  const told = task.task === 'refuse' ? task.voice!.failure!(task.error) : null;
  return told?.status === 401 ? told : null;
}

for (const { authority, signed, path: asked, covers: expected } of tables.prefixes) {
  test(`${signed} ${expected ? 'covers' : 'does not cover'} ${asked} (${authority})`, () =>
    assert.equal(covers(signed, asked), expected));
}

for (const { authority, key, url, ...base } of tables.urls) {
  test(`public URL ${url} (${authority})`, () => assert.equal(publicUrl(base, key), url));
}

for (const { authority, path: remotePath, prefix } of tables.prefixed) {
  test(`keys below ${JSON.stringify(remotePath)} (${authority})`, () =>
    assert.equal(keyPrefix(remotePath), prefix));
}

for (const { authority, source, url } of tables.sources) {
  test(`source ${source} (${authority})`, () => {
    if (url !== null) return assert.equal(sourceUrl(source), url);
    assert.throws(
      () => sourceUrl(source),
      (thrown) => thrown instanceof PictorError && thrown.code === 'SOURCE_INVALID',
    );
  });
}
