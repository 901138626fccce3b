import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromEnvironment } from '../../../../src/dialects/imgproxy/legacy.ts';
import { imgproxySettings } from '../../../../src/dialects/imgproxy/settings.ts';

const key = '943b421c9eb07c830af81030552c86009268de4e532ba2ee2eab8247c6da0881';
const salt = '520f986b998545b4785e0defbc4f3c1203f22de2374a3d53cb7a7fe9fea309c5';
const keys = { IMGPROXY_KEY: key, IMGPROXY_SALT: salt };

interface Mount {
  readonly prefix: string;
  readonly dialect: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Variables without their common beginning. */
const named = (variables: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(variables).map(([name, text]) => [`IMGPROXY_${name}`, text]));
const v4 = (variables: Readonly<Record<string, string>> = {}) =>
  fromEnvironment({ ...keys, ...named(variables) });
const v1 = (variables: Readonly<Record<string, string>> = {}) =>
  fromEnvironment({ ...keys, IMGPROXY_COMPAT: 'v1', ...named(variables) });

const mountOf = ({ config }: ReturnType<typeof v4>) => (config.mounts as readonly Mount[])[0]!;

/** The value at a dotted path; `settings.` leads into the mount. */
function at(reading: ReturnType<typeof v4>, path: string): unknown {
  const [first = '', ...rest] = path.split('.');
  const start: unknown = first === 'settings' ? mountOf(reading).settings : reading.config[first];
  return rest.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], start);
}

test('defaults of version 4', () => {
  const reading = v4();
  assert.deepEqual(reading, {
    problems: [],
    notices: [],
    origins: { 'mounts[0].settings.keys': 'IMGPROXY_KEY, IMGPROXY_SALT' },
    config: {
      server: {
        bind: ':8080',
        requestTimeoutSeconds: 10,
        headersTimeoutSeconds: 10,
        shutdownTimeoutSeconds: 20,
        trustProxy: ['*'],
      },
      admin: { bind: '' },
      engine: { timeoutSeconds: 10 },
      sources: {
        http: {
          connectTimeoutSeconds: 5,
          headersTimeoutSeconds: 5,
          idleTimeoutSeconds: 5,
          timeoutSeconds: 5,
          maxRedirects: 10,
          allowUserInfo: true,
          accept: '',
          allowLoopback: false,
          allowLinkLocal: false,
          allowPrivate: true,
        },
      },
      limits: { maxPixels: 50_000_000, maxFramePixels: 50_000_000 },
      mounts: [
        {
          prefix: '/',
          dialect: 'imgproxy',
          settings: {
            compat: 'v4',
            obeyPrivate: false,
            fallbackImageTtlSeconds: 0,
            fixedHead: true,
            maxAnimationFrames: 1,
            keys: [{ key, salt }],
          },
        },
      ],
    },
  });
});

test('defaults of version 1', () => {
  const reading = v1();
  assert.deepEqual([reading.problems, reading.notices], [[], []]);
  assert.deepEqual(at(reading, 'limits'), {
    maxPixels: 16_800_000,
    maxSide: 8192,
    maxFramePixels: 16_800_000,
  });
  assert.equal(at(reading, 'server.shutdownTimeoutSeconds'), 5);
  assert.equal(at(reading, 'settings.compat'), 'v1');
  assert.equal(at(reading, 'sources.http.allowPrivate'), true);
});

test('the settings of the mount are settings of the dialect', () => {
  const reading = v4({
    TTL: '60',
    SECRET: 's3cret',
    ALLOW_ORIGIN: '*',
    FORMAT_QUALITY: 'webp=70, jpg=75',
    PREFERRED_FORMATS: 'webp,jpg',
    AUTO_WEBP: 'true',
    ENFORCE_AVIF: '1',
    GZIP_COMPRESSION: '5',
    WEBP_PRESET: 'photo',
    AVIF_SPEED: '7',
  });
  assert.deepEqual(reading.problems, []);
  const settings = imgproxySettings.parse(mountOf(reading).settings);
  assert.equal(settings.ttlSeconds, 60);
  assert.deepEqual(settings.formatQuality, { webp: 70, avif: 63, jxl: 77, jpeg: 75 });
  assert.deepEqual(settings.preferredFormats, ['webp', 'jpeg']);
  assert.deepEqual([settings.autoFormats, settings.enforceFormats], [['webp'], ['avif']]);
  assert.equal(settings.keys[0]?.key.length, 32);
});

