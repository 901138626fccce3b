import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createAdmin } from '../../src/http/admin.ts';
import type { Readiness } from '../../src/http/probes.ts';
import type { AdminSettings } from '../../src/http/settings.ts';

interface Given {
  readonly readiness?: () => Readiness;
  readonly probes?: AdminSettings['probes'];
}

async function start(t: TestContext, { readiness = () => 'ready', probes = 'plain' }: Given = {}) {
  const admin = createAdmin({
    settings: { bind: '127.0.0.1:0', probes },
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'pictor_requests_total 1\n' }),
    readiness,
    version: () => ({ name: 'pictor', version: '1.2.3' }),
  });
  const address = await admin.listen();
  t.after(() => admin.close());
  return `http://${address!.text}`;
}

test('probes, metrics and version are answered, and nothing else', async (t) => {
  const base = await start(t);
  const live = await fetch(`${base}/probe/live`);
  assert.deepEqual([live.status, await live.text()], [200, 'live\n']);
  const metrics = await fetch(`${base}/metrics?x=1`);
  assert.equal(metrics.headers.get('content-type'), 'text/plain; version=0.0.4');
  assert.equal(metrics.headers.get('cache-control'), 'no-store');
  assert.equal(await metrics.text(), 'pictor_requests_total 1\n');
  assert.deepEqual(await (await fetch(`${base}/version`)).json(), { name: 'pictor', version: '1.2.3' });
  for (const path of ['/', '/probe', '/metrics/', '/constructor', '/__proto__', '//metrics']) {
    assert.equal((await fetch(base + path)).status, 404, path);
  }
  const post = await fetch(`${base}/metrics`, { method: 'POST', body: 'x' });
  assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
  const head = await fetch(`${base}/probe/ready`, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '6']);
});

test('ready follows the server', async (t) => {
  let readiness: Readiness = 'starting';
  const base = await start(t, { readiness: () => readiness });
  const status = async () => (await fetch(`${base}/probe/ready`)).status;
  assert.equal(await status(), 503);
  readiness = 'ready';
  assert.equal(await status(), 200);
  readiness = 'stopping';
  assert.equal(await status(), 503);
});

test('image-server’s probes: JSON, one state for both, whatever the method', async (t) => {
  let readiness: Readiness = 'ready';
  const base = await start(t, { readiness: () => readiness, probes: 'image-server' });
  const ask = async (path: string, method = 'GET') => {
    const reply = await fetch(base + path, { method });
    return [reply.status, reply.headers.get('content-type'), await reply.text()];
  };
  const json = 'application/json; charset=UTF-8';
  for (const path of ['/probe/ready', '/probe/live']) {
    readiness = 'ready';
    assert.deepEqual(await ask(path), [200, json, '{\n  "message": "OK"\n}\n']);
    assert.deepEqual((await ask(path, 'POST'))[0], 200);
    readiness = 'stopping';
    assert.deepEqual(await ask(path), [501, json, '{\n  "message": "Shutting down"\n}\n']);
  }
  assert.equal((await ask('/metrics', 'POST'))[0], 405);
});

test('without an address there is no listener', async () => {
  const admin = createAdmin({
    settings: { bind: '', probes: 'plain' },
    metrics: async () => ({ contentType: '', text: '' }),
    readiness: () => 'ready',
    version: () => ({}),
  });
  assert.equal(await admin.listen(), null);
  await admin.close();
});
