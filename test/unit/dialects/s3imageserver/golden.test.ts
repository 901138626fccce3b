import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { PictorError } from '../../../../src/core/errors.ts';
import { s3imageserver } from '../../../../src/dialects/s3imageserver/dialect.ts';
import { s3imageserverSettings } from '../../../../src/dialects/s3imageserver/settings.ts';
import { planTransform } from '../../../../src/plan/plan.ts';
import type { StorageTask } from '../../../../src/request/storage.ts';
import { plainInfo } from '../../../support/plain-info.ts';

interface TaskVector {
  readonly name: string;
  readonly authority: string;
  readonly target: string;
  readonly method?: string;
  readonly settings?: object;
  /** Absent: `/h`. */
  readonly mount?: string;
  readonly originals?: readonly string[];
  readonly shelf?: string;
  readonly token?: string;
  /** True: shown as missing, whatever the bucket holds. */
  readonly missing?: true;
  readonly location?: string;
  /** Of a fixed answer. */
  readonly status?: number;
  readonly error?: string;
}

interface SizeVector {
  readonly authority: string;
  readonly source: readonly [width: number, height: number];
  readonly query: string;
  readonly size: readonly [width: number, height: number];
  /** Absent: nothing is cut off. */
  readonly from?: readonly [left: number, top: number];
}

const file = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../../golden/dialects/s3imageserver.json'), 'utf8'),
) as { settings: object; tasks: readonly TaskVector[]; sizes: readonly SizeVector[] };

function taskOf(vector: TaskVector): StorageTask {
  const { target: raw, mount = '/h', method = 'GET' } = vector;
  const [whole = '', query = ''] = raw.split('?');
  return s3imageserver.storage!.task(
    {
      method,
      target: { raw, path: whole.slice(mount.length), query },
      headers: {},
      origin: { scheme: 'http', host: 'img.example.com' },
      now: 0,
    },
    s3imageserverSettings.parse(vector.settings ?? file.settings),
  );
}

for (const vector of file.tasks) {
  const { name, authority, method = 'GET', target, error, location } = vector;
  test(`${name} (${authority}): ${method} ${target}`, () => {
    if (error !== undefined) {
      assert.throws(
        () => taskOf(vector),
        (thrown: PictorError) => thrown.code === error,
      );
      return;
    }
    const task = taskOf(vector);
    if (vector.status !== undefined) {
      assert.equal(task.task, 'reply');
      assert.equal(task.reply.status, vector.status);
      return;
    }
    if (location !== undefined) {
      assert.equal(task.task, 'reply');
      assert.deepEqual(task.reply, { status: 301, body: '', headers: { Location: location } });
      return;
    }
    assert.equal(task.task, 'show');
    assert.deepEqual(task.grant, { type: 'bearer', token: vector.token ?? null });
    assert.equal(task.key, undefined);
    assert.ok(task.voice?.standIn, 'the error image is shown as the picture would be');
    const wanted = vector.missing === true ? undefined : vector.originals;
    assert.deepEqual(task.recipe?.originals, wanted);
    assert.equal(task.shelf, vector.shelf);
    assert.equal(task.recipe?.keep, undefined);
  });
}

for (const { authority, source, query, size, from } of file.sizes) {
  test(`${source.join('×')}?${query} is ${size.join('×')} (${authority})`, () => {
    const settings = s3imageserverSettings.parse({ bucket: 'b' });
    const { image } = s3imageserver.parse({ raw: `/a.jpg?${query}`, path: '/a.jpg', query }, settings, {});
    const [width, height] = source;
    const planning = planTransform({
      request: image,
      info: plainInfo({ format: 'jpeg', width, height }),
      limits: { maxPixels: 0, maxSide: 0, maxFrames: 0, maxFramePixels: 0, maxResultPixels: 0 },
    });
    assert.ok('plan' in planning);
    const { result, steps } = planning.plan;
    assert.deepEqual([result.width, result.height], size);
    const cut = steps.find((each) => each.step === 'extract');
    assert.deepEqual(cut === undefined ? undefined : [cut.area.left, cut.area.top], from);
  });
}
