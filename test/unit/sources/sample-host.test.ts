import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpenContext, Source } from '../../../src/core/ports.ts';
import { withSampleHost } from '../../../src/sources/sample-host.ts';

/** A source that only notes what it is asked for. */
function noting(schemes: readonly string[]): { readonly source: Source; readonly asked: string[] } {
  const asked: string[] = [];
  const open = async (uri: string) => {
    asked.push(uri);
    return { status: 'not-modified' as const };
  };
  return { asked, source: { schemes, open } };
}

const context: OpenContext = { signal: new AbortController().signal, maxBytes: 1000 };

test('a host that does not exist stands for the samples; everything else is the web', async () => {
  const web = noting(['http', 'https']);
  const samples = noting(['local']);
  const source = withSampleHost(web.source, samples.source);
  assert.deepEqual(source.schemes, ['http', 'https']);
  for (const uri of [
    'https://samples.example/dawn.jpg',
    'http://SAMPLES.example/dawn.jpg?v=1',
    'https://samples.example/../a/b.jpg#x',
  ])
    await source.open(uri, context);
  assert.deepEqual(samples.asked, ['local:///dawn.jpg', 'local:///dawn.jpg', 'local:///../a/b.jpg']);
  const others = [
    'https://samples.example.com/dawn.jpg',
    'https://samplesxexample/dawn.jpg',
    'https://samples.example:8080/dawn.jpg',
    'https://samples.example@127.0.0.1/dawn.jpg',
    'https://127.0.0.1/https://samples.example/dawn.jpg',
  ];
  for (const uri of others) await source.open(uri, context);
  assert.deepEqual(web.asked, others);
});
