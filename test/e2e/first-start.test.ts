/** What a person finds who starts the server without a word of configuration. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readServeConfig } from '../../src/cli/serve-config.ts';
import { startMessage } from '../../src/cli/start-message.ts';
import { livePictor } from '../support/live-pictor.ts';

test('every link of the start message leads somewhere, and those of URL languages to a picture', async (t) => {
  const { config } = await readServeConfig({ env: {}, args: [], columns: null });
  const pictor = await livePictor(t, { args: ['serve'] });
  const message = startMessage({
    version: '1',
    config,
    addresses: {
      server: `127.0.0.1:${pictor.port}`,
      plain: null,
      admin: `127.0.0.1:${pictor.adminPort}`,
      management: null,
    },
    demonstration: true,
    warnings: [],
  });
  const rows = [...message.matchAll(/^ {2}(\S+) +(http:\S+)$/gm)];
  assert.deepEqual(
    rows.map(([, name]) => name),
    ['open', 'imgproxy', 'imageproxy', 'image-server', 'vip', 's3imageserver', 'metrics'],
  );
  const types = rows.map(async ([, name, url]) => {
    const answer = await fetch(url!);
    assert.equal(answer.status, 200, url);
    await answer.arrayBuffer();
    return [name, answer.headers.get('content-type')?.split('/', 1)[0]];
  });
  assert.deepEqual(await Promise.all(types), [
    ['open', 'text'],
    ...['imgproxy', 'imageproxy', 'image-server', 'vip', 's3imageserver'].map((name) => [name, 'image']),
    ['metrics', 'text'],
  ]);
});
