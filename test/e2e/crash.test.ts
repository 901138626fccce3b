/** kill -9 of the server under load, again and again: nothing that was stored is lost, and nothing torn is ever served. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import {
  allowing,
  canListProcesses,
  drawing,
  isAlive,
  liveOrigin,
  livePictor,
  metric,
  nativeTarget,
  until,
  workersOf,
} from '../support/live-pictor.ts';
import type { Origin } from '../support/origin.ts';
import type { PictorProcess, RawReply } from '../support/pictor-process.ts';
import { filesOf } from '../support/store-files.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const rounds = 3;
const sourcesPerRound = 8;
const formats = ['png', 'jpg', 'webp'];

interface Picture {
  readonly source: string;
  readonly target: string;
  readonly shape: string;
}

/** New sources for each round, so that every crash meets fetches, transforms and writes under way. */
async function picturesOf(round: number, origin: Origin): Promise<Picture[]> {
  const paths = Array.from({ length: sourcesPerRound }, (_, index) => `/${round}-${index}.png`);
  for (const [index, path] of paths.entries()) {
    const colour = `hsl(${index * 40}, 80%, ${30 + round * 10}%)`;
    origin.route(path, {
      body: await drawing({ width: 500, height: 400, colour }),
      headers: { 'cache-control': 'max-age=86400' },
    });
  }
  return paths.flatMap((source, index) =>
    formats.map((format, at) => {
      const [width, height] = [100 + index, 60 + at];
      const target = nativeTarget(origin.url + source, `rs:force:${width}:${height}`, format);
      return { source, target, shape: `${format === 'jpg' ? 'jpeg' : format} ${width}x${height}` };
    }),
  );
}

test('kill -9 of the server under load', async (t) => {
  const dir = await temporaryFolder(t);
  const origin = await liveOrigin(t);
  const env = { ...allowing(origin), PICTOR_CACHE_DIR: dir, PICTOR_ADMISSION_PROCESS_QUEUE: '200' };
  const start = () => livePictor(t, { args: ['serve'], env });
  /** The bytes every URL was answered with first. */
  const known = new Map<string, Buffer>();
  const everything: Picture[] = [];
  /** On disk for certain when the server was killed. */
  const settled: Picture[] = [];

  async function isRight({ target, shape }: Picture, reply: RawReply): Promise<void> {
    assert.equal(reply.status, 200, `${target}: ${reply.body.toString('latin1', 0, 100)}`);
    const before = known.get(target);
    if (before !== undefined) {
      assert.ok(reply.body.equals(before), `${target}: other bytes than before`);
      return;
    }
    const { data, info } = await sharp(reply.body, { failOn: 'warning' })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { format } = await sharp(reply.body).metadata();
    assert.equal(`${format} ${info.width}x${info.height}`, shape, target);
    assert.ok(data.length > 0);
    known.set(target, reply.body);
  }

  const ask = async (pictor: PictorProcess, picture: Picture) =>
    isRight(picture, await pictor.get(picture.target));

  /** What was settled comes from the disk; an original that gave a picture once is not fetched again for any other. */
  async function nothingWasLost(pictor: PictorProcess): Promise<void> {
    const fetched = origin.count();
    await Promise.all(settled.map((picture) => ask(pictor, picture)));
    const hits = await metric(pictor, 'pictor_cache_results_total', { result: 'hit', tier: 'disk' });
    assert.equal(hits, settled.length);
    const answered = everything.filter(({ target }) => known.has(target));
    await Promise.all(answered.map((picture) => ask(pictor, picture)));
    assert.equal(origin.count(), fetched, 'no original was lost that had been whole');
  }

  for (let round = 0; round < rounds; round++) {
    await t.test(`round ${round + 1}`, async () => {
      const pictor = await start();
      await nothingWasLost(pictor);
      const pictures = await picturesOf(round, origin);
      everything.push(...pictures);

      const calm = pictures.slice(0, 6);
      const entries = async () => (await filesOf(path.join(dir, 'variants'), 'blobs')).length;
      const before = await entries();
      await Promise.all(calm.map((picture) => ask(pictor, picture)));
      await until('the pictures are on disk', async () => (await entries()) >= before + calm.length);
      settled.push(...calm);

      let answered = 0;
      const load = pictures.slice(6).map(async (picture) => {
        // A connection that dies with the server is what this is about; a whole answer must be right all the same.
        const reply = await pictor.get(picture.target).catch(() => null);
        if (reply === null || reply.body.length !== Number(reply.headers['content-length'] ?? -1)) return;
        await isRight(picture, reply);
        answered += 1;
      });
      await until('the load is under way', () => answered >= 3 + round * 2);
      const workers = canListProcesses ? workersOf(pictor) : [];
      await pictor.kill();
      await Promise.all(load);
      await until('the workers of the dead server are gone', () => !workers.some(isAlive));
    });
  }

  await t.test('in the end every picture is right, and kept', async () => {
    const pictor = await start();
    await nothingWasLost(pictor);
    await Promise.all(everything.map((picture) => ask(pictor, picture)));
    assert.equal(known.size, everything.length);
    assert.equal(await metric(pictor, 'pictor_store_events_total', { what: 'read-failed' }), 0);
    assert.equal(await pictor.stop(), 0);
    const fetched = origin.count();
    const last = await start();
    await Promise.all(everything.map((picture) => ask(last, picture)));
    assert.equal(origin.count(), fetched);
    assert.equal(await metric(last, 'pictor_transforms_total'), 0);
  });
});
