/** The guides, the deploy files and the examples, held against the product: names, defaults, and that they run. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execPath } from 'node:process';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { SignJWT } from 'jose';
import { parse } from 'yaml';
import { type AppConfig, settingsSchema } from '../../src/app/settings.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';
import { showSettingValue } from '../../src/config/render.ts';
import { listSettings } from '../../src/config/settings-tree.ts';
import { errorCatalogue } from '../../src/core/errors.ts';
import { byteSize } from '../../src/core/settings.ts';
import { legacyFlags } from '../../src/dialects/image-server/legacy-flags.ts';
import { imgproxySettings } from '../../src/dialects/imgproxy/settings.ts';
import { createImageServer } from '../../src/index.ts';
import { filesBelow, repositoryRoot } from '../support/repository.ts';

const run = promisify(execFile);
const read = (name: string) => readFileSync(path.join(repositoryRoot, name), 'utf8');

const guides = ['docs/README.md', ...filesBelow('docs/guide')];
const pages = [...guides, ...filesBelow('deploy')];
const settings = listSettings(settingsSchema);
const byPath = new Map(settings.map((setting) => [setting.path, setting]));

const folder = mkdtempSync(path.join(tmpdir(), 'pictor-guides-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What is written in a page and is not known: `page: name`. */
function unknown(
  names: (text: string) => Iterable<string>,
  isKnown: (name: string) => boolean,
  where = pages,
): string[] {
  return where.flatMap((page) =>
    [...names(read(page))].filter((name) => !isKnown(name)).map((name) => `${page}: ${name}`),
  );
}

const all = (pattern: RegExp) => (text: string) => [...text.matchAll(pattern)].map((match) => match[1]!);
const inlineCode = all(/`([^`\n]+)`/g);

/** Rows of all tables with this header, as cells. */
function rows(text: string, header: RegExp): string[][] {
  const lines = text.split('\n');
  return lines.flatMap((line, start) => {
    if (!header.test(line)) return [];
    const table = lines.slice(start + 2);
    const end = table.findIndex((row) => !row.startsWith('|'));
    return table.slice(0, end === -1 ? undefined : end).map((row) => row.split(/(?<!\\)\|/).slice(1, -1));
  });
}

const plain = (cell = '') => cell.replaceAll('`', '').trim();

