import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandCall } from '../../../src/cli/command.ts';
import { healthQuestion } from '../../../src/cli/health.ts';
import { vip } from '../../../src/cli/vip.ts';
import { readVipConfig } from '../../../src/cli/vip-config.ts';
import { vipDefaults, vipNotes } from '../../../src/cli/vip-help.ts';
import { ConfigError } from '../../../src/config/problems.ts';

function callOf(args: readonly string[], env: CommandCall['env'] = {}) {
  const complained: string[] = [];
  const call: CommandCall = {
    args,
    env,
    options: {},
    print: () => {},
    complain: (text) => complained.push(text),
    columns: null,
    errorColumns: null,
  };
  return { call, complained };
}

test('variables, flags, our own settings and what they come from, in one configuration', async () => {
  const { call } = callOf(['-httpport', '9000', '--cache-memory', '1MiB'], {
    AWS_ACCESS_KEY: 'a',
    AWS_SECRET_KEY: 'b',
    AUTH_TOKEN: 't',
    VIP_MAX_WIDTH: '1024',
  });
  const { config, origins, warnings } = await readVipConfig(call);
  assert.equal(config.server.bind, ':9000');
  assert.equal(config.cache.memory, 1_048_576);
  const [mount] = config.mounts;
  assert.ok(mount?.dialect === 'vip');
  assert.deepEqual([mount.prefix, mount.settings.maxWidth, mount.settings.store], ['/', 1024, 's3']);
  assert.deepEqual(
    ['server.bind', 'mounts[0].settings.s3.accessKeyId', 'mounts[0].settings.maxWidth'].map(
      (path) => origins.get(path)?.name,
    ),
    ['-httpport', 'AWS_ACCESS_KEY', 'VIP_MAX_WIDTH'],
  );
  assert.deepEqual(warnings, []);
  assert.equal(healthQuestion(config).text, 'http://127.0.0.1:9000/ping');
});

test('everything wrong is told at once', async () => {
  const env = { AWS_ACCESS_KEY_ID: 'a', VIP_ALLOWED_WIDTHS: 'x', AWS_ENDPOINT_URL_S3: 'minio' };
  const { call } = callOf(['-httpport', 'http'], env);
  await assert.rejects(readVipConfig(call), (thrown) => {
    assert.ok(thrown instanceof ConfigError);
    for (const part of ['AWS_ACCESS_KEY_ID', 'VIP_ALLOWED_WIDTHS', 'AWS_ENDPOINT_URL_S3', '-httpport'])
      assert.ok(thrown.message.includes(part), `${part} in ${thrown.message}`);
    return true;
  });
});

test('a flag that does not exist ends the start with the usage', async () => {
  const { call, complained } = callOf(['-nope']);
  assert.equal(await vip(call), 2);
  assert.match(
    complained.join(''),
    /^flag provided but not defined: -nope\nUsage of vip:\n {2}-cacheport string\n/,
  );
});

test('a switch is switched by a word that Go knows', async () => {
  const { call, complained } = callOf(['-verbose=maybe']);
  assert.equal(await vip(call), 2);
  assert.match(
    complained.join(''),
    /^invalid boolean value "maybe" for -verbose: parse error\nUsage of vip:\n/,
  );
});

test('help has the defaults of vip and its variables', () => {
  assert.equal(vipDefaults().get('server.bind'), ':8080');
  assert.deepEqual(vipDefaults().get('mounts'), [{ prefix: '/', dialect: 'vip' }]);
  assert.match(vipNotes(), /\n {2}VIP_MAX_WIDTH +widest picture that is made.* \(default 720\)\n/);
});
