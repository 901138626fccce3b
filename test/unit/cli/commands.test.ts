import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import type { CommandCall, ConfigCall, ReadConfig } from '../../../src/cli/command.ts';
import { describeFailure, withListenHint } from '../../../src/cli/failure.ts';
import { takeGoFlags } from '../../../src/cli/go-flags.ts';
import { healthQuestion } from '../../../src/cli/health.ts';
import { readImgproxyConfig as readImgproxy } from '../../../src/cli/imgproxy-config.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { readServeConfig as readServe } from '../../../src/cli/serve-config.ts';
import { exposureWarnings, startMessage } from '../../../src/cli/start-message.ts';
import { ConfigError } from '../../../src/config/problems.ts';
import { PictorError } from '../../../src/core/errors.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pictor-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function run(args: readonly string[], env: CommandCall['env'] = {}) {
  const [out, err]: [string[], string[]] = [[], []];
  const print = (text: string) => void out.push(text);
  const complain = (text: string) => void err.push(text);
  const code = await runProgram(
    { args: [], options: {}, env, print, complain, columns: null, errorColumns: null },
    args,
  );
  return { code, out: out.join(''), err: err.join('') };
}

const piped = { env: {}, args: [], columns: null };
const readServeConfig = (call: Partial<ConfigCall>) => readServe({ ...piped, ...call });
const readImgproxyConfig = (call: Partial<ConfigCall>) => readImgproxy({ ...piped, ...call });

const key = 'a1'.repeat(32);
const salt = 'b2'.repeat(32);

describe('the program', () => {
  it('explains itself when called without a command', async () => {
    const { code, out } = await run([]);
    assert.equal(code, 0);
    for (const name of ['serve', 'imgproxy', 'config', 'health', 'version', 'Examples:'])
      assert.ok(out.includes(name), name);
  });

  it('lists all settings in the help of the servers', async () => {
    for (const args of [
      ['serve', '--help'],
      ['imgproxy', '-h'],
      ['help', 'serve'],
    ]) {
      const { code, out } = await run(args);
      assert.equal(code, 0, args.join(' '));
      assert.match(out, /--cache-dir {2}PICTOR_CACHE_DIR/);
    }
  });

  it('refuses an unknown command with a suggestion and exit code 2', async () => {
    const { code, err } = await run(['serv']);
    assert.equal(code, 2);
    assert.match(err, /unknown command 'serv'[\s\S]*serve/);
    assert.equal((await run(['--colour'])).code, 2);
  });

  it('refuses what a command does not know, with its usage and exit code 2', async () => {
    for (const [args, complaint] of [
      [['version', '--nope'], /unknown option '--nope'\nUsage: pictor version\n$/],
      [['version', 'x'], /too many arguments[^\n]*\nUsage: pictor version\n$/],
      [['sign-imgproxy', '--nope', '/x'], /unknown option '--nope'\nUsage: pictor sign-imgproxy PATH /],
      [['sign-imgproxy', '/x', '/y'], /too many arguments[^\n]*\nUsage: pictor sign-imgproxy PATH /],
      [['sign-imgproxy'], /missing required argument 'path'\nUsage: pictor sign-imgproxy PATH /],
      [['health', '--url'], /argument missing\nUsage: pictor health /],
    ] as const) {
      const { code, out, err } = await run(args);
      assert.deepEqual([code, out], [2, ''], args.join(' '));
      assert.match(err, complaint);
    }
  });

  it('refuses settings that would have no effect, and words that are none', async () => {
    for (const args of [
      ['config', '--schema', '--nope'],
      ['health', '--url', 'http://127.0.0.1:1/', 'x'],
      ['config', 'bogus'],
      ['health', '--nope'],
    ])
      await assert.rejects(run(args), ConfigError, args.join(' '));
  });

  it('tells its versions', async () => {
    const { code, out } = await run(['version']);
    assert.equal(code, 0);
    assert.match(
      out,
      /^pictor \d+\.\d+\.\d+\nnode \d+\.\d+\.\d+\nsharp \d+\.\d+\.\d+\nlibvips \d+\.\d+\.\d+\n@jsquash\/jxl \d+\.\d+\.\d+\n@hyzyla\/pdfium \d+\.\d+\.\d+\n$/,
    );
  });
});

