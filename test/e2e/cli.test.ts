/** The commands as a user runs them: real processes, real sockets, exit codes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { env as ambient, execPath } from 'node:process';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOrigin } from '../support/origin.ts';
import { startPictor } from '../support/pictor-process.ts';
import { repositoryRoot } from '../support/repository.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const program = path.join(repositoryRoot, 'bin/pictor.js');

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `pictor {args}` to its end. */
function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const child = spawn(execPath, [program, ...args], {
    env: { PATH: ambient['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk.toString()));
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, out: out.join(''), err: err.join('') }));
  });
}

/** Lines of the log as objects. */
const logOf = (output: string): Record<string, unknown>[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await condition()) return;
    await sleep(20);
  }
  assert.fail('waited in vain');
}

/** Starts pictor and makes sure it is gone at the end of the test, however that goes. */
async function start(context: TestContext, options: Parameters<typeof startPictor>[0]) {
  const pictor = await startPictor(options);
  context.after(() => pictor.kill());
  return pictor;
}

const sample = '/imgproxy/unsafe/rs:fit:64:64/plain/local:///dawn.jpg@png';

describe('pictor serve', () => {
  it('shows samples without any configuration, and says that it is open to all', async (context) => {
    const pictor = await start(context, { args: ['serve'] });
    const reply = await pictor.get(sample);
    assert.equal(reply.status, 200);
    assert.equal(reply.headers['content-type'], 'image/png');
    assert.equal((await pictor.get('/')).status, 200);
    await until(() => pictor.output().includes('listening'));
    const log = logOf(pictor.output());
    assert.ok(log.some(({ level, msg }) => level === 'warn' && /no signature/.test(String(msg))));
    const listening = log.find(({ msg }) => msg === 'listening');
    assert.equal(listening?.['server'], `127.0.0.1:${pictor.port}`);
    assert.equal(await pictor.stop(), 0);
  });

  it('shows neither page nor samples once something is mounted', async (context) => {
    const mounts = JSON.stringify([{ dialect: 'imgproxy', prefix: '/imgproxy' }]);
    const pictor = await start(context, { args: ['serve', '--mounts', mounts] });
    assert.equal((await pictor.get('/')).status, 404);
    assert.notEqual((await pictor.get(sample)).status, 200);
  });

  it('keeps its cache on disk over a restart', async (context) => {
    const dir = await temporaryFolder(context);
    const options = { args: ['serve', '--cache-dir', dir] };
    const first = await start(context, options);
    const made = await first.get(sample);
    assert.equal(await first.stop(), 0);
    const second = await start(context, options);
    const again = await second.get(sample);
    assert.deepEqual(again.body, made.body);
    assert.equal(await second.stop(), 0);
    const request = logOf(second.output()).find(({ msg }) => msg === 'request');
    // A file is trusted for five seconds; on a slow machine the restart takes longer, and it is looked at again.
    assert.ok(['hit', 'revalidated'].includes(String(request?.['cache'])), String(request?.['cache']));
    assert.equal(request?.['tier'], 'disk');
  });

  for (const signal of ['SIGTERM', 'SIGHUP'] as const)
    it(`finishes what is in flight when asked to stop by ${signal}, and turns nobody else away with an error`, async (context) => {
      const origin = await startOrigin();
      context.after(() => origin.close());
      const body = readFileSync(path.join(repositoryRoot, 'samples/dawn.jpg'));
      origin.route('/slow.jpg', { body, delayMs: 1500 });
      const env = { PICTOR_SOURCES_HTTP_ALLOW_LOOPBACK: 'true' };
      const pictor = await start(context, { args: ['serve'], env });
      const reply = pictor.get(`/imgproxy/unsafe/rs:fit:64:64/plain/${origin.url}/slow.jpg`);
      await until(() => origin.count('/slow.jpg') === 1);
      const code = pictor.stop(signal);
      assert.equal((await reply).status, 200);
      assert.equal(await code, 0);
      await assert.rejects(pictor.get('/'));
    });

  it('stops at once on a second signal', async (context) => {
    const origin = await startOrigin();
    context.after(() => origin.close());
    origin.route('/never.jpg', { hang: 'head' });
    const env = { PICTOR_SOURCES_HTTP_ALLOW_LOOPBACK: 'true', PICTOR_SERVER_SHUTDOWN_TIMEOUT_SECONDS: '600' };
    const pictor = await start(context, { args: ['serve'], env });
    const reply = pictor.get(`/imgproxy/unsafe/plain/${origin.url}/never.jpg`).catch(() => null);
    await until(() => origin.count('/never.jpg') === 1);
    const first = pictor.stop();
    await until(() => pictor.output().includes('stopping'));
    process.kill(pictor.pid, 'SIGTERM');
    assert.equal(await first, 1);
    await reply;
  });

  it('says for a while that it will stop, and answers all the same', async (context) => {
    const env = { PICTOR_SERVER_SHUTDOWN_DELAY_SECONDS: '600' };
    const pictor = await start(context, { args: ['image-server', 'server'], env });
    assert.equal((await pictor.get('/status_check')).status, 200);
    const first = pictor.stop();
    await until(() => pictor.output().includes('stopping'));
    const { status, headers, body } = await pictor.get('/status_check');
    assert.deepEqual([status, headers['content-type']], [501, 'application/json; charset=UTF-8']);
    assert.equal(body.toString(), '{\n  "message": "Shutting down"\n}\n');
    const elsewhere = await pictor.get('/products/000/000/000/00000000000000000000000/original');
    assert.equal(elsewhere.status, 404);
    process.kill(pictor.pid, 'SIGTERM');
    assert.equal(await first, 1);
  });

  it('is ready from the first answer on, and is seen to be by pictor health', async (context) => {
    const pictor = await start(context, { args: ['serve'] });
    const env = { PICTOR_ADMIN_BIND: `127.0.0.1:${pictor.adminPort}` };
    const ready = await run(['health'], env);
    assert.deepEqual([ready.code, ready.err], [0, '']);
    assert.equal(await pictor.stop(), 0);
    const gone = await run(['health'], env);
    assert.deepEqual([gone.code, gone.out], [1, '']);
    assert.match(gone.err, /^not ready: http:\/\/127\.0\.0\.1:\d+\/probe\/ready: .*ECONNREFUSED/);
  });
});

