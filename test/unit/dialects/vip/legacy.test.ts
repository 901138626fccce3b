/** Flags and variables of vip, as test/golden/dialects/vip-flags.json has them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fromFlags } from '../../../../src/dialects/vip/legacy.ts';
import { legacyVariables, usageText } from '../../../../src/dialects/vip/legacy-names.ts';

interface FlagVector {
  readonly name: string;
  readonly authority: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly values?: Readonly<Record<string, unknown>>;
  readonly misuses?: readonly string[];
  readonly problems?: readonly string[];
  readonly notices?: readonly string[];
}

const file = path.join(import.meta.dirname, '../../../golden/dialects/vip-flags.json');
const { flags } = JSON.parse(readFileSync(file, 'utf8')) as { readonly flags: readonly FlagVector[] };

const reading = ({ args = [], env = {}, files = [] }: Pick<FlagVector, 'args' | 'env' | 'files'>) =>
  fromFlags({
    args,
    env,
    isOurs: (flag) => flag === '--cache-dir',
    isFile: (name) => files.includes(name),
  });

for (const vector of flags) {
  test(`${vector.name} (${vector.authority}): ${JSON.stringify(vector.args ?? vector.env ?? vector.files ?? [])}`, () => {
    const { values, origins, misuses, problems, notices } = reading(vector);
    for (const [place, value] of Object.entries(vector.values ?? {}))
      assert.deepEqual(values.get(place) ?? null, value, place);
    for (const place of origins.keys()) assert.ok(values.has(place), place);
    assert.deepEqual(misuses, vector.misuses ?? []);
    assert.deepEqual(
      problems.map(({ where }) => where),
      vector.problems ?? [],
    );
    for (const notice of vector.notices ?? []) assert.ok(notices.includes(notice), notices.join('\n'));
  });
}

test('values come from where they were said', () => {
  const { origins, rest } = reading({
    args: ['-httpport', '1', '--cache-dir', '/x'],
    env: { VIP_MAX_WIDTH: '5', AWS_ENDPOINT_URL: 'http://s3' },
    files: ['/etc/vip/application.pem', '/etc/vip/application.key'],
  });
  assert.deepEqual(Object.fromEntries(origins), {
    'server.bind': '-httpport',
    'settings.maxWidth': 'VIP_MAX_WIDTH',
    'settings.s3.endpoint': 'AWS_ENDPOINT_URL',
    'server.tls.certFile': '/etc/vip/application.pem',
    'server.tls.keyFile': '/etc/vip/application.key',
  });
  assert.deepEqual(rest, ['--cache-dir', '/x']);
});

test('no secret is repeated', () => {
  const env = Object.fromEntries(legacyVariables.map(({ name }) => [name, 'geheim']));
  const { problems, notices } = reading({ env: { ...env, AWS_ACCESS_KEY_ID: '', AWS_ACCESS_KEY: '' } });
  const secrets = /^(AWS_(SECRET|ACCESS|SE)|AUTH)/;
  for (const { where, message } of problems) if (secrets.test(where)) assert.doesNotMatch(message, /geheim/);
  assert.ok(notices.every((notice) => !secrets.test(notice) || !notice.includes('geheim')));
});

test('the usage names every flag', () => {
  assert.match(
    usageText(),
    /^Usage of vip:\n {2}-cacheport string\n[\s\S]* {2}-httpport string\n {4}\tport to listen on \(default "8080"\)\n/,
  );
});