describe('pictor config', () => {
  it('shows what each command would see', async () => {
    const serve = await run(['config', '--cache-memory', '1MiB'], {
      HTTP_PROXY: 'http://u:geheim@127.0.0.1:3128',
    });
    assert.match(serve.out, /^cache\.memory +1MiB +--cache-memory$/m);
    assert.match(serve.out, /^cache\.dir +data\/cache +default$/m);
    assert.match(serve.out, /^sources\.http\.httpProxy +\(secret\) +HTTP_PROXY$/m);
    const env = {
      IMGPROXY_KEY: key,
      IMGPROXY_SALT: salt,
      IMGPROXY_SECRET: 'geheim',
      IMGPROXY_QUALITY: '33',
      IMGPROXY_TIMEOUT: '7',
    };
    const imgproxy = await run(['config', 'imgproxy'], env);
    assert.match(imgproxy.out, /^server\.bind +:8080 +imgproxy default$/m);
    assert.match(imgproxy.out, /^engine\.timeoutSeconds +7 +IMGPROXY_TIMEOUT$/m);
    assert.match(imgproxy.out, /^mounts\[0\]\.settings\.quality +33 /m);
    assert.match(imgproxy.out, /^cache\.dir +- +imgproxy default$/m);
    for (const text of [serve.out, serve.err, imgproxy.out, imgproxy.err]) {
      assert.doesNotMatch(text, new RegExp(`geheim|${key}|${salt}`));
    }
  });

  it('speaks JSON and JSON Schema', async () => {
    const values = JSON.parse((await run(['config', '--json', '--log-level', 'warn'])).out);
    assert.deepEqual(values['log.level'], { value: 'warn', from: 'flag', name: '--log-level' });
    assert.equal(JSON.parse((await run(['config', '--schema'])).out).properties.mounts.type, 'array');
  });

  it('refuses mistakes in mounts with their place', async () => {
    const file = write(
      'bad.yaml',
      'mounts:\n  - dialect: imgproxy\n    prefix: img\n    settings: {qualty: 3}\n',
    );
    await assert.rejects(run(['config', '--config', file]), (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /bad\.yaml:3 mounts\[0\]\.prefix = "img"\n +expected a path such as \/img/);
      assert.match(error.message, /unknown setting qualty; did you mean quality\?/);
      return true;
    });
    const mounts = JSON.stringify([{ dialect: 'imgproxy' }, { dialect: 'imgproxy', prefix: '/' }]);
    await assert.rejects(
      run(['config', `--mounts=${mounts}`]),
      /mounts\[1\]\.prefix = "\/"\n +another mount has the same/,
    );
  });
});

