import type { PictorEvent } from '../../src/core/events.ts';
import { hitEvent } from './request-event.ts';

const folder = 'products/6e0/072/682/e66287b662827da75b244a3';

/** One of everything that happens on a mount of image-server. */
export function imageServerEvents(mount: string): readonly PictorEvent[] {
  const original = `${folder}/original`;
  const upload = { type: 'upload', mount, bucket: '', ms: 12 } as const;
  const variant = {
    type: 'variant',
    mount,
    bucket: '',
    original,
    filename: 'x300.webp',
    format: 'webp',
    quality: 75,
    width: 300,
    height: 300,
  } as const;
  const fetched = { type: 'fetch', ms: 1, bytes: 1 } as const;
  const source = `original://s/${original}`;
  const request = (method: string, target: string, ms: number): PictorEvent => ({
    ...hitEvent,
    type: 'request',
    mount,
    method,
    target,
    ms,
  });
  return [
    {
      ...upload,
      stored: { key: original, md5: '', mediaType: 'image/jpeg', width: 800, height: 600 },
    },
    { ...upload, error: 'IMAGE_BROKEN' },
    { ...variant, outcome: 'made' },
    { ...variant, outcome: 'present' },
    { ...variant, outcome: 'failed' },
    { type: 'variants-ready', mount, bucket: '', original, made: 2 },
    { type: 'variants-ready', mount, bucket: '', original, made: 0 },
    { ...fetched, source: 'https://source.example.com/a.jpg', outcome: 'found' },
    { ...fetched, source, outcome: 'found' },
    { ...fetched, source, outcome: 'found', local: true },
    { ...fetched, source, outcome: 'SOURCE_NOT_FOUND' },
    request('POST', '/i/products?outputs=x300.webp', 12),
    request('POST', `/i/${folder}/process?outputs=x300.webp`, 30),
    request('GET', `/i/${folder}/x300.webp`, 5),
    request('POST', `/i/${folder}/notes.txt`, 5),
    request('GET', '/i/status_check', 1),
  ];
}
