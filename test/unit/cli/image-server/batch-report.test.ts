/** What a batch tells as it goes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBatchReport } from '../../../../src/cli/image-server/batch-report.ts';
import { PictorError } from '../../../../src/core/errors.ts';

const result = { hash: '6e0072682e66287b662827da75b244a3', width: 8, height: 6, made: 2, ready: 0 };

function reportOn(errorColumns: number | null) {
  const texts = { out: '', err: '' };
  const print = (text: string) => {
    texts.out += text;
  };
  const complain = (text: string) => {
    texts.err += text;
  };
  return { texts, report: createBatchReport({ print, complain, errorColumns }, 4) };
}

test('what stands on a terminal is as wide as that, and gone before a line is written', () => {
  const { texts, report } = reportOn(10);
  report.tell('/a.jpg', { result });
  assert.equal(texts.err, '\r\u001B[K1 of 4 (2');
  report.finish('done');
  assert.ok(texts.err.startsWith('\r\u001B[K1 of 4 (2\r\u001B[K1 image, 2 variants made'), texts.err);
  assert.equal(texts.out, `${result.hash}\t\t8\t6\n`);
});

test('elsewhere nothing moves, and a failure is one line whatever its file is called', () => {
  const { texts, report } = reportOn(null);
  const error = new PictorError('IMAGE_BROKEN', { detail: 'premature end\nof file\n' });
  report.tell('/a\u001B[31m\nb.jpg', { error });
  assert.equal(texts.err, '/a [31m b.jpg: premature end of file\n');
  const killed = new PictorError('WORKER_CRASHED', { detail: 'SIGKILL' });
  report.tell('/c.jpg', { error: killed });
  assert.ok(texts.err.endsWith('/c.jpg: Image could not be processed: SIGKILL\n'), texts.err);
  assert.equal(report.failures(), 2);
});
