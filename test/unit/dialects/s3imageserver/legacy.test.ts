import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromJson, type LegacyReading } from '../../../../src/dialects/s3imageserver/legacy.ts';
import { s3imageserverSettings } from '../../../../src/dialects/s3imageserver/settings.ts';

const read = (config: unknown, isFile = true): LegacyReading =>
  fromJson({
    text: typeof config === 'string' ? config : JSON.stringify(config),
    file: 'config.json',
    isFile: () => isFile,
  });

const handler = (more: object = {}, aws: object = { bucket_name: 'b' }) => ({ prefix: 'h', aws, ...more });

/** Settings of the first handler. */
function settingsOf(more: object, aws?: object) {
  const reading = read({ handlers: [handler(more, aws)] });
  assert.deepEqual(reading.problems, []);
  return s3imageserverSettings.parse(reading.mounts[0]!.settings);
}

/** The sample of the README of August 2015, comments and comma included. */
const sample = `{
  "handlers": [
    {
      "name": "handlerName",
      "prefix": "h",
      "aws": {
        "bucket_name": "bucketName",
        "file_path": "imagesLarge", // folder in the bucket
        "aws_access": "aws_access_key",
        "aws_secret": "aws_secret_key"
      },
      "error_image": "error_image.jpg", // image to be displayed in case of an error
      "output_format": "jpg",
      "cache_enabled": true,
      "cache_path": "./cache",
      "cache_time": 604800 /* max cache time in seconds */
    },
    {
      "name": "secondHandlerName",
      "prefix": "h2",
      "aws": { "bucket_name": "bucketName2", "file_path": "", "aws_access": "a", "aws_secret": "s" },
      "error_image": "error_image.jpg",
      "output_format": "jpg",
      "cache_enabled": true,
      "cache_path": "./cache",
    }
  ],
  "http_port": 80,
  "https_enabled": true,
  "https_strict": false,
  "https_port": 443,
  "https_cert": "bundle.crt",
  "https_key": "cert.key"
}`;

test('the sample of the README', () => {
  const { mounts, values, problems, notices, parts } = read(sample);
  assert.deepEqual(problems, []);
  assert.deepEqual(notices, []);
  assert.deepEqual(
    mounts.map(({ prefix, dialect }) => [prefix, dialect]),
    [
      ['/h', 's3imageserver'],
      ['/h2', 's3imageserver'],
      ['', 's3imageserver'],
    ],
  );
  const [first, second, rest] = mounts.map(({ settings }) => s3imageserverSettings.parse(settings));
  assert.equal(first!.bucket, 'bucketName');
  assert.equal(first!.keyPrefix, 'imagesLarge');
  assert.equal(first!.accessKeyId, 'aws_access_key');
  assert.equal(first!.secretAccessKey, 'aws_secret_key');
  assert.equal(first!.errorImage, 'error_image.jpg');
  assert.equal(first!.format, 'jpg');
  assert.deepEqual(first!.cache, { dir: './cache', seconds: 604_800, staleSeconds: 86_400, maxBytes: 0 });
  assert.equal(second!.bucket, 'bucketName2');
  assert.equal(second!.cache.seconds, 604_800);
  assert.deepEqual(rest!.redirects, ['h', 'h2']);
  assert.equal(parts['[0].settings.bucket'], 'config.json handlers[0].aws.bucket_name');
  assert.deepEqual(Object.fromEntries(values), {
    'server.bind': ':443',
    'server.plain.bind': ':80',
    'server.plain.redirect': false,
    'server.tls.certFile': 'bundle.crt',
    'server.tls.keyFile': 'cert.key',
    'admin.bind': '',
    'cache.dir': '',
  });
});

test('nothing said: port 80, no HTTPS, and no handler answers', () => {
  const { mounts, values } = read({});
  assert.equal(values.get('server.bind'), ':80');
  assert.equal(values.has('server.tls.certFile'), false);
  assert.deepEqual(
    mounts.map(({ prefix }) => prefix),
    [''],
  );
});

