/**
 * Server-side request forgery, seen from outside: a source with default settings, URLs an attacker would write, a
 * resolver he controls, redirects he serves. Nothing here connects to anything but loopback: sockets to other addresses
 * are played by a loopback origin that says it were them.
 */
import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { connect, type LookupFunction } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import type { buildConnector } from 'undici';
import type { ResolveAll } from '../../../src/sources/guarded-connector.ts';
import { createHttpSource } from '../../../src/sources/http-source.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { failureOf, openContext, readOriginal } from '../../support/reading.ts';
import { defaults, originTest } from './sources.ts';

const publicAddress = '93.184.216.34';

/** The internet of a test: names, what they resolve to (one answer after the other), and one origin behind all of it. */
function internet(names: Readonly<Record<string, readonly string[]>>, origin?: Origin) {
  const lookups: string[] = [];
  const connections: string[] = [];
  const resolve: ResolveAll = (hostname, _options, callback) => {
    const answers = names[hostname] ?? [];
    const address = answers[Math.min(lookups.filter((name) => name === hostname).length, answers.length - 1)];
    lookups.push(hostname);
    if (address === undefined)
      return callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
    callback(null, [{ address, family: address.includes(':') ? 6 : 4 }]);
  };
  const build = ((options: { lookup: LookupFunction }) =>
    ({ hostname }: buildConnector.Options, callback: buildConnector.Callback) => {
      options.lookup(hostname, { all: true }, (error, addresses) => {
        if (error) return callback(error, null);
        const { address } = (addresses as LookupAddress[])[0]!;
        connections.push(address);
        const socket = connect({ host: '127.0.0.1', port: origin!.port });
        socket.once('error', (failure) => callback(failure, null));
        socket.once('connect', () => {
          Object.defineProperty(socket, 'remoteAddress', { value: address });
          callback(null, socket);
        });
      });
    }) as unknown as typeof buildConnector;
  return { parts: { version: '0', resolve, build }, lookups, connections };
}

function strictSource(
  t: TestContext,
  net: ReturnType<typeof internet>,
  settings: Partial<typeof defaults> = {},
) {
  const source = createHttpSource({ ...defaults, ...settings }, net.parts);
  t.after(() => source.close?.());
  return source;
}

const refusedHosts = [
  // Loopback, link-local, private, metadata: as they are.
  '127.0.0.1',
  '127.8.8.8',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.169.254',
  '[::1]',
  '[fe80::1]',
  '[fd00:ec2::254]',
  '[fec0::1]',
  '[ff02::1]',
  '255.255.255.255',
  '224.0.0.1',
  '198.18.0.1',
  // Unspecified means this machine.
  '0.0.0.0',
  '0',
  '[::]',
  '[::ffff:0.0.0.0]',
  // Other spellings of the same.
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '017700000001',
  '127.1',
  '127.0.1',
  '0xa9fea9fe',
  '2852039166',
  '127.0.0.1.',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
  '127%2e0%2e0%2e1',
  '%31%32%37.0.0.1',
  '[0:0:0:0:0:0:0:1]',
  '[::0001]',
  // IPv4 inside IPv6.
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:a9fe:a9fe]',
  '[::127.0.0.1]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b::169.254.169.254]',
  '[64:ff9b:1::a00:1]',
  '[64:ff9b:1:7f00:0:100::]',
  '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::1]',
  '[2002:c0a8:101::]',
  '[2001:0:7f00:1::]',
  '[2001:0:808:808:0:0:80ff:fffe]',
  '[2606::5efe:10.0.0.1]',
  '[2606::200:5efe:c0a8:101]',
];

describe('addresses as hosts are refused before anything is looked up or connected', () => {
  for (const host of refusedHosts) {
    for (const url of [`http://${host}/`, `https://${host}:8443/latest/meta-data`]) {
      test(url, async (t) => {
        const net = internet({});
        await failureOf(strictSource(t, net).open(url, openContext()), 'SOURCE_ADDRESS_REFUSED');
        assert.deepEqual([net.lookups, net.connections], [[], []]);
      });
    }
  }
});

describe('names that resolve to such addresses are refused before anything is connected', () => {
  for (const address of [
    '127.0.0.1',
    '::1',
    '0.0.0.0',
    '10.0.0.1',
    '169.254.169.254',
    '100.64.0.1',
    'fe80::1',
    'fd00::1',
    '::ffff:7f00:1',
    '64:ff9b::a00:1',
    '2002:7f00:1::',
    '240.0.0.1',
  ]) {
    test(address, async (t) => {
      const net = internet({ 'evil.test': [address], 'evil.test.': [address] });
      const source = strictSource(t, net);
      for (const url of ['http://evil.test/', 'https://EVIL.test./']) {
        await failureOf(source.open(url, openContext()), 'SOURCE_ADDRESS_REFUSED');
      }
      assert.deepEqual(net.connections, []);
    });
  }

  test('localhost', async (t) => {
    const source = createHttpSource(defaults, { version: '0' });
    t.after(() => source.close?.());
    for (const host of ['localhost', 'LOCALHOST', 'ｌocalhost']) {
      await failureOf(source.open(`http://${host}/`, openContext()), 'SOURCE_ADDRESS_REFUSED');
    }
  });
});

