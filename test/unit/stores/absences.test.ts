import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAbsences } from '../../../src/stores/fs/absences.ts';

describe('records found missing', () => {
  it('tells of one once', () => {
    const absences = createAbsences();
    absences.missing('a', absences.looking());
    assert.equal(absences.take('b'), false);
    assert.equal(absences.take('a'), true);
    assert.equal(absences.take('a'), false);
  });

  it('does not believe a look that a write has overtaken', () => {
    const absences = createAbsences();
    const looked = absences.looking();
    absences.changed('a');
    absences.missing('a', looked);
    assert.equal(absences.take('a'), false);
  });

  it('does not believe a look that ended before the write beside it', () => {
    const absences = createAbsences();
    absences.missing('a', absences.looking());
    absences.changed('a');
    assert.equal(absences.take('a'), false);
  });

  it('forgets one that has been found since', () => {
    const absences = createAbsences();
    absences.missing('a', absences.looking());
    absences.present('a');
    assert.equal(absences.take('a'), false);
  });
});
