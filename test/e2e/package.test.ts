/**
 * The published form: packed, installed into an empty folder, run. Nothing else would notice a file that is missing from
 * the package, or code that only works beside its source.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { env as ambient, execPath } from 'node:process';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../support/pictor-process.ts';
import { repositoryRoot } from '../support/repository.ts';

const run = promisify(execFile);

const work = mkdtempSync(path.join(tmpdir(), 'pictor-package-'));
after(() => rmSync(work, { recursive: true, force: true }));

/** Where the package gets installed; a project of someone else's. */
const project = path.join(work, 'project');
const installed = path.join(project, 'node_modules/pictor');

/** npm and everything it starts find the Node this test runs on first. */
const env = {
  ...ambient,
  PATH: [path.dirname(execPath), ambient['PATH']].join(path.delimiter),
  npm_config_update_notifier: 'false',
  npm_config_fund: 'false',
  npm_config_audit: 'false',
};

/** Builds and packs a copy, so that nothing else in the repository is disturbed. */
async function pack(): Promise<string> {
  const copy = path.join(work, 'source');
  mkdirSync(copy);
  for (const name of readdirSync(repositoryRoot)) {
    if (['node_modules', '.git', 'dist', 'data', 'coverage', '.compiled'].includes(name)) continue;
    cpSync(path.join(repositoryRoot, name), path.join(copy, name), { recursive: true });
  }
  symlinkSync(path.join(repositoryRoot, 'node_modules'), path.join(copy, 'node_modules'));
  await run('npm', ['pack', '--silent', '--pack-destination', work], { cwd: copy, env, maxBuffer: 2 ** 26 });
  return path.join(work, readdirSync(work).find((name) => name.endsWith('.tgz'))!);
}