describe('pictor imgproxy', () => {
  it('reads keys from files, flags and variables of ours above its own', async () => {
    const { config, origins } = await readImgproxyConfig({
      args: [
        '-keypath',
        write('key', ` ${key}\n`),
        `--saltpath=${write('salt', `${salt}\n`)}`,
        '--cache-memory',
        '2MiB',
      ],
      env: {
        IMGPROXY_BIND: '127.0.0.1:9000',
        PICTOR_CACHE_DIR: '/c',
        IMGPROXY_COMPAT: 'v1',
        PICTOR_SERVER_BIND: '127.0.0.1:0',
      },
    });
    const [mount] = config.mounts;
    assert.ok(mount?.dialect === 'imgproxy');
    const { settings, prefix } = mount;
    assert.equal(prefix, '/');
    assert.equal(settings.compat, 'v1');
    assert.equal(Buffer.from(settings.keys[0]!.key).toString('hex'), key);
    assert.equal(Buffer.from(settings.keys[0]!.salt).toString('hex'), salt);
    assert.deepEqual(
      [config.cache.dir, config.cache.memory, config.server.bind],
      ['/c', 2 * 1024 ** 2, '127.0.0.1:0'],
    );
    assert.equal(origins.get('server.bind')?.name, 'PICTOR_SERVER_BIND');
  });

  it('reports its own problems with all others', async () => {
    const reading = readImgproxyConfig({
      args: ['-keypath', path.join(folder, 'nowhere'), '--cache-memry', '1'],
      env: {
        IMGPROXY_COMPAT: 'v1',
        IMGPROXY_KEY: 'geheim',
        IMGPROXY_SALT: salt,
        IMGPROXY_TTL: '0',
        PICTOR_LOG_LEVEL: 'loud',
      },
    });
    await assert.rejects(reading, (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      for (const where of ['-keypath', 'IMGPROXY_KEY', 'IMGPROXY_TTL', '--cache-memry', 'PICTOR_LOG_LEVEL']) {
        assert.ok(
          error.problems.some((problem) => problem.where === where),
          `${where} in ${error.message}`,
        );
      }
      assert.doesNotMatch(error.message, /geheim/);
      return true;
    });
  });

  it('takes flags as Go does', () => {
    const known = { values: ['keypath'], switches: ['v'] };
    for (const args of [['-keypath', 'f'], ['--keypath', 'f'], ['-keypath=f'], ['--keypath=f']]) {
      assert.deepEqual(takeGoFlags(args, known).values, { keypath: 'f' });
    }
    const mixed = takeGoFlags(['--cache-dir', 'x', '-v', '--log-level=info'], known);
    assert.deepEqual([mixed.switches.has('v'), mixed.rest], [true, ['--cache-dir', 'x', '--log-level=info']]);
    assert.throws(() => takeGoFlags(['-keypath'], known), /-keypath\n +a value is missing/);
  });
});

describe('surroundings', () => {
  it('name proxies as for other programs, lower case first, ours above both', async () => {
    const env = { HTTP_PROXY: 'http://a:1', http_proxy: 'http://b:1', NO_PROXY: 'x', https_proxy: '' };
    const { config, origins } = await readServeConfig({ env });
    assert.equal(config.sources.http.httpProxy, 'http://b:1');
    assert.deepEqual(origins.get('sources.http.noProxy'), { from: 'legacy', name: 'NO_PROXY' });
    assert.equal(origins.get('sources.http.httpsProxy')?.from, 'default');
    const ours = await readServeConfig({ env: { ...env, PICTOR_SOURCES_HTTP_HTTP_PROXY: 'http://c:1' } });
    assert.equal(ours.config.sources.http.httpProxy, 'http://c:1');
  });

  it('make the log readable at a terminal, unless a format is asked for', async () => {
    assert.equal((await readServeConfig({ columns: 80 })).config.log.format, 'pretty');
    assert.equal(
      (await readServeConfig({ columns: 80, args: ['--log-format', 'json'] })).config.log.format,
      'json',
    );
    assert.equal((await readServeConfig({})).config.log.format, 'json');
  });
});

