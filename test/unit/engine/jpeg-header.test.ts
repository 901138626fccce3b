import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import sharp, { type Metadata } from 'sharp';
import { beyond, type JpegHeader, readJpegHeader } from '../../../src/engine/job/jpeg-header.ts';
import { probe } from '../../../src/engine/job/probe.ts';
import { fixture } from '../../support/engine-jobs.ts';

const names = readdirSync(fixture('.')).filter((name) => name.endsWith('.jpg'));

const metadataOf = (bytes: Buffer): Promise<Metadata | null> =>
  sharp(bytes, { limitInputPixels: false, failOn: 'none' })
    .metadata()
    .catch(() => null);

function assertSame(header: JpegHeader, told: Metadata, name: string): void {
  const { width, height, space, orientation, ...blocks } = header;
  assert.deepEqual(
    { width, height, space, orientation, profile: blocks.icc !== undefined },
    {
      width: told.width,
      height: told.height,
      space: told.space,
      orientation: told.orientation ?? 1,
      profile: told.hasProfile,
    },
    name,
  );
  for (const kind of ['exif', 'xmp', 'iptc', 'icc'] as const) {
    const [ours, theirs] = [blocks[kind], told[kind]].map(
      (block) => block && Buffer.from(block).toString('hex'),
    );
    assert.equal(ours, theirs, `${kind} of ${name}`);
  }
}

test('a header that is read here says what libvips says', async () => {
  const left: string[] = [];
  for (const name of names) {
    const bytes = readFileSync(fixture(name));
    const header = readJpegHeader(bytes);
    if (header === null || header === beyond) left.push(name);
    else assertSame(header, (await metadataOf(bytes))!, name);
  }
  assert.deepEqual(
    left,
    names.filter((name) => name.includes('cmyk')),
    'only inks are left to libvips',
  );
});

test('metadata of every kind', async () => {
  const exif = { IFD0: { Copyright: 'me', Artist: 'Ä' }, IFD3: { GPSLatitude: '1/1 2/1 3/1' } };
  const base = sharp(fixture('photo.jpg')).resize(40);
  for (const orientation of [1, 6, 8]) {
    const bytes = await base
      .clone()
      .withMetadata({ orientation })
      .withExifMerge(exif)
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><a/></x:xmpmeta>')
      .withIccProfile('p3')
      .jpeg()
      .toBuffer();
    assertSame(readJpegHeader(bytes) as JpegHeader, (await metadataOf(bytes))!, `orientation ${orientation}`);
  }
});

test('a header longer than what is at hand', () => {
  const bytes = readFileSync(fixture('exif.jpg'));
  assert.equal(readJpegHeader(bytes.subarray(0, 60)), beyond);
  assert.equal(readJpegHeader(bytes.subarray(0, 3)), beyond);
});

test('a header longer than the first look is read on, of a file and of bytes', async () => {
  const description = 'x'.repeat(45_000);
  const bytes = await sharp(fixture('photo.jpg'))
    .resize(40, 30)
    .withMetadata({ orientation: 6 })
    .withXmp(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>${description}</a></x:xmpmeta>`)
    .jpeg()
    .toBuffer();
  const path = join(mkdtempSync(join(tmpdir(), 'jpeg-header-')), 'long.jpg');
  writeFileSync(path, bytes);
  try {
    for (const ref of [{ path }, { bytes }]) {
      const { info, xmp } = await probe(ref);
      assert.deepEqual([info.width, info.height, info.orientation, info.bytes], [40, 30, 6, bytes.length]);
      assert.ok((xmp?.length ?? 0) > description.length);
    }
  } finally {
    rmSync(dirname(path), { recursive: true });
  }
});

test('other formats', () => {
  for (const name of ['photo.png', 'photo.webp', 'photo.heic', '24.bmp'])
    assert.equal(readJpegHeader(readFileSync(fixture(name))), null, name);
  assert.equal(readJpegHeader(new Uint8Array()), null);
  assert.equal(readJpegHeader(Uint8Array.of(0xff, 0xd8, 0xff, 0xf7)), null, 'JPEG-LS');
});

test('of damaged headers nothing is told that libvips does not tell', async () => {
  const samples = ['exif.jpg', 'orientation-6.jpg', 'adobe-rgb.jpg', 'grey.jpg', 'photo-progressive.jpg'].map(
    (name) => {
      const bytes = readFileSync(fixture(name));
      return { name, bytes: bytes.subarray(0, 4096), rest: bytes.subarray(4096) };
    },
  );
  const change = fc.record({ at: fc.nat({ max: 1200 }), to: fc.integer({ min: 0, max: 255 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...samples),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      async ({ name, bytes, rest }, changes) => {
        const damaged = Buffer.from(bytes);
        for (const { at, to } of changes) if (at < damaged.length) damaged[at] = to;
        const whole = Buffer.concat([damaged, rest]);
        const header = readJpegHeader(whole);
        const told = await metadataOf(whole);
        // What libvips cannot open at all is refused when it is decoded.
        if (header !== null && header !== beyond && told !== null) assertSame(header, told, name);
      },
    ),
    { numRuns: 400 },
  );
});