describe('the published package', () => {
  before(async () => {
    const archive = await pack();
    mkdirSync(project);
    writeFileSync(
      path.join(project, 'package.json'),
      '{ "name": "someone-elses", "private": true, "type": "module" }',
    );
    await run('npm', ['install', '--silent', '--omit=dev', archive], { cwd: project, env });
  });

  /** Runs `pictor {args}` as installed. */
  const pictor = (...args: string[]) =>
    run(path.join(project, 'node_modules/.bin/pictor'), args, { cwd: project, env });

  test('holds what is needed and nothing that is not', () => {
    const names = readdirSync(installed).toSorted();
    for (const needed of [
      'bin',
      'dist',
      'LICENSE',
      'NOTICE',
      'README.md',
      'package.json',
      'playground',
      'samples',
    ]) {
      assert.ok(names.includes(needed), needed);
    }
    for (const unwanted of [
      'src',
      'test',
      'bench',
      'scripts',
      'node_modules',
      'tsconfig.json',
      '.compiled',
    ]) {
      assert.ok(!names.includes(unwanted), unwanted);
    }
    assert.match(readFileSync(path.join(installed, 'dist/THIRD_PARTY_NOTICES.txt'), 'utf8'), /^undici \d/m);
  });

  test('says its version', async () => {
    const { version } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as {
      version: string;
    };
    assert.match((await pictor('version')).stdout, new RegExp(`\\b${version.replaceAll('.', '\\.')}\\b`));
  });

  test('keeps what was compiled in its own folder, and runs all the same where it cannot', async () => {
    const compiled = path.join(installed, '.compiled');
    rmSync(compiled, { recursive: true, force: true });
    await pictor('version');
    const [kept = ''] = readdirSync(compiled);
    assert.ok(readdirSync(path.join(compiled, kept)).length > 0, 'nothing was kept');
    rmSync(compiled, { recursive: true });
    writeFileSync(compiled, 'no folder');
    try {
      const { stdout, stderr } = await pictor('version');
      assert.match(stdout, /^pictor \d/);
      assert.equal(stderr, '');
    } finally {
      rmSync(compiled);
    }
  });

  test('the client is an entry of its own, with nothing of Node or the server in it', async () => {
    const program = `import { signUrl } from 'pictor/client'; console.log(await signUrl({ secret: 's', path: '/a', expires: 1 }));`;
    const { stdout } = await run(execPath, ['--input-type=module', '--eval', program], { cwd: project, env });
    assert.match(stdout, /^\/a\?X-Expires=1&X-Path=%2Fa&X-Signature=[\w-]{43}\n$/);
    const text = readFileSync(path.join(installed, 'dist/client.js'), 'utf8');
    assert.doesNotMatch(text, /^import\b|\brequire\(|node:/m);
    assert.ok(readdirSync(path.join(installed, 'dist/types/client')).includes('index.d.ts'));
  });

  test('gives help', async () => {
    assert.match((await pictor('--help')).stdout, /\bserve\b/);
  });

  test('serves a sample, reports that it lives, and stops on SIGTERM', async () => {
    const [port, adminPort] = [await freePort(), await freePort()];
    writeFileSync(path.join(project, 'pictor.yaml'), '# only read\nlog:\n  level: info\n');
    const command = ['serve', '--config', 'pictor.yaml'];
    const server = spawn(path.join(project, 'node_modules/.bin/pictor'), command, {
      cwd: project,
      env: { ...env, PICTOR_SERVER_BIND: `127.0.0.1:${port}`, PICTOR_ADMIN_BIND: `127.0.0.1:${adminPort}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    server.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    server.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => server.once('exit', (code) => resolve(code)));
    try {
      await answers(`http://127.0.0.1:${adminPort}/probe/live`, () => printed);
      const picture = await fetch(
        `http://127.0.0.1:${port}/imgproxy/unsafe/rs:fit:320:0/plain/local:///dawn.jpg@webp`,
      );
      assert.equal(picture.status, 200, printed);
      assert.equal(picture.headers.get('content-type'), 'image/webp');
      const bytes = Buffer.from(await picture.arrayBuffer());
      assert.equal(bytes.subarray(8, 12).toString('latin1'), 'WEBP');
      const xl = await fetch(
        `http://127.0.0.1:${port}/imgproxy/unsafe/rs:fit:64:0/plain/local:///dawn.jpg@jxl`,
      );
      assert.deepEqual([xl.status, xl.headers.get('content-type')], [200, 'image/jxl'], printed);
      const page = await fetch(`http://127.0.0.1:${port}/`);
      assert.equal(page.status, 200);
      assert.match(await page.text(), /<title>pictor/);
      const { stdout } = await pictor('health', '--admin-bind', `127.0.0.1:${adminPort}`);
      assert.match(stdout, /^ready: /);
    } finally {
      server.kill('SIGTERM');
    }
    assert.equal(await ended, 0, printed);
  });

  test('names the package that somebody has to install for a source', async () => {
    const sources = [
      { name: 'GCS', needs: '@google-cloud/storage' },
      { name: 'ABS', needs: '@azure/storage-blob' },
    ];
    for (const { name, needs } of sources) {
      const settings = { [`PICTOR_SOURCES_${name}_ENABLED`]: 'true', PICTOR_SOURCES_ABS_ACCOUNT_NAME: 'a' };
      const started = run(path.join(project, 'node_modules/.bin/pictor'), ['serve'], {
        cwd: project,
        env: { ...env, ...settings, PICTOR_SERVER_BIND: '127.0.0.1:0', PICTOR_ADMIN_BIND: '' },
        timeout: 60_000,
      });
      await assert.rejects(started, ({ stderr }: { stderr: string }) => {
        assert.match(stderr, new RegExp(`PICTOR_SOURCES_${name}_ENABLED`));
        return stderr.includes(`npm install ${needs}`);
      });
    }
  });

  test('without the package of JPEG XL it says so once, refuses it by name and passes it over', async () => {
    const [there, away] = [path.join(project, 'node_modules/@jsquash'), path.join(work, 'jsquash')];
    renameSync(there, away);
    writeFileSync(
      path.join(project, 'without.js'),
      `import { createImageServer } from 'pictor';
const mounts = [{ dialect: 'imgproxy', settings: { autoFormats: ['jxl'] } }];
const file = { root: ${JSON.stringify(path.join(installed, 'samples'))} };
const server = await createImageServer({ server: { bind: '127.0.0.1:0' }, admin: { bind: '' }, cache: { dir: '' }, mounts, sources: { file } });
const { server: address } = await server.listen();
const get = (name) => fetch(\`http://\${address}/unsafe/rs:fit:64:0/plain/local:///dawn.jpg\${name}\`, { headers: { accept: 'image/jxl' } });
const replies = [await get('@jxl'), await get('')];
await server.close();
console.log('replies', ...replies.map(({ status, headers }) => \`\${status} \${headers.get('content-type')}\`));
`,
    );
    try {
      const { stdout } = await run(execPath, ['without.js'], { cwd: project, env });
      assert.match(stdout, /^replies 422 text\/plain\S* 200 image\/jpeg$/m);
      const lines = stdout
        .split('\n')
        .filter((line) => line.includes('jxl is left out of automatic formats'));
      assert.equal(lines.length, 1, stdout);
      assert.match(lines[0]!, /@jsquash\/jxl is not installed/);
      assert.match((await pictor('version')).stdout, /^@jsquash\/jxl not installed/m);
    } finally {
      renameSync(away, there);
    }
  });

  test('without the package of PDF it refuses them, and the log says why', async () => {
    const [there, away] = [path.join(project, 'node_modules/@hyzyla'), path.join(work, 'hyzyla')];
    const upload = async () => {
      const { stdout } = await run(execPath, ['documents.js'], { cwd: project, env });
      return stdout;
    };
    writeFileSync(
      path.join(project, 'documents.js'),
      `import { readFileSync } from 'node:fs';
import { createImageServer } from 'pictor';
const mounts = [{ dialect: 'image-server', settings: { storage: { root: 'kept' } } }];
const server = await createImageServer({ server: { bind: '127.0.0.1:0' }, admin: { bind: '' }, cache: { dir: '' }, mounts });
const { server: address } = await server.listen();
const body = readFileSync(${JSON.stringify(path.join(repositoryRoot, 'test/fixtures/page.pdf'))});
const { status } = await fetch(\`http://\${address}/documents?outputs=w60.png\`, { method: 'POST', body });
await server.close();
console.log('status', status);
`,
    );
    assert.match(await upload(), /^status 200$/m);
    renameSync(there, away);
    try {
      const printed = await upload();
      assert.match(printed, /^status 404$/m);
      assert.match(printed, /pdf: the optional package @hyzyla\/pdfium is not installed/);
      assert.match((await pictor('version')).stdout, /^@hyzyla\/pdfium not installed/m);
    } finally {
      renameSync(away, there);
    }
  });

  test('can be used as a library', async () => {
    writeFileSync(
      path.join(project, 'use.js'),
      `import { createImageServer } from 'pictor';
const server = await createImageServer({ server: { bind: '127.0.0.1:0' }, admin: { bind: '' }, cache: { dir: '' }, log: { level: 'silent' } });
const { server: address } = await server.listen();
const reply = await fetch(\`http://\${address}/imgproxy/unsafe/plain/local:///none.jpg\`);
await server.close();
console.log(reply.status);
`,
    );
    assert.match((await run(execPath, ['use.js'], { cwd: project, env })).stdout, /^4\d\d$/m);
  });

  test('brings its types: right use passes, wrong use does not', async () => {
    const first = "import { createImageServer } from 'pictor';\n";
    const use = (name: string, bind: string) =>
      writeFileSync(
        path.join(project, name),
        `${first}export const server = await createImageServer({ server: { bind: ${bind} } });\n`,
      );
    use('right.ts', "'127.0.0.1:0'");
    use('wrong.ts', '8080');
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', '--types', 'node'];
    const types = ['--typeRoots', path.join(repositoryRoot, 'node_modules/@types')];
    const tsc = (name: string) =>
      run(path.join(repositoryRoot, 'node_modules/.bin/tsc'), [...options, ...types, name], {
        cwd: project,
        env,
      });
    await tsc('right.ts');
    await assert.rejects(tsc('wrong.ts'), { stdout: /wrong\.ts.*error TS2322/ });
  });
});

/** Waits until a URL answers 200. */
async function answers(url: string, printed: () => string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const status = await fetch(url)
      .then((reply) => reply.status)
      .catch(() => 0);
    if (status === 200) return;
    await sleep(50);
  }
  throw new Error(`no answer from ${url}\n${printed()}`);
}