/** Flags of commands that take no settings, as their own help or list of options names them. */
const ownFlags = [
  ...['src/cli/program.ts', ...filesBelow('src/cli/image-server')].flatMap((name) =>
    all(/(?<![\w-])(--[a-z][a-z-]+)/g)(read(name)),
  ),
  ...all(/^ +'?([a-z-]+)'?: \{ type: '(?:boolean|string)'/gm)(read('bench/main.ts')).map(
    (name) => `--${name}`,
  ),
];

describe('names in the guides and deploy files', () => {
  test('flags of the pictor command', () => {
    const known = new Set([
      ...settings.map(({ flag }) => flag),
      ...legacyFlags.map(({ name }) => `--${name}`),
      ...ownFlags,
      '--config',
      '--json',
      '--schema',
      '--url',
    ]);
    const flags = (text: string) => {
      const commands = all(/(?:\bpictor (?:serve|imgproxy|config|health)|npm start --)\b([^\n`]*)/g)(text);
      const alone = inlineCode(text).filter((code) => code.startsWith('--') && code !== '--');
      return [...commands, ...alone].flatMap(all(/(?<![\w-])(--[a-z][a-z_-]*[a-z])(?![a-z_-])/g));
    };
    assert.ok(flags(read('docs/guide/getting-started.md')).length > 3);
    assert.deepEqual(
      unknown(flags, (flag) => known.has(flag)),
      [],
    );
  });

  test('variables', () => {
    const known = new Set(['PICTOR_CONFIG', ...settings.flatMap(({ env }) => [env, `${env}_FILE`])]);
    assert.deepEqual(
      unknown(all(/\b(PICTOR_[A-Z][A-Z_]*)/g), (name) => known.has(name)),
      [],
    );
    const ofImgproxy = read('docs/reference/imgproxy-environment.md');
    assert.deepEqual(
      unknown(all(/\b(IMGPROXY_[A-Z][A-Z0-9_]*)/g), (name) => ofImgproxy.includes(`\`${name}\``)),
      [],
    );
  });

  test('settings, and fields of a mount', () => {
    const sections = new Set(settings.map(({ keys }) => keys[0]!));
    const paths = (text: string) =>
      inlineCode(text).flatMap((code) => {
        const name = /^([a-z]+(?:\.[A-Za-z]+)+)(?![\w(])/.exec(code)?.[1];
        return name !== undefined && sections.has(name.split('.')[0]!) ? [name] : [];
      });
    assert.ok(paths(read('docs/guide/security.md')).length > 20);
    assert.deepEqual(
      unknown(
        paths,
        (name) => byPath.has(name) || settings.some(({ path: each }) => each.startsWith(`${name}.`)),
        guides,
      ),
      [],
    );
    const fields = (text: string) => rows(text, /^\| setting of a mount \|/).map(([name]) => plain(name));
    assert.ok(fields(read('docs/guide/security.md')).length > 5);
    assert.deepEqual(
      unknown(fields, (name) => Object.hasOwn(imgproxySettings.shape, name), guides),
      [],
    );
  });

  test('defaults in tables are the defaults', () => {
    const tables = guides.flatMap((page) => rows(read(page), /^\| setting \| default \|/));
    assert.ok(tables.length > 30);
    for (const [name, fallback] of tables) {
      const setting = byPath.get(plain(name));
      assert.ok(setting !== undefined, `there is no setting ${plain(name)}`);
      assert.equal(plain(fallback), showSettingValue(setting, setting.fallback), setting.path);
    }
  });

  test('metrics and error codes', () => {
    const reference = read('docs/reference/metrics.md');
    const series = all(/\b(pictor_[a-z_]+?)(?:_bucket|_sum|_count)?(?![a-z_])/g);
    assert.ok(series(read('docs/guide/operations.md')).length > 8);
    assert.deepEqual(
      unknown(series, (name) => reference.includes(`\`${name}\``), guides),
      [],
    );
    const codes = all(
      /`((?:SOURCE|IMAGE(?!_SERVER)|WORKER|STORE|SIGNATURE|OPTION|URL)_[A-Z_]+|BUSY|TIMEOUT|INTERNAL)`/g,
    );
    assert.deepEqual(
      unknown(codes, (code) => Object.hasOwn(errorCatalogue, code), guides),
      [],
    );
  });

  test('the index names every page', () => {
    const linked = new Set(all(/\]\(([\w/-]+\.md)\)/g)(read('docs/README.md')));
    const present = ['guide', 'reference', 'dialects'].flatMap((name) => filesBelow(`docs/${name}`));
    assert.deepEqual(
      present
        .map((name) => name.slice('docs/'.length))
        .filter((name) => name.endsWith('.md') && !linked.has(name)),
      [],
    );
  });
});

/** A configuration file with this text, loaded as `pictor serve --config` does. */
async function load(name: string, text: string): Promise<AppConfig> {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return (await loadConfig({ schema: settingsSchema, env: {}, args: ['--config', file] })).config;
}

describe('deploy', () => {
  const example = read('deploy/pictor.example.yaml');
  const withKeys = example.replaceAll(/'REPLACE [^']*'/g, `'${'0123456789abcdef'.repeat(4)}'`);

  test('the example configuration starts with keys, and not without', async () => {
    const [mount] = (await load('example.yaml', withKeys)).mounts;
    assert.ok(mount?.dialect === 'imgproxy');
    assert.equal(mount.settings.keys.length, 1);
    await assert.rejects(load('bare.yaml', example), ConfigError);
  });

  test('what is commented out in it is right too', async () => {
    const { sources, mounts } = await load('more.yaml', withKeys.replaceAll(/^( +)# (?=\w+: )/gm, '$1'));
    assert.equal(sources.file.root, '/srv/images');
    const [mount] = mounts;
    assert.ok(mount?.dialect === 'imgproxy');
    assert.equal(mount.settings.allowedSources.length, 2);
  });

  test('the container and the unit have room for it, and wait for it to stop', async () => {
    const { engine, cache, server } = await load('sizes.yaml', withKeys);
    const compose = parse(read('deploy/compose.yaml')) as {
      services: { pictor: { mem_limit: string; stop_grace_period: string } };
    };
    const unit = new Map(
      [...read('deploy/pictor.service').matchAll(/^(\w+)=(.*)$/gm)].map((match) => [match[1]!, match[2]!]),
    );
    const needed = engine.workers * engine.memoryLimit + cache.memory + 256 * 1024 ** 2;
    const { mem_limit, stop_grace_period } = compose.services.pictor;
    for (const limit of [mem_limit, unit.get('MemoryMax')]) assert.ok(byteSize(0).parse(limit) > needed);
    for (const wait of [stop_grace_period, unit.get('TimeoutStopSec')])
      assert.ok(Number.parseInt(wait ?? '', 10) > server.shutdownTimeoutSeconds + 10);
  });

  test('the container is built from files that exist', () => {
    const wanted = all(/^!(.+)$/gm)(read('deploy/Dockerfile.dockerignore'));
    assert.ok(wanted.length > 5);
    assert.deepEqual(
      wanted.filter((name) => !existsSync(path.join(repositoryRoot, name))),
      [],
    );
  });
});

describe('examples', () => {
  const start = read('docs/guide/getting-started.md');

  test('every configuration in a guide can be loaded', async () => {
    const blocks = guides.flatMap((page) => all(/^```yaml\n(# pictor\.yaml\n[\s\S]*?)^```$/gm)(read(page)));
    assert.ok(blocks.length > 0);
    for (const block of blocks) await load('block.yaml', block);
  });

  test('translations print what the guide says', async () => {
    const text = read('docs/guide/choosing.md');
    const shown = [...text.matchAll(/^pictor (translate '.+)\n```\n[\s\S]*?^```\n(\S+)\n```$/gm)];
    assert.equal(shown.length, 2);
    for (const [, words = '', printed = ''] of shown) {
      const args = words.split(' ').map((word) => word.replaceAll("'", ''));
      const { stdout } = await run(execPath, ['bin/pictor.js', ...args], { cwd: repositoryRoot, env: {} });
      assert.equal(stdout.trim(), printed);
    }
  });

  test('signing prints what the guide says, and the server takes it', async (t) => {
    const [, key = '', salt = ''] = /IMGPROXY_KEY=(\w+) IMGPROXY_SALT=(\w+)/.exec(start) ?? [];
    const [, script = '', target = ''] = /^npx node (examples\/[\w-]+\.ts) (\S+)$/m.exec(start) ?? [];
    const env = { IMGPROXY_KEY: key, IMGPROXY_SALT: salt };
    const signed = (await run(execPath, [script, target], { cwd: repositoryRoot, env })).stdout.trim();
    assert.ok(start.includes(`\n${signed}\n`), signed);
    const images = await createImageServer({
      cache: { dir: '' },
      log: { level: 'silent' },
      engine: { workers: 1 },
      sources: { file: { root: path.join(repositoryRoot, 'samples') } },
      mounts: [{ dialect: 'imgproxy', prefix: '/img', settings: { keys: [{ key, salt }] } }],
    });
    const app = createServer((request, response) => void images.handle(request, response));
    t.after(() => images.close());
    t.after(() => app.close());
    await once(app.listen(0, '127.0.0.1'), 'listening');
    const base = `http://127.0.0.1:${(app.address() as AddressInfo).port}/img`;
    const reply = await fetch(base + signed, { headers: { connection: 'close' } });
    assert.deepEqual([reply.status, reply.headers.get('content-type')], [200, 'image/webp']);
    const forged = await fetch(base + signed.replace('640', '641'), { headers: { connection: 'close' } });
    assert.equal(forged.status, 403);
    await Promise.all([reply.arrayBuffer(), forged.arrayBuffer()]);
  });

  test('the library guide shows the example', () => {
    const shown = all(/^```ts\n([\s\S]*?)^```$/gm)(read('docs/guide/library.md'));
    const files = ['examples/library.ts', 'examples/verify-tokens.ts'].map((name) =>
      read(name)
        .replace(/^\/\*\*[\s\S]*?\*\/\n/, '')
        .replace(/'\.\.\/src\/index\.ts'; \/\/ elsewhere: from ('pictor')\n/, '$1;\n'),
    );
    assert.deepEqual(shown, files);
  });

  test('the library example serves its page and its picture, and stops', async () => {
    const env = { PATH: process.env['PATH'] ?? '', PORT: '0' };
    const child = spawn(execPath, ['examples/library.ts'], { cwd: repositoryRoot, env });
    const ended = once(child, 'exit');
    let printed = '';
    const port = new Promise<string>((resolve, reject) => {
      const take = (chunk: Buffer) => {
        printed += chunk.toString();
        const found = /port: (\d+)/.exec(printed)?.[1];
        if (found !== undefined) resolve(found);
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      void ended.then(() => reject(new Error(printed)));
    });
    try {
      const base = `http://127.0.0.1:${await port}`;
      const html = await (await fetch(base)).text();
      const picture = await fetch(base + /src="([^"]+)"/.exec(html)![1]!);
      assert.equal(picture.headers.get('content-type'), 'image/webp', printed);
      await picture.arrayBuffer();
    } finally {
      child.kill('SIGTERM');
    }
    assert.deepEqual(await ended, [0, null]);
  });

  test('the example with tokens gives pictures to those who bring a good one', async (t) => {
    const keyFile = path.join(folder, 'verification.key');
    writeFileSync(keyFile, 'verification-secret');
    const env = { PATH: process.env['PATH'] ?? '', PORT: '0', VERIFICATION_KEY: keyFile };
    const child = spawn(execPath, ['examples/verify-tokens.ts'], { cwd: repositoryRoot, env });
    const ended = once(child, 'exit');
    t.after(() => child.kill('SIGKILL'));
    let printed = '';
    const base = new Promise<string>((resolve, reject) => {
      const take = (chunk: Buffer) => {
        printed += chunk.toString();
        const found = /listening on (\S+)/.exec(printed)?.[1];
        if (found !== undefined) resolve(`http://${found}/h/dawn.jpg?w=64`);
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      void ended.then(() => reject(new Error(printed)));
    });
    const sign = (secret: string, expires: string) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'HS256' })
        .setExpirationTime(expires)
        .sign(new TextEncoder().encode(secret));
    const statusWith = async (token?: string) => {
      const reply = await fetch((await base) + (token === undefined ? '' : `&t=${token}`));
      await reply.arrayBuffer();
      return reply.status;
    };
    assert.equal(await statusWith(await sign('verification-secret', '1h')), 200, printed);
    assert.equal(await statusWith(), 404);
    assert.equal(await statusWith(await sign('another secret', '1h')), 404);
    assert.equal(await statusWith(await sign('verification-secret', '-1h')), 404);
    assert.match(printed, /forged: .*\n[\s\S]*expired: /);
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  });
});
