import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { connect, type LookupFunction, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import type { buildConnector } from 'undici';
import { PictorError } from '../../../src/core/errors.ts';
import { createGuardedConnector, type ResolveAll } from '../../../src/sources/guarded-connector.ts';
import { createHostGuard } from '../../../src/sources/host-guard.ts';
import { startOrigin } from '../../support/origin.ts';

const strict = {
  allowLoopback: false,
  allowLinkLocal: false,
  allowPrivate: false,
  allowedHosts: [] as string[],
  deniedHosts: [] as string[],
};
const address = (text: string): LookupAddress => ({ address: text, family: text.includes(':') ? 6 : 4 });

/** Answers with one list after the other, and counts how often it was asked. */
function resolver(...answers: readonly (readonly string[])[]) {
  const asked: string[] = [];
  const resolve: ResolveAll = (hostname, _options, callback) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)]!;
    asked.push(hostname);
    setImmediate(() => callback(null, answer.map(address)));
  };
  return { resolve, asked };
}

/**
 * Stands in for sockets: looks names up exactly once through the option it was given, as net.connect does, and records
 * which address it would have gone to. Nothing is connected.
 */
function network(reached?: (wanted: string) => string) {
  const destinations: string[] = [];
  const destroyed: string[] = [];
  const build = ((options: { lookup: LookupFunction }) =>
    ({ hostname }: buildConnector.Options, callback: buildConnector.Callback) => {
      const arrive = (to: string) => {
        destinations.push(to);
        callback(null, {
          remoteAddress: reached?.(to) ?? to,
          destroy: () => destroyed.push(to),
        } as unknown as Socket);
      };
      if (/^[\d.]+$|:/.test(hostname)) return arrive(hostname); // Addresses are never looked up.
      options.lookup(hostname, { all: true }, (error, addresses) => {
        if (error) return callback(error, null);
        arrive((addresses as LookupAddress[])[0]!.address);
      });
    }) as unknown as typeof buildConnector;
  return { build, destinations, destroyed };
}

type Parts = Partial<Parameters<typeof createGuardedConnector>[0]> & { readonly settings?: typeof strict };

const open = ({ settings = strict, ...parts }: Parts, hostname: string, port = '') =>
  new Promise<Socket>((resolve, reject) => {
    const connector = createGuardedConnector({
      guard: createHostGuard(settings),
      timeoutMs: 1000,
      insecureTls: false,
      ...parts,
    });
    connector({ hostname, host: hostname, protocol: 'http:', port }, (error, socket) =>
      error ? reject(error) : resolve(socket),
    );
  });

const refused = (thrown: unknown) =>
  thrown instanceof PictorError && thrown.code === 'SOURCE_ADDRESS_REFUSED';

describe('rebinding', () => {
  test('the name is resolved once and the socket goes to the address that was checked', async () => {
    const dns = resolver(['93.184.216.34'], ['10.0.0.1']);
    const net = network();
    const socket = await open({ ...dns, ...net }, 'rebind.test');
    assert.deepEqual(dns.asked, ['rebind.test']);
    assert.deepEqual(net.destinations, ['93.184.216.34']);
    assert.equal(socket.remoteAddress, '93.184.216.34');
  });

  test('the second connection is checked against the second answer', async () => {
    const dns = resolver(['93.184.216.34'], ['10.0.0.1']);
    const net = network();
    await open({ ...dns, ...net }, 'rebind.test');
    await assert.rejects(open({ ...dns, ...net }, 'rebind.test'), refused);
    assert.deepEqual(net.destinations, ['93.184.216.34']);
  });

  test('a socket that ended up elsewhere is destroyed', async () => {
    const net = network(() => '10.0.0.1');
    await assert.rejects(open({ ...resolver(['93.184.216.34']), ...net }, 'a.test'), refused);
    assert.deepEqual(net.destroyed, ['93.184.216.34']);
  });

  test('with real sockets: one look-up, and the connection goes to its answer', async (t) => {
    const origin = await startOrigin({ host: '127.0.0.2' });
    t.after(() => origin.close());
    const dns = resolver(['127.0.0.2'], ['127.0.0.3']);
    const socket = await open(
      { ...dns, settings: { ...strict, allowLoopback: true } },
      'rebind.test',
      String(origin.port),
    );
    t.after(() => socket.destroy());
    assert.equal(socket.remoteAddress, '127.0.0.2');
    assert.equal(dns.asked.length, 1);
  });
});

