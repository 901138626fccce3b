import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as z from 'zod';
import { closest } from '../../../src/config/did-you-mean.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { maskSecrets } from '../../../src/config/mask.ts';
import { renderReference } from '../../../src/config/reference.ts';
import {
  renderHelp,
  renderJsonSchema,
  renderValues,
  renderValuesJson,
  showBytes,
} from '../../../src/config/render.ts';
import { listSettings } from '../../../src/config/settings-tree.ts';
import { secretText } from '../../../src/core/settings.ts';
import { sampleSchema } from './sample-settings.ts';

const settings = listSettings(sampleSchema);

const loaded = () =>
  loadConfig({
    schema: sampleSchema,
    env: {
      PICTOR_CACHE_PASSWORD: 'hunter2',
      PICTOR_MOUNTS: '[{"dialect":"one","prefix":"/a","settings":{"key":"hunter2"}}]',
      PICTOR_SERVER_HOSTS: 'a,b',
    },
    args: ['--cache-memory', '1GiB'],
  });

describe('pictor config', () => {
  it('shows every setting with value and origin', async () => {
    const lines = renderValues(await loaded()).split('\n');
    const rows = new Map(lines.map((line) => [line.split(/\s+/)[0], line.split(/\s{2,}/).slice(1)]));
    for (const { path } of settings) assert.ok(rows.has(path) || path === 'mounts', path);
    assert.deepEqual(rows.get('mounts[0].settings.key'), ['(secret)', 'PICTOR_MOUNTS']);
    assert.deepEqual(rows.get('mounts[0].settings.quality'), ['80', 'PICTOR_MOUNTS']);
    assert.deepEqual(rows.get('cache.memory'), ['1GiB', '--cache-memory']);
    assert.deepEqual(rows.get('server.maxHeaderBytes'), ['16KiB', 'default']);
    assert.deepEqual(rows.get('server.hosts'), ['a,b', 'PICTOR_SERVER_HOSTS']);
    assert.deepEqual(rows.get('cache.dir'), ['-', 'default']);
    assert.deepEqual(rows.get('cache.password'), ['(secret)', 'PICTOR_CACHE_PASSWORD']);
  });

  it('shows no secret, neither as table nor as JSON', async () => {
    const config = await loaded();
    const json = renderValuesJson(config);
    assert.doesNotMatch(renderValues(config) + json, /hunter2/);
    assert.deepEqual(JSON.parse(json)['cache.memory'], {
      value: 1024 ** 3,
      from: 'flag',
      name: '--cache-memory',
    });
    assert.equal(JSON.parse(json).mounts.value[0].settings.key, '(secret)');
  });
});

describe('masks', () => {
  it('reach into lists, alternatives and transformed values', () => {
    const schema = z.strictObject({
      keys: z.array(secretText()),
      either: z.union([z.strictObject({ a: secretText() }), z.strictObject({ b: z.string() })]),
      byName: z.record(z.string(), secretText()),
      bytes: z.string().transform((text) => new TextEncoder().encode(text)),
      open: z.string(),
    });
    const masked = maskSecrets(schema, {
      keys: ['x', 'y'],
      either: { a: 'x', b: 'shown' },
      byName: { one: 'x' },
      bytes: new Uint8Array([1]),
      open: 'shown',
    });
    assert.deepEqual(masked, {
      keys: ['(secret)', '(secret)'],
      either: { a: '(secret)', b: 'shown' },
      byName: { one: '(secret)' },
      bytes: '(secret)',
      open: 'shown',
    });
  });

  it('take user, password and queries out of URLs, in lists too', () => {
    const schema = z.strictObject({ baseUrl: z.string(), sources: z.array(z.string()) });
    assert.deepEqual(
      maskSecrets(schema, {
        baseUrl: 'https://user:pass@host/?token=abc',
        sources: ['https://user:pass@host/a', 'https://host/a?key=abc&v=1'],
      }),
      {
        baseUrl: 'https://***@host/?token=***',
        sources: ['https://***@host/a', 'https://host/a?key=***&v=***'],
      },
    );
  });

  it('leave absent and empty values visible', () => {
    assert.equal(maskSecrets(secretText(), ''), '');
    assert.equal(maskSecrets(secretText().optional(), undefined), undefined);
  });
});

describe('help and reference', () => {
  it('name every setting with flag, variable, default and meaning', () => {
    const help = renderHelp(settings, 80);
    const page = renderReference(sampleSchema);
    for (const { flag, env, path, description } of settings) {
      assert.ok(help.includes(`  ${flag}  ${env}\n`), flag);
      assert.ok(help.includes(description), flag);
      assert.ok(page.includes(`| \`${path}\`<br>\`${env}\`<br>\`${flag}\` |`), path);
    }
    assert.match(help, /--cache-memory .*\n\s+Bytes held\. \(bytes, e\.g\. 64MiB; default 64MiB\)/);
    assert.match(page, /\| `settings\.quality` \|/);
    assert.match(page, /The door\./);
  });

  it('keep lines of the help within the width', () => {
    const long = z.strictObject({ a: z.string().describe('word '.repeat(60).trim()) });
    for (const line of renderHelp(listSettings(long), 60).split('\n')) assert.ok(line.length <= 60, line);
  });

  it('give a JSON Schema without our private marks', () => {
    const schema = JSON.parse(renderJsonSchema(sampleSchema));
    assert.equal(schema.properties.cache.properties.memory.default, '64MiB');
    assert.equal(schema.properties.cache.additionalProperties, false);
    assert.doesNotMatch(JSON.stringify(schema), /"secret"|"syntax"/);
  });
});

describe('small things', () => {
  it('writes bytes with the largest unit that divides them', () => {
    assert.deepEqual([0, 1000, 1024, 1536, 64 * 1024 ** 2].map(showBytes), [
      '0',
      '1000',
      '1KiB',
      '1536',
      '64MiB',
    ]);
  });

  it('suggests the nearest name, or none', () => {
    const names = ['cache.dir', 'cache.memory', 'bind'];
    assert.equal(closest('cache.memroy', names), 'cache.memory');
    assert.equal(closest('bnid', names), 'bind');
    assert.equal(closest('something', names), null);
  });
});
