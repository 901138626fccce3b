/** The real program in place of vip, on whatever keeps its objects. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { GetObjectCommand, ListObjectsV2Command, NoSuchKey } from '@aws-sdk/client-s3';
import { fromFlags } from '../../src/dialects/vip/legacy.ts';
import { type PictorProcess, startPictor } from '../support/pictor-process.ts';
import { adminOf, freshBucket, putObject, type RunningS3 } from '../support/s3-service.ts';
import { drawnFixtures, playVip, type VipStage, type VipStore, vipVectors } from '../support/vip-vectors.ts';

type Texts = Readonly<Record<string, string>>;

/** Where objects are kept, and a server in front of it. */
export interface VipGround {
  readonly store: VipStore;
  /** @param env variables of vip, and whatever a test adds */
  start(env?: Texts): Promise<PictorProcess>;
  close(): Promise<void>;
}

/** `pictor serve` with one mount on a folder; its settings are those that vip's variables come to. */
export async function folderGround(): Promise<VipGround> {
  const root = await mkdtemp(path.join(tmpdir(), 'pictor-vip-'));
  const bucket = 'samplebucket';
  const fileOf = (key: string) => {
    const names = key.split('/');
    const last = names.pop()!;
    return path.join(root, bucket, ...names.map((name) => `${name}%2F`), last);
  };
  return {
    store: {
      bucket,
      async put(key, bytes) {
        await mkdir(path.dirname(fileOf(key)), { recursive: true });
        await writeFile(fileOf(key), bytes);
      },
      get: async (key) => (existsSync(fileOf(key)) ? { bytes: readFileSync(fileOf(key)) } : null),
      async keys() {
        const files = readdirSync(path.join(root, bucket), { recursive: true, withFileTypes: true });
        return files
          .filter((file) => file.isFile())
          .map((file) => path.relative(path.join(root, bucket), path.join(file.parentPath, file.name)))
          .map((name) => name.replaceAll('%2F/', '/'))
          .toSorted();
      },
    },
    start(env = {}) {
      const said = fromFlags({ env, args: [], isOurs: () => false, isFile: () => false });
      const settings = Object.fromEntries(
        [...said.values].flatMap(([name, value]) =>
          name.startsWith('settings.') ? [[name.slice('settings.'.length), value]] : [],
        ),
      );
      const mount = { prefix: '/', dialect: 'vip', settings: { ...settings, store: 'folder', folder: root } };
      const rest = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('PICTOR_')));
      return startPictor({
        args: ['serve'],
        env: { PICTOR_MOUNTS: JSON.stringify([mount]), PICTOR_CACHE_DIR: '', ...rest },
      });
    },
    close: () => rm(root, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** `pictor vip` on a service, with a fresh bucket. */
export async function s3Ground(service: RunningS3): Promise<VipGround> {
  const admin = adminOf(service);
  const bucket = await freshBucket(admin);
  return {
    store: {
      bucket,
      put: (key, bytes, type) => putObject(admin, { bucket, key }, { Body: bytes, ContentType: type }),
      async get(key) {
        try {
          const { Body, ContentType } = await admin.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
          const bytes = Buffer.from(await Body!.transformToByteArray());
          return { bytes, ...(ContentType === undefined ? {} : { type: ContentType }) };
        } catch (thrown) {
          if (thrown instanceof NoSuchKey) return null;
          throw thrown;
        }
      },
      async keys() {
        const { Contents = [], IsTruncated } = await admin.send(new ListObjectsV2Command({ Bucket: bucket }));
        assert.notEqual(IsTruncated, true);
        return Contents.map(({ Key }) => Key!).toSorted();
      },
    },
    start: (env = {}) => startPictor({ args: ['vip'], env: { ...vipOn(service), ...env } }),
    close: async () => admin.destroy(),
  };
}

/** Variables of vip for a service; nothing of the machine's own, and no question to the address of cloud metadata. */
export const vipOn = ({ endpoint, accessKeyId, secretAccessKey }: RunningS3): Texts => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_ENDPOINT_URL_S3: endpoint,
  AWS_EC2_METADATA_DISABLED: 'true',
});

/** Every vector, and what is true of any store. */
export function describeVip(name: string, open: () => Promise<VipGround>): void {
  describe(`vip on ${name}`, () => {
    let ground: VipGround;
    let fixtures: ReadonlyMap<string, Buffer>;
    before(async () => {
      ground = await open();
      const folder = await mkdtemp(path.join(tmpdir(), 'pictor-vip-fixtures-'));
      fixtures = await drawnFixtures(folder);
      await rm(folder, { recursive: true });
      for (const { key, fixture, type } of vipVectors.objects)
        await ground.store.put(key, fixtures.get(fixture)!, type);
    });
    after(() => ground.close());

    for (const [key, vectors] of Map.groupBy(vipVectors.vectors, ({ env = {} }) => JSON.stringify(env))) {
      describe(`with ${key}`, () => {
        let pictor: PictorProcess;
        before(async () => {
          const own = JSON.parse(key.replaceAll('{bucket}', ground.store.bucket)) as Texts;
          pictor = await ground.start({ ...vipVectors.env, ...own });
        });
        after(async () => assert.equal(await pictor.stop(), 0));
        for (const vector of vectors) {
          test(`${vector.name} (${vector.authority})`, () =>
            playVip(vector, { pictor, store: ground.store, fixtures } satisfies VipStage));
        }
      });
    }

    test('a bucket that is there is only added to, and only by what was asked for', async (t) => {
      const { store } = ground;
      const present = await store.keys();
      await store.put('old/s/60', fixtures.get('awesome-small.jpg')!, 'image/jpeg');
      await store.put('old', fixtures.get('awesome.jpeg')!, 'image/jpeg');
      const pictor = await ground.start(vipVectors.env);
      t.after(() => pictor.kill());
      const targets = ['old', 'old?s=60', 'old?s=61', 'old?s=62&c=true', 'old?s=5000', 'none?s=60', 'none'];
      for (let round = 0; round < 2; round += 1)
        for (const target of targets) await pictor.get(`/${store.bucket}/${target}`);
      assert.equal(await pictor.stop(), 0);
      const added = (await store.keys()).filter((key) => !present.includes(key));
      assert.deepEqual(added, ['old', 'old/c/s/62', 'old/s/60', 'old/s/61', 'old/s/720']);
      assert.ok((await store.get('old/s/60'))!.bytes.equals(fixtures.get('awesome-small.jpg')!));
    });
  });
}
