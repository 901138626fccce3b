import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { transform } from '../../../src/engine/job/transform.ts';
import { cameraPicture, thumbnailMark } from '../../support/camera-pictures.ts';
import { jobOf } from '../../support/engine-jobs.ts';

const secret = 'a preview of the uncut picture';

/** Resource 0x040c between two others, as Photoshop writes them into APP13. */
const photoshopBlock = (preview: string): Buffer => {
  const resource = (id: number, data: Buffer) => {
    const head = Buffer.from('8BIM\0\0\0\0\0\0\0\0', 'latin1');
    head.writeUInt16BE(id, 4);
    head.writeUInt32BE(data.length, 8);
    return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
  };
  return Buffer.concat([
    Buffer.from('Photoshop 3.0\0', 'latin1'),
    resource(0x0404, Buffer.from('\x1c\x02\x50\0\x0bthe by-line', 'latin1')),
    resource(0x040c, Buffer.from(preview)),
    resource(0x0422, Buffer.from('what follows')),
  ]);
};

const xmpPacket = (preview: string): Buffer =>
  Buffer.from(
    `http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:xmpGImg="http://ns.adobe.com/xap/1.0/g/img/" rating="five stars"><xmpGImg:image>${preview}</xmpGImg:image></rdf:Description></rdf:RDF></x:xmpmeta>`,
    'latin1',
  );

function segment(marker: number, data: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

/** A JPEG with the same preview told by EXIF, XMP and Photoshop. */
async function editedPicture(): Promise<Buffer> {
  const jpeg = await cameraPicture(1);
  const more = [segment(0xe1, xmpPacket(secret)), segment(0xed, photoshopBlock(secret))];
  return Buffer.concat([jpeg.subarray(0, 2), ...more, jpeg.subarray(2)]);
}

const has = (bytes: Uint8Array, text: string) => Buffer.from(bytes).includes(text);

test('a preview of the uncut picture does not go along with kept metadata, the rest does', async () => {
  const of = await editedPicture();
  assert.ok(has(of, thumbnailMark) && has(of, secret));
  for (const format of ['jpeg', 'png', 'webp', 'avif']) {
    const { bytes } = await transform(jobOf({ of, format, output: { metadata: 'keep' } }));
    const { exif, xmp, iptc } = await sharp(bytes).metadata();
    for (const block of [bytes, exif!, xmp!, iptc ?? bytes])
      assert.ok(!has(block, thumbnailMark) && !has(block, secret), format);
    assert.ok(has(exif!, 'Secret Camera') && has(exif!, '2031:01:02'), format);
    assert.ok(has(xmp!, 'five stars'), format);
    if (format === 'jpeg') assert.ok(has(iptc!, 'the by-line') && has(iptc!, 'what follows'));
  }
});

test('nor from sources of other formats', async () => {
  const camera = await cameraPicture(1);
  for (const from of ['png', 'webp', 'avif'] as const) {
    const of = await sharp(camera).keepMetadata().toFormat(from).toBuffer();
    assert.ok(has(of, thumbnailMark), from);
    const { bytes } = await transform(jobOf({ of, format: 'jpeg', output: { metadata: 'keep' } }));
    const { exif } = await sharp(bytes).metadata();
    assert.ok(!has(bytes, thumbnailMark), from);
    assert.ok(has(exif!, 'Secret Camera'), from);
  }
});
