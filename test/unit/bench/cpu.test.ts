import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { createCpuMeter, machineSeconds, sumOf } from '../../../bench/cpu.ts';

const skip = existsSync('/proc/self/stat') ? false : 'needs /proc';

/** A program that says so much when it has done what is to be measured, and then waits. */
async function program(t: TestContext, script: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', `${script}; setInterval(() => {}, 1e6)`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

const said = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => child.stdout!.once('data', (text: Buffer) => resolve(text.toString())));

/** Until the process itself has seen so many milliseconds of CPU go by. */
const busy = (milliseconds: number): string =>
  `{ const from = process.cpuUsage(); for (let u = from; u.user + u.system - from.user - from.system < ${milliseconds * 1000}; u = process.cpuUsage()); }`;

test('CPU of a process counts as it is taken', { skip }, async (t) => {
  const child = await program(
    t,
    `process.stdin.on('data', () => { ${busy(40)} console.log('done'); }); console.log('ready')`,
  );
  await said(child);
  const meter = createCpuMeter(child.pid!);
  const before = sumOf(meter());
  child.stdin!.write('go');
  await said(child);
  const spent = sumOf(meter()) - before;
  assert.ok(spent >= 0.025, `${spent} s`);
});

test('CPU of children counts, of those that live and of those that have ended', { skip }, async (t) => {
  const child = await program(
    t,
    `const { spawn, spawnSync } = require('node:child_process');
    process.stdin.on('data', (text) => {
      if (String(text) === 'end') {
        spawnSync(process.execPath, ['-e', ${JSON.stringify(busy(100))}]);
        console.log('ended');
      } else {
        const other = spawn(process.execPath, ['-e', ${JSON.stringify(`${busy(100)} console.log('lives'); setInterval(() => {}, 1e6)`)}]);
        other.stdout.once('data', () => console.log('lives'));
        process.on('exit', () => other.kill('SIGKILL'));
      }
    });
    process.stdin.on('end', () => process.exit());
    console.log('ready')`,
  );
  await said(child);
  const meter = createCpuMeter(child.pid!);
  for (const which of ['end', 'live']) {
    const before = sumOf(meter());
    child.stdin!.write(which);
    await said(child);
    const spent = sumOf(meter()) - before;
    assert.ok(spent >= 0.09, `${which}: ${spent} s`);
  }
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stdin!.end();
  await ended;
});

test('a process that is gone has taken no more', { skip }, async (t) => {
  const child = await program(t, `console.log('ready')`);
  await said(child);
  const meter = createCpuMeter(child.pid!);
  assert.ok(sumOf(meter()) > 0);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  assert.deepEqual([...meter().keys()], [child.pid]);
});

test('a machine at work is all that is not idle or waiting for a disk', () => {
  const stat = 'cpu  100 20 30 99999 88888 4 6 40 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n';
  assert.equal(machineSeconds(stat), 2);
});
