/** The tables of test/golden/dialects/vip.json that are about this dialect alone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PictorError } from '../../../../src/core/errors.ts';
import { vip } from '../../../../src/dialects/vip/dialect.ts';
import { keyOf } from '../../../../src/dialects/vip/picture.ts';
import { type VipSettings, vipSettings } from '../../../../src/dialects/vip/settings.ts';
import { warmUpSizes } from '../../../../src/dialects/vip/warm-up.ts';
import type { Call, StorageTask, UploadFacts } from '../../../../src/request/storage.ts';

interface Row {
  readonly name: string;
  readonly authority: string;
  readonly settings?: object;
}

interface Asked {
  readonly method?: string;
  /** Below the prefix of the mount. */
  readonly target: string;
  /** The whole of it, where it has more. */
  readonly raw?: string;
  readonly headers?: Call['headers'];
  readonly origin?: Call['origin'];
}

interface Tables {
  readonly facts: UploadFacts;
  readonly tasks: readonly (Row & Asked & { readonly expect: Readonly<Record<string, unknown>> })[];
  readonly warmUps: readonly (Row & { readonly header: string; readonly keys: readonly string[] })[];
  readonly uploads: readonly (Row &
    Asked & {
      readonly facts?: Partial<UploadFacts>;
      readonly expect: {
        readonly bucket?: string;
        readonly rewrite?: object | null;
        readonly key?: string;
        readonly contentType?: string;
        readonly reply?: object;
        readonly variants?: readonly string[];
        readonly refused?: string;
      };
    })[];
  readonly families: readonly { readonly key: string; readonly family: object | null }[];
}

const file = path.join(import.meta.dirname, '../../../golden/dialects/vip.json');
const tables = JSON.parse(readFileSync(file, 'utf8')) as Tables;
const storage = vip.storage!;

const settingsOf = ({ settings = {} }: Row): VipSettings => vipSettings.parse(settings);

function taskFor(row: Row & Asked): StorageTask {
  const { method = 'POST', target, raw = target, headers = {} } = row;
  const [place = '', ...query] = target.split('?');
  const origin = row.origin ?? { scheme: 'http', host: '127.0.0.1:8080' };
  const call = { method, target: { raw, path: place, query: query.join('?') }, headers, origin, now: 0 };
  return storage.task(call, settingsOf(row));
}

/** What is expected is there, however deep; null stands for nothing. */
function has(found: unknown, wanted: unknown, place: string): void {
  if (typeof wanted !== 'object' || wanted === null) {
    assert.deepEqual(found ?? null, wanted, place);
    return;
  }
  if (Array.isArray(wanted)) assert.equal((found as unknown[]).length, wanted.length, place);
  const fields = found as Readonly<Record<string, unknown>> | undefined;
  if (Object.keys(wanted).length === 0) assert.deepEqual(found, wanted, place);
  for (const [name, value] of Object.entries(wanted)) has(fields?.[name], value, `${place}.${name}`);
}

const withCode = (code: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof PictorError, String(thrown));
  assert.equal(thrown.code, code);
  return true;
};

for (const row of tables.tasks) {
  test(`${row.name} (${row.authority}): ${row.method} ${row.target}`, () => {
    const { error } = row.expect;
    if (typeof error === 'string') assert.throws(() => taskFor(row), withCode(error));
    else has(taskFor(row), row.expect, 'task');
  });
}

for (const row of tables.warmUps) {
  test(`${row.name} (${row.authority}): ${row.header.slice(0, 40)}`, () => {
    const keys = warmUpSizes(row.header, settingsOf(row)).map((size) => keyOf('', size));
    assert.deepEqual(keys, row.keys);
  });
}

for (const row of tables.uploads) {
  test(`upload: ${row.name} (${row.authority})`, () => {
    const task = taskFor(row);
    assert.ok(task.task === 'upload', task.task);
    const facts = { ...tables.facts, ...row.facts };
    const { bucket, rewrite, key, contentType, reply, variants, refused } = row.expect;
    if (refused !== undefined) {
      assert.throws(() => task.rewrite!(facts), withCode(refused));
      return;
    }
    if (bucket !== undefined) assert.equal(task.bucket, bucket);
    if (rewrite !== undefined) has(task.rewrite!(facts), rewrite, 'rewrite');
    const objects = task.objects(facts);
    assert.equal(objects.length, 1);
    assert.equal(objects[0]?.body, 'picture');
    if (key !== undefined) assert.equal(objects[0]?.key, key);
    if (contentType !== undefined) assert.equal(objects[0]?.contentType, contentType);
    if (reply !== undefined) has(task.reply(facts), reply, 'reply');
    const made = task.variants(facts);
    assert.ok(made.every(({ when }) => when === 'after'));
    assert.deepEqual(
      made.map(({ recipe }) => recipe.keep?.key),
      variants ?? [],
    );
  });
}

for (const { key, family } of tables.families) {
  test(`what belongs to ${key}`, () => assert.deepEqual(storage.family(key), family));
}

test('objects are in a folder, or in buckets that requests name', () => {
  assert.deepEqual(storage.place(vipSettings.parse({ folder: '/x' })), {
    kind: 'folder',
    root: '/x',
    single: false,
    anyKey: true,
  });
  const place = storage.place(vipSettings.parse({ store: 's3', s3: { endpoint: 'http://minio:9000' } }));
  has(
    place,
    {
      kind: 's3',
      s3: {
        bucket: '',
        prefix: '',
        region: 'us-east-1',
        endpoint: 'http://minio:9000',
        pathStyle: true,
        acl: 'bucket-owner-read',
        maxAttempts: 5,
      },
    },
    'place',
  );
});

test('settings that fit nothing are refused', () => {
  for (const wrong of [
    { allowedOrigins: ['[a'] },
    { s3: { accessKeyId: 'a' } },
    { maxWidth: -1 },
    { allowedWidths: [0] },
    { folder: '' },
    { size: 1 },
  ])
    assert.equal(vipSettings.safeParse(wrong).success, false, JSON.stringify(wrong));
});

test('the token of the mount is what token grants are compared with', () => {
  assert.equal(vip.policy(vipSettings.parse({ token: 'x' })).token, 'x');
  assert.equal('token' in vip.policy(vipSettings.parse({})), false);
});
