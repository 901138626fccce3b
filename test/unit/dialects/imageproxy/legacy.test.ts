import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fromFlags } from '../../../../src/dialects/imageproxy/legacy.ts';
import { legacyFlags, usageText } from '../../../../src/dialects/imageproxy/legacy-flags.ts';
import { signingInput } from '../../../../src/dialects/imageproxy/sign.ts';
import { readGoDuration } from '../../../../src/lib/go-duration.ts';

interface FlagVector {
  readonly name: string;
  readonly authority: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly misuses?: readonly string[];
  readonly problems?: readonly string[];
  readonly notices?: readonly string[];
}

interface Tables {
  readonly flags: readonly FlagVector[];
  readonly signing: readonly {
    readonly authority: string;
    readonly url: string;
    readonly text: string;
    readonly urlOnly: string;
  }[];
}

const file = path.join(import.meta.dirname, '../../../golden/dialects/imageproxy-flags.json');
const tables = JSON.parse(readFileSync(file, 'utf8')) as Tables;

const keyFiles: Readonly<Record<string, string>> = { '/keys/plain': 'secret', '/keys/line': 'secret\n' };

const reading = ({ args = [], env = {} }: Pick<FlagVector, 'args' | 'env'>) =>
  fromFlags({
    args,
    env,
    isOurs: (flag) => flag === '--cache-dir' || flag === '--config',
    readBytes: (name) => {
      const text = keyFiles[name];
      return text === undefined ? 'not there' : new TextEncoder().encode(text);
    },
  });

for (const vector of tables.flags) {
  test(`${vector.name} (${vector.authority})`, () => {
    const { values, misuses, problems, notices } = reading(vector);
    for (const [place, value] of Object.entries(vector.values ?? {}))
      assert.deepEqual(values.get(place) ?? null, value, place);
    assert.deepEqual(misuses, vector.misuses ?? []);
    assert.deepEqual(
      problems.map(({ where }) => where),
      vector.problems ?? [],
    );
    for (const notice of vector.notices ?? []) assert.ok(notices.includes(notice), notices.join('\n'));
  });
}

for (const { authority, url, text, urlOnly } of tables.signing) {
  test(`${url} is signed as ${text} (${authority})`, () => {
    assert.equal(signingInput(url, { urlOnly: false }), text);
    assert.equal(signingInput(url, { urlOnly: true }), urlOnly);
  });
}

describe('beside the tables', () => {
  test('flags of pictor go on to its own reader, with their values', () => {
    const { rest, values, misuses } = reading({
      args: ['--cache-dir', '/x', '-scaleUp', '--config=/y.yaml', '-addr', ':1'],
    });
    assert.deepEqual([rest, misuses], [['--cache-dir', '/x', '--config=/y.yaml'], []]);
    assert.deepEqual([values.get('settings.scaleUp'), values.get('server.bind')], [true, ':1']);
  });

  test('every value has the name of what said it', () => {
    const { origins } = reading({
      args: ['-timeout', '3s', '-signatureKey', 'k'],
      env: { IMAGEPROXY_ALLOWHOSTS: 'a.test', IMAGEPROXY_SIGNATUREKEY: 'j' },
    });
    assert.equal(origins.get('sources.http.idleTimeoutSeconds'), '-timeout');
    assert.equal(origins.get('sources.http.allowedHosts'), 'IMAGEPROXY_ALLOWHOSTS');
    assert.equal(origins.get('settings.keys'), 'IMAGEPROXY_SIGNATUREKEY, -signatureKey');
    assert.equal(origins.get('server.bind'), undefined);
  });

  test('no secret is in a problem or a notice', () => {
    const { problems, notices } = reading({
      args: ['-signatureKey', 'hush-hush @/keys/none', '-cache', 'gcs://x'],
    });
    assert.ok(problems.length > 0);
    assert.equal(JSON.stringify([problems, notices]).includes('hush'), false);
  });

  test('an open server is told of', () => {
    const tells = (args: string[]) =>
      reading({ args }).notices.some((notice) => notice.startsWith('any image'));
    assert.equal(tells([]), true);
    assert.equal(tells(['-allowHosts', 'a.test']), false);
    assert.equal(tells(['-signatureKey', 'k']), false);
  });

  test('durations as Go writes them', () => {
    for (const [text, seconds] of [
      ['0', 0],
      ['1.5h', 5400],
      ['1h1m1s', 3661],
      ['100ms', 0.1],
      ['.5s', 0.5],
      ['2µs', 0.000002],
      ['-1s', -1],
    ] as const) {
      assert.equal(readGoDuration(text), seconds, text);
    }
    for (const wrong of ['', '5', 's', '1d', '1s ', '1 s', '1s1'])
      assert.equal(readGoDuration(wrong), null, wrong);
  });

  test('the usage names every flag once', () => {
    for (const { name } of legacyFlags) {
      assert.equal(
        usageText()
          .split(`\n  -${name}`)
          .filter((rest) => /^[ \n]/.test(rest)).length,
        1,
        name,
      );
    }
  });
});
