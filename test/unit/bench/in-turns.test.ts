import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { runInTurns } from '../../../bench/in-turns.ts';
import { until } from '../../support/live-pictor.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const skip = process.platform !== 'linux' && 'reads /proc';

/** Half of it in a process that it starts. Milliseconds of processor time. */
function busyFor(milliseconds: number): string {
  const work = `const begun = process.cpuUsage(); while (process.cpuUsage(begun).user < ${milliseconds * 500});`;
  return `${work} require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(work)}]);`;
}

test('each gets to its end, and what all it started took is told apart', { skip }, async () => {
  const spent = await runInTurns({ busy: ['-e', busyFor(900)], idle: ['-e', ''] }, process.execPath);
  assert.ok(spent.busy > 0.9, `${spent.busy}`);
  assert.ok(spent.idle < spent.busy / 2, `${spent.idle}`);
});

test('one that fails ends the others', { skip }, async (t) => {
  const file = path.join(await temporaryFolder(t), 'pid');
  writeFileSync(file, '');
  const lasting = `require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1000);`;
  const failing = `setInterval(() => require('node:fs').readFileSync(${JSON.stringify(file)}).length && process.exit(3), 10);`;
  const programs = { lasting: ['-e', lasting], failing: ['-e', failing] };
  await assert.rejects(runInTurns(programs, process.execPath), /ended with 3/);
  const pid = Number(readFileSync(file, 'utf8'));
  assert.ok(pid > 0);
  await until('it has ended', () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
});