test('HTTPS needs all of its parts', () => {
  const whole = { https_enabled: true, https_port: 443, https_cert: 'c', https_key: 'k', http_port: 8080 };
  assert.equal(read(whole).values.get('server.bind'), ':443');
  assert.equal(read({ ...whole, https_strict: true }).values.get('server.plain.redirect'), true);
  for (const part of [{ https_port: 0 }, { https_port: 8080 }, { https_cert: '' }, { https_key: null }]) {
    const { values, notices } = read({ ...whole, ...part });
    assert.equal(values.get('server.bind'), ':8080', JSON.stringify(part));
    assert.equal(values.has('server.plain.bind'), false);
    assert.match(notices.join(), /HTTPS is off/);
  }
  const off = read({ ...whole, https_enabled: false });
  assert.equal(off.values.get('server.bind'), ':8080');
  assert.deepEqual(off.notices, []);
});

test('a handler without a prefix is called by its name, slashes around it do not count', () => {
  const prefixOf = (more: object) => read({ handlers: [{ aws: {}, ...more }] }).mounts[0]!.prefix;
  assert.equal(prefixOf({ name: 'n' }), '/n');
  assert.equal(prefixOf({ name: 'n', prefix: 'p' }), '/p');
  assert.equal(prefixOf({ name: 'n', prefix: '' }), '/n');
  assert.equal(prefixOf({ prefix: '/a/b/' }), '/a/b');
});

test('a prefix is escaped as it is in URLs', () => {
  const { mounts } = read({ handlers: [{ name: 'My Pictures/é%20:', aws: {} }] });
  assert.equal(mounts[0]!.prefix, '/My%20Pictures/%C3%A9%2520:');
  assert.deepEqual(mounts[1]!.settings['redirects'], ['My Pictures/é%20:']);
});

test('two handlers of one prefix, or one of none, end the start', () => {
  const twins = read({ handlers: [handler(), { name: 'h', aws: {} }] });
  assert.deepEqual(twins.problems, [
    {
      where: 'config.json handlers[1].name',
      message: 'the handler at config.json handlers[0].prefix has the prefix h too',
    },
  ]);
  assert.match(read({ handlers: [{ aws: {} }] }).problems[0]!.message, /needs a prefix or a name/);
});

test('capitals in names do not count, the last of two does, unknown ones are passed over', () => {
  const reading = read('{"HANDLERS":[{"Prefix":"x","prefix":"h","AWS":{"Bucket_Name":"b"},"new":1}],"x":{}}');
  assert.deepEqual(reading.problems, []);
  assert.equal(reading.mounts[0]!.prefix, '/h');
  assert.equal(reading.mounts[0]!.settings['bucket'], 'b');
});

test('a wrong type is told with its place, and no secret is', () => {
  const wrong: readonly (readonly [object, string])[] = [
    [{ http_port: '80' }, 'config.json http_port'],
    [{ http_port: 80.5 }, 'config.json http_port'],
    [{ http_port: 70_000 }, 'config.json http_port'],
    [{ https_enabled: 'true' }, 'config.json https_enabled'],
    [{ handlers: {} }, 'config.json handlers'],
    [{ handlers: [1] }, 'config.json handlers'],
    [{ handlers: [handler({ cache_time: '1h' })] }, 'config.json handlers[0].cache_time'],
    [{ handlers: [handler({ allowed_formats: '.png' })] }, 'config.json handlers[0].allowed_formats'],
    [{ handlers: [handler({}, { aws_secret: 12_345_678 })] }, 'config.json handlers[0].aws.aws_secret'],
    [{ handlers: [handler({ aws: 'b' })] }, 'config.json handlers[0].aws'],
  ];
  for (const [config, where] of wrong) {
    const { problems } = read(config);
    assert.deepEqual(
      problems.map((problem) => problem.where),
      [where],
    );
    assert.doesNotMatch(JSON.stringify(problems), /12345678/);
  }
});

