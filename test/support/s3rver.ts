/**
 * s3rver: an S3 service inside the test's own process. Quick to start; it never looks at a signature: an unknown access
 * key is refused, a wrong secret is not.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import type { RunningS3 } from './s3-service.ts';

export interface RunningS3rver extends RunningS3 {
  readonly port: number;
  /** As when its machine is switched off: what is under way breaks off. A folder that was given stays. */
  die(): Promise<void>;
}

/** @param port 0: any that is free */
export async function startS3rver(port = 0, directory?: string): Promise<RunningS3rver> {
  const folder = directory ?? (await mkdtemp(join(tmpdir(), 'pictor-s3rver-')));
  const server = new S3rver({ address: '127.0.0.1', port, silent: true, directory: folder });
  (server as unknown as KoaApplication).middleware.unshift(oneAtATime());
  const address = await server.run();
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    port: address.port,
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    async die() {
      const ended = server.close();
      (server as unknown as { readonly httpServer: Server }).httpServer.closeAllConnections();
      await ended;
    },
    async close() {
      await server.close();
      if (directory === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

type Middleware = (
  context: { readonly path: string; readonly res: ServerResponse },
  next: () => Promise<void>,
) => Promise<void>;

/** What it is, besides what its types say. */
interface KoaApplication {
  readonly middleware: Middleware[];
}

/** It writes an object in several steps and would hand out half of it meanwhile, which no S3 does: so each object waits. */
function oneAtATime(): Middleware {
  const last = new Map<string, Promise<void>>();
  return async (context, next) => {
    const before = last.get(context.path);
    const mine = new Promise<void>((resolve) => context.res.once('close', resolve));
    last.set(context.path, mine);
    void mine.then(() => last.get(context.path) === mine && last.delete(context.path));
    await before;
    await next();
  };
}
