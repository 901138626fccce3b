import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import * as z from 'zod';
import { createImageServer } from '../../../src/app/image-server.ts';
import type { LoadInput } from '../../../src/config/load.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/config/problems.ts';
import { listSettings } from '../../../src/config/settings-tree.ts';
import { sampleSchema } from './sample-settings.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pictor-config-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;

function write(text: string, extension = 'yaml'): string {
  const file = path.join(folder, `${++files}.${extension}`);
  writeFileSync(file, text);
  return file;
}

type SampleInput = Partial<LoadInput<typeof sampleSchema>>;

const load = (input: SampleInput = {}) => loadConfig({ schema: sampleSchema, env: {}, args: [], ...input });

async function problemsOf(input: SampleInput): Promise<string> {
  const error: unknown = await load(input).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ConfigError, 'a ConfigError was expected');
  return error.message;
}

describe('layers', () => {
  it('gives every default when nothing is said', async () => {
    const { config, origins } = await load();
    assert.equal(config.cache.memory, 64 * 1024 ** 2);
    assert.equal(config.server.workers, 'auto');
    assert.deepEqual(config.server.ports, [1, 2]);
    assert.deepEqual([...new Set([...origins.values()].map(({ from }) => from))], ['default']);
    assert.equal(origins.size, listSettings(sampleSchema).length);
  });

  it('lets flags win over the environment, that over the file, that over an old server', async () => {
    const all = {
      legacy: ['cache.dir', 'cache.memory', 'cache.entries', 'server.bind'].map((name) => ({
        path: name,
        value: name === 'cache.memory' || name === 'cache.entries' ? 1 : 'legacy',
        name: `OLD_${name}`,
      })),
      file: write('cache:\n  dir: file\n  memory: 2\n  entries: 2\n'),
      env: { PICTOR_CACHE_DIR: 'env', PICTOR_CACHE_MEMORY: '3' },
      args: ['--cache-dir', 'flag'],
    };
    const { config, origins } = await load(all);
    assert.deepEqual(
      [config.cache.dir, config.cache.memory, config.cache.entries, config.server.bind],
      ['flag', 3, 2, 'legacy'],
    );
    assert.deepEqual(
      ['cache.dir', 'cache.memory', 'cache.entries', 'server.bind', 'server.level'].map((name) =>
        origins.get(name),
      ),
      [
        { from: 'flag', name: '--cache-dir' },
        { from: 'env', name: 'PICTOR_CACHE_MEMORY' },
        { from: 'file', name: all.file },
        { from: 'legacy', name: 'OLD_server.bind' },
        { from: 'default', name: '' },
      ],
    );
  });

  it('freezes the whole tree', async () => {
    const { config } = await load({ file: write('mounts: [{dialect: one, prefix: /a}]') });
    for (const part of [
      config,
      config.server,
      config.server.tls,
      config.server.hosts,
      config.mounts,
      config.mounts[0],
    ]) {
      assert.ok(Object.isFrozen(part));
    }
  });

  it('finds the file by flag, else by variable', async () => {
    const [one, two] = [write('cache: {entries: 11}'), write('{"cache": {"entries": 12}}', 'json')];
    assert.equal((await load({ env: { PICTOR_CONFIG: one } })).config.cache.entries, 11);
    const both = await load({ env: { PICTOR_CONFIG: one }, args: ['--config', two] });
    assert.equal(both.config.cache.entries, 12);
    assert.equal(both.file, two);
  });

  it('reads a secret from the file a variable names', async () => {
    const { config, origins } = await load({
      env: { PICTOR_CACHE_PASSWORD_FILE: write(' geheim\n', 'txt') },
    });
    assert.equal(config.cache.password, 'geheim');
    assert.deepEqual(origins.get('cache.password'), { from: 'env', name: 'PICTOR_CACHE_PASSWORD_FILE' });
  });

  it('does not take a setting whose own name ends in File for the file of another', async () => {
    const env = { PICTOR_SERVER_TLS_CERT_FILE: '/c.pem', PICTOR_SERVER_TLS_KEY_FILE: '/k.pem' };
    assert.deepEqual((await load({ env })).config.server.tls, { certFile: '/c.pem', keyFile: '/k.pem' });
  });

  it('takes an empty variable as not set, unless empty is a value', async () => {
    const file = write('cache: {dir: /data, entries: 9}\nserver: {hosts: [a]}');
    const env = {
      PICTOR_CACHE_DIR: '',
      PICTOR_CACHE_ENTRIES: '',
      PICTOR_SERVER_HOSTS: '',
      PICTOR_CACHE_MEMORY: '',
      PICTOR_SERVER_ADMIN: '',
    };
    const { config } = await load({ file, env });
    assert.equal(config.server.admin, '');
    assert.deepEqual([config.cache.dir, config.cache.entries, config.server.hosts], ['', 9, []]);
    assert.equal(config.cache.memory, 64 * 1024 ** 2);
  });

  it('ignores the variables Kubernetes adds for a service of our name', async () => {
    const env = {
      PICTOR_SERVICE_HOST: '10.0.0.1',
      PICTOR_SERVICE_PORT: '80',
      PICTOR_SERVICE_PORT_HTTP: '80',
      PICTOR_PORT: 'tcp://10.0.0.1:80',
      PICTOR_PORT_80_TCP: 'tcp://10.0.0.1:80',
      PICTOR_PORT_80_TCP_PROTO: 'tcp',
      PICTOR_PORT_80_TCP_ADDR: '10.0.0.1',
      PICTOR_WEB_SERVICE_HOST: '10.0.0.1',
    };
    await load({ env });
    assert.match(await problemsOf({ env: { PICTOR_PORT: '80' } }), /PICTOR_PORT\n\s+unknown variable/);
  });

  it('reads switches alone, with a word and with an equals sign', async () => {
    for (const args of [['--server-compress'], ['--server-compress', 'yes'], ['--server-compress=1']]) {
      assert.equal((await load({ args })).config.server.compress, true, args.join(' '));
    }
    const { config } = await load({
      args: ['--server-compress', '--cache-dir', '/x', '--server-compress=no'],
    });
    assert.deepEqual([config.server.compress, config.cache.dir], [false, '/x']);
  });

  it('reads an empty section and a $schema line in the file', async () => {
    assert.equal(
      (await load({ file: write('$schema: x.json\ncache:\n  # dir: /x\n') })).config.cache.dir,
      '',
    );
    assert.equal((await load({ file: write('') })).config.cache.dir, '');
  });
});

