/**
 * A process to be killed: puts objects for ever and says which were acknowledged, one line each.
 * `node bucket-writer.ts ROOT SEED [PLACE]`, PLACE: the S3 place behind the folder, as JSON.
 */
import { createHash } from 'node:crypto';
import { createFolderBuckets } from '../../src/buckets/folder-bucket.ts';
import { createMirroredBuckets } from '../../src/buckets/mirrored-bucket.ts';
import { createS3Buckets } from '../../src/buckets/s3-bucket.ts';
import type { S3Place } from '../../src/request/storage.ts';

const [root = '', seed = '', place] = process.argv.slice(2);

function open() {
  if (place === undefined) return createFolderBuckets({ root, single: true, anyKey: false });
  const s3 = createS3Buckets(JSON.parse(place) as S3Place).bucket('');
  return createMirroredBuckets({
    root,
    remote: { reader: s3, writer: s3 },
    concurrency: 8,
    maxAgeMinutes: 30,
    waitSeconds: 0,
    emit: () => {},
    now: Date.now,
  });
}

const bucket = open().bucket('');

/** Every line of a body is its header: who holds half a body can tell. */
function bodyOf(lane: number, round: number): Buffer {
  const line = `${seed} ${lane} ${round} ${createHash('md5').update(`${seed}/${lane}/${round}`).digest('hex')}\n`;
  return Buffer.from(line.repeat(1 + ((round * 37 + lane) % 4000)));
}

async function putForEver(lane: number): Promise<void> {
  for (let round = 0; ; round += 1) {
    // Some keys are new, some are written again and again.
    const key = round % 2 === 0 ? `same/${lane}` : `ns/${seed}/${lane}-${round}/original`;
    const body = bodyOf(lane, round);
    await bucket.put(key, body, { contentType: `image/x-${round % 5}` });
    const sum = createHash('md5').update(body).digest('hex');
    process.stdout.write(`${JSON.stringify({ key, round, sum, type: `image/x-${round % 5}` })}\n`);
  }
}

await Promise.all([0, 1, 2, 3].map(putForEver));