const mappings: readonly [name: string, text: string, path: string, value: unknown][] = [
  ['TIMEOUT', '7', 'engine.timeoutSeconds', 7],
  ['WRITE_TIMEOUT', '7', 'engine.timeoutSeconds', 7],
  ['READ_TIMEOUT', '7', 'server.requestTimeoutSeconds', 7],
  ['READ_REQUEST_TIMEOUT', '7', 'server.headersTimeoutSeconds', 7],
  ['WRITE_RESPONSE_TIMEOUT', '7', 'server.writeTimeoutSeconds', 7],
  ['KEEP_ALIVE_TIMEOUT', '0', 'server.idleTimeoutSeconds', 1],
  ['CLIENT_KEEP_ALIVE_TIMEOUT', '0', 'sources.http.keepAliveSeconds', 0],
  ['GRACEFUL_STOP_TIMEOUT', '3', 'server.shutdownTimeoutSeconds', 3],
  ['DOWNLOAD_TIMEOUT', '9', 'sources.http.timeoutSeconds', 9],
  ['WORKERS', '3', 'engine.workers', 3],
  ['CONCURRENCY', '3', 'engine.workers', 3],
  ['REQUESTS_QUEUE_SIZE', '4', 'admission.processQueue', 4],
  ['MAX_CLIENTS', '77', 'server.maxConnections', 77],
  ['LOCAL_FILESYSTEM_ROOT', '/images', 'sources.file.root', '/images'],
  ['MAX_SRC_DIMENSION', '900', 'limits.maxSide', 900],
  ['MAX_SRC_RESOLUTION', '0.005', 'limits.maxPixels', 5000],
  ['MAX_SRC_RESOLUTION', '2', 'limits.maxFramePixels', 2_000_000],
  ['MAX_SRC_FILE_SIZE', '1000', 'limits.maxSourceBytes', 1000],
  ['IGNORE_SSL_VERIFICATION', 'true', 'sources.http.insecureTls', true],
  ['ALLOW_LOOPBACK_SOURCE_ADDRESSES', 'true', 'sources.http.allowLoopback', true],
  ['ALLOW_LINK_LOCAL_SOURCE_ADDRESSES', '1', 'sources.http.allowLinkLocal', true],
  ['ALLOW_PRIVATE_SOURCE_ADDRESSES', 'false', 'sources.http.allowPrivate', false],
  ['QUALITY', '60', 'settings.quality', 60],
  ['USE_ETAG', 'T', 'settings.useEtag', true],
  ['JPEG_PROGRESSIVE', 'true', 'settings.jpegProgressive', true],
  ['PNG_INTERLACED', 'true', 'settings.pngInterlaced', true],
  ['BASE_URL', 'local://', 'settings.baseUrl', 'local://'],
  ['SKIP_PROCESSING_FORMATS', 'jpg,svg', 'settings.skipProcessingFormats', ['jpeg', 'svg']],
  ['ALWAYS_RASTERIZE_SVG', 'true', 'settings.alwaysRasterizeSvg', true],
  ['SANITIZE_SVG', 'false', 'settings.sanitizeSvg', false],
  ['ENFORCE_THUMBNAIL', 'true', 'settings.enforceThumbnail', true],
  ['JXL_EFFORT', '3', 'settings.jxlEffort', 3],
  ['LOG_FORMAT', 'structured', 'log.format', 'json'],
  ['LOG_LEVEL', 'warn', 'log.level', 'warn'],
  ['PROMETHEUS_BIND', ':9000', 'admin.bind', ':9000'],
];

test('variables reach the setting they mean, in both modes', () => {
  for (const [name, text, path, value] of mappings) {
    for (const reading of [v4({ [name]: text }), v1({ [name]: text })]) {
      assert.deepEqual(at(reading, path), value, name);
      assert.deepEqual(reading.problems, [], name);
    }
  }
});