test('what is no JSON is told with its line', () => {
  for (const text of ['', '{', '{"a":1 "b":2}', "{'a':1}", '{}{}']) {
    const { problems, mounts } = read(text);
    assert.equal(mounts.length, 0, text);
    assert.match(problems[0]!.where, /^config\.json line 1$/);
  }
  assert.match(read('{\n"a": 1\n"b": 2 }').problems[0]!.where, /line 3$/);
  assert.match(read('[]').problems[0]!.message, /expected an object, got a list/);
});

test('the cache: a week unless said otherwise, 0 is 0, below that or without a folder it is off', () => {
  const cacheOf = (more: object) => {
    const { dir, seconds } = settingsOf(more).cache;
    return [dir, seconds];
  };
  assert.deepEqual(cacheOf({ cache_path: 'c' }), ['c', 604_800]);
  assert.deepEqual(cacheOf({ cache_path: 'c', cache_time: null }), ['c', 604_800]);
  assert.deepEqual(cacheOf({ cache_path: 'c', cache_time: 0 }), ['c', 0]);
  assert.deepEqual(cacheOf({ cache_path: 'c', cache_time: 60, cache_enabled: true }), ['c', 60]);
  assert.equal(cacheOf({ cache_path: 'c', cache_time: -1 })[0], '');
  assert.equal(cacheOf({ cache_path: 'c', cache_enabled: false })[0], '');
  assert.equal(cacheOf({ cache_time: 60 })[0], '');
  assert.equal(settingsOf({ cache_path: 'c', cache_max_bytes: 5000 }).cache.maxBytes, 5000);
});

test('formats', () => {
  const formatOf = (output_format: unknown) => settingsOf({ output_format }).format;
  assert.equal(formatOf(undefined), 'webp');
  assert.equal(formatOf(''), 'webp');
  assert.equal(formatOf('jpeg'), 'jpg');
  assert.equal(formatOf('png'), 'png');
  assert.equal(formatOf('gif'), 'webp');
  assert.match(read({ handlers: [handler({ output_format: 'gif' })] }).notices.join(), /gif is none of/);
  assert.deepEqual(settingsOf({ allowed_formats: ['.jpg', 'png'] }).extensions, ['.jpg', '.png']);
  assert.equal(settingsOf({ allowed_formats: [] }).extensions.length, 5);
});

test('an error image that is not there is told, and left out', () => {
  const { mounts, notices } = read({ handlers: [handler({ error_image: 'no.jpg' })] }, false);
  assert.equal(mounts[0]!.settings['errorImage'], undefined);
  assert.match(notices.join(), /there is no file no\.jpg/);
});

test('what pictor adds', () => {
  const settings = settingsOf(
    {
      jwt_key_file: 'verification.key',
      jwt_algorithms: ['HS256'],
      jwt_audience: 'pictures',
      jwt_issuer: 'us',
      auto_orient: false,
    },
    { bucket_name: 'b', region: 'eu-central-1', endpoint: 'http://127.0.0.1:9000', force_path_style: false },
  );
  assert.deepEqual(settings.verify, {
    key: '',
    keyFile: 'verification.key',
    algorithms: ['HS256'],
    audience: 'pictures',
    issuer: 'us',
  });
  assert.equal(settings.autoOrient, false);
  assert.deepEqual(
    [settings.region, settings.endpoint, settings.pathStyle],
    ['eu-central-1', 'http://127.0.0.1:9000', false],
  );
});

test('a key goes with its secret, and whichever is missing is named as the file calls it', () => {
  const wheres = [{ aws_access: 'k' }, { aws_secret: 's' }].map(
    (half) => read({ handlers: [handler({}, { bucket_name: 'b', ...half })] }).problems,
  );
  assert.deepEqual(wheres, [
    [{ where: 'config.json handlers[0].aws.aws_access', message: 'aws_secret is missing beside it' }],
    [{ where: 'config.json handlers[0].aws.aws_secret', message: 'aws_access is missing beside it' }],
  ]);
});
