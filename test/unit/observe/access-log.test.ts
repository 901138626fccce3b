import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import type { PictorEvent } from '../../../src/core/events.ts';
import { createAccessLog } from '../../../src/observe/access-log.ts';
import { logSettings } from '../../../src/observe/settings.ts';
import { hitEvent } from '../../support/request-event.ts';

const hit: PictorEvent = { ...hitEvent, bytes: 20_123, ms: 1.23456, client: '192.0.2.1' };

function linesOf(events: readonly PictorEvent[], settings: Record<string, string> = {}): string[] {
  const lines: string[] = [];
  const sink = { write: (text: string) => lines.push(text) };
  const log = createAccessLog({ settings: logSettings.parse(settings), sink });
  for (const event of events) log.listen(event);
  return lines;
}

const objectsOf = (
  events: readonly PictorEvent[],
  settings?: Record<string, string>,
): Record<string, unknown>[] => linesOf(events, settings).map((line) => JSON.parse(line));

test('a request is one JSON line', () => {
  const event: PictorEvent = { ...hit, timings: { fetch: 12.3456, decode: 1 } };
  const [line = ''] = linesOf([event]);
  assert.ok(line.endsWith('\n'));
  assert.equal(line.trimEnd().includes('\n'), false);
  const { time, ...facts } = JSON.parse(line);
  assert.deepEqual(facts, {
    level: 'info',
    id: 'a-1',
    method: 'GET',
    target: '/imgproxy/x',
    status: 200,
    mount: '/imgproxy',
    cache: 'hit',
    bytes: 20_123,
    ms: 1.23,
    client: '192.0.2.1',
    tier: 'memory',
    timings: { fetch: 12.35, decode: 1 },
    msg: 'request',
  });
  assert.equal(new Date(time).toISOString(), time);
  assert.ok(Math.abs(Date.now() - Date.parse(time)) < 60_000);
});

test('errors worth reporting are written at error, the others at info', () => {
  const { tier: _, ...request } = { ...hit, status: 502, cache: 'none' as const };
  const levels = objectsOf([
    { ...request, error: 'SOURCE_FAILED', detail: 'ECONNRESET' },
    { ...request, error: 'SOURCE_NOT_FOUND', status: 404 },
    { ...request, error: 'BUSY', status: 503 },
    { ...request, status: 500 },
    // A bucket that somebody has made up.
    { ...request, error: 'STORAGE_REFUSED', status: 404, level: 'info' },
  ]).map(({ level, error, detail }) => [level, error, detail]);
  assert.deepEqual(levels, [
    ['error', 'SOURCE_FAILED', 'ECONNRESET'],
    ['info', 'SOURCE_NOT_FOUND', undefined],
    ['info', 'BUSY', undefined],
    ['error', undefined, undefined],
    ['info', 'STORAGE_REFUSED', undefined],
  ]);
});

test('anything else is the line that pino would write', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.object({ maxDepth: 1 }), (message, facts) => {
      const [line = ''] = linesOf([{ type: 'notice', level: 'warn', message, facts }]);
      const { time, ...said } = JSON.parse(line);
      let written = '';
      const sink = {
        write: (text: string) => {
          written = text;
        },
      };
      const options = { base: null, timestamp: false, formatters: { level: (level: string) => ({ level }) } };
      pino(options, sink).warn(facts, message);
      assert.deepEqual(said, JSON.parse(written));
      assert.ok(Math.abs(Date.now() - Date.parse(time)) < 60_000);
      assert.equal(line.indexOf('\n'), line.length - 1);
    }),
  );
});

test('the level setting keeps less important lines away', () => {
  const events: readonly PictorEvent[] = [
    hit,
    { type: 'fetch', source: 'https://x', ms: 1, bytes: 1, outcome: 'found' },
    { type: 'worker', what: 'crashed', pid: 7, detail: 'SIGSEGV' },
    { type: 'store', store: 'variants', what: 'repaired', count: 2 },
    { type: 'notice', level: 'warn', message: 'unsigned', facts: { mount: '/imgproxy' } },
  ];
  const messages = (level: string) => objectsOf(events, { level }).map(({ msg }) => msg);
  assert.deepEqual(messages('debug'), ['request', 'fetch', 'worker crashed', 'store repaired', 'unsigned']);
  assert.deepEqual(messages('info'), ['request', 'worker crashed', 'store repaired', 'unsigned']);
  assert.deepEqual(messages('warn'), ['worker crashed', 'store repaired', 'unsigned']);
  assert.deepEqual(messages('error'), ['worker crashed']);
  assert.deepEqual(messages('silent'), []);
});

test('long targets are cut, and say how long they were', () => {
  const [line] = objectsOf([{ ...hit, target: `/${'x'.repeat(30_000)}` }]);
  const target = String(line?.target);
  assert.ok(target.length < 2100);
  assert.match(target, /x… \(30001 characters\)$/);
});

test('what a client sent cannot start a line of its own, in either format', () => {
  const nasty = { ...hit, target: '/a\nlevel=error forged\u001b[2J\u2028', client: 'x\r\ny' };
  for (const format of ['json', 'pretty']) {
    const [line, ...more] = linesOf([nasty], { format });
    assert.deepEqual(more, []);
    assert.doesNotMatch(line!.trimEnd(), /\p{Cc}/u, format);
  }
});

test('pretty is one short line for a person', () => {
  const { tier: _, ...request } = hit;
  const [first, second, third] = linesOf(
    [
      hit,
      {
        ...request,
        status: 404,
        cache: 'none',
        bytes: 17,
        error: 'SOURCE_NOT_FOUND',
        source: 'https://x/a.jpg',
      },
      { type: 'notice', level: 'warn', message: 'unsigned', facts: { mount: '/imgproxy', count: 2 } },
    ],
    { format: 'pretty' },
  ).map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''));
  assert.equal(first, 'info   200  GET  /imgproxy/x  1.23 ms  20.1 kB  hit/memory\n');
  assert.equal(
    second,
    'info   404  GET  /imgproxy/x  1.23 ms  17 B  SOURCE_NOT_FOUND  source https://x/a.jpg\n',
  );
  assert.equal(third, 'warn   unsigned  mount=/imgproxy  count=2\n');
});

const script = (ending: string) => `
  import { createAccessLog } from ${JSON.stringify(new URL('../../../src/observe/access-log.ts', import.meta.url).href)};
  const log = createAccessLog({ settings: { level: 'info', format: 'json' } });
  for (let i = 0; i < 200; i += 1) log.listen({ type: 'notice', level: 'info', message: 'line ' + i });
  ${ending}
`;

for (const [what, ending, status] of [
  ['closes its log', 'await log.close();', 0],
  ['exits', 'process.exit(0);', 0],
  ['comes to its end', '', 0],
  ['throws', "throw new Error('boom');", 1],
] as const) {
  test(`no line is lost when the process ${what}`, () => {
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script(ending)], {
      encoding: 'utf8',
    });
    assert.equal(child.status, status, child.stderr);
    assert.equal(child.stdout.trimEnd().split('\n').length, 200);
    assert.match(child.stdout, /"msg":"line 199"\}\n$/);
  });
}

test('a reader that goes away does not stop the process, nor keep it from ending', async () => {
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    script(
      "await new Promise((resolve) => setTimeout(resolve, 400)); log.listen({ type: 'notice', level: 'info', message: 'late' }); await log.close(); process.exitCode = 7;",
    ),
  ]);
  child.stdout.destroy();
  const [status] = await once(child, 'exit');
  assert.equal(status, 7);
});
