import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { placeChecks } from '../../../src/app/place-problems.ts';
import { settingsSchema } from '../../../src/app/settings.ts';
import type { ConfigCall, ReadConfig } from '../../../src/cli/command.ts';
import { readImgproxyConfig } from '../../../src/cli/imgproxy-config.ts';
import { readServeConfig } from '../../../src/cli/serve-config.ts';
import { readVipConfig } from '../../../src/cli/vip-config.ts';
import { checkConfig } from '../../../src/config/check.ts';
import { ConfigError, type Problem } from '../../../src/config/problems.ts';
import { listSettings } from '../../../src/config/settings-tree.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pictor-problems-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const gone = path.join(folder, 'gone');

type Reader = (call: ConfigCall) => Promise<ReadConfig>;

async function problemsOf(read: Reader, call: Partial<ConfigCall>): Promise<readonly Problem[]> {
  const error: unknown = await read({
    args: [],
    env: {},
    columns: null,
    places: placeChecks,
    ...call,
  }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ConfigError, String(error));
  return error.problems;
}

/** Every one of them once, and no other. */
function assertTold(
  problems: readonly Problem[],
  expected: readonly (readonly [where: string, message: RegExp])[],
) {
  const shown = problems.map(({ where, message }) => `${where}: ${message}`).join('\n');
  for (const [where, message] of expected) {
    const found = problems.filter((each) => each.where === where && message.test(each.message));
    assert.equal(found.length, 1, `${where} ${message} in\n${shown}`);
  }
  assert.equal(problems.length, expected.length, shown);
}

const configuration = `server:
  bind: nonsense
  maxConnections: 1.5
  plain:
    bind: ":80"
cach:
  dir: x
limits:
  maxSourceBytes: lots
  maxResultPixels: 1000
sources:
  file:
    root: ${gone}
mounts:
  - prefix: i
    dialect: imgprox
    settings:
      keys: [{key: zz, salt: aa}]
      qualty: 3
      presets: {x: "wdth:3"}
      watermarkPath: ${gone}
  - prefix: /a
    dialect: imgproxy
  - prefix: /a
    dialect: vip
  - prefix: c
    dialect: something-else
    settings: {whatever: 1}
  - prefix: /e
    dialect: image-server
    limits: {maxResultPixels: 2000, maxSied: 3}
    errorImage: {path: ${gone}}
    settings: {storage: {remote: s3, readByUrl: sometimes}}
  - prefix: /f
    dialect: s3imageserver
    limits: {maxResultPixels: 3000}
    settings: {verify: {keyFile: ${gone}}}
  - prefix: /a
    dialect: imageproxy
log:
  format: prety
`;

