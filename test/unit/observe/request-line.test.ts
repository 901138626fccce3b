import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import type { PictorEvent } from '../../../src/core/events.ts';
import { logEntry } from '../../../src/observe/log-entry.ts';
import { requestLine } from '../../../src/observe/request-line.ts';

type RequestEvent = Extract<PictorEvent, { type: 'request' }>;

const text = fc.string({ unit: 'binary' });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const requestEvent: fc.Arbitrary<RequestEvent> = fc
  .record({
    id: text,
    method: text,
    target: fc.oneof(text, fc.string({ minLength: 3000, maxLength: 3100 })),
    status: fc.integer({ min: 100, max: 599 }),
    mount: text,
    bytes: fc.nat(),
    ms: fc.double({ min: 0, max: 1e6, noNaN: true }),
    client: text,
    cache: fc.constantFrom('hit' as const, 'miss' as const),
    tier: optional(text),
    source: optional(text),
    error: optional(fc.constant('BUSY' as const)),
    detail: optional(text),
    timings: optional(fc.constant({ fetch: 1.234, decode: 2 })),
  })
  .map((facts) => {
    const given = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
    return { type: 'request', ...given } as RequestEvent;
  });

test('the line of a request is what pino writes of its entry', () => {
  fc.assert(
    fc.property(requestEvent, (event) => {
      let written = '';
      const logger = pino(
        { base: null, timestamp: () => ',"time":"now"', formatters: { level: (level) => ({ level }) } },
        {
          write: (line: string) => {
            written = line;
          },
        },
      );
      const { facts } = logEntry(event);
      logger.info(facts, 'request');
      assert.deepEqual(JSON.parse(requestLine(event, 'info', 'now')), JSON.parse(written));
      assert.ok(requestLine(event, 'info', 'now').endsWith('\n'));
      assert.equal(
        requestLine(event, 'info', 'now').indexOf('\n'),
        requestLine(event, 'info', 'now').length - 1,
      );
    }),
    { numRuns: 300 },
  );
});

test('user and password of a source are not written', () => {
  const event: RequestEvent = {
    type: 'request',
    id: 'a',
    method: 'GET',
    target: '/unsafe/plain/http%3A%2F%2Fuser:pass@host/a.jpg@png',
    status: 200,
    mount: 'm',
    bytes: 1,
    ms: 1,
    client: 'c',
    cache: 'miss',
    source: 'http://user:pass@host/a.jpg',
    detail: 'refused http://user@host/',
  };
  const line = requestLine(event, 'info', 'now');
  assert.ok(!line.includes('pass') && !line.includes('user'), line);
  assert.ok(line.includes('http://***@host/a.jpg') && line.includes('a.jpg@png'), line);
  const plainTarget = '/unsafe/plain/http%3A%2F%2Fhost%2Fa.jpg@png';
  assert.ok(requestLine({ ...event, target: plainTarget }, 'info', 'now').includes(plainTarget));
});

test('a line says what is of its own request, also where those before it were of the same target', () => {
  const first = {
    type: 'request',
    id: 'one',
    method: 'GET',
    target: '/the/same "target"',
    status: 200,
    mount: 'm',
    bytes: 20,
    ms: 0.26,
    client: '192.0.2.1',
    cache: 'hit',
    tier: 'memory',
    source: 'local:///a.jpg',
  } satisfies RequestEvent;
  const others: RequestEvent[] = [
    first,
    { ...first, id: 'two', ms: 0.264, client: '192.0.2.2' },
    { ...first, status: 206 },
    { ...first, bytes: 21 },
    { ...first, method: 'HEAD' },
    { ...first, mount: 'n' },
    { ...first, tier: 'disk' },
    { ...first, source: 'local:///b.jpg' },
    { ...first, cache: 'stale' },
    { ...first, ms: 12_345.678 },
    { ...first, status: 502, error: 'BUSY', detail: 'why', fallback: true },
    { ...first, timings: { fetch: 1.5 } },
  ];
  for (const event of [...others, ...others.toReversed()]) {
    const { facts } = logEntry(event);
    const expected = { level: 'info', time: 'now', ...facts, msg: 'request' };
    assert.equal(requestLine(event, 'info', 'now'), `${JSON.stringify(expected)}\n`);
  }
});
