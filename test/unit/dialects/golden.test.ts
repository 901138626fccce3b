import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { z } from 'zod';
import { PictorError } from '../../../src/core/errors.ts';
import { type DialectName, dialectLoaders } from '../../../src/dialects/index.gen.ts';
import type { Delivery, Dialect, RequestHints, RequestTarget } from '../../../src/request/dialect.ts';
import type { ImageRequest } from '../../../src/request/image-request.ts';

/** One URL and what it means, or how it is refused. Settings stand in for those of the file. */
interface Vector {
  readonly name: string;
  readonly authority: string;
  readonly settings?: object;
  /** URIs of the mount's own pictures by name. */
  readonly assets?: Readonly<Record<string, string>>;
  readonly hints?: RequestHints;
  readonly target: string;
  readonly request?: ImageRequest;
  /** Absent where the URL alone cannot say it: the picture depends on settings or headers the URL does not carry. */
  readonly canonical?: string;
  readonly vary?: readonly string[];
  readonly delivery?: Delivery;
  /** Absent: not looked at. */
  readonly raw?: boolean;
  readonly error?: string;
}

/** Key and salt in hexadecimal; `path` is what was signed. */
interface Signature {
  readonly authority: string;
  readonly key: string;
  readonly salt: string;
  readonly size?: number;
  readonly path: string;
  readonly signature: string;
}

interface VectorFile {
  readonly dialect: DialectName;
  readonly settings: object;
  readonly vectors: readonly Vector[];
  readonly signatures?: readonly Signature[];
}

interface Speech {
  readonly dialect: Dialect<unknown>;
  readonly settings: z.ZodType;
}

const folder = path.join(import.meta.dirname, '../../golden/dialects');
const files = readdirSync(folder).filter((name) => !name.endsWith('-http.json'));
function target(raw: string): RequestTarget {
  const [path = '', ...query] = raw.split('?');
  return { raw, path, query: query.join('?') };
}

for (const name of files) {
  const file = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as VectorFile;
  const { dialect, settings: schema } = (await dialectLoaders[file.dialect]()) as unknown as Speech;
  for (const vector of file.vectors) {
    test(`${name}: ${vector.name} (${vector.authority}): ${vector.target}`, () => {
      const configured = schema.parse(vector.settings ?? file.settings);
      const settings =
        vector.assets === undefined ? configured : dialect.withAssets!(configured, vector.assets);
      if (vector.error === undefined) readsAndSpeaks(dialect, settings, vector);
      else refuses(dialect, settings, vector);
    });
  }
  for (const signed of file.signatures ?? []) {
    test(`${name}: signature of ${signed.path} (${signed.authority})`, () => {
      const { key, salt, size = 32 } = signed;
      const settings = schema.parse({ ...file.settings, keys: [{ key, salt }], signatureSize: size });
      assert.equal(signatureByPolicy(dialect, settings, signed), signed.signature);
    });
  }
}

function readsAndSpeaks(dialect: Dialect<unknown>, settings: unknown, vector: Vector): void {
  const parsed = dialect.parse(target(vector.target), settings, vector.hints ?? {});
  assert.deepEqual(parsed.image, vector.request);
  if (vector.vary !== undefined) assert.deepEqual(parsed.delivery.vary, vector.vary);
  if (vector.delivery !== undefined) assert.deepEqual(parsed.delivery, vector.delivery);
  if (vector.raw !== undefined) assert.equal(parsed.raw, vector.raw);
  if (vector.canonical === undefined) return;
  assert.equal(dialect.format(vector.request!, settings), vector.canonical);
  assert.deepEqual(dialect.parse(target(vector.canonical), settings, {}).image, vector.request);
}

function refuses(dialect: Dialect<unknown>, settings: unknown, vector: Vector): void {
  assert.throws(
    () => dialect.parse(target(vector.target), settings, vector.hints ?? {}),
    (thrown) => {
      assert.ok(thrown instanceof PictorError, String(thrown));
      assert.equal(thrown.code, vector.error, thrown.detail);
      return true;
    },
  );
}

/** HMAC over what the dialect says was signed, with the keys its policy names. */
function signatureByPolicy(dialect: Dialect<unknown>, settings: unknown, signed: Signature): string {
  const grant = dialect.grantOf!(target(`/${signed.signature}${signed.path}`), settings);
  const { signature } = dialect.policy(settings);
  assert.deepEqual(grant, { type: 'hmac', message: signed.path, signature: signed.signature });
  const [pair] = signature!.pairs;
  const digest = createHmac('sha256', pair!.key).update(pair!.salt).update(grant.message).digest();
  return digest.subarray(0, signature!.size).toString('base64url');
}
