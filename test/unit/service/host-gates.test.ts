import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHostGates } from '../../../src/service/host-gates.ts';

const never = new AbortController().signal;
const uri = (host: string, name = 'a') => `https://${host}/${name}.jpg`;

test('a host has its own places, and its own queue', async () => {
  const gates = createHostGates({ width: 1, queue: 1 });
  const first = await gates.enter(uri('slow.example', 'a'), never);
  const second = gates.enter(uri('SLOW.example', 'b'), never);
  assert.equal(await gates.enter(uri('slow.example', 'c'), never), null);
  const elsewhere = [gates.enter(uri('b.example'), never), gates.enter(uri('b.example'), never)];
  assert.equal(gates.waiting(), 2, 'of all hosts');
  (await elsewhere[0])?.();
  assert.notEqual(await gates.enter(uri('other.example'), never), null);
  first?.();
  assert.notEqual(await second, null);
  assert.equal(gates.waiting(), 0);
});

test('sources without a host never wait', async () => {
  const gates = createHostGates({ width: 1, queue: 0 });
  for (const name of ['local:///a.jpg', 'local:///b.jpg', 'no uri at all'])
    assert.notEqual(await gates.enter(name, never), null);
});

test('a host is forgotten with its last fetch, however that ends', async () => {
  const gates = createHostGates({ width: 1, queue: 1 });
  const leave = await gates.enter(uri('a.example'), never);
  const leaver = new AbortController();
  const waiting = gates.enter(uri('a.example'), leaver.signal);
  leaver.abort(new Error('left'));
  await assert.rejects(waiting, /left/);
  assert.equal(gates.size(), 1);
  leave?.();
  leave?.();
  assert.equal(gates.size(), 0);
});
