import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCacheControl } from '../../../src/http/cache-control.ts';

const now = Date.UTC(2026, 0, 1, 12, 0, 0, 500);
const shareable = true;
const second = Math.floor(now / 1000);
const inOneHour = 'Thu, 01 Jan 2026 13:00:00 GMT';
const anHourAgo = 'Thu, 01 Jan 2026 11:00:00 GMT';
const plain = { ttlSeconds: 3600, passthrough: false, obeyPrivate: false, expires: false };
const passing = { ...plain, passthrough: true };

test('the age of the mount, or no-cache without one', () => {
  assert.deepEqual(createCacheControl(plain)({ shareable, now }), { cacheControl: 'max-age=3600, public' });
  assert.deepEqual(createCacheControl({ ...plain, ttlSeconds: 0 })({ shareable, now }), {
    cacheControl: 'no-cache',
  });
  assert.deepEqual(createCacheControl({ ...plain, ttlSeconds: 59.9 })({ shareable, now }), {
    cacheControl: 'max-age=59, public',
  });
});

test("the source's headers only count with passthrough", () => {
  const facts = { shareable, now, sourceCacheControl: 'no-store', sourceExpires: inOneHour };
  assert.equal(createCacheControl(plain)(facts).cacheControl, 'max-age=3600, public');
  assert.equal(createCacheControl(passing)(facts).cacheControl, 'no-store');
});

test('passthrough: Cache-Control as it stands, else Expires ahead, else the mount', () => {
  const choose = createCacheControl(passing);
  const verbatim = 'no-cache, no-store, must-revalidate';
  assert.equal(
    choose({ shareable, now, sourceCacheControl: verbatim, sourceExpires: inOneHour }).cacheControl,
    verbatim,
  );
  assert.equal(choose({ shareable, now, sourceExpires: inOneHour }).cacheControl, 'max-age=3599, public');
  assert.equal(choose({ shareable, now, sourceExpires: anHourAgo }).cacheControl, 'max-age=3600, public');
  assert.equal(choose({ shareable, now, sourceExpires: '0' }).cacheControl, 'max-age=3600, public');
  assert.equal(choose({ shareable, now }).cacheControl, 'max-age=3600, public');
});

test('a source cannot put another header into ours', () => {
  const { cacheControl } = createCacheControl(passing)({
    shareable,
    now,
    sourceCacheControl: 'public\r\nSet-Cookie: a=b',
  });
  assert.equal(cacheControl, 'max-age=3600, public');
});

test('an answer never outlives its URL', () => {
  assert.equal(
    createCacheControl(plain)({ shareable, now, expiresAt: second + 10 }).cacheControl,
    'max-age=10, public',
  );
  assert.equal(
    createCacheControl(plain)({ shareable, now, expiresAt: second + 9999 }).cacheControl,
    'max-age=3600, public',
  );
  assert.equal(createCacheControl(plain)({ shareable, now, expiresAt: second }).cacheControl, 'no-cache');
  assert.equal(
    createCacheControl(plain)({ shareable, now, expiresAt: second - 10 }).cacheControl,
    'no-cache',
  );
  const passed = createCacheControl(passing)({
    shareable,
    now,
    expiresAt: second + 1800,
    sourceCacheControl: 'max-age=7200',
  });
  assert.equal(passed.cacheControl, 'max-age=1800, public');
});

test('Expires says the same as the age, in UTC', () => {
  const choose = createCacheControl({ ...passing, expires: true });
  assert.deepEqual(choose({ shareable, now }), { cacheControl: 'max-age=3600, public', expires: inOneHour });
  assert.equal(choose({ shareable, now, sourceCacheControl: 'max-age=5' }).expires, undefined);
  assert.equal(choose({ shareable, now, expiresAt: second }).expires, 'Thu, 01 Jan 2026 12:00:00 GMT');
});

