/** Replies of the real `pictor imgproxy` on a real socket, against the vectors of both imgproxy versions. */
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { drawFixture, type Fixture } from '../support/drawn-fixtures.ts';
import {
  filled,
  type HttpVector,
  type HttpVectorFile,
  playVector,
  type Stage,
} from '../support/http-vectors.ts';
import { startOrigin } from '../support/origin.ts';
import { startPictor } from '../support/pictor-process.ts';
import { adminOf, putObject } from '../support/s3-service.ts';
import { type RunningS3rver, startS3rver } from '../support/s3rver.ts';

type Pair = readonly [number, number];

/** Vectors of what the grammar and the plan say of sizes and places: true of the pictures that come out, too. */
interface GeometryFile {
  readonly sizes?: readonly {
    readonly authority: string;
    readonly path: string;
    readonly source: Pair;
    readonly result: Pair;
  }[];
  readonly positions?: readonly {
    readonly authority: string;
    readonly inner: Pair;
    readonly gravity: string;
    readonly factor?: number;
    readonly at: Pair;
  }[];
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, '../golden/dialects', name), 'utf8'));

const files = (names: readonly string[]) => names.map((name) => read(`${name}.json`) as HttpVectorFile);

describe('version 1', { concurrency: 2 }, () => playAll(files(['imgproxy-v1-http'])));
describe('version 4', { concurrency: 2 }, () =>
  playAll([
    ...files([
      'imgproxy-v4-http',
      'imgproxy-v4-paths-http',
      'imgproxy-v4-options-http',
      'imgproxy-v4-replies-http',
    ]),
    geometry(),
  ]),
);

function geometry(): HttpVectorFile {
  const { sizes = [] } = read('imgproxy-v4.json') as GeometryFile;
  const { sizes: more = [] } = read('imgproxy-v4-sizes.json') as GeometryFile;
  const { positions = [] } = read('imgproxy-v4-positions.json') as GeometryFile;
  const file = ([width, height]: Pair) => `place-${width}x${height}.png`;
  const allSizes = [...sizes, ...more];
  const sources = new Map(allSizes.map(({ source }) => [file(source), source]));
  return {
    fixtures: [...sources].map(
      ([name, [width, height]]): Fixture => ({ name, width, height, coordinates: true }),
    ),
    env: { IMGPROXY_LOCAL_FILESYSTEM_ROOT: '{fixtures}' },
    vectors: [
      ...allSizes.map(({ authority, path: target, source, result: [width, height] }) => ({
        name: target,
        authority,
        request: { path: target.replace('local:///a.png', `local:///${file(source)}`) },
        expect: { status: 200, width, height },
      })),
      ...positions
        .filter(({ factor = 1 }) => factor === 1)
        .map(({ authority, inner: [width, height], gravity, at }) => ({
          name: `crop to ${width}x${height}, ${gravity}`,
          authority,
          request: { path: `/unsafe/c:${width}:${height}:${gravity}/plain/local:///place-200x100.png@png` },
          expect: {
            status: 200,
            width,
            height,
            pixels: { '0,0': `${Buffer.from(at).toString('hex')}00` },
            tolerance: 0,
          },
        })),
    ].map((vector) => ({ ...vector, env: { IMGPROXY_ALLOW_SECURITY_OPTIONS: 'true' } })),
  };
}

/** One server for each environment, whatever files its vectors stand in. */
function playAll(all: readonly HttpVectorFile[]): void {
  let folder = '';
  let s3: RunningS3rver | undefined;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'pictor-vectors-'));
    await Promise.all(all.flatMap(({ fixtures }) => fixtures.map((each) => drawFixture(folder, each))));
  });
  after(async () => {
    await s3?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const vectors = all.flatMap((file) =>
    file.vectors.map((vector) => ({ ...vector, env: { ...file.env, ...vector.env } })),
  );
  const byEnv = Map.groupBy(vectors, ({ env }) =>
    JSON.stringify(Object.fromEntries(Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1)))),
  );
  for (const [envText, group] of byEnv) {
    const { env } = group[0]!;
    describe(envText, () => {
      const stage: { current?: Stage } = {};
      before(async () => {
        if (envText.includes('{s3}'))
          s3 ??= await filledBucket(
            folder,
            all.flatMap(({ fixtures }) => fixtures),
          );
        stage.current = await staged(
          folder,
          filled(env, { '{fixtures}': folder, '{s3}': s3?.endpoint ?? '' }),
        );
      });
      after(async () => {
        await stage.current?.origin.close();
        await stage.current?.pictor.stop();
      });
      playGroup(group, () => stage.current!);
    });
  }
}

function playGroup(group: readonly HttpVector[], stage: () => Stage): void {
  for (const [index, vector] of group.entries())
    test(`${vector.name} (${vector.authority})`, () => playVector(vector, `/${index}`, stage()));
}

const staged = async (fixtures: string, env: Record<string, string>): Promise<Stage> => ({
  pictor: await startPictor({ args: ['imgproxy'], bind: 'IMGPROXY_BIND', env }),
  origin: await startOrigin(),
  fixtures,
  env,
});

/** An S3 with all fixtures in the bucket `images`. */
async function filledBucket(folder: string, fixtures: readonly Fixture[]): Promise<RunningS3rver> {
  const { CreateBucketCommand } = await import('@aws-sdk/client-s3');
  const service = await startS3rver();
  const admin = adminOf(service);
  await admin.send(new CreateBucketCommand({ Bucket: 'images' }));
  for (const { name } of fixtures)
    await putObject(
      admin,
      { bucket: 'images', key: name },
      { Body: await readFile(path.join(folder, name)) },
    );
  admin.destroy();
  return service;
}