test('one bad address among good ones refuses the name', async () => {
  const net = network();
  await assert.rejects(
    open({ ...resolver(['93.184.216.34', '2606:4700::1', '::ffff:10.0.0.1']), ...net }, 'a.test'),
    refused,
  );
  assert.deepEqual(net.destinations, []);
});

test('addresses written as hosts are refused without any look-up', async () => {
  for (const literal of [
    '127.0.0.1',
    '::1',
    '::ffff:7f00:1',
    '169.254.169.254',
    'fe80::1',
    '10.0.0.1',
    '0.0.0.0',
  ]) {
    const dns = resolver(['93.184.216.34']);
    const net = network();
    await assert.rejects(open({ ...dns, ...net }, literal), refused, literal);
    assert.deepEqual([dns.asked, net.destinations], [[], []]);
  }
});

test('a host the operator named is connected to wherever it lives, on the named port only', async () => {
  const settings = {
    ...strict,
    allowedHosts: ['minio.internal:9000', '*.cdn.internal', '10.0.0.7', '[::1]'],
  };
  const through = async (hostname: string, port: string) => {
    const net = network();
    await open({ settings, ...resolver(['10.1.2.3']), ...net }, hostname, port);
    return net.destinations[0];
  };
  assert.equal(await through('minio.internal', '9000'), '10.1.2.3');
  assert.equal(await through('a.cdn.internal', ''), '10.1.2.3');
  assert.equal(await through('10.0.0.7', ''), '10.0.0.7');
  assert.equal(await through('::1', ''), '::1');
  await assert.rejects(through('minio.internal', '9001'), refused);
  await assert.rejects(through('evilcdn.internal', ''), refused);
  await assert.rejects(through('10.0.0.8', ''), refused);
});

test('a denied host is refused by its name, its address and what it resolves to, named or not', async () => {
  const settings = {
    ...strict,
    allowPrivate: true,
    allowedHosts: ['named.test'],
    deniedHosts: ['10.0.0.0/8', '93.184.216.34', '2001:db8::/32', 'bad.test'],
  };
  const through = async (hostname: string, resolved: string) => {
    const net = network();
    await open({ settings, ...resolver(['192.168.0.1', resolved]), ...net }, hostname);
    return net.destinations[0];
  };
  const denied = (thrown: unknown) => thrown instanceof PictorError && thrown.code === 'SOURCE_NOT_ALLOWED';
  assert.equal(await through('a.test', '192.168.0.2'), '192.168.0.1');
  for (const inside of ['10.1.2.3', '93.184.216.34', '2001:db8::7', '::ffff:10.1.2.3']) {
    await assert.rejects(through('a.test', inside), denied, inside);
    await assert.rejects(through('named.test', inside), denied, inside);
  }
  await assert.rejects(through('10.0.0.7', ''), denied);
  const { checkLiteral } = createHostGuard(settings);
  assert.throws(() => checkLiteral({ hostname: 'bad.test', port: 80 }), denied);
});

test('a look-up that fails, or finds nothing, is the failure of the connection', async () => {
  const failing: ResolveAll = (_hostname, _options, callback) =>
    callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []);
  await assert.rejects(open({ resolve: failing, ...network() }, 'a.test'), { code: 'ENOTFOUND' });
  await assert.rejects(open({ ...resolver([]), ...network() }, 'a.test'), { code: 'SOURCE_UNREACHABLE' });
});

test('sockets that ask for a single address get a checked one', async (t) => {
  const origin = await startOrigin();
  t.after(() => origin.close());
  // Without automatic family selection net.connect asks its look-up for one address, not for all.
  const build = ((options: object) => (target: buildConnector.Options, callback: buildConnector.Callback) => {
    const socket = connect({
      ...options,
      host: target.hostname,
      port: Number(target.port),
      autoSelectFamily: false,
    });
    socket.on('connect', () => callback(null, socket)).on('error', (error) => callback(error, null));
  }) as unknown as typeof buildConnector;
  const dns = resolver(['127.0.0.1']);
  const socket = await open(
    { ...dns, build, settings: { ...strict, allowLoopback: true } },
    'one.test',
    String(origin.port),
  );
  t.after(() => socket.destroy());
  assert.equal(socket.remoteAddress, '127.0.0.1');
  await assert.rejects(open({ ...resolver(['127.0.0.1']), build }, 'one.test', String(origin.port)), refused);
});
