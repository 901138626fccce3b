import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { fromThisMachine, isOnLoopback, withoutStrangersUploads } from '../../../src/app/demonstration.ts';
import { seedDemonstration } from '../../../src/app/demonstration-data.ts';
import { readServeConfig } from '../../../src/cli/serve-config.ts';
import type { PictorEvent } from '../../../src/core/events.ts';
import { infoText } from '../../../src/dialects/image-server/upload.ts';
import { repositoryRoot } from '../../support/repository.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const readConfig = (env: Readonly<Record<string, string>> = {}) =>
  readServeConfig({ env, args: [], columns: null });

const page = readFileSync(path.join(repositoryRoot, 'playground/index.html'), 'utf8');

describe('what is mounted where nothing is configured', () => {
  test('every dialect, below a path of its own', async () => {
    const { config } = await readConfig();
    assert.deepEqual(
      config.mounts.map(({ prefix, dialect }) => [prefix, dialect]),
      ['imgproxy', 'imageproxy', 'image-server', 'vip', 's3imageserver'].map((name) => [`/${name}`, name]),
    );
  });

  test('nobody can upload once others than this machine can reach it', async () => {
    for (const bind of [':8080', '0.0.0.0:8080', '192.0.2.1:80', '[::]:8080', 'unix:/run/pictor.sock']) {
      const { config } = await readConfig({ PICTOR_SERVER_BIND: bind });
      const vip = config.mounts.find(({ dialect }) => dialect === 'vip');
      const imageServer = config.mounts.find(({ dialect }) => dialect === 'image-server');
      assert.ok(vip?.dialect === 'vip' && imageServer?.dialect === 'image-server');
      assert.match(vip.settings.token, /^[0-9a-f]{64}$/, bind);
      assert.equal(imageServer.settings.signatures.uploads, true, bind);
      assert.match(imageServer.settings.signatures.secrets[0] ?? '', /^[0-9a-f]{64}$/, bind);
    }
    for (const bind of ['127.0.0.1:8080', '127.8.8.8:1', '[::1]:8080', 'localhost:8080']) {
      assert.equal(isOnLoopback(bind), true, bind);
    }
    const { config } = await readConfig();
    assert.equal(withoutStrangersUploads(config), null);
  });

  test('what somebody mounts is left alone', async () => {
    const mounts = JSON.stringify([{ dialect: 'vip' }]);
    const { config } = await readConfig({ PICTOR_SERVER_BIND: ':8080', PICTOR_MOUNTS: mounts });
    assert.deepEqual(
      config.mounts.map(({ settings }) => 'token' in settings && settings.token),
      [''],
    );
  });
});

describe('uploads to the demonstration', () => {
  const ask = (method: string, headers: Readonly<Record<string, string>>) =>
    fromThisMachine(null, { mount: '/vip', method, target: '/vip/upload/a', headers });

  test('come from its own page, or from no page', () => {
    for (const host of ['127.0.0.1:8080', 'localhost:8080', '[::1]:8080', 'localhost']) {
      assert.equal(ask('POST', { host }), true, host);
      assert.equal(ask('POST', { host, origin: `http://${host}` }), true, host);
      assert.equal(ask('POST', { host, origin: 'https://evil.example' }), false, host);
      assert.equal(ask('POST', { host, origin: 'null' }), false, host);
      assert.equal(ask('POST', { host, origin: 'http://127.0.0.1:9999' }), false, host);
    }
  });

  test('come by an address of this machine, not by a name that somebody else led here', () => {
    for (const host of ['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', '192.0.2.1', '']) {
      assert.equal(ask('POST', { host, origin: `http://${host}` }), false, host);
      assert.equal(ask('POST', { host }), false, host);
    }
    assert.equal(ask('POST', {}), false);
  });

  test('pictures are given to everybody', () => {
    assert.equal(ask('GET', { host: 'evil.example', origin: 'https://evil.example' }), true);
    assert.equal(ask('HEAD', {}), true);
  });
});

describe('samples of the demonstration', () => {
  const silently = () => {};

  test('lie where the page asks for them, with what image-server keeps beside an original', async (t) => {
    const folder = path.join(await temporaryFolder(t), 'demo');
    await seedDemonstration(silently, folder);
    const [, hash] = /\/image-server\/samples\/([0-9a-f/]{35})\//.exec(page) ?? [];
    assert.ok(hash !== undefined);
    const original = await readFile(path.join(folder, 'image-server/samples', hash, 'original'));
    assert.equal(createHash('md5').update(original).digest('hex'), hash.replaceAll('/', ''));
    const { width, height } = await sharp(original).metadata();
    const md5 = hash.replaceAll('/', '');
    const facts = { md5, mediaType: 'image/jpeg', width, height, random: '', bytes: original.length };
    const info = await readFile(path.join(folder, 'image-server/samples', hash, 'info.json'), 'utf8');
    assert.equal(info, infoText(facts));
    for (const [, dialect, name] of page.matchAll(/data-path="\/(vip|s3imageserver)\/([^?"]+)/g)) {
      await readFile(path.join(folder, dialect!, name!));
    }
  });

  test('are put there once: what is changed or deleted stays so', async (t) => {
    const folder = path.join(await temporaryFolder(t), 'data/demo');
    await seedDemonstration(silently, folder);
    await rm(path.join(folder, 'vip'), { recursive: true });
    await writeFile(path.join(folder, 's3imageserver/harbour.jpg'), 'mine');
    await seedDemonstration(silently, folder);
    assert.deepEqual((await readdir(folder)).toSorted(), ['image-server', 's3imageserver']);
    assert.equal(await readFile(path.join(folder, 's3imageserver/harbour.jpg'), 'utf8'), 'mine');
    assert.deepEqual(await readdir(path.dirname(folder)), ['demo']);
  });

  test('are not put into a folder that is there already, and two servers may start at once', async (t) => {
    const parent = await temporaryFolder(t);
    const taken = path.join(parent, 'taken');
    await mkdir(taken);
    await seedDemonstration(silently, taken);
    assert.deepEqual(await readdir(taken), []);

    const complaints: PictorEvent[] = [];
    const emit = (event: PictorEvent) => void complaints.push(event);
    const shared = path.join(parent, 'shared');
    await Promise.all([1, 2, 3].map(() => seedDemonstration(emit, shared)));
    assert.deepEqual((await readdir(shared)).toSorted(), ['image-server', 's3imageserver', 'vip']);
    assert.deepEqual(complaints, []);
    assert.deepEqual((await readdir(parent)).toSorted(), ['shared', 'taken']);
  });

  test('that cannot be written are told, and nothing else happens', async (t) => {
    const file = path.join(await temporaryFolder(t), 'file');
    await writeFile(file, '');
    const told: PictorEvent[] = [];
    await seedDemonstration((event) => void told.push(event), path.join(file, 'demo'));
    assert.deepEqual(
      told.map((event) => event.type === 'notice' && event.level),
      ['warn'],
    );
  });
});
