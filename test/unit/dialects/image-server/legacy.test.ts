import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromFlags, legacyDefaults } from '../../../../src/dialects/image-server/legacy.ts';
import { dockerFlags } from '../../../../src/dialects/image-server/legacy-docker.ts';
import { legacyFlags } from '../../../../src/dialects/image-server/legacy-flags.ts';

const read = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  fromFlags({ env, args, isOurs: (flag) => flag === '--log-level' });

/** What the flags change. */
function changed(args: readonly string[], env?: Readonly<Record<string, string>>): Record<string, unknown> {
  const { values, problems, misuses } = read(args, env);
  assert.deepEqual([problems, misuses], [[], []]);
  return Object.fromEntries([...values].filter(([path, value]) => legacyDefaults[path] !== value));
}

describe('flags', () => {
  test('without any nothing is changed', () => assert.deepEqual(changed([]), {}));

  test('stand before and behind words, with = and without', () => {
    const reading = read(['--port', '81', 'server', '--extensions=png', '--profile', 'again']);
    assert.deepEqual(reading.words, ['server', 'again']);
    assert.equal(reading.values.get('server.bind'), '127.0.0.1:81');
    assert.deepEqual(reading.values.get('settings.extensions'), ['png']);
  });

  test('the last of several counts', () =>
    assert.deepEqual(changed(['--default_quality=10', '--default_quality', '20']), {
      'settings.defaultQuality': 20,
    }));

  test('one of pictor goes on, with its value', () =>
    assert.deepEqual(read(['--log-level', 'debug', 'server']).rest, ['--log-level', 'debug']));

  test('a value may begin with a dash', () =>
    assert.deepEqual(changed(['--signature-max-ttl', '-1']), { 'settings.signatures.maxTtlMinutes': -1 }));

  test('what is not understood is told all at once', () => {
    const { misuses, problems } = read(['--nope', '-p', '80', '--port', 'x', '--profile=maybe', '--listen']);
    assert.deepEqual(misuses, [
      'unknown flag: --nope',
      'unknown shorthand flag: -p',
      'flag needs an argument: --listen',
    ]);
    assert.deepEqual(problems, [
      { where: '--port', message: 'expected a whole number, got "x"' },
      { where: '--profile', message: 'expected true or false, got "maybe"' },
    ]);
  });

  test('each has one name', () =>
    assert.equal(new Set(legacyFlags.map(({ name }) => name)).size, legacyFlags.length));
});

describe('listeners', () => {
  test('share their address', () =>
    assert.deepEqual(changed(['--listen=0.0.0.0', '--port=80', '--admin_port=0']), {
      'server.bind': '0.0.0.0:80',
      'admin.bind': '0.0.0.0:0',
    }));

  test('an address of IPv6 gets its brackets', () =>
    assert.equal(read(['--listen=::1']).values.get('server.bind'), '[::1]:7000'));

  test('there is no port 65536', () =>
    assert.deepEqual(read(['--port=65536']).problems, [
      { where: '--port', message: 'expected a port, got 65536' },
    ]));
});