describe('pictor health', () => {
  const question = async (args: string[], env = {}) =>
    healthQuestion((await readServeConfig({ env, args })).config);

  it('asks the readiness probe where the operator listens', async () => {
    assert.equal((await question([])).text, 'http://127.0.0.1:8081/probe/ready');
    assert.equal((await question(['--admin-bind', ':9'])).text, 'http://127.0.0.1:9/probe/ready');
    assert.equal((await question(['--admin-bind', '[::]:9'])).text, 'http://127.0.0.1:9/probe/ready');
    assert.equal((await question(['--admin-bind', '[::1]:9'])).text, 'http://[::1]:9/probe/ready');
    assert.deepEqual((await question(['--admin-bind', 'unix:/s'])).options, {
      socketPath: '/s',
      path: '/probe/ready',
      headers: {},
    });
  });

  it('asks the health page of the first mount, with its secret, when there is no other listener', async () => {
    const mounts = JSON.stringify([{ dialect: 'imgproxy', prefix: '/i/', settings: { secret: 's' } }]);
    const { text, options } = await question(['--admin-bind=', '--mounts', mounts]);
    assert.equal(text, 'http://127.0.0.1:8080/i/health');
    assert.deepEqual(options.headers, { authorization: 'Bearer s' });
  });

  it('cannot know a port that is chosen at start', async () => {
    await assert.rejects(question(['--admin-bind', ':0']), /use --url/);
  });

  it('exits with 0 when the answer is good, with 1 when it is bad or missing', async () => {
    let status = 200;
    const server = createServer((_request, response) => response.writeHead(status).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/probe/ready`;
    const good = await run(['health', '--url', url]);
    assert.deepEqual([good.code, good.out], [0, `ready: ${url} answered 200\n`]);
    status = 503;
    const bad = await run(['health', `--url=${url}`]);
    assert.deepEqual([bad.code, bad.out], [1, `not ready: ${url} answered 503\n`]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const none = await run(['health', '--url', url]);
    assert.equal(none.code, 1);
    assert.match(none.err, /not ready: .*ECONNREFUSED/);
  });
});

describe('failures', () => {
  it('of the configuration end with 2, of listening with 1 and one line', () => {
    assert.equal(describeFailure(new ConfigError([{ where: 'X', message: 'y' }])).code, 2);
    const { text, code } = describeFailure(new PictorError('LISTEN_FAILED', { detail: ':80: why' }));
    assert.deepEqual([text, code], ['pictor cannot listen on :80: why', 1]);
  });

  it('to listen name what the address came from', async () => {
    const cause = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' });
    const hint = (loaded: ReadConfig, bind: string) => {
      const error = new PictorError('LISTEN_FAILED', { detail: `${bind}: listen EADDRINUSE`, cause });
      return describeFailure(withListenHint(error, loaded)).text;
    };
    const file = write('bind.yaml', 'server:\n  bind: 127.0.0.1:81\n');
    for (const [loaded, bind, name] of [
      [await readServeConfig({}), '127.0.0.1:8080', '--server-bind or PICTOR_SERVER_BIND'],
      [await readServeConfig({}), '127.0.0.1:8081', '--admin-bind or PICTOR_ADMIN_BIND'],
      [await readServeConfig({ env: { PICTOR_SERVER_BIND: ':81' } }), ':81', 'PICTOR_SERVER_BIND'],
      [await readServeConfig({ args: ['--server-bind', ':81'] }), ':81', '--server-bind'],
      [await readServeConfig({ args: ['--config', file] }), '127.0.0.1:81', `server.bind in ${file}`],
      [await readImgproxyConfig({}), ':8080', 'IMGPROXY_BIND'],
      [await readImgproxyConfig({ env: { PORT: '9000' } }), ':9000', 'PORT'],
      [await readImgproxyConfig({ env: { IMGPROXY_BIND: ':81' } }), ':81', 'IMGPROXY_BIND'],
      [await readImgproxyConfig({ env: { PICTOR_SERVER_BIND: ':81' } }), ':81', 'PICTOR_SERVER_BIND'],
    ] as const) {
      assert.equal(
        hint(loaded, bind),
        `pictor cannot listen on ${bind}: listen EADDRINUSE (another program listens there already; choose another address with ${name})`,
      );
    }
  });

  it('that are bugs show their stack', () => {
    assert.match(describeFailure(new TypeError('oops')).text, /^pictor failed: TypeError: oops\n +at /);
  });
});

describe('the start message', () => {
  it('says where to look, and warns of unsigned mounts', async () => {
    const { config } = await readServeConfig({ env: {}, args: [] });
    const text = startMessage({
      version: '1.2.3',
      config,
      addresses: { server: '[::]:8080', plain: null, admin: '127.0.0.1:8081', management: null },
      demonstration: true,
      warnings: exposureWarnings(config),
    });
    assert.match(text, /pictor 1\.2\.3 is running/);
    assert.match(text, /open +http:\/\/localhost:8080\/\n/);
    assert.match(text, /imgproxy +http:\/\/localhost:8080\/imgproxy\/unsafe\/\S+\/dawn\.jpg@webp\n/);
    assert.match(text, /metrics +http:\/\/127\.0\.0\.1:8081\/metrics\n/);
    assert.match(text, /! URLs at \/imgproxy, \/imageproxy need no signature/);
    assert.match(text, /! uploads to \/image-server, \/vip need neither token nor signature/);
  });

  it('names the hosts of a mount that answers for no others', async () => {
    const mounts = [
      { hosts: ['a.test', '*.a.test'], prefix: '/img', dialect: 'imgproxy' },
      { hosts: ['b.test'], dialect: 'vip' },
    ];
    const { config } = await readServeConfig({ env: { PICTOR_MOUNTS: JSON.stringify(mounts) }, args: [] });
    const warnings = exposureWarnings(config);
    assert.match(warnings[0]!, /^URLs at a\.test,\*\.a\.test\/img need no signature/);
    assert.match(warnings[1]!, /^uploads to b\.test\/ need neither/);
    const addresses = { server: '[::]:8080', plain: null, admin: null, management: null };
    const text = startMessage({ version: '1', config, addresses, demonstration: false, warnings });
    assert.match(text, /imgproxy +a\.test\/img\/ \*\.a\.test\/img\/\n/);
    assert.match(text, /vip +b\.test\/\n/);
  });

  it('does not warn where a signature or a secret is asked for', async () => {
    const mounts = (settings: object) => JSON.stringify([{ dialect: 'imgproxy', settings }]);
    for (const settings of [{ keys: [{ key, salt }] }, { secret: 's' }]) {
      const { config } = await readServeConfig({ env: { PICTOR_MOUNTS: mounts(settings) }, args: [] });
      assert.deepEqual(exposureWarnings(config), []);
    }
  });

  it('warns of uploads that anybody may make, and not of others', async () => {
    const warnings = async (mount: object) => {
      const { config } = await readServeConfig({ env: { PICTOR_MOUNTS: JSON.stringify([mount]) }, args: [] });
      return exposureWarnings(config);
    };
    const signatures = { uploads: true, secrets: ['a secret that nobody knows'] };
    assert.deepEqual(await warnings({ dialect: 'image-server', settings: { signatures } }), []);
    assert.deepEqual(
      await warnings({ dialect: 'vip', settings: { store: 'folder', token: 't'.repeat(32) } }),
      [],
    );
    const [warning = '', ...others] = await warnings({ dialect: 'image-server' });
    assert.match(warning, /^uploads to \/ need neither token nor signature/);
    assert.deepEqual(others, []);
  });

  it('warns once of keys that are too short', async () => {
    const short = { dialect: 'imgproxy', settings: { keys: [{ key: 'a1'.repeat(15), salt }] } };
    const mounts = [
      { ...short, prefix: '/a' },
      { ...short, prefix: '/b' },
      { dialect: 'imgproxy', prefix: '/c', settings: { keys: [{ key: 'a1'.repeat(16), salt }] } },
    ];
    const { config } = await readServeConfig({ env: { PICTOR_MOUNTS: JSON.stringify(mounts) } });
    const [warning = '', ...others] = exposureWarnings(config);
    assert.match(warning, /signs URLs at \/a, \/b has less than 16 bytes/);
    assert.doesNotMatch(warning, /a1a1/);
    assert.deepEqual(others, []);
  });
});

describe('the origins of what stands in place of imgproxy', () => {
  /** Value and origin by name, as `pictor config imgproxy` prints them. */
  async function shown(env: CommandCall['env']) {
    const { out } = await run(['config', 'imgproxy'], env);
    return new Map(
      out.split('\n').map((line) => [line.split(/ +/, 1)[0]!, line.trim().split(/ {2,}/).slice(1)]),
    );
  }

  it('names the variable of every value, and what nobody set', async () => {
    const rows = await shown({
      IMGPROXY_KEY: key,
      IMGPROXY_SALT: salt,
      PORT: '9000',
      IMGPROXY_SECRET: 'hush',
      IMGPROXY_TIMEOUT: '7',
      IMGPROXY_QUALITY: '70',
    });
    assert.deepEqual(rows.get('server.bind'), [':9000', 'PORT']);
    assert.deepEqual(rows.get('server.shutdownTimeoutSeconds'), ['14', 'IMGPROXY_TIMEOUT']);
    assert.deepEqual(rows.get('mounts[0].settings.quality'), ['70', 'IMGPROXY_QUALITY']);
    assert.deepEqual(rows.get('mounts[0].settings.secret'), ['(secret)', 'IMGPROXY_SECRET']);
    assert.deepEqual(rows.get('mounts[0].settings.keys[0].key'), ['(secret)', 'IMGPROXY_KEY, IMGPROXY_SALT']);
    assert.deepEqual(rows.get('mounts[0].settings.gzipLevel'), ['0', 'imgproxy default']);
  });

  it('shows what the rules fill in', async () => {
    const v4 = await shown({});
    assert.deepEqual(v4.get('mounts[0].settings.ttlSeconds'), ['31536000', 'imgproxy default']);
    assert.deepEqual(v4.get('mounts[0].settings.useEtag'), ['true', 'imgproxy default']);
    assert.deepEqual(v4.get('mounts[0].settings.secret'), ['-', 'imgproxy default']);
    const v1 = await shown({ IMGPROXY_COMPAT: 'v1', IMGPROXY_KEY: key, IMGPROXY_SALT: salt });
    assert.deepEqual(v1.get('mounts[0].settings.ttlSeconds'), ['3600', 'imgproxy default']);
    assert.deepEqual(v1.get('mounts[0].settings.compat'), ['v1', 'IMGPROXY_COMPAT']);
  });

  it('names the variable or file of a value that is wrong', async () => {
    const wrong = async (call: Partial<ConfigCall>) => {
      const error: unknown = await readImgproxyConfig(call).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof ConfigError);
      return error.problems.map(({ where }) => where);
    };
    assert.deepEqual(await wrong({ env: { IMGPROXY_BIND: 'foo', IMGPROXY_PATH_PREFIX: '/a b' } }), [
      'IMGPROXY_BIND',
      'IMGPROXY_PATH_PREFIX',
    ]);
    const file = write('broken.salt', 'zz');
    assert.deepEqual(await wrong({ args: ['-saltpath', file] }), [`-saltpath ${file}`]);
  });
});

describe('the help of the drop-in', () => {
  it('shows its own defaults, flags and variables', async () => {
    const { code, out } = await run(['imgproxy', '-help']);
    assert.equal(code, 0);
    for (const text of [
      '-keypath FILE',
      '-saltpath FILE',
      '-presets FILE',
      '-v ',
      'imgproxy-environment.md',
      'MAX_SRC_RESOLUTION',
    ])
      assert.ok(out.includes(text), text);
    assert.match(out, /--server-bind[^(]*\([^)]*default :8080\)/);
    assert.match(out, /"prefix":"\/","dialect":"imgproxy"/);
    assert.match(
      (await run(['serve', '--help'])).out,
      /--server-bind[^(]*\([^)]*default 127\.0\.0\.1:8080\)/,
    );
  });
});

describe('pictor sign-imgproxy', () => {
  // The example of imgproxy's documentation on signing.
  const path = '/rs:fill:300:400:0/g:sm/aHR0cDovL2V4YW1w/bGUuY29tL2ltYWdl/cy9jdXJpb3NpdHku/anBn.png';
  const pair = {
    IMGPROXY_KEY: '736563726574',
    IMGPROXY_SALT: '68656C6C6F',
  };
  const signed = `/oKfUtW34Dvo2BGQehJFR4Nr0_rIjOtdtzJ3QFsUcXH8${path}\n`;

  it('signs with what the environment or the options give', async () => {
    assert.deepEqual(await run(['sign-imgproxy', path], pair), { code: 0, out: signed, err: '' });
    const options = ['--key', pair.IMGPROXY_KEY, '--salt', pair.IMGPROXY_SALT];
    assert.equal((await run(['sign-imgproxy', ...options, path])).out, signed);
  });

  it('repeats no secret when it cannot', async () => {
    const failing = run(['sign-imgproxy', 'x', '--key', 'hush'], {});
    await assert.rejects(failing, (error) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(
        error.problems.map(({ where }) => where),
        ['PATH', '--key', 'IMGPROXY_SALT'],
      );
      assert.ok(!error.message.includes('hush'));
      return true;
    });
  });
});
