import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asSource, imagePath, readableBytes, readableTime } from '../../../playground/image-url.js';

const wish = {
  source: 'local:///dawn.jpg',
  width: 640,
  height: 420,
  resizing: 'fill',
  gravity: 'sm',
  format: 'webp',
  quality: 80,
};

test('a wish becomes a URL in the grammar of imgproxy', () => {
  assert.equal(
    imagePath(wish),
    '/imgproxy/unsafe/rs:fill:640:420/g:sm/q:80/plain/local%3A%2F%2F%2Fdawn.jpg@webp',
  );
});

test('gravity is left out where nothing can be cut, the extension where the format stays', () => {
  assert.equal(
    imagePath({ ...wish, resizing: 'fit', format: '' }),
    '/imgproxy/unsafe/rs:fit:640:420/q:80/plain/local%3A%2F%2F%2Fdawn.jpg',
  );
});

test('a source keeps its query, percent signs and @', () => {
  const path = imagePath({ ...wish, source: 'https://example.com/a%20b@2x.jpg?w=1&h=2#x' });
  assert.match(path, /\/plain\/https%3A%2F%2Fexample\.com%2Fa%2520b%402x\.jpg%3Fw%3D1%26h%3D2%23x@webp$/);
});

test('a bare host gets a scheme', () => {
  assert.equal(asSource(' example.com/a.jpg '), 'https://example.com/a.jpg');
  assert.equal(asSource('//example.com/a.jpg'), 'https://example.com/a.jpg');
  assert.equal(asSource('http://example.com/a.jpg'), 'http://example.com/a.jpg');
  assert.equal(asSource(''), '');
});

test('numbers are shown the way people read them', () => {
  assert.deepEqual([999, 1000, 12_345, 2_340_000].map(readableBytes), [
    '999 B',
    '1.0 kB',
    '12.3 kB',
    '2.34 MB',
  ]);
  assert.deepEqual([0.64, 9.94, 41.6].map(readableTime), ['0.6 ms', '9.9 ms', '42 ms']);
});
