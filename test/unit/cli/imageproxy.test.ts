import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { CommandCall } from '../../../src/cli/command.ts';
import { imageproxy } from '../../../src/cli/imageproxy.ts';
import { readImageproxyConfig } from '../../../src/cli/imageproxy-config.ts';
import { imageproxySign } from '../../../src/cli/imageproxy-sign.ts';
import { ConfigError } from '../../../src/config/problems.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pictor-imageproxy-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function callOf(args: readonly string[], env: CommandCall['env'] = {}) {
  const printed: string[] = [];
  const complained: string[] = [];
  const call: CommandCall = {
    args,
    env,
    options: {},
    print: (text) => printed.push(text),
    complain: (text) => complained.push(text),
    columns: null,
    errorColumns: null,
  };
  return { call, printed, complained };
}

test('flags, variables, our own settings and what they come from, in one configuration', async () => {
  const { call } = callOf(['-addr', ':9000', '--cache-memory', '1MiB', '-scaleUp'], {
    IMAGEPROXY_ALLOWHOSTS: 'a.test,*.b.test',
    IMAGEPROXY_ADDR: ':1',
    HTTP_PROXY: 'http://proxy:3128',
  });
  const { config, origins, warnings } = await readImageproxyConfig(call);
  assert.equal(config.server.bind, ':9000');
  assert.equal(config.cache.memory, 1_048_576);
  assert.equal(config.sources.http.httpProxy, '', 'imageproxy never asked a proxy');
  assert.deepEqual(config.sources.http.allowedHosts, ['a.test', '*.b.test', 'b.test']);
  const [mount] = config.mounts;
  assert.equal(mount?.dialect, 'imageproxy');
  assert.deepEqual(
    [origins.get('server.bind')?.name, origins.get('mounts[0].settings.allowHosts')?.name],
    ['-addr', 'IMAGEPROXY_ALLOWHOSTS'],
  );
  assert.deepEqual(warnings, []);
});

test('everything wrong is told at once', async () => {
  const { call } = callOf(
    ['-timeout', 'soon', '-allowHosts', '*example.com', '-baseURL', 'x', '-addr', 'y'],
    {
      IMAGEPROXY_SCALEUP: 'maybe',
    },
  );
  await assert.rejects(readImageproxyConfig(call), (thrown) => {
    assert.ok(thrown instanceof ConfigError);
    const text = thrown.message;
    for (const part of ['-timeout', 'IMAGEPROXY_SCALEUP', '-allowHosts', '-baseURL', '-addr'])
      assert.equal(text.split(part).length, 2, `${part} once in ${text}`);
    return true;
  });
});

test('a flag that does not exist ends the start with the usage', async () => {
  const { call, complained } = callOf(['-nope', '-addr', ':0']);
  assert.equal(await imageproxy(call), 2);
  assert.match(
    complained.join(''),
    /^flag provided but not defined: -nope\nUsage of imageproxy:\n {2}-addr string\n/,
  );
});

test('imageproxy-sign prints two lines; keys may be in files', async () => {
  const key = path.join(folder, 'key');
  writeFileSync(key, 'secretkey');
  const url = 'http://localhost:8080/100,q75,r90/http://example.com/image.jpg';
  const signature = '4IO_WvMatYI2HBsZxQBFTgfETstLQgsE8jFqeueJaXA=';
  for (const args of [
    ['-key', 'secretkey', url],
    [`--key=@${key}`, url],
  ]) {
    const { call, printed } = callOf(args);
    assert.equal(await imageproxySign(call), 0);
    assert.equal(printed.join(''), `url: ${url}\nsignature: ${signature}\n`);
  }
  for (const alone of ['-url', '-url=1', '--url=T']) {
    const { call, printed } = callOf([
      '-key',
      'secretkey',
      alone,
      'https://octodex.github.com/images/codercat.jpg',
    ]);
    assert.equal(await imageproxySign(call), 0);
    assert.ok(printed.join('').endsWith('signature: cw34eyalj8YvpLpETxSIxv2k8QkLel2UAR5Cku2FzGM=\n'));
  }
});

test('imageproxy-sign says what is wrong', async () => {
  const broken = callOf(['-key', 'k', 'http://a b/']);
  assert.equal(await imageproxySign(broken.call), 1);
  assert.match(broken.complained.join(''), /invalid character " " in host name/);
  for (const args of [[], ['http://a/', 'http://b/'], [`-key=@${folder}/none`, 'http://a/']]) {
    const { call, complained, printed } = callOf(args);
    assert.equal(await imageproxySign(call), 1, args.join(' '));
    assert.match(
      complained.join(''),
      /^(expected one URL, got [02]\nUsage of imageproxy-sign:|-key @.*ENOENT)/,
    );
    assert.deepEqual(printed, []);
  }
  for (const args of [['-nope', 'http://a/'], ['-key'], ['-url=maybe', 'http://a/']]) {
    const { call, complained } = callOf(args);
    assert.equal(await imageproxySign(call), 2, args.join(' '));
    assert.match(complained.join(''), /\nUsage of imageproxy-sign:\n {2}-key string\n/);
  }
});
