import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { s3imageserver } from '../../../src/cli/s3imageserver.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** What a call with this file prints, and how it ends. */
async function run(t: TestContext, text: string): Promise<{ code: number | undefined; printed: string }> {
  const file = path.join(await temporaryFolder(t), 'config.json');
  await writeFile(file, text);
  let printed = '';
  const code = await s3imageserver({
    args: ['-c', file],
    env: {},
    options: {},
    print: (line) => {
      printed += line;
    },
    complain: (line) => {
      printed += line;
    },
    columns: null,
    errorColumns: null,
  });
  return { code: code ?? undefined, printed: printed.replaceAll(file, 'config.json') };
}

test('of a file that cannot be understood only that is told', async (t) => {
  for (const [text, why] of [
    ['', 'config.json line 1\n      invalid JSON: ValueExpected'],
    ['{"handlers": [}', 'config.json line 1\n      invalid JSON: ValueExpected'],
    ['[]', 'config.json line 1\n      expected an object, got a list'],
  ] as const)
    assert.deepEqual(await run(t, text), {
      code: 1,
      printed: `Error:The configuration has a problem:\n  ${why}\n`,
    });
});

test('what shows only when the server is put together is told in the same way', async (t) => {
  const handler = { prefix: 'h', aws: { bucket_name: 'b' }, jwt_key_file: '/nowhere/key' };
  const { code, printed } = await run(t, JSON.stringify({ handlers: [handler] }));
  assert.equal(code, 1);
  assert.match(
    printed,
    /^Error:The configuration has a problem:\n {2}config\.json handlers\[0\]\.jwt_key_file\n/,
  );
});
