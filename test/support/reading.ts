/** What every test of a source needs: a context to open with, and a way to read what comes. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type ErrorCode, PictorError } from '../../src/core/errors.ts';
import type { NotModified, OpenContext, Original } from '../../src/core/ports.ts';

/** A context that limits nothing, with what a test changes. */
export const openContext = (changes: Partial<OpenContext> = {}): OpenContext => ({
  signal: new AbortController().signal,
  maxBytes: 1024 ** 3,
  ...changes,
});

/** The whole body of an original. @throws whatever the body throws */
export async function readOriginal(answer: Original | NotModified): Promise<Buffer> {
  assert.equal(answer.status, 'found');
  if ('path' in answer.body) return readFile(answer.body.path);
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body.stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Expects a promise to fail with one of our errors, and hands it over. */
export async function failureOf(work: Promise<unknown>, code: ErrorCode): Promise<PictorError> {
  const thrown = await work.then(
    (value) => assert.fail(`expected ${code}, got ${JSON.stringify(value)?.slice(0, 200)}`),
    (error: unknown) => error,
  );
  if (!(thrown instanceof PictorError)) throw thrown;
  assert.equal(thrown.code, code, thrown.detail);
  return thrown;
}