test('the listening address', () => {
  const bind = (env: Readonly<Record<string, string>>) =>
    at(fromEnvironment({ ...keys, ...env }), 'server.bind');
  assert.equal(bind({ PORT: '3000' }), ':3000');
  assert.equal(bind({ PORT: '3000', IMGPROXY_BIND: '127.0.0.1:80' }), '127.0.0.1:80');
  assert.equal(
    bind({ IMGPROXY_NETWORK: 'unix', IMGPROXY_BIND: '/run/imgproxy.sock' }),
    'unix:/run/imgproxy.sock',
  );
  assert.equal(bind({ IMGPROXY_NETWORK: 'tcp4' }), '0.0.0.0:8080');
  assert.equal(bind({ IMGPROXY_NETWORK: 'tcp6', PORT: '1' }), '[::]:1');
  assert.match(v4({ NETWORK: 'unixpacket' }).problems[0]!, /^IMGPROXY_NETWORK: expected/);
});

test('the prefix of all paths is the prefix of the mount', () => {
  assert.equal(mountOf(v4({ PATH_PREFIX: '/img' })).prefix, '/img');
});

test('keys: lists, files, and what is wrong with them', () => {
  const lists = fromEnvironment({ IMGPROXY_KEY: `${key}, aa`, IMGPROXY_SALT: `${salt},bb` });
  assert.deepEqual(mountOf(lists).settings.keys, [
    { key, salt },
    { key: 'aa', salt: 'bb' },
  ]);
  const files = fromEnvironment(
    { IMGPROXY_COMPAT: 'v1', IMGPROXY_KEY: 'aa' },
    {
      keyFile: { name: '-keypath k', text: `${key}\n` },
      saltFile: { name: '-saltpath s', text: ` ${salt}\n` },
    },
  );
  assert.deepEqual([mountOf(files).settings.keys, files.problems], [[{ key, salt }], []]);
  for (const env of [
    { IMGPROXY_KEY: key },
    { IMGPROXY_SALT: salt },
    { IMGPROXY_KEY: `${key},${key}`, IMGPROXY_SALT: salt },
    { IMGPROXY_KEY: 'secret', IMGPROXY_SALT: salt },
  ]) {
    const { problems } = fromEnvironment(env);
    assert.equal(problems.length, 1, JSON.stringify(env));
    assert.ok(!problems.join().includes('secret'), 'a key must not be repeated');
  }
});

test('version 1 does not start unsigned, version 4 says that it does', () => {
  assert.deepEqual(fromEnvironment({ IMGPROXY_COMPAT: 'v1' }).problems, [
    'IMGPROXY_KEY and IMGPROXY_SALT are required, as hexadecimal text',
  ]);
  const open = fromEnvironment({});
  assert.deepEqual(open.problems, []);
  assert.match(open.notices.join(), /URLs are not signed/);
});

test('version 1 passes over what it cannot read, and we say so; bounds are fatal', () => {
  const reading = v1({ TTL: 'soon', USE_ETAG: 'yes', QUALITY: '8O' });
  assert.deepEqual(reading.problems, []);
  assert.equal(at(reading, 'settings.ttlSeconds'), undefined);
  assert.equal(at(reading, 'settings.useEtag'), false);
  assert.deepEqual(reading.notices, [
    'IMGPROXY_TTL: expected a whole number from 0, got "soon"; the default stands',
    'IMGPROXY_USE_ETAG: expected true or false, got "yes"; read as false',
    'IMGPROXY_QUALITY: expected a whole number from 1 up to 100, got "8O"; the default stands',
  ]);
  for (const [name, text] of [
    ['TTL', '0'],
    ['QUALITY', '101'],
    ['QUALITY', '0'],
    ['GZIP_COMPRESSION', '10'],
    ['CONCURRENCY', '0'],
    ['MAX_CLIENTS', '0'],
    ['READ_TIMEOUT', '0'],
    ['WRITE_TIMEOUT', '-1'],
    ['DOWNLOAD_TIMEOUT', '0'],
    ['MAX_SRC_DIMENSION', '0'],
    ['MAX_SRC_RESOLUTION', '0'],
    ['KEY', 'xyz'],
  ] as const) {
    assert.equal(v1({ [name]: text }).problems.length, 1, name);
  }
});