test('what the source keeps to itself is sent as private where the mount obeys', () => {
  const facts = { shareable: false, now, sourceCacheControl: 'private, max-age=60' };
  assert.equal(createCacheControl(plain)(facts).cacheControl, 'max-age=3600, public');
  for (const age of [plain, passing, { ...passing, expires: true }]) {
    const obeying = createCacheControl({ ...age, obeyPrivate: true });
    assert.deepEqual(obeying(facts), { cacheControl: 'private, no-store' });
    assert.deepEqual(obeying({ ...facts, expiresAt: second + 10 }), { cacheControl: 'private, no-store' });
    assert.equal(obeying({ shareable, now }).cacheControl, 'max-age=3600, public');
  }
});

test('what stands in has an age of its own, not beyond that of the URL', () => {
  const choose = createCacheControl(passing);
  const facts = { shareable, now, sourceCacheControl: 'max-age=7200' };
  assert.equal(choose({ ...facts, atMostSeconds: 1 }).cacheControl, 'max-age=1, public');
  assert.equal(
    choose({ ...facts, atMostSeconds: 600, expiresAt: second + 10 }).cacheControl,
    'max-age=10, public',
  );
  assert.equal(choose({ ...facts, atMostSeconds: 600, status: 404 }).cacheControl, 'max-age=600, public');
  assert.equal(choose({ ...facts, atMostSeconds: 0 }).cacheControl, 'max-age=7200');
});

test('of an error without an age nothing is said', () => {
  const choose = createCacheControl(passing);
  const facts = { shareable, now, sourceCacheControl: 'max-age=7200' };
  assert.deepEqual(choose({ ...facts, status: 404 }), {});
  assert.equal(choose({ ...facts, status: 304 }).cacheControl, 'max-age=7200');
});

test('a mount without an age passes on what the source says, also of a URL that expires', () => {
  const choose = createCacheControl({ ...passing, ttlSeconds: 0 });
  const facts = { shareable, now, expiresAt: second + 60 };
  assert.equal(choose({ ...facts, sourceCacheControl: 'max-age=5' }).cacheControl, 'max-age=5');
  assert.equal(choose(facts).cacheControl, 'no-cache');
});

test('what cookies made is never public', () => {
  const facts = { shareable: false, forOne: true, now, sourceCacheControl: 'public, max-age=7200' };
  const obeying = createCacheControl({ ...passing, obeyPrivate: true });
  assert.equal(obeying({ ...facts, shareable: true }).cacheControl, 'private, no-store');
  const choose = createCacheControl(passing);
  assert.equal(choose(facts).cacheControl, 'max-age=3600, private');
  assert.equal(choose({ ...facts, expiresAt: second + 10 }).cacheControl, 'max-age=10, private');
});

test('what stands in for a better format: its own short age, never beyond that of the mount and the expiry', () => {
  const facts = { shareable, now, standsInSeconds: 30, sourceCacheControl: 'max-age=31536000, immutable' };
  assert.equal(createCacheControl(plain)(facts).cacheControl, 'max-age=30, public');
  assert.equal(createCacheControl(passing)(facts).cacheControl, 'max-age=30, public');
  assert.equal(createCacheControl({ ...plain, ttlSeconds: 10 })(facts).cacheControl, 'max-age=10, public');
  assert.equal(createCacheControl({ ...plain, ttlSeconds: 0 })(facts).cacheControl, 'no-cache');
  assert.equal(createCacheControl({ ...passing, ttlSeconds: 0 })(facts).cacheControl, 'max-age=30, public');
  assert.equal(createCacheControl(plain)({ ...facts, standsInSeconds: 0 }).cacheControl, 'no-cache');
  const expiring = { ...facts, expiresAt: second + 5 };
  assert.equal(createCacheControl(plain)(expiring).cacheControl, 'max-age=5, public');
  const obeying = createCacheControl({ ...plain, obeyPrivate: true });
  assert.equal(obeying({ ...facts, shareable: false }).cacheControl, 'private, no-store');
});
