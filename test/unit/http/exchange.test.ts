import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PictorEvent } from '../../../src/core/events.ts';
import { type Arrival, createCounter } from '../../../src/http/exchange.ts';
import type { MountDesk } from '../../../src/http/mount-desk.ts';

function targetTold(url: string, hiddenParameters?: readonly string[]): string | undefined {
  const told: PictorEvent[] = [];
  const counter = createCounter({ clientOf: () => 'test', emit: (event) => told.push(event) });
  const desk = { mount: { name: 'm', policy: { hiddenParameters } } } as unknown as MountDesk;
  const arrival = { request: { url }, method: 'GET', id: 'i', began: 0 } as unknown as Arrival;
  counter.tell({ ...arrival, desk }, { status: 200, bytes: 0 }, { cache: 'none' });
  const [event] = told;
  return event?.type === 'request' ? event.target : undefined;
}

test('what lets its bearer in is not told', () => {
  assert.equal(targetTold('/h/a.jpg?t=secret&w=3', ['t']), '/h/a.jpg?t=…&w=3');
  assert.equal(targetTold('/h/a.jpg?t=nothing&w=3'), '/h/a.jpg?t=nothing&w=3');
});
