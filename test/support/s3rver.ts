/**
 * s3rver: an S3 service inside the test's own process. Quick to start; it never looks at a signature (an unknown access
 * key is refused, a wrong secret is not) and writes objects in several steps, so that a read may see half of one.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import type { RunningS3 } from './s3-service.ts';

export interface RunningS3rver extends RunningS3 {
  readonly port: number;
}

/** @param port 0: any that is free */
export async function startS3rver(port = 0, directory?: string): Promise<RunningS3rver> {
  const folder = directory ?? (await mkdtemp(join(tmpdir(), 'pictor-s3rver-')));
  const server = new S3rver({ address: '127.0.0.1', port, silent: true, directory: folder });
  const address = await server.run();
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    port: address.port,
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    async close() {
      await server.close();
      if (directory === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
