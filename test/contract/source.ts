/** What every source promises, whatever it reads from. One suite, run over each implementation. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PictorError } from '../../src/core/errors.ts';
import type { Source } from '../../src/core/ports.ts';
import { failureOf, openContext, readOriginal } from '../support/reading.ts';

/** A source, and the other side of it. */
export interface SourceUnderTest {
  readonly source: Source;
  /** Puts bytes where the source reads, replacing what was there, and gives their URI. */
  put(name: string, bytes: Uint8Array): Promise<string>;
  /** A URI of a scheme the source serves, with nothing behind it. */
  readonly missing: string;
  close(): Promise<void>;
}

/** Runs the suite. @param start gives a fresh source for each test */
export function describeSource(name: string, start: () => Promise<SourceUnderTest>): void {
  const promise = (what: string, check: (subject: SourceUnderTest) => Promise<void>): void =>
    void test(what, async (t) => {
      const subject = await start();
      t.after(() => subject.close());
      t.after(() => subject.source.close?.());
      await check(subject);
    });
  const bytes = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 31) % 251);

  describe(name, () => {
    promise('names its schemes in lower case without a colon', async ({ source }) => {
      assert.ok(source.schemes.length > 0);
      for (const scheme of source.schemes) assert.match(scheme, /^[a-z][a-z0-9+.-]*$/);
    });

    promise('hands over exactly the bytes, also to many at once', async ({ source, put }) => {
      const uri = await put('a.bin', bytes);
      const answers = await Promise.all(
        Array.from({ length: 8 }, async () => readOriginal(await source.open(uri, openContext()))),
      );
      for (const answer of answers) assert.ok(answer.equals(bytes));
    });

    promise('hands over an empty original as empty', async ({ source, put }) => {
      const uri = await put('empty.bin', new Uint8Array());
      assert.equal((await readOriginal(await source.open(uri, openContext()))).length, 0);
    });

    promise('a size it names is the size', async ({ source, put }) => {
      const answer = await source.open(await put('a.bin', bytes), openContext());
      assert.ok(answer.status === 'found');
      assert.equal(answer.size ?? bytes.length, bytes.length);
      await readOriginal(answer);
    });

    promise('says how long the original is good: by its response, or by itself', async ({ source, put }) => {
      const answer = await source.open(await put('a.bin', bytes), openContext());
      assert.ok(answer.status === 'found');
      await readOriginal(answer);
      assert.ok(answer.response !== undefined || answer.freshForSeconds !== undefined);
      for (const header of Object.keys(answer.response?.headers ?? {}))
        assert.equal(header, header.toLowerCase());
    });

    promise('what is missing is SOURCE_NOT_FOUND', async ({ source, missing }) => {
      await failureOf(source.open(missing, openContext()), 'SOURCE_NOT_FOUND');
    });

    promise('holds the limit on bytes to the byte', async ({ source, put }) => {
      const uri = await put('a.bin', bytes);
      const whole = await readOriginal(await source.open(uri, openContext({ maxBytes: bytes.length })));
      assert.equal(whole.length, bytes.length);
      await failureOf(
        source.open(uri, openContext({ maxBytes: bytes.length - 1 })).then(readOriginal),
        'SOURCE_TOO_LARGE',
      );
    });

    promise(
      'answers not-modified to its own validators, and found once the original has changed',
      async ({ source, put }) => {
        const uri = await put('a.bin', bytes);
        const first = await source.open(uri, openContext());
        assert.ok(first.status === 'found');
        await readOriginal(first);
        const known = first.validators;
        assert.ok(known.etag !== undefined || known.lastModified !== undefined);
        assert.equal((await source.open(uri, openContext({ known }))).status, 'not-modified');
        await put('a.bin', bytes.subarray(1));
        const changed = await source.open(uri, openContext({ known }));
        assert.equal((await readOriginal(changed)).length, bytes.length - 1);
      },
    );

    promise(
      'does nothing for a signal that is aborted already, and throws its reason when that is ours',
      async ({ source, put }) => {
        const uri = await put('a.bin', bytes);
        await failureOf(source.open(uri, openContext({ signal: AbortSignal.abort() })), 'CANCELLED');
        const signal = AbortSignal.abort(new PictorError('SHUTTING_DOWN'));
        await failureOf(source.open(uri, openContext({ signal })), 'SHUTTING_DOWN');
      },
    );

    promise('text it cannot read is SOURCE_INVALID', async ({ source }) => {
      for (const uri of ['', 'no-scheme', 'other-scheme://a/b'])
        await failureOf(source.open(uri, openContext()), 'SOURCE_INVALID');
    });

    promise('throws nothing but our errors, whatever the rest of the URI', async ({ source, missing }) => {
      const rest = fc.string({ unit: 'binary', maxLength: 30 });
      await fc.assert(
        fc.asyncProperty(rest, async (text) => {
          const answer = await source.open(missing + text, openContext()).catch((thrown: unknown) => thrown);
          assert.ok(answer instanceof PictorError, String(answer));
          assert.notEqual(answer.code, 'INTERNAL', answer.detail);
        }),
        { numRuns: 100 },
      );
    });

    promise('can be closed when nothing is under way', async ({ source, put }) => {
      await readOriginal(await source.open(await put('a.bin', bytes), openContext()));
      await source.close?.();
    });
  });
}
