/** HEIC is written by a program of the operator's: what happens when that goes wrong. Scripts stand for the program. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { heifEncoderProblem } from '../../../src/app/heif-encoder.ts';
import { missing, unwritableFormats } from '../../../src/engine/availability.ts';
import { createEngine, type EngineOptions } from '../../../src/engine/engine.ts';
import { engineSettings } from '../../../src/engine/settings.ts';
import { jobOf } from '../../support/engine-jobs.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pictor-heif-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));
// The engine's temporary folder goes here, so that what is left of it can be seen.
process.env['TMPDIR'] = folder;

let scripts = 0;
function program(text: string): string {
  scripts += 1;
  const file = path.join(folder, `program-${scripts}`);
  writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return file;
}

const left = () => readdirSync(folder).filter((name) => name.startsWith('pictor-'));

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 3000, `never: ${what}`);
    await sleep(10);
  }
}

const isAlive = (pid: number) => {
  try {
    // A zombie only waits for somebody to read its exit code.
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
};

async function withEngine(
  options: Partial<EngineOptions>,
  use: (engine: ReturnType<typeof createEngine>) => Promise<void>,
): Promise<void> {
  const engine = createEngine({ ...engineSettings.parse({}), workers: 1, ...options }, () => {});
  try {
    await use(engine);
  } finally {
    await engine.close();
  }
  assert.deepEqual(left(), [], 'temporary files are gone');
}

const job = jobOf({ of: 'photo.png', format: 'heic', output: { quality: 42 } });
const never = () => new AbortController().signal;

describe('an encoder of HEIC', { skip: process.platform === 'win32' }, () => {
  test('gets a quality, a PNG and a place for the result, and nothing of the environment', async () => {
    const seen = path.join(folder, 'seen');
    const heifEncoder = program(
      `echo "$@" > ${seen}; head -c 8 "$5" >> ${seen}; env >> ${seen}; echo made > "$4"`,
    );
    await withEngine({ heifEncoder }, async (engine) => {
      const { bytes, format, mediaType } = await engine.transform(job, never());
      assert.equal(Buffer.from(bytes).toString(), 'made\n');
      assert.deepEqual([format, mediaType], ['heic', 'image/heif']);
    });
    const text = readFileSync(seen, 'latin1');
    assert.match(text, /^-q 42 -o \S+out\.heic \S+in\.png\n\x89PNG/);
    assert.doesNotMatch(text, /TMPDIR|HOME=/);
  });

  test('that fails costs this request, and says why to the log', async () => {
    await withEngine({ heifEncoder: program('echo no such codec >&2; exit 3') }, async (engine) => {
      await assert.rejects(engine.transform(job, never()), {
        code: 'WORKER_CRASHED',
        detail: /exit status 3: no such codec$/,
      });
      assert.equal(
        (await engine.transform(jobOf({ of: 'photo.png', format: 'png' }), never())).format,
        'png',
      );
    });
  });

  test('that says it worked and wrote nothing is no success', async () => {
    await withEngine({ heifEncoder: program('exit 0') }, (engine) =>
      assert.rejects(engine.transform(job, never()), { code: 'STORE_FAILED' }),
    );
  });

  test('ends with its worker: at the time limit, when nobody waits, and when the engine closes', async () => {
    const pidFile = path.join(folder, 'pid');
    const heifEncoder = program(`echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; sleep 600`);
    const started = async () => {
      await until('the program runs', () => existsSync(pidFile));
      const pid = Number(readFileSync(pidFile, 'latin1'));
      rmSync(pidFile);
      return pid;
    };
    const pids: number[] = [];
    await withEngine({ heifEncoder, timeoutSeconds: 2 }, async (engine) => {
      const late = assert.rejects(engine.transform(job, never()), { code: 'TIMEOUT' });
      pids.push(await started());
      await late;
    });
    await withEngine({ heifEncoder }, async (engine) => {
      const controller = new AbortController();
      const left = assert.rejects(engine.transform(job, controller.signal), { code: 'CANCELLED' });
      pids.push(await started());
      controller.abort();
      await left;
      await until('its worker is replaced', () => engine.stats().recycled === 1);
      await until('the program is gone', () => !isAlive(pids.at(-1)!));
    });
    for (const pid of pids) await until(`${pid} is gone`, () => !isAlive(pid));
  });

  test('inside the server it has a time limit of its own', async () => {
    const heifEncoder = program('exec sleep 600');
    await withEngine({ heifEncoder, isolation: 'none', timeoutSeconds: 1 }, (engine) =>
      assert.rejects(engine.transform(job, never()), { code: 'TIMEOUT' }),
    );
  });

  test('that takes too much memory is ended', { skip: process.platform !== 'linux' }, async () => {
    // Node itself is larger than the limit.
    const heifEncoder = program(`exec ${process.execPath} -e "setTimeout(() => {}, 600000)"`);
    await withEngine({ heifEncoder, isolation: 'none', memoryLimit: 2 ** 20 }, (engine) =>
      assert.rejects(engine.transform(job, never()), { code: 'WORKER_MEMORY' }),
    );
  });
});

test('without an encoder HEIC is refused with the reason', async () => {
  await withEngine({}, (engine) =>
    assert.rejects(engine.transform(job, never()), {
      code: 'FORMAT_UNSUPPORTED',
      detail: 'heic cannot be written: engine.heifEncoder names no program',
    }),
  );
});

test('a program is looked for, a package too', () => {
  assert.equal(heifEncoderProblem(''), null);
  assert.equal(heifEncoderProblem(process.execPath), null);
  for (const file of [folder, path.join(folder, 'nowhere'), import.meta.filename])
    assert.match(heifEncoderProblem(file) ?? '', /no program/, file);
  assert.match(missing({ package: 'no-such-package' }, { heifEncoder: '' }) ?? '', /not installed/);
  assert.deepEqual([...unwritableFormats({ heifEncoder: process.execPath }).keys()], []);
  assert.deepEqual([...unwritableFormats({ heifEncoder: '' }).keys()], ['heic']);
  assert.throws(() => engineSettings.parse({ heifEncoder: 'heif-enc' }), /absolute path/);
});
