import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lintSteps, runTool } from '../../scripts/lint.ts';

for (const { name, check } of lintSteps) {
  test(name, () => {
    const { ok, output } = runTool(check);
    assert.ok(ok, output);
  });
}