describe('where pictures are', () => {
  const remote = (args: readonly string[], env?: Readonly<Record<string, string>>) =>
    read(args, env).values.get('settings.storage.remote');

  test('in the folder, unless something else is said', () => {
    assert.equal(remote([]), undefined);
    assert.equal(remote(['--uploader', 'noop']), undefined);
    assert.equal(remote(['--uploader=NOOP', '--aws_access_key_id=AK']), undefined);
  });

  test('in a bucket too: by the name of the uploader, or because there is a key', () => {
    assert.equal(remote(['--uploader=S3', '--aws_bucket=b']), 's3');
    assert.equal(remote(['--uploader=aws', '--aws_bucket=b']), 's3');
    assert.equal(remote(['--aws_access_key_id=AK', '--aws_bucket=b']), 's3');
  });

  test('behind a URL, where there is one and no bucket', () =>
    assert.equal(remote(['--remote_base_url=https://cdn.example.com']), 'http'));

  const readByUrl = (...args: readonly string[]) =>
    read(['--aws_bucket=b', '--aws_region=eu-west-1', ...args]).values.get('settings.storage.readByUrl');

  test('in a bucket that is read by its public URL too', () => {
    assert.equal(readByUrl('--uploader=s3', '--remote_base_url=https://cdn.example.com'), 'missing');
    const own = '--remote_base_url=https://s3-eu-west-1.amazonaws.com/b/';
    assert.equal(readByUrl('--uploader=s3', own), 'refused', 'its own address has no more than it has');
    assert.equal(readByUrl('--uploader=s3'), undefined);
    assert.equal(readByUrl('--remote_base_url=https://cdn.example.com'), undefined, 'there is no bucket');
    assert.equal(read(dockerFlags({})).values.get('settings.storage.readByUrl'), 'refused');
  });

  test('an uploader nobody knows is a mistake, and so is a bucket without a name', () => {
    assert.deepEqual(read(['--uploader=manta']).problems, [
      { where: '--uploader', message: 'expected s3, aws or noop, got "manta"' },
    ]);
    assert.deepEqual(read(['--uploader=s3']).problems, [
      { where: '--uploader', message: 'a bucket is needed: --aws_bucket' },
    ]);
  });

  const credentials = (args: readonly string[], env?: Readonly<Record<string, string>>) => {
    const { values } = read(['--uploader=s3', '--aws_bucket=b', ...args], env);
    return ['accessKeyId', 'secretAccessKey', 'sessionToken'].map((name) =>
      values.get(`settings.storage.s3.${name}`),
    );
  };

  test('credentials count when both halves are there', () => {
    assert.deepEqual(credentials(['--aws_access_key_id=AK', '--aws_secret_key=SK']), ['AK', 'SK', undefined]);
    assert.deepEqual(credentials(['--aws_access_key_id=AK']), ['', '', undefined]);
    assert.match(read(['--aws_bucket=b', '--aws_access_key_id=AK']).notices.join(), /only count together/);
  });

  test('those of the environment are left to the SDK, but for a name it does not know', () => {
    const env = { AWS_ACCESS_KEY_ID: 'AK', AWS_SESSION_TOKEN: 'T' };
    assert.deepEqual(credentials([], { ...env, AWS_SECRET_ACCESS_KEY: 'SK' }), ['', '', undefined]);
    assert.deepEqual(credentials([], { ...env, AWS_SECRET_KEY: 'SK' }), ['AK', 'SK', 'T']);
  });

  test('what waits to be told lies below their folder', () => {
    assert.equal(read([]).values.get('webhooks.dir'), 'public/.pictor/webhooks');
    assert.equal(read(['--local_base_path=/srv/p']).values.get('webhooks.dir'), '/srv/p/.pictor/webhooks');
  });

  test('files stay at least a minute', () => {
    const minutes = (text: string) =>
      read([`--max_file_age=${text}`]).values.get('settings.storage.maxAgeMinutes');
    assert.deepEqual([minutes('60'), minutes('0'), minutes('-5')], [60, 1, 1]);
  });

  test('what is written is public, unless the ACL is left out', () => {
    assert.equal(read([]).values.get('settings.storage.s3.acl'), 'public-read');
    assert.equal(read(['--aws_acl=']).values.get('settings.storage.s3.acl'), '');
  });
});

describe('webhooks', () => {
  test('unknown events are passed over', () => {
    const { values, notices } = read(['--webhook-events= uploaded ,nope', '--webhook-timeout=0']);
    assert.deepEqual(values.get('settings.webhook.events'), ['uploaded']);
    assert.equal(values.get('settings.webhook.timeoutSeconds'), 10);
    assert.ok(notices.some((notice) => notice.includes('nope')));
  });

  test('but where none is known something else was meant', () =>
    assert.equal(read(['--webhook-events=nope']).problems[0]?.where, '--webhook-events'));

  test('none listed is all of them', () =>
    assert.deepEqual(read(['--webhook-events=']).values.get('settings.webhook.events'), []));
});

describe('what an operator hears', () => {
  test('old flags that do nothing', () => {
    const { notices } = read(['--manta_url=x', '--manta_user=y', '--manta_key_id=z', '--sdc_identity=i']);
    assert.equal(notices.filter((notice) => notice.includes('Manta')).length, 4);
  });

  test('that anybody can upload, until signatures are asked for', () => {
    const warns = (args: readonly string[]) =>
      read(args).notices.some((notice) => notice.includes('anybody'));
    assert.deepEqual([warns([]), warns(['--require-signature'])], [true, false]);
  });

  test('private sources never include link-local addresses', () =>
    assert.deepEqual(changed(['--allow-private-sources']), {
      'sources.http.allowLoopback': true,
      'sources.http.allowPrivate': true,
    }));
});

describe('the variables of the Docker image', () => {
  test('have defaults of their own', () =>
    assert.deepEqual(dockerFlags({}), [
      '--local_base_path=public',
      '--uploader=aws',
      '--aws_bucket=image-server',
      '--aws_region=us-east-1',
      '--listen=0.0.0.0',
      '--remote_base_url=https://s3-us-east-1.amazonaws.com/image-server',
      '--extensions=',
    ]));

  test('become flags, and further ones are added', () => {
    const flags = dockerFlags({
      UPLOADER: 'noop',
      ALLOWED_EXTENSIONS: 'jpg',
      CUSTOM_FLAGS: ' --port  80 --profile ',
    });
    assert.ok(flags.includes('--remote_base_url='), 'no bucket, no URL of one');
    assert.deepEqual(flags.slice(-4), ['--extensions=jpg', '--port', '80', '--profile']);
    assert.deepEqual(read(flags).values.get('settings.extensions'), ['jpg']);
  });

  test('an empty list of extensions allows all', () =>
    assert.deepEqual(read(dockerFlags({})).values.get('settings.extensions'), []));
});
