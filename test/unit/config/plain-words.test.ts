import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsSchema } from '../../../src/app/settings.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/config/problems.ts';
import { listSettings } from '../../../src/config/settings-tree.ts';
import { sampleSchema } from './sample-settings.ts';

/** What is wrong with this value, as the loader tells it. */
async function messagesFor(
  schema: typeof settingsSchema | typeof sampleSchema,
  path: string,
  value: unknown,
) {
  try {
    await loadConfig({ schema, env: {}, args: [], legacy: [{ path, value, name: 'TEST' }] });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
}

const values = [-1, 1.5, 1e12, 'x', '', 'ü', true, null, [], [null], [{}], ['', 3], {}, { x: 1 }];

test('no mistake in any setting is told in the words of a library', async () => {
  let told = 0;
  for (const { path } of listSettings(settingsSchema))
    for (const value of values)
      for (const { where, message } of await messagesFor(settingsSchema, path, value)) {
        told += 1;
        const what = `${path} = ${JSON.stringify(value)}: ${where}: ${message}`;
        assert.doesNotMatch(
          message,
          /received|Invalid|Too (small|big)|>=|<=|pattern|undefined|NaN|\bint\b|expected something else$/,
          what,
        );
        // Settings that are needed beside it were written nowhere.
        assert.match(where, /^(TEST|sources\.|cache\.)/, what);
      }
  assert.ok(told > 300, `${told} problems`);
});

test('bounds, kinds and choices read as a person would say them', async () => {
  for (const [path, value, message] of [
    ['cache.entries', 0, 'expected a number of at least 1'],
    ['cache.entries', 1.5, 'expected a whole number'],
    ['server.timeoutSeconds', -1, 'expected a number of at least 0 (seconds)'],
    ['server.level', 'loud', 'expected one of info, warn'],
    ['server.compress', 'yes', 'expected true or false'],
    ['server.hosts', 'a', 'expected a list'],
    ['server.bind', 3, 'expected text'],
    ['cache.memory', 'lots', 'expected bytes, for instance 67108864 or 64MiB'],
  ] as const)
    assert.deepEqual(
      (await messagesFor(sampleSchema, path, value)).map((problem) => problem.message),
      [message],
      path,
    );
});
