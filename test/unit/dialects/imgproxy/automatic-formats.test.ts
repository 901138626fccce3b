import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imgproxy } from '../../../../src/dialects/imgproxy/dialect.ts';
import { imgproxySettings } from '../../../../src/dialects/imgproxy/settings.ts';

const settings = imgproxySettings.parse({ autoFormats: ['jxl', 'webp'], enforceFormats: ['jxl'] });
const path = '/unsafe/plain/local:///a.png';
const formatOf = (mount: typeof settings) =>
  imgproxy.parse({ raw: path, path, query: '' }, mount, { accept: 'image/jxl,image/webp' }).image.output
    .format;

test('formats given by themselves are known to the server', () => {
  assert.deepEqual(imgproxy.wantedFormats?.(settings), ['jxl', 'webp', 'jpeg', 'png', 'gif']);
});

test('one that cannot be written here is no part of the request, so that its key changes when it can', () => {
  const without = imgproxy.withoutFormats?.(settings, new Map([['jxl', 'no package']]));
  assert.ok(without !== undefined);
  assert.deepEqual(formatOf(settings).negotiated, ['jxl', 'webp']);
  assert.deepEqual(formatOf(without).negotiated, ['webp']);
  assert.equal(imgproxy.withoutFormats?.(settings, new Map([['heic', 'no program']])), settings);
});

test('where nothing but such formats is preferred, they stay, to be refused with the reason', () => {
  const only = imgproxySettings.parse({ preferredFormats: ['png'] });
  const without = imgproxy.withoutFormats?.(only, new Map([['png', 'for the test']]));
  assert.deepEqual(without?.preferredFormats, ['png']);
});
