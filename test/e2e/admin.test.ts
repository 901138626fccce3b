import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createAdmin } from '../../src/http/admin.ts';

async function start(t: TestContext, ready: () => boolean = () => true) {
  const admin = createAdmin({
    bind: '127.0.0.1:0',
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'pictor_requests_total 1\n' }),
    ready,
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
  let ready = false;
  const base = await start(t, () => ready);
  const status = async () => (await fetch(`${base}/probe/ready`)).status;
  assert.equal(await status(), 503);
  ready = true;
  assert.equal(await status(), 200);
});

test('without an address there is no listener', async () => {
  const admin = createAdmin({
    bind: '',
    metrics: async () => ({ contentType: '', text: '' }),
    ready: () => true,
    version: () => ({}),
  });
  assert.equal(await admin.listen(), null);
  await admin.close();
});
