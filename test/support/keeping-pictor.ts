/** The running program with a mount that keeps pictures in a folder, and what it keeps there. */
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { livePictor } from './live-pictor.ts';
import type { PictorProcess } from './pictor-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface KeepingPictor {
  readonly pictor: PictorProcess;
  /** Everything on disk. */
  readonly home: string;
  /** Files of the mount, relative to its folder; what is being written is not among them. */
  kept(): Promise<string[]>;
  /** Uploads that are not in their place: staged, or on their way there. */
  onTheWay(): Promise<string[]>;
}

export interface KeepingOptions {
  readonly dialect: 'vip' | 'image-server';
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** A folder of an earlier run. */
  readonly home?: string;
}

/** Starts pictor with one mount at `/`. */
export async function keepingPictor(t: TestContext, options: KeepingOptions): Promise<KeepingPictor> {
  const home = options.home ?? (await temporaryFolder(t));
  const folder = path.join(home, 'kept');
  const place = options.dialect === 'vip' ? { folder } : { storage: { root: folder }, ...options.settings };
  const mount = { dialect: options.dialect, prefix: '/', settings: { ...place, ...options.settings } };
  const env = {
    PICTOR_CACHE_DIR: path.join(home, 'cache'),
    PICTOR_MOUNTS: JSON.stringify([mount]),
    ...options.env,
  };
  const pictor = await livePictor(t, { args: ['serve'], env });
  return {
    pictor,
    home,
    kept: async () => (await filesBelow(folder)).filter((file) => !file.startsWith('.')),
    onTheWay: async () => [
      ...(await filesBelow(path.join(home, 'cache', 'uploads'))),
      ...(await filesBelow(folder)).filter((file) => file.includes(`incoming${path.sep}`)),
    ],
  };
}

/** Paths of files below a folder, relative to it; none where there is no folder. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

export interface PostReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One POST on a connection of its own. Rejects when the connection breaks before the answer. */
export function post(
  port: number,
  target: string,
  { body, headers = {} }: { readonly body: Uint8Array; readonly headers?: Readonly<Record<string, string>> },
): Promise<PostReply> {
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: target,
        agent: false,
        headers: { 'content-length': body.length, ...headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    asking.on('error', reject);
    asking.end(body);
  });
}