originTest('rebinding: one look-up per connection, and the socket goes to its answer', async (t, origin) => {
  origin.route('/a', { body: 'x', headers: { connection: 'close' } });
  const net = internet({ 'rebind.test': [publicAddress, '127.0.0.1'] }, origin);
  const source = strictSource(t, net);
  assert.equal(String(await readOriginal(await source.open('http://rebind.test/a', openContext()))), 'x');
  assert.deepEqual([net.lookups, net.connections], [['rebind.test'], [publicAddress]]);
  await failureOf(source.open('http://rebind.test/a', openContext()), 'SOURCE_ADDRESS_REFUSED');
  assert.deepEqual(net.connections, [publicAddress]);
  assert.equal(origin.count(), 1);
});

describe('redirects from a public host are checked hop by hop', () => {
  const targets = [
    'http://127.0.0.1/',
    'http://[::1]:8080/',
    'http://169.254.169.254/latest/meta-data',
    'http://2130706433/',
    'http://[::ffff:10.0.0.1]/',
    '//10.0.0.1/x',
    'http://inner.test/',
    'https://inner.test/',
  ];
  for (const target of targets) {
    originTest(`to ${target}`, async (t, origin) => {
      origin.route('/start', { redirect: 'http://second.test/next' });
      origin.route('/next', { redirect: target });
      const net = internet(
        { 'first.test': [publicAddress], 'second.test': ['1.1.1.1'], 'inner.test': ['192.168.0.7'] },
        origin,
      );
      await failureOf(
        strictSource(t, net).open('http://first.test/start', openContext()),
        'SOURCE_ADDRESS_REFUSED',
      );
      assert.deepEqual(net.connections, [publicAddress, '1.1.1.1']);
      assert.equal(origin.count(), 2);
    });
  }
});

originTest(
  'an origin the operator named cannot lead to another one on the same machine',
  async (t, origin) => {
    const secret = await startOrigin();
    t.after(() => secret.close());
    secret.route('/secret', { body: 'secret' });
    origin.route('/a', { redirect: `${secret.url}/secret` });
    origin.route('/b', { redirect: '/c' });
    origin.route('/c', { body: 'mine' });
    const source = createHttpSource(
      { ...defaults, allowedHosts: [`127.0.0.1:${origin.port}`] },
      { version: '0' },
    );
    t.after(() => source.close?.());
    assert.equal(String(await readOriginal(await source.open(`${origin.url}/b`, openContext()))), 'mine');
    await failureOf(source.open(`${origin.url}/a`, openContext()), 'SOURCE_ADDRESS_REFUSED');
    assert.equal(secret.count(), 0);
  },
);

describe('hosts the operator named are matched whole', () => {
  const allowedHosts = ['files.internal', '*.cdn.internal', 'bücher.internal', 'ported.internal:8080'];
  const everyNameIsPrivate = new Proxy({}, { get: () => ['10.0.0.9'] });
  for (const [url, allowed] of [
    ['http://files.internal/', true],
    ['http://FILES.internal.:81/', true],
    ['http://a.cdn.internal/', true],
    ['http://xn--bcher-kva.internal/', true],
    ['http://BÜCHER.internal/', true],
    ['http://ported.internal:8080/', true],
    ['http://ported.internal/', false],
    ['http://evilfiles.internal/', false],
    ['http://files.internal.evil.test/', false],
    ['http://cdn.internal/', false],
    ['http://evilcdn.internal/', false],
    ['http://10.0.0.9/files.internal', false],
    ['http://evil.test#files.internal', false],
    ['http://evil.test?.cdn.internal', false],
  ] as const) {
    originTest(`${url} is ${allowed ? 'allowed' : 'refused'}`, async (t, origin) => {
      origin.route('/', { body: 'x' });
      const net = internet(everyNameIsPrivate, origin);
      const opening = strictSource(t, net, { allowedHosts }).open(url, openContext());
      if (allowed) assert.equal(String(await readOriginal(await opening)), 'x');
      else await failureOf(opening, 'SOURCE_ADDRESS_REFUSED');
      assert.deepEqual(net.connections, allowed ? ['10.0.0.9'] : []);
    });
  }

  for (const url of [
    'http://files.internal@evil.test/',
    'http://files.internal:80@evil.test/',
    'http://files.internal\\@evil.test/',
    'http://evil.test\\.cdn.internal/',
  ]) {
    test(`${url} never reaches a resolver`, async (t) => {
      const net = internet(everyNameIsPrivate);
      await failureOf(strictSource(t, net, { allowedHosts }).open(url, openContext()), 'SOURCE_INVALID');
      assert.deepEqual(net.lookups, []);
    });
  }
});

test('each switch opens its own class only', async (t) => {
  const hosts = {
    allowLoopback: '127.0.0.1',
    allowLinkLocal: '169.254.1.1',
    allowPrivate: '10.0.0.1',
  } as const;
  for (const open of Object.keys(hosts)) {
    for (const [setting, host] of Object.entries(hosts)) {
      if (setting === open) continue;
      const source = strictSource(t, internet({ 'a.test': [host] }), { [open]: true });
      await failureOf(source.open(`http://${host}/`, openContext()), 'SOURCE_ADDRESS_REFUSED');
      await failureOf(source.open('http://a.test/', openContext()), 'SOURCE_ADDRESS_REFUSED');
    }
  }
});
