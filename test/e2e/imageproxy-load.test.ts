/** Ten thousand requests of all kinds at once: each source is asked once, and everybody gets what they asked for. */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { test } from 'node:test';
import sharp from 'sharp';
import { drawing, liveOrigin, livePictor, metric } from '../support/live-pictor.ts';
import type { PictorProcess } from '../support/pictor-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const sources = 60;
const requests = 10_000;
/** Fewer than may wait for a worker on a machine with two processors: more would be turned away. */
const atOnce = 48;
const options = ['x', '20x', 'x10', '16,fit', '24x12', '0.5', '20x,r90', '20x,jpeg'] as const;
const sizes = [
  'png 60x40',
  'png 20x13',
  'png 15x10',
  'png 16x10',
  'png 24x12',
  'png 30x20',
  'png 13x20',
  'jpeg 20x13',
];

/** Unlike each other by far, also as JPEG. */
const colourOf = (source: number): readonly [number, number, number] => [
  (source % 4) * 70 + 20,
  (Math.floor(source / 4) % 4) * 70 + 20,
  Math.floor(source / 16) * 70 + 20,
];

/** A sequence that is the same in every run (Lehmer's generator). */
function createDice(): (sides: number) => number {
  let state = 20_160_813;
  return (sides) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % sides;
  };
}

test('one fetch per source, and the right bytes for everybody', async (t) => {
  const origin = await liveOrigin(t);
  const pictures = await Promise.all(
    Array.from({ length: sources }, (_, source) =>
      drawing({ width: 60, height: 40, colour: `rgb(${colourOf(source).join(',')})` }),
    ),
  );
  for (const [source, body] of pictures.entries())
    origin.route(`/${source}.png`, {
      headers: { 'content-type': 'image/png', 'cache-control': 'max-age=3600' },
      body,
      delayMs: 20,
    });
  origin.route('/text', {
    headers: { 'content-type': 'text/plain', 'cache-control': 'max-age=3600' },
    body: 'text',
  });
  const pictor = await livePictor(t, {
    args: ['imageproxy', '-allowPrivateSources', '-cache', 'memory:1', '-cache', await temporaryFolder(t)],
  });
  const dice = createDice();
  const wanted = Array.from({ length: requests }, (_, nth) => {
    if (nth % 50 === 0) return { target: '/too-short', status: 400 };
    if (nth % 50 === 1) return { target: `/20x/${origin.url}/text`, status: 403 };
    // Runs of the same request are at the server together.
    const source = nth % 3 === 0 ? Math.floor(nth / 200) % sources : dice(sources);
    const option = options[nth % 3 === 0 ? Math.floor(nth / 40) % options.length : dice(options.length)]!;
    return { target: `/${option}/${origin.url}/${source}.png`, status: 200 };
  });
  const seen = await askAll(pictor, wanted);

  for (let source = 0; source < sources; source += 1)
    assert.equal(origin.count(`/${source}.png`), 1, `${source}`);
  assert.equal(origin.count('/text'), 1);
  assert.equal(await metric(pictor, 'pictor_requests_total'), requests);
  for (const [target, body] of seen) {
    const [, option = '', source = ''] = /^\/([^/]+)\/.*\/(\d+)\.png$/.exec(target) ?? [];
    if (option === '') continue;
    if (option === 'x') assert.ok(body.equals(pictures[Number(source)]!), target);
    await looksLike(body, { target, option: options.indexOf(option as 'x'), source: Number(source) });
  }
});

/** Asks for everything, and gives one body of each; all of a target have to be the same. */
async function askAll(
  pictor: PictorProcess,
  wanted: readonly { readonly target: string; readonly status: number }[],
): Promise<ReadonlyMap<string, Buffer>> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const seen = new Map<string, Buffer>();
  const queue = wanted.values();
  const work = async () => {
    for (const { target, status } of queue) {
      const reply = await get(agent, pictor.port, target);
      assert.equal(reply.status, status, target);
      const before = seen.get(target);
      if (before === undefined) seen.set(target, reply.body);
      else assert.ok(before.equals(reply.body), `${target} is not always the same`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  agent.destroy();
  return seen;
}

const get = (agent: Agent, port: number, path: string): Promise<{ status: number; body: Buffer }> =>
  new Promise((resolve, reject) => {
    request({ agent, port, path, host: '127.0.0.1' }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
    })
      .on('error', reject)
      .end();
  });

async function looksLike(
  body: Buffer,
  { target, option, source }: { target: string; option: number; source: number },
): Promise<void> {
  const image = sharp(body);
  const { format, width, height } = await image.metadata();
  assert.equal(`${format} ${width}x${height}`, sizes[option], target);
  const { data, info } = await image.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  // The corner that has no mark in it, turned or not: beside the middle of the lower edge.
  const at = ((info.height - 2) * info.width + (info.width >> 1)) * info.channels;
  for (const [channel, value] of colourOf(source).entries())
    assert.ok(Math.abs(data[at + channel]! - value) <= 12, `${target} has the colour of another source`);
}
