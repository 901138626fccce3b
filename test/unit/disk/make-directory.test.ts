import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { platform } from 'node:process';
import { test } from 'node:test';
import { makeDirectory } from '../../../src/disk/files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('makes a folder with those above it, for the owner only; a second time changes nothing', async (context) => {
  const folder = path.join(await temporaryFolder(context), 'a/b/c');
  await Promise.all([makeDirectory(folder), makeDirectory(folder), makeDirectory(path.dirname(folder))]);
  await makeDirectory(folder);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  assert.equal((await stat(path.dirname(folder))).mode & 0o777, 0o700);
});

test('a file in the way is the reason', async (context) => {
  const file = path.join(await temporaryFolder(context), 'file');
  await writeFile(file, '');
  await assert.rejects(makeDirectory(file), { code: 'EEXIST' });
  await assert.rejects(makeDirectory(path.join(file, 'x/y')), { code: 'ENOTDIR' });
});

test('a file system that makes no folders ends the attempt', { skip: platform !== 'linux' }, async () => {
  await assert.rejects(makeDirectory('/proc/nope/variants'), { code: 'ENOENT' });
});
