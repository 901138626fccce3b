import assert from 'node:assert/strict';

/** Waits until something is so that happens in the background; fails after a time no healthy machine needs. */
export async function eventually(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await check())) {
    assert.ok(performance.now() < deadline, `${what}: not within a minute`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
