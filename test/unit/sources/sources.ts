/** The HTTP source as its tests use it: default settings with what a test changes, closed after the test. */
import { type TestContext, test } from 'node:test';
import { createHttpSource, type HttpSourceParts } from '../../../src/sources/http-source.ts';
import { type HttpSourceSettings, sourcesSettings } from '../../../src/sources/settings.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';

export const defaults: HttpSourceSettings = sourcesSettings.parse({}).http;

/** Loopback is allowed unless a test says otherwise: the origin lives there. */
export function httpSource(
  t: TestContext,
  changes: Partial<HttpSourceSettings> = {},
  parts: Partial<HttpSourceParts> = {},
) {
  const source = createHttpSource(
    { ...defaults, allowLoopback: true, ...changes },
    { version: '1.2.3', ...parts },
  );
  t.after(() => source.close?.());
  return source;
}

/** A test with an origin of its own. */
export function originTest(name: string, body: (t: TestContext, origin: Origin) => Promise<void>): void {
  void test(name, async (t) => {
    const origin = await startOrigin();
    t.after(() => origin.close());
    await body(t, origin);
  });
}
