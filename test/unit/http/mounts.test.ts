import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMountMatcher } from '../../../src/http/mounts.ts';

const mount = (name: string, prefix: string, ...hosts: string[]) => ({ name, prefix, hosts });
const find = createMountMatcher([
  mount('all', ''),
  mount('img', '/img'),
  mount('deep', '/img/deep/'),
  mount('host', '/img', 'img.example.com', '*.cdn.example.com'),
  mount('six', '/six', '[::1]'),
  mount('port', '/port', 'example.com:8080'),
]);

const seen = (target: string, host?: string) => {
  const found = find(target, host);
  return found === null ? null : [found.mount.name, found.target.path, found.target.query];
};

const table: readonly (readonly [string, string | undefined, readonly [string, string, string]])[] = [
  ['/', undefined, ['all', '/', '']],
  ['/x/y?z', undefined, ['all', '/x/y', 'z']],
  ['/img', undefined, ['img', '', '']],
  ['/img/', undefined, ['img', '/', '']],
  ['/img/a//b/../%2F?q=?', undefined, ['img', '/a//b/../%2F', 'q=?']],
  ['/img?x=1', undefined, ['img', '', 'x=1']],
  ['/img-private/a', undefined, ['all', '/img-private/a', '']],
  ['/imga', undefined, ['all', '/imga', '']],
  ['/IMG/a', undefined, ['all', '/IMG/a', '']],
  ['/%69mg/a', undefined, ['all', '/%69mg/a', '']],
  ['//img/a', undefined, ['all', '//img/a', '']],
  ['/./img/a', undefined, ['all', '/./img/a', '']],
  ['/img/deep/a', undefined, ['deep', '/a', '']],
  ['/img/deep', undefined, ['deep', '', '']],
  ['/img/deeper', undefined, ['img', '/deeper', '']],
  ['/img/a', 'img.example.com', ['host', '/a', '']],
  ['/img/a', 'IMG.Example.COM:8080', ['host', '/a', '']],
  ['/img/a', 'img.example.com.', ['host', '/a', '']],
  ['/img/a', 'x.y.cdn.example.com', ['host', '/a', '']],
  ['/img/a', 'cdn.example.com', ['img', '/a', '']],
  ['/img/a', 'evilimg.example.com', ['img', '/a', '']],
  ['/img/a', 'img.example.com.evil.test', ['img', '/a', '']],
  ['/img/a', 'img.example.com@evil.test', ['img', '/a', '']],
  ['/img/a', 'evil.test:80:img.example.com', ['img', '/a', '']],
  ['/img/a', '', ['img', '/a', '']],
  ['/img/deep/a', 'img.example.com', ['deep', '/a', '']],
  ['/six/a', '[::1]:8080', ['six', '/a', '']],
  ['/six/a', '[::2]', ['all', '/six/a', '']],
  ['/port/a', 'example.com:8080', ['port', '/a', '']],
  ['/port/a', 'example.com', ['all', '/port/a', '']],
  ['http://img.example.com/img/a?b', 'other.test', ['host', '/a', 'b']],
  ['HTTP://x', undefined, ['all', '/', '']],
  ['http://x?y=/img', undefined, ['all', '/', 'y=/img']],
];
for (const [target, host, expected] of table) {
  test(`${target} on ${host} goes to ${expected[0]} as ${expected[1]}`, () => {
    assert.deepEqual(seen(target, host), expected);
  });
}

test('what is no path is nowhere', () => {
  for (const target of ['*', '', 'ftp://x/img', 'img/a', 'http://', 'example.com:443']) {
    assert.equal(seen(target), null, target);
  }
});

test('a place that does not exist is nowhere, and the raw target is kept', () => {
  const only = createMountMatcher([mount('img', '/img')]);
  assert.equal(only('/other', undefined), null);
  assert.equal(only('/img/a%20?b', undefined)?.target.raw, '/img/a%20?b');
});

test('among equals the first wins', () => {
  const twins = createMountMatcher([mount('first', '/a'), mount('second', '/a')]);
  assert.equal(twins('/a/b', 'x')?.mount.name, 'first');
});

test('a host that is none is refused at start', () => {
  assert.throws(() => createMountMatcher([mount('x', '', 'not a host')]), TypeError);
});