describe('a start that fails', () => {
  it('names every problem of the configuration and exits with 2', async () => {
    const { code, out, err } = await run(['serve', '--server-bnd', ':1', '--cache-memory=lots'], {
      PICTOR_LOG_LEVEL: 'loud',
      PICTOR_ENGINE_WORKRES: '3',
    });
    assert.deepEqual([code, out], [2, '']);
    for (const place of [
      '--server-bnd',
      '--cache-memory = "lots"',
      'PICTOR_LOG_LEVEL = "loud"',
      'PICTOR_ENGINE_WORKRES',
    ]) {
      assert.ok(err.includes(`\n  ${place}\n`), `${place} in\n${err}`);
    }
    assert.match(err, /^The configuration has 4 problems:\n/);
  });

  it('says in one line that the port is taken, and exits with 1', async (context) => {
    const folder = await temporaryFolder(context);
    const blocker = createServer().listen(0, '127.0.0.1');
    context.after(() => blocker.close());
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as { port: number };
    const { code, err } = await run([
      'serve',
      '--server-bind',
      `127.0.0.1:${port}`,
      '--admin-bind=',
      '--cache-dir',
      folder,
    ]);
    assert.equal(code, 1);
    assert.match(
      err,
      new RegExp(`^pictor cannot listen on 127\\.0\\.0\\.1:${port}: .*another program listens.*\\n$`),
    );
  });

  it('says which folder cannot be used', async (context) => {
    const folder = await temporaryFolder(context);
    const { code, err } = await run(['serve', '--cache-dir', path.join(program, 'x'), '--admin-bind='], {
      HOME: folder,
    });
    assert.equal(code, 1);
    assert.match(err, /^pictor: cache\.dir .*pictor\.js.*cannot be used: .*\n$/);
  });

  it('does not start with a folder of sources that is none, and names who said so', async () => {
    const cases = [
      [['serve', '--sources-file-root', '/nowhere/pictures'], {}, '--sources-file-root', 'does not exist'],
      [['serve'], { PICTOR_SOURCES_FILE_ROOT: program }, 'PICTOR_SOURCES_FILE_ROOT', 'not a folder'],
      [
        ['imgproxy'],
        { IMGPROXY_LOCAL_FILESYSTEM_ROOT: '/nowhere' },
        'IMGPROXY_LOCAL_FILESYSTEM_ROOT',
        'not exist',
      ],
    ] as const;
    for (const [args, env, name, reason] of cases) {
      const { code, err } = await run(args, {
        PICTOR_SERVER_BIND: '127.0.0.1:0',
        PICTOR_CACHE_DIR: '',
        ...env,
      });
      assert.equal(code, 2, err);
      assert.match(err, /^The configuration has a problem:/);
      assert.ok(err.includes(name) && err.includes(reason), err);
    }
  });

  it('refuses an unknown command with 2', async () => {
    const { code, err } = await run(['srve']);
    assert.equal(code, 2);
    assert.match(err, /unknown command 'srve'/);
  });
});