describe('a configuration full of mistakes', () => {
  it('is answered with all of them, whatever else is wrong beside each', async () => {
    const file = path.join(folder, 'bad.yaml');
    writeFileSync(file, configuration);
    const problems = await problemsOf(readServeConfig, {
      args: ['--config', file, '--cache-memry=1'],
      env: { PICTOR_ENGINE_WORKERS: 'few', PICTOR_SERVER_TLS_CERT_FILE: gone },
    });
    assertTold(problems, [
      ['--cache-memry', /did you mean --cache-memory\?/],
      ['PICTOR_ENGINE_WORKERS', /expected a number/],
      ['PICTOR_SERVER_TLS_CERT_FILE', /needed together/],
      [`${file}:2 server.bind`, /expected host:port/],
      [`${file}:3 server.maxConnections`, /whole number/],
      [`${file}:6 cach`, /did you mean cache\?/],
      [`${file}:9 limits.maxSourceBytes`, /expected bytes/],
      [`${file}:13 sources.file.root`, /does not exist/],
      [`${file}:15 mounts[0].prefix`, /expected a path/],
      [`${file}:16 mounts[0].dialect`, /expected one of .*; did you mean imgproxy\?$/],
      [`${file}:18 mounts[0].settings.keys[0].key`, /hexadecimal/],
      [`${file}:17 mounts[0].settings`, /unknown setting qualty; did you mean quality\?/],
      [`${file}:20 mounts[0].settings.presets.x`, /wdth/],
      [`${file}:21 mounts[0].settings.watermarkPath`, /no such file/],
      [`${file}:24 mounts[2].prefix`, /another mount/],
      [`${file}:26 mounts[3].prefix`, /expected a path/],
      [`${file}:27 mounts[3].dialect`, /expected one of [^;]*$/],
      [`${file}:31 mounts[4].limits`, /unknown setting maxSied/],
      [`${file}:31 mounts[4].limits.maxResultPixels`, /above limits\.maxResultPixels/],
      [`${file}:32 mounts[4].errorImage.path`, /no such file/],
      [`${file}:33 mounts[4].settings.storage.s3.bucket`, /a bucket is needed/],
      [`${file}:33 mounts[4].settings.storage.readByUrl`, /expected one of/],
      [`${file}:36 mounts[5].limits.maxResultPixels`, /above limits\.maxResultPixels/],
      [`${file}:37 mounts[5].settings.verify.keyFile`, /cannot be read \(ENOENT\)/],
      [`${file}:38 mounts[6].prefix`, /another mount/],
      [`${file}:41 log.format`, /did you mean pretty\?/],
    ]);
  });

  it('is told with what is missing on disk, for a drop-in as well', async () => {
    const env = {
      IMGPROXY_KEY: 'zz',
      IMGPROXY_TTL: 'x',
      IMGPROXY_QUALITY: '1000',
      IMGPROXY_LOCAL_FILESYSTEM_ROOT: gone,
      IMGPROXY_WATERMARK_PATH: gone,
      PICTOR_CACHE_MEMRY: '1',
    };
    const always: [string, RegExp][] = [
      ['IMGPROXY_KEY', /hexadecimal/],
      ['IMGPROXY_QUALITY', /from 1 up to 100/],
      ['IMGPROXY_LOCAL_FILESYSTEM_ROOT', /does not exist/],
      ['PICTOR_CACHE_MEMRY', /did you mean PICTOR_CACHE_MEMORY\?/],
    ];
    assertTold(await problemsOf(readImgproxyConfig, { env }), [
      ...always,
      ['IMGPROXY_TTL', /whole number/],
      ['IMGPROXY_WATERMARK_PATH', /no such file/],
    ]);
    // Version 1 knows neither an age nor watermarks.
    assertTold(await problemsOf(readImgproxyConfig, { env: { ...env, IMGPROXY_COMPAT: 'v1' } }), always);
  });

  it('is not looked at on disk by those who only show it', async () => {
    const { config } = await readVipConfig({
      args: [`--sources-file-root=${gone}`],
      env: {},
      columns: null,
    });
    assert.equal(config.sources.file.root, gone);
  });
});

/** Nothing that any setting takes, or only few do. */
const odd: readonly unknown[] = [null, {}, [], [{}], [null], 1.5, -1, '\0', true];

/** `a.b` and a value as a tree. */
const treeOf = (keys: readonly string[], value: unknown): unknown =>
  keys.length === 0 ? value : { [keys[0]!]: treeOf(keys.slice(1), value) };

describe('a check that looks at refused values', () => {
  const settings = listSettings(settingsSchema);
  const outcome = (raw: unknown) =>
    checkConfig({
      schema: settingsSchema,
      settings,
      raw,
      chosen: new Map(),
      origins: new Map(),
      file: null,
      problems: [],
      places: placeChecks,
    }).then(
      () => null,
      (thrown: unknown) => thrown,
    );

  it('ends in no other error, whatever a setting holds', async () => {
    for (const { keys } of settings) {
      for (const value of odd) {
        const error = await outcome(treeOf(keys, value));
        assert.ok(error === null || error instanceof ConfigError, `${keys.join('.')}: ${String(error)}`);
      }
    }
  });

  it('nor whatever a mount holds, beside one that is whole', async () => {
    const good = { prefix: '/good', dialect: 'vip' };
    const dialects = ['imgproxy', 'imageproxy', 'image-server', 's3imageserver', 'vip', 'vp', 'nothing'];
    const fields = ['prefix', 'hosts', 'limits', 'errorImage', 'cache', 'settings'];
    for (const dialect of dialects) {
      for (const field of fields) {
        for (const value of odd) {
          const mounts = [{ prefix: '/x', dialect, [field]: value }, good, { ...good, dialect: 'imgproxy' }];
          const error = await outcome({ mounts, cache: { memory: 'lots' } });
          assert.ok(error instanceof ConfigError, `${dialect} ${field}: ${String(error)}`);
          const where = error.problems.map((problem) => problem.where);
          assert.ok(where.includes('cache.memory') && where.includes('mounts[2].prefix'), error.message);
        }
      }
    }
  });
});
