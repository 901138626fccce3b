/** What the contract of sources does not ask of Azure Blob Storage; on Azurite. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ContainerClient } from '@azure/storage-blob';
import type { Source } from '../../../src/core/ports.ts';
import { createAbsSource } from '../../../src/sources/abs-source.ts';
import { absSourceSettings } from '../../../src/sources/object-settings.ts';
import { type Azurite, startAzurite } from '../../support/azurite.ts';
import { failureOf, openContext, readOriginal } from '../../support/reading.ts';

describe('Azure Blob Storage', () => {
  let azurite: Azurite;
  let container: ContainerClient;
  before(async () => {
    azurite = await startAzurite();
    container = azurite.client.getContainerClient('pictures');
    await container.create();
  });
  after(() => azurite.close());

  const open = (changes: object = {}): Source => {
    const { accountName, accountKey, endpoint } = azurite;
    const settings = absSourceSettings.parse({
      enabled: true,
      accountName,
      accountKey,
      endpoint,
      maxAttempts: 1,
      ...changes,
    });
    return createAbsSource(settings, { versionSeparator: '?' });
  };

  it('asks for keys of any text as they are, and ignores what stands after the separator', async () => {
    for (const key of ['a b/ä%2F#.png', '100%.png', 'a//b', '+&=;,']) {
      await container.getBlockBlobClient(key).upload(key, Buffer.byteLength(key));
      for (const version of ['', '?v=1']) {
        const answer = await open().open(`abs://pictures/${key}${version}`, openContext());
        assert.equal(String(await readOriginal(answer)), key);
      }
    }
  });

  it('unpacks blobs that are stored compressed, and tells what the owner says of them', async () => {
    const bytes = Buffer.alloc(50_000, 'x');
    const packed = gzipSync(bytes);
    const blobHTTPHeaders = {
      blobContentEncoding: 'gzip',
      blobContentType: 'image/svg+xml',
      blobCacheControl: 'max-age=60',
    };
    await container.getBlockBlobClient('packed').upload(packed, packed.length, { blobHTTPHeaders });
    const answer = await open().open('abs://pictures/packed', openContext({ maxBytes: 50_000 }));
    assert.ok(answer.status === 'found');
    assert.equal(answer.contentType, 'image/svg+xml');
    assert.equal(answer.response?.headers['cache-control'], 'max-age=60');
    assert.ok((await readOriginal(answer)).equals(bytes));
    const short = open().open('abs://pictures/packed', openContext({ maxBytes: 49_999 }));
    await failureOf(short.then(readOriginal), 'SOURCE_TOO_LARGE');
  });

  it('answers not-modified to a date alone', async () => {
    await container.getBlockBlobClient('dated').upload('x', 1);
    const first = await open().open('abs://pictures/dated', openContext());
    assert.ok(first.status === 'found');
    await readOriginal(first);
    const { lastModified } = first.validators;
    assert.ok(lastModified !== undefined);
    const again = await open().open('abs://pictures/dated', openContext({ known: { lastModified } }));
    assert.equal(again.status, 'not-modified');
  });

  it('tells a wrong key, a missing container and a service that is not there apart', async () => {
    const accountKey = Buffer.from('another key').toString('base64');
    const stranger = open({ accountKey });
    await failureOf(stranger.open('abs://pictures/a', openContext()), 'SOURCE_FAILED');
    await failureOf(open().open('abs://no-such-container/a', openContext()), 'SOURCE_NOT_FOUND');
    const nowhere = open({ endpoint: 'http://127.0.0.1:1' });
    await failureOf(nowhere.open('abs://pictures/a', openContext()), 'SOURCE_UNREACHABLE');
  });

  it('reads no container that is denied or not allowed', async () => {
    const source = open({ allowedBuckets: ['both'], deniedBuckets: ['both'] });
    for (const name of ['pictures', 'both'])
      await failureOf(source.open(`abs://${name}/a`, openContext()), 'SOURCE_NOT_FOUND');
  });
});

describe('a service that speaks as Azure does, and badly', () => {
  const startBad = async (answer: RequestListener) => {
    const server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a`;
    const settings = absSourceSettings.parse({
      accountName: 'a',
      accountKey: 'YQ==',
      endpoint,
      maxAttempts: 1,
      timeoutSeconds: 5,
    });
    return {
      source: createAbsSource(settings, { versionSeparator: '?' }),
      close() {
        server.closeAllConnections();
        server.close();
      },
    };
  };

  it('a body that breaks off is SOURCE_TRUNCATED', async (t) => {
    const bad = await startBad((_request, response) => {
      response.writeHead(200, { 'content-length': 1000, etag: '"1"' });
      response.write('half', () => response.destroy());
    });
    t.after(bad.close);
    await failureOf(bad.source.open('abs://c/a', openContext()).then(readOriginal), 'SOURCE_TRUNCATED');
  });

  it('statuses become the errors they mean', async (t) => {
    let status = 0;
    const bad = await startBad((_request, response) => void response.writeHead(status).end());
    t.after(bad.close);
    for (const [given, code] of [
      [403, 'SOURCE_REFUSED'],
      [409, 'SOURCE_REFUSED'],
      [429, 'SOURCE_FAILED'],
      [503, 'SOURCE_FAILED'],
    ] as const) {
      status = given;
      await failureOf(bad.source.open('abs://c/a', openContext()), code);
    }
  });

  it('a service that says nothing is given up when the time is over', async (t) => {
    const bad = await startBad(() => {});
    t.after(bad.close);
    const stop = new AbortController();
    const opening = bad.source.open('abs://c/a', openContext({ signal: stop.signal }));
    setTimeout(() => stop.abort(), 50);
    await failureOf(opening, 'CANCELLED');
  });
});
