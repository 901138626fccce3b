import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { createRestartPause, freeRestarts } from '../../../src/engine/restart-pause.ts';

test('crashes in a row are paused longer and longer; work that is done ends the row', (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  let ended = 0;
  const pause = createRestartPause(() => {
    ended += 1;
  });
  for (let crash = 0; crash < freeRestarts; crash += 1) pause.crashed();
  assert.equal(pause.active, false);
  for (const milliseconds of [100, 200, 400, 800, 1600, 3200, 5000, 5000]) {
    pause.crashed();
    mock.timers.tick(milliseconds - 1);
    assert.equal(pause.active, true);
    mock.timers.tick(1);
    assert.equal(pause.active, false);
  }
  assert.equal(ended, 8);
  pause.worked();
  pause.crashed();
  assert.equal(pause.active, false);
  for (let crash = 0; crash < freeRestarts; crash += 1) pause.crashed();
  assert.equal(pause.active, true);
  pause.stop();
  assert.equal(pause.active, false);
});