describe('pictor imgproxy', () => {
  const key = '943b421c9eb07c830af81030552c86009268de4e532ba2ee2eab8247c6da0881';
  const salt = '520f986b998545b4785e0defbc4f3c1203f22de2374a3d53cb7a7fe9fea309c5';

  function signed(target: string): string {
    const hmac = createHmac('sha256', Buffer.from(key, 'hex'))
      .update(Buffer.from(salt, 'hex'))
      .update(target);
    return `/${hmac.digest('base64url')}${target}`;
  }

  it('answers signed URLs at the root with the settings of the older server', async (context) => {
    const env = {
      IMGPROXY_KEY: key,
      IMGPROXY_SALT: salt,
      IMGPROXY_COMPAT: 'v1',
      IMGPROXY_LOCAL_FILESYSTEM_ROOT: path.join(repositoryRoot, 'samples'),
    };
    const pictor = await start(context, { args: ['imgproxy'], env, bind: 'IMGPROXY_BIND' });
    const source = Buffer.from('local:///dawn.jpg').toString('base64url');
    const target = `/fit/64/64/ce/0/${source}.png`;
    assert.equal((await pictor.get(signed(target))).headers['content-type'], 'image/png');
    const refused = await pictor.get(`/unsafe${target}`);
    assert.deepEqual([refused.status, refused.body.toString()], [404, 'Invalid image url']);
    assert.equal((await pictor.get('/health')).body.toString(), 'imgproxy is running');
    const health = await run(['health', 'imgproxy'], { ...env, IMGPROXY_BIND: `127.0.0.1:${pictor.port}` });
    assert.equal(health.code, 0, health.err);
    assert.equal(await pictor.stop(), 0);
  });

  it('tells its version', async () => {
    const { code, out } = await run(['imgproxy', '-v']);
    assert.equal(code, 0);
    assert.match(out, /^pictor \d/);
  });

  it('leaves no folder behind when it caches in memory', async (context) => {
    const folder = await temporaryFolder(context);
    const env = { PICTOR_CACHE_DIR: '', TMPDIR: folder, IMGPROXY_KEY: key, IMGPROXY_SALT: salt };
    const pictor = await start(context, { args: ['imgproxy'], env, bind: 'IMGPROXY_BIND' });
    assert.equal(readdirSync(folder).length, 1);
    assert.equal(await pictor.stop(), 0);
    assert.deepEqual(readdirSync(folder), []);
  });
});

describe('pictor config', () => {
  it('masks secrets and survives a reader that leaves early', async () => {
    const { code, out } = await run(['config'], {
      PICTOR_SOURCES_HTTP_HTTP_PROXY: 'http://u:hunter2@127.0.0.1:1',
    });
    assert.equal(code, 0);
    assert.match(out, /sources\.http\.httpProxy +\(secret\) +PICTOR_SOURCES_HTTP_HTTP_PROXY/);
    assert.doesNotMatch(out, /hunter2/);
    const child = spawn(execPath, [program, 'config'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    const exit = await new Promise((resolve) => child.once('exit', resolve));
    assert.equal(exit, 0);
  });
});