describe('a value means the same wherever it is written', () => {
  const text = fc.string({ minLength: 1 }).filter((value) => value === value.trim());
  const plain = fc.stringMatching(/^[a-z0-9:.*/-]{1,12}$/).filter((value) => !value.startsWith('-'));
  const cases: Readonly<Record<string, fc.Arbitrary<{ value: unknown; text: string }>>> = {
    'server.bind': text.map((value) => ({ value, text: value })),
    'server.timeoutSeconds': fc
      .oneof(fc.nat(), fc.double({ min: 0, max: 1e9, noNaN: true }))
      .map((value) => ({ value: value + 0, text: String(value + 0) })),
    'server.maxHeaderBytes': fc.oneof(
      fc.nat().map((value) => ({ value, text: String(value) })),
      fc.nat(4096).map((value) => ({ value: `${value}MiB`, text: `${value}MiB` })),
    ),
    'server.compress': fc.boolean().map((value) => ({ value, text: String(value) })),
    'server.workers': fc
      .constantFrom<number | 'auto'>(1, 7, 'auto')
      .map((value) => ({ value, text: String(value) })),
    'server.level': fc.constantFrom('info', 'warn').map((value) => ({ value, text: value })),
    'server.hosts': fc.oneof(
      fc.array(plain).map((value) => ({ value, text: value.join(', ') })),
      fc.array(fc.string()).map((value) => ({ value, text: JSON.stringify(value) })),
    ),
    'server.ports': fc.array(fc.nat()).map((value) => ({ value, text: value.join(',') })),
    'cache.password': text.map((value) => ({ value, text: value })),
    mounts: fc
      .array(
        fc.record({
          dialect: fc.constant('one'),
          prefix: fc.string(),
          settings: fc.record({ key: fc.string() }),
        }),
      )
      .map((value) => ({ value, text: JSON.stringify(value) })),
  };
  const settings = listSettings(sampleSchema);

  for (const [name, values] of Object.entries(cases)) {
    it(name, async () => {
      const setting = settings.find((each) => each.path === name)!;
      await fc.assert(
        fc.asyncProperty(values, async ({ value, text: written }) => {
          const tree = setting.keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
          const file = write(JSON.stringify(tree), 'json');
          const secret = write(written, 'txt');
          const configs = await Promise.all([
            load({ file }),
            load({ env: { [setting.env]: written } }),
            load({ args: [`${setting.flag}=${written}`] }),
            load({ env: { [`${setting.env}_FILE`]: secret } }),
            written.startsWith('--') ? load({ file }) : load({ args: [setting.flag, written] }),
          ]);
          for (const { config } of configs) assert.deepEqual(config, configs[0].config);
          assert.notEqual(configs[0].origins.get(name)!.from, 'default');
        }),
        { numRuns: 30 },
      );
    });
  }

  it('reads the same from YAML and JSON', async () => {
    const yaml = write('server:\n  hosts: [a, "b,c"]\n  workers: 2\ncache:\n  memory: 1GiB\n');
    const json = write('{"server":{"hosts":["a","b,c"],"workers":2},"cache":{"memory":"1GiB"}}', 'json');
    assert.deepEqual((await load({ file: yaml })).config, (await load({ file: json })).config);
  });
});