test('version 4 does not start with what it cannot read', () => {
  for (const [name, text] of [
    ['TTL', 'soon'],
    ['USE_ETAG', 'yes'],
    ['QUALITY', '101'],
    ['SIGNATURE_SIZE', '33'],
    ['FORMAT_QUALITY', 'webp'],
    ['FORMAT_QUALITY', 'exe=3'],
    ['PREFERRED_FORMATS', 'jpeg,exe'],
    ['WEBP_PRESET', 'nice'],
    ['LOG_LEVEL', 'loud'],
    ['COMPAT', 'v2'],
  ] as const) {
    const { problems } = v4({ [name]: text });
    assert.equal(problems.length, 1, name);
    assert.ok(problems[0]!.startsWith(`IMGPROXY_${name}: expected `), problems[0]);
  }
  assert.equal(v4({ TTL: '0' }).problems.length, 0);
  assert.equal(at(v4({ TTL: '0' }), 'settings.ttlSeconds'), 0);
});

test('an empty variable is an unset one', () => {
  assert.deepEqual(v4({ TTL: '', SECRET: '', COMPAT: '' }), v4());
});

test('no variable is passed over in silence', () => {
  const notices = (variables: Readonly<Record<string, string>>) => v4(variables).notices;
  assert.deepEqual(notices({ CONCURRENCY: '3' }), ['IMGPROXY_CONCURRENCY is now called IMGPROXY_WORKERS']);
  assert.deepEqual(notices({ CONCURRENCY: '3', WORKERS: '2' }), [
    'IMGPROXY_CONCURRENCY is not used: IMGPROXY_WORKERS is set too',
  ]);
  assert.deepEqual(notices({ SMART_CROP_ADVANCED: 'true' }), [
    "IMGPROXY_SMART_CROP_ADVANCED belongs to imgproxy's Pro edition and changes nothing",
  ]);
  assert.deepEqual(notices({ ENV_AWS_SECRET_REGION: 'eu-west-1' }), [
    'IMGPROXY_ENV_AWS_SECRET_REGION has no meaning here and changes nothing',
  ]);
  assert.deepEqual(notices({ FREE_MEMORY_INTERVAL: '5' }), [
    'IMGPROXY_FREE_MEMORY_INTERVAL has no meaning here and changes nothing',
  ]);
  assert.deepEqual(notices({ QUALTIY: '5' }), ['IMGPROXY_QUALTIY is unknown and changes nothing']);
  assert.match(notices({ REQUESTS_QUEUE_SIZE: '0' })[0]!, /always a bound/);
  assert.match(notices({ ALLOWED_SOURCES: 'http://a.example' })[0]!, /end http:\/\/a\.example with a slash/);
  assert.match(notices({ LOCAL_FILESYSTEM_ROOT: '/' })[0]!, /public/);
  assert.deepEqual(notices({ ALLOWED_PROCESSING_OPTIONS: 'w,dpi,height,st' }), [
    'IMGPROXY_ALLOWED_PROCESSING_OPTIONS: dpi, st belong to imgproxy Pro',
  ]);
  assert.deepEqual(v1({ CONCURRENCY: '3' }).notices, []);
});

test('what Kubernetes sets for a service of that name is not ours', () => {
  const links = {
    SERVICE_HOST: '10.0.0.1',
    SERVICE_PORT: '80',
    SERVICE_PORT_HTTP: '80',
    PORT: 'tcp://10.0.0.1:80',
    PORT_80_TCP: 'tcp://10.0.0.1:80',
    PORT_80_TCP_ADDR: '10.0.0.1',
  };
  assert.deepEqual(v4(links), v4());
});

test('variables that would have to come from a cloud stop the start: keys may be among them', () => {
  for (const name of ['ENV_AWS_SECRET_ID', 'ENV_AWS_SSM_PARAMETERS_PATH', 'ENV_GCP_SECRET_ID']) {
    assert.match(
      v4({ [name]: 'x' }).problems.join(),
      new RegExp(`^IMGPROXY_${name}: .*ENV_LOCAL_FILE_PATH$`),
    );
  }
  assert.deepEqual(v4({ ENV_LOCAL_FILE_PATH: '/etc/imgproxy.env' }).notices, []);
});

