import { createHash } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createSources } from '../../src/sources/by-scheme.ts';
import { createFileSource } from '../../src/sources/file-source.ts';
import { createHttpSource } from '../../src/sources/http-source.ts';
import { sourcesSettings } from '../../src/sources/settings.ts';
import { startOrigin } from '../support/origin.ts';
import { describeSource, type SourceUnderTest } from './source.ts';

type Shape = 'plain' | 'chunked' | 'gzip';

/** @param shape how the origin frames and encodes its bodies */
async function startHttp(shape: Shape): Promise<SourceUnderTest> {
  const origin = await startOrigin();
  const { http } = sourcesSettings.parse({ http: { allowLoopback: true } });
  return {
    source: createHttpSource(http, { version: '0' }),
    async put(name, bytes) {
      origin.route(`/${name}`, {
        body: bytes,
        etag: `"${createHash('sha256').update(bytes).digest('hex')}"`,
        chunked: shape === 'chunked',
        ...(shape === 'gzip' ? { encoding: 'gzip' } : {}),
      });
      return `${origin.url}/${name}`;
    },
    missing: `${origin.url}/missing`,
    close: () => origin.close(),
  };
}

async function startFiles(): Promise<SourceUnderTest> {
  const root = await mkdtemp(path.join(tmpdir(), 'pictor-source-'));
  return {
    source: createFileSource({ root }),
    async put(name, bytes) {
      await writeFile(path.join(root, 'new'), bytes);
      await rename(path.join(root, 'new'), path.join(root, name));
      return `local:///${name}`;
    },
    missing: 'local:///missing',
    close: () => rm(root, { recursive: true }),
  };
}

async function startChosen(): Promise<SourceUnderTest> {
  const web = await startHttp('plain');
  const files = await startFiles();
  return {
    ...files,
    source: createSources([web.source, files.source]),
    async close() {
      await web.close();
      await files.close();
    },
  };
}

describeSource('http', () => startHttp('plain'));
describeSource('http, chunked', () => startHttp('chunked'));
describeSource('http, gzip', () => startHttp('gzip'));
describeSource('file', startFiles);
describeSource('file, chosen by scheme', startChosen);
