import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adminSettings, serverSettings } from '../../../src/http/settings.ts';

test('nothing configured gives safe defaults on loopback', () => {
  assert.deepEqual(serverSettings.parse({}), {
    bind: '127.0.0.1:8080',
    processes: 1,
    maxConnections: 10_000,
    headersTimeoutSeconds: 10,
    requestTimeoutSeconds: 60,
    idleTimeoutSeconds: 75,
    writeTimeoutSeconds: 30,
    shutdownDelaySeconds: 0,
    shutdownTimeoutSeconds: 20,
    maxHeaderBytes: 32_768,
    tls: { certFile: '', keyFile: '', http2: true },
    plain: { bind: '', redirect: true, httpsPort: 0 },
    trustProxy: [],
  });
  assert.deepEqual(adminSettings.parse({}), { bind: '127.0.0.1:8081', probes: 'plain' });
  assert.deepEqual(adminSettings.parse({ bind: '' }), { bind: '', probes: 'plain' });
});

test('as many processes as a large machine has use for may be asked for', () => {
  assert.equal(serverSettings.parse({ processes: 64 }).processes, 64);
});

test('what cannot work is refused', () => {
  for (const bad of [
    { bind: '8080' },
    { bind: '' },
    { tls: { certFile: 'a' } },
    { plain: { bind: ':80' } },
    { trustProxy: ['proxy'] },
    { processes: 0 },
    { processes: 65 },
    { processes: 1.5 },
    { unknown: 1 },
  ]) {
    assert.equal(serverSettings.safeParse(bad).success, false, JSON.stringify(bad));
  }
  assert.equal(adminSettings.safeParse({ bind: 'x' }).success, false);
});
