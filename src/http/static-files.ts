import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isFresh } from './conditional.ts';
import type { HttpRequest, Reply } from './messages.ts';

/** A few files known by name before the server starts. */
export interface StaticFilesOptions {
  /** Absolute folder the files lie in. */
  readonly folder: string;
  /** Request path -> name of the file: `{ '/': 'index.html', '/playground/app.js': 'app.js' }`. */
  readonly files: Readonly<Record<string, string>>;
}

/** Answers from memory; nothing in a URL ever becomes a path in the file system. */
export interface StaticFiles {
  /** The answer to a GET or HEAD of a known path (its query is ignored), or null for anything else. */
  reply(request: HttpRequest): Reply | null;
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

/**
 * A page may load its own scripts, styles and pictures and ask its own server; nothing from elsewhere, nothing inline,
 * and nobody may frame it. `blob:` is for pictures the page made of bytes it fetched.
 */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** @throws Error (at start) when a file is missing or of a type not listed here */
export function createStaticFiles({ folder, files }: StaticFilesOptions): StaticFiles {
  const known = new Map(
    Object.entries(files).map(([url, name]) => [url, readStaticFile(path.join(folder, name))]),
  );
  return {
    reply(request) {
      if (request.method !== 'GET' && request.method !== 'HEAD') return null;
      const file = known.get((request.url ?? '').split('?', 1)[0]!);
      if (file === undefined) return null;
      const ifNoneMatch = request.headers['if-none-match'];
      if (isFresh({ ifNoneMatch }, { etag: file.etag }))
        return { status: 304, headers: file.headers, body: null };
      return { status: 200, headers: [...file.headers, 'Content-Type', file.mediaType], body: file.bytes };
    },
  };
}

function readStaticFile(file: string) {
  const mediaType = mediaTypes[path.extname(file)];
  if (mediaType === undefined) throw new Error(`no media type is known for ${path.basename(file)}`);
  const bytes = readFileSync(file);
  const etag = hash('sha256', bytes, 'base64url').slice(0, 22);
  const headers = [
    'ETag',
    `"${etag}"`,
    'Cache-Control',
    'no-cache',
    'Content-Security-Policy',
    pagePolicy,
    'X-Content-Type-Options',
    'nosniff',
    'Referrer-Policy',
    'no-referrer',
  ];
  return { mediaType, bytes, etag, headers };
}
