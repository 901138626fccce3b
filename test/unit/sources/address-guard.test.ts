import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { type AddressClass, classifyAddress, refusedClass } from '../../../src/sources/address-guard.ts';

const nothingAllowed = { allowLoopback: false, allowLinkLocal: false, allowPrivate: false };
const everythingAllowed = { allowLoopback: true, allowLinkLocal: true, allowPrivate: true };

const table: Readonly<Record<AddressClass | 'public', readonly string[]>> = {
  loopback: ['127.0.0.1', '127.255.255.254', '0.0.0.0', '::1', '::', '0:0:0:0:0:0:0:1'],
  'link-local': [
    '169.254.169.254',
    '169.254.0.1',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    '224.0.0.251',
    'ff02::fb',
    'ff01::1',
  ],
  private: [
    '10.0.0.1',
    '10.255.255.255',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '100.64.0.1',
    '100.127.255.255',
    'fd00::1',
    'fc00::1',
    'fdff:ffff::1',
    'fec0::1',
  ],
  reserved: [
    '0.0.0.1',
    '0.1.2.3',
    '192.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.1.1',
    '239.1.1.1',
    '240.0.0.1',
    '255.255.255.255',
    'ff05::2',
    'ff0e::1',
    '100::1',
    '2001:db8::1',
    '3fff::1',
    '4000::1',
    '1::1',
    '2001:2::1',
    '5f00::1',
    'localhost',
    '',
    '1.2.3.4.5',
  ],
  public: [
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '192.167.1.1',
    '2606:4700::1111',
    '2a00:1450::1',
  ],
};

for (const [kind, addresses] of Object.entries(table)) {
  for (const address of addresses) {
    test(`${address} is ${kind}`, () =>
      assert.deepEqual([...classifyAddress(address)], kind === 'public' ? [] : [kind]));
  }
}

/** Every way in which an IPv6 address carries an IPv4 one. */
const carriers: Readonly<Record<string, (ipv4: readonly number[], noise: readonly number[]) => number[]>> = {
  mapped: (ip) => [...zeros(10), 0xff, 0xff, ...ip],
  compatible: (ip) => [...zeros(12), ...ip],
  translated: (ip) => [...zeros(8), 0xff, 0xff, 0, 0, ...ip],
  '6to4': (ip, noise) => [0x20, 0x02, ...ip, ...noise.slice(0, 10)],
  'NAT64 well-known': (ip) => [0, 0x64, 0xff, 0x9b, ...zeros(8), ...ip],
  'NAT64 local-use /48': (ip, n) => [
    0,
    0x64,
    0xff,
    0x9b,
    0,
    1,
    ip[0]!,
    ip[1]!,
    0,
    ip[2]!,
    ip[3]!,
    ...n.slice(0, 5),
  ],
  'NAT64 local-use /56': (ip, n) => [
    0,
    0x64,
    0xff,
    0x9b,
    0,
    1,
    n[0]!,
    ip[0]!,
    0,
    ip[1]!,
    ip[2]!,
    ip[3]!,
    ...n.slice(1, 5),
  ],
  'NAT64 local-use /64': (ip, n) => [0, 0x64, 0xff, 0x9b, 0, 1, n[0]!, n[1]!, 0, ...ip, ...n.slice(2, 5)],
  'NAT64 local-use /96': (ip, n) => [0, 0x64, 0xff, 0x9b, 0, 1, ...n.slice(0, 6), ...ip],
  'Teredo server': (ip, noise) => [0x20, 0x01, 0, 0, ...ip, ...noise.slice(0, 8)],
  'Teredo client': (ip, noise) => [0x20, 0x01, 0, 0, ...noise.slice(0, 8), ...ip.map((byte) => byte ^ 0xff)],
  'ISATAP local': (ip, noise) => [0x26, ...noise.slice(0, 7), 0, 0, 0x5e, 0xfe, ...ip],
  'ISATAP global': (ip, noise) => [0x26, ...noise.slice(0, 7), 2, 0, 0x5e, 0xfe, ...ip],
};
const zeros = (length: number): number[] => Array.from({ length }, () => 0);

const text = (bytes: readonly number[]) => new ipaddr.IPv6([...bytes]).toString();

const byte = fc.integer({ min: 0, max: 255 });
const refusedIpv4 = fc.oneof(
  fc.tuple(fc.constant(127), byte, byte, byte),
  fc.tuple(fc.constant(10), byte, byte, byte),
  fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
  fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), byte, byte),
  fc.tuple(fc.integer({ min: 224, max: 255 }), byte, byte, byte),
);
const noise = fc.array(byte, { minLength: 12, maxLength: 12 });

describe('an IPv6 address that carries a refused IPv4 address is refused', () => {
  for (const [name, carry] of Object.entries(carriers)) {
    test(name, () => {
      fc.assert(
        fc.property(refusedIpv4, noise, (ipv4, bytes) => {
          const [inner] = classifyAddress(ipv4.join('.'));
          const address = text(carry(ipv4, bytes));
          assert.ok(classifyAddress(address).has(inner!), `${address} carries ${ipv4.join('.')} (${inner})`);
          assert.notEqual(refusedClass(address, nothingAllowed), null);
        }),
      );
    });
  }
});

test('public IPv4 hosts stay reachable through NAT64, where a network has nothing else', () => {
  for (const address of [
    '64:ff9b::808:808',
    '64:ff9b:1::808:808',
    '64:ff9b:1:abcd::808:808',
    '::ffff:8.8.8.8',
    '2002:808:808::1',
  ]) {
    assert.deepEqual([...classifyAddress(address)], [], address);
  }
});

test('each setting allows its class and nothing else', () => {
  const switches = {
    loopback: 'allowLoopback',
    'link-local': 'allowLinkLocal',
    private: 'allowPrivate',
  } as const;
  for (const [allowed, name] of Object.entries(switches)) {
    const policy = { ...nothingAllowed, [name]: true };
    for (const [kind, addresses] of Object.entries(table)) {
      for (const address of addresses) {
        assert.equal(
          refusedClass(address, policy) === null,
          kind === 'public' || kind === allowed,
          `${address} with ${name}`,
        );
      }
    }
  }
});

test('no setting allows reserved addresses', () => {
  for (const address of table.reserved)
    assert.equal(refusedClass(address, everythingAllowed), 'reserved', address);
});

test('an address of two classes needs both settings', () => {
  const linkLocalIsatapOfPrivate = 'fe80::5efe:10.0.0.1';
  assert.equal(
    refusedClass(linkLocalIsatapOfPrivate, { ...nothingAllowed, allowLinkLocal: true }),
    'private',
  );
  assert.equal(
    refusedClass(linkLocalIsatapOfPrivate, { ...nothingAllowed, allowPrivate: true }),
    'link-local',
  );
  assert.equal(refusedClass(linkLocalIsatapOfPrivate, everythingAllowed), null);
});