test('presets: of variable and file, the last of a name counts', () => {
  const reading = fromEnvironment(
    { ...keys, ...named({ PRESETS: 'a=w:1/h:2, b=q:50', ONLY_PRESETS: 'true' }) },
    { presetsFile: { name: 'IMGPROXY_PRESETS_PATH p', text: '# presets\n\n b=q:60\r\n  #c=w:1\nc=bl:1' } },
  );
  assert.deepEqual(reading.problems, []);
  assert.deepEqual(at(reading, 'settings.presets'), { a: 'w:1/h:2', b: 'q:60', c: 'bl:1' });
  assert.equal(at(reading, 'settings.onlyPresets'), true);
  assert.equal(reading.origins['mounts[0].settings.presets'], 'IMGPROXY_PRESETS, IMGPROXY_PRESETS_PATH p');
  const separated = v4({ PRESETS: 'a=wm:1,b=q:50', PRESETS_SEPARATOR: ',b=' });
  assert.match(separated.problems[0]!, /^IMGPROXY_PRESETS: expected name=option/);
  assert.deepEqual(at(v4({ PRESETS: 'a=w:1;b=q:50', PRESETS_SEPARATOR: ';' }), 'settings.presets'), {
    a: 'w:1',
    b: 'q:50',
  });
  for (const text of ['a', 'a=', '=w:1', 'a=w:1=2'])
    assert.equal(v4({ PRESETS: text }).problems.length, 1, text);
});

test('replacements, in their order', () => {
  assert.deepEqual(
    at(v4({ URL_REPLACEMENTS: 'a://=s3://b/;c/*=https://x/?y=${1}' }), 'settings.urlReplacements'),
    [
      { pattern: 'a://', replacement: 's3://b/' },
      { pattern: 'c/*', replacement: 'https://x/?y=${1}' },
    ],
  );
  for (const text of ['a', '=b']) assert.equal(v4({ URL_REPLACEMENTS: text }).problems.length, 1, text);
});

test('formats by their switches, best first', () => {
  const reading = v4({ AUTO_WEBP: '1', AUTO_JXL: '1', ENABLE_AVIF_DETECTION: '1', ENFORCE_JXL: '1' });
  assert.deepEqual(at(reading, 'settings.autoFormats'), ['jxl', 'avif', 'webp']);
  assert.deepEqual(at(reading, 'settings.enforceFormats'), ['jxl']);
});

test('where URLs may set bounds, frames are bounded by them', () => {
  assert.equal(at(v4({ MAX_ANIMATION_FRAMES: '9' }), 'limits.maxFrames'), 9);
  const reading = v4({ MAX_ANIMATION_FRAMES: '9', ALLOW_SECURITY_OPTIONS: 'true' });
  assert.equal(at(reading, 'limits.maxFrames'), 0);
  assert.equal(at(reading, 'settings.maxAnimationFrames'), 9);
  assert.equal(at(reading, 'settings.allowSecurityOptions'), true);
});

test('an empty separator of versions switches them off', () => {
  assert.equal(at(v4({ SOURCE_URL_QUERY_SEPARATOR: '' }), 'settings.sourceUrlQuerySeparator'), '');
  assert.equal(at(v4({ SOURCE_URL_QUERY_SEPARATOR: '@@' }), 'settings.sourceUrlQuerySeparator'), '@@');
});

test('hosts the operator names are allowed wherever they resolve to', () => {
  const hosts = (variables: Readonly<Record<string, string>>) =>
    at(v4(variables), 'sources.http.allowedHosts');
  assert.deepEqual(hosts({ BASE_URL: 'http://localhost:9000/img/' }), ['localhost:9000']);
  assert.deepEqual(hosts({ ALLOWED_SOURCES: 'local://,http://*.cdn.example/,https://img.example/' }), [
    'img.example',
  ]);
  assert.equal(hosts({ BASE_URL: 'local://' }), undefined);
});

test('a bound on animation frames raises the bound on their pixels', () => {
  const reading = v4({ MAX_ANIMATION_FRAMES: '50', MAX_ANIMATION_FRAME_RESOLUTION: '1.5' });
  assert.equal(at(reading, 'limits.maxFrames'), 50);
  assert.equal(at(reading, 'settings.maxAnimationFrames'), 50);
  assert.equal(at(reading, 'limits.maxFramePixels'), 75_000_000);
});
