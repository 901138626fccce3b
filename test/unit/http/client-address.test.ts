import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClientAddress, parseTrustedProxies } from '../../../src/http/client-address.ts';

function clientOf(trust: readonly string[], peer: string | undefined, forwarded?: string): string {
  const trusted = parseTrustedProxies(trust);
  assert.notEqual(trusted, null);
  return createClientAddress(trusted!)({
    socket: { remoteAddress: peer },
    headers: { 'x-forwarded-for': forwarded },
  });
}

const table: readonly (readonly [
  string,
  readonly string[],
  string | undefined,
  string | undefined,
  string,
])[] = [
  ['the peer', [], '203.0.113.7', undefined, '203.0.113.7'],
  ['IPv4 in IPv6 is written as IPv4', [], '::ffff:203.0.113.7', undefined, '203.0.113.7'],
  ['nobody is believed without trust', [], '127.0.0.1', '198.51.100.1', '127.0.0.1'],
  ['a stranger is not believed', ['10.0.0.0/8'], '203.0.113.7', '198.51.100.1', '203.0.113.7'],
  ['a proxy is believed', ['10.0.0.0/8'], '10.1.2.3', '198.51.100.1', '198.51.100.1'],
  ['a proxy on IPv4 in IPv6 is believed', ['10.0.0.0/8'], '::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
  [
    'what the client itself wrote does not count',
    ['10.0.0.0/8'],
    '10.1.2.3',
    '1.1.1.1, 198.51.100.1',
    '198.51.100.1',
  ],
  [
    'proxies behind proxies are passed over',
    ['10.0.0.0/8'],
    '10.1.2.3',
    '1.1.1.1, 198.51.100.1, 10.9.9.9',
    '198.51.100.1',
  ],
  ['all proxies: the farthest', ['10.0.0.0/8'], '10.1.2.3', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
  ['rubbish ends the search', ['10.0.0.0/8'], '10.1.2.3', '1.1.1.1, <script>, 10.0.0.2', '10.0.0.2'],
  ['only rubbish: the peer', ['10.0.0.0/8'], '10.1.2.3', 'unknown', '10.1.2.3'],
  ['ports are dropped', ['loopback'], '::1', '[2001:db8::1]:4711', '2001:db8::1'],
  ['ports of IPv4 too', ['loopback'], '127.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
  ['private', ['private'], '192.168.1.1', '198.51.100.1', '198.51.100.1'],
  ['everyone', ['*'], '203.0.113.7', '1.1.1.1, 2.2.2.2', '1.1.1.1'],
  ['a Unix socket', [], undefined, '198.51.100.1', 'unix'],
  ['a Unix socket that is believed', ['unix'], undefined, '198.51.100.1', '198.51.100.1'],
];
for (const [what, trust, peer, forwarded, expected] of table) {
  test(`client address: ${what}`, () => {
    assert.equal(clientOf(trust, peer, forwarded), expected);
  });
}

test('a list that holds anything else is none', () => {
  for (const item of [
    '',
    'localhost',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::1/129',
    '10.0.0.0/-1',
    '300.1.1.1',
  ]) {
    assert.equal(parseTrustedProxies([item]), null, item);
  }
});