describe('problems', () => {
  it('reports all of them together, each with place, value and what is expected', async () => {
    const file = write(
      'cache:\n  entries: 0\n  dirr: /x\nserver:\n  timeoutSeconds: soon\nmounts:\n  - dialect: one\n    prefix: 7\n',
    );
    const message = await problemsOf({
      file,
      env: { PICTOR_SERVER_COMPRESS: 'maybe', PICTOR_CACHE_MEMRY: '1', PICTOR_CACHE_MEMORY: 'lots' },
      args: ['--server-wrkers', '3', '--server-level=loud', 'stray', '--cache-dir'],
    });
    const lines = message.split('\n').map((line) => line.trim());
    const expected: readonly [string, string][] = [
      [`${file}:2 cache.entries = 0`, 'expected a number of at least 1'],
      [`${file}:3 cache.dirr`, 'unknown setting; did you mean dir?'],
      [`${file}:5 server.timeoutSeconds = "soon"`, 'expected a number (seconds)'],
      [`${file}:8 mounts[0].prefix = 7`, 'expected text'],
      ['PICTOR_SERVER_COMPRESS = "maybe"', 'expected true or false'],
      ['PICTOR_CACHE_MEMRY', 'unknown variable; did you mean PICTOR_CACHE_MEMORY?'],
      ['PICTOR_CACHE_MEMORY = "lots"', 'expected bytes, for instance 67108864 or 64MiB'],
      ['--server-wrkers', 'unknown flag; did you mean --server-workers?'],
      ['--server-level = "loud"', 'expected one of info, warn'],
      ['"stray"', 'unexpected argument'],
      ['--cache-dir', 'a value is missing (text)'],
    ];
    for (const [where, what] of expected) {
      const at = lines.indexOf(where);
      assert.notEqual(at, -1, `${where} is missing in\n${message}`);
      assert.ok(lines[at + 1]!.startsWith(what), `${where}: ${lines[at + 1]}`);
    }
    assert.match(message, new RegExp(`has ${expected.length} problems`));
  });

  it('checks rules between settings of a section', async () => {
    const message = await problemsOf({ env: { PICTOR_SERVER_TLS_CERT_FILE: '/x' } });
    assert.match(message, /PICTOR_SERVER_TLS_CERT_FILE\n\s+certFile and keyFile go together/);
  });

  it('names the known dialects', async () => {
    const message = await problemsOf({ env: { PICTOR_MOUNTS: '[{"dialect":"three","prefix":"/"}]' } });
    assert.match(message, /PICTOR_MOUNTS mounts\[0\]\.dialect = "three"\n\s+expected one of one, two/);
  });

  it('suggests names inside lists', async () => {
    const message = await problemsOf({ file: write('mounts:\n  - {dialect: two, prefix: a, prefx: b}\n') });
    assert.match(message, /:2 mounts\[0\]\n\s+unknown setting prefx; did you mean prefix\?/);
  });

  it('suggests no names of another dialect', async () => {
    const problem = (settings: object) => createImageServer({ mounts: [{ dialect: 'vip', settings }] });
    // image-server has that one.
    await assert.rejects(problem({ storage: {} }), /unknown setting storage(?!; did you mean storage)/);
    await assert.rejects(problem({ foldr: '/x' }), /unknown setting foldr; did you mean folder\?/);
  });

  it('refuses a variable and its _FILE twin together', async () => {
    const message = await problemsOf({
      env: { PICTOR_CACHE_DIR: 'a', PICTOR_CACHE_DIR_FILE: write('b', 'txt') },
    });
    assert.match(message, /PICTOR_CACHE_DIR and PICTOR_CACHE_DIR_FILE\n\s+set only one of them/);
  });

  it('says what is wrong with a file as a whole', async () => {
    const missing = path.join(folder, 'nowhere.yaml');
    assert.match(
      await problemsOf({ file: missing }),
      /nowhere\.yaml\n\s+the configuration file does not exist/,
    );
    assert.match(await problemsOf({ file: write('a', 'toml') }), /ends in \.yaml, \.yml or \.json/);
    assert.match(await problemsOf({ file: write('{"cache": {]}', 'json') }), /\.json\n\s+\S+/);
    assert.match(await problemsOf({ file: write('cache:\n  dir: "x\n  memory: 1\n') }), /\.yaml:\d+\n\s+\S+/);
    assert.match(await problemsOf({ file: write('cache: 3') }), /:1 cache = 3\n\s+expected a section/);
    assert.match(await problemsOf({ env: { PICTOR_CACHE_DIR_FILE: missing } }), /cannot be read \(ENOENT\)/);
  });

  it('finds lines in JSON files too', async () => {
    const file = write('{\n  "cache": {\n    "entries": "x"\n  }\n}', 'json');
    assert.match(await problemsOf({ file }), /json:3 cache\.entries = "x"/);
  });

  it('is not fooled by names every object has', async () => {
    const file = write('{"__proto__": {"a": 1}, "constructor": 1, "cache": {"toString": 1}}', 'json');
    const message = await problemsOf({ file, env: { PICTOR_CONSTRUCTOR: 'x' }, args: ['--constructor=1'] });
    assert.match(message, /has 5 problems/);
  });

  it('reports a required setting by the names it can be given', async () => {
    const schema = z.strictObject({ token: z.string() });
    await assert.rejects(
      loadConfig({ schema, env: {}, args: [] }),
      /token\n\s+a value is missing; set PICTOR_TOKEN or --token/,
    );
  });

  it('refuses a schema in which two settings share a variable', () => {
    const schema = z.strictObject({ aB: z.string(), a: z.strictObject({ b: z.string() }) });
    assert.throws(() => listSettings(schema), /aB and a\.b share the variable PICTOR_A_B/);
  });

  it('never shows a secret', async () => {
    const secret = 'hunter2hunter2';
    const bad = `[{"dialect":"one","prefix":1,"settings":{"key":["${secret}"]}}]`;
    const wrongs: SampleInput[] = [
      { env: { PICTOR_MOUNTS: bad } },
      { env: { PICTOR_MOUNTS: `{"key":"${secret}"` } },
      { args: [`--mounts=${bad.slice(1)}`] },
      { file: write(`mounts: ${bad}`) },
      { file: write(`cache: {password: ["${secret}"]}`) },
    ];
    for (const wrong of wrongs) assert.doesNotMatch(await problemsOf(wrong), new RegExp(secret));
  });
});
