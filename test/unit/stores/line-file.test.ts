import assert from 'node:assert/strict';
import { appendFile, chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { createLineFile } from '../../../src/stores/line-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('lines are there for the next one who looks', async (t) => {
  const file = path.join(await temporaryFolder(t), 'below', 'lines');
  const lines = createLineFile(file);
  assert.deepEqual(await lines.read(), []);
  await lines.append('one');
  await lines.append('two');
  assert.deepEqual(await createLineFile(file).read(), ['one', 'two']);
  await lines.replace(['three']);
  await lines.append('four');
  assert.deepEqual(await createLineFile(file).read(), ['three', 'four']);
});

test('a line that a crash has cut off does not count, nor does it spoil the next', async (t) => {
  const file = path.join(await temporaryFolder(t), 'lines');
  await createLineFile(file).append('one');
  await appendFile(file, 'tw');
  const lines = createLineFile(file);
  assert.deepEqual(await lines.read(), ['one']);
  await lines.append('three');
  assert.equal(await readFile(file, 'utf8'), 'one\nthree\n');
});

test('a file that cannot be read is told', async (t) => {
  const folder = await temporaryFolder(t);
  await assert.rejects(createLineFile(folder).read(), { code: 'STORE_FAILED' });
  await writeFile(path.join(folder, 'file'), '');
  await chmod(path.join(folder, 'file'), 0o600);
  await assert.rejects(createLineFile(path.join(folder, 'file', 'below')).append('x'), {
    code: 'STORE_FAILED',
  });
});
