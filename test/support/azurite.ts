/** Azurite, Microsoft's own emulator of Azure Blob Storage, on a loopback port. It keeps everything in memory. */
import { spawn } from 'node:child_process';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { freePort } from './pictor-process.ts';

export interface Azurite {
  readonly accountName: string;
  readonly accountKey: string;
  /** For `sources.abs.endpoint`. */
  readonly endpoint: string;
  readonly client: BlobServiceClient;
  close(): Promise<void>;
}

/** The account every Azurite has: https://github.com/Azure/Azurite#default-storage-account */
const accountName = 'devstoreaccount1';
const accountKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** Starts one and waits until it answers. */
export async function startAzurite(): Promise<Azurite> {
  const port = await freePort();
  const program = fileURLToPath(import.meta.resolve('azurite/dist/src/blob/main.js'));
  const fixed = ['--inMemoryPersistence', '--skipApiVersionCheck', '--silent', '--disableTelemetry'];
  const child = spawn(execPath, [program, ...fixed, '--blobHost', '127.0.0.1', '--blobPort', String(port)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const endpoint = `http://127.0.0.1:${port}/${accountName}`;
  const credential = new StorageSharedKeyCredential(accountName, accountKey);
  const client = new BlobServiceClient(endpoint, credential, { retryOptions: { maxTries: 1 } });
  const deadline = Date.now() + 60_000;
  while (!(await client.getProperties().then(Boolean, () => false))) {
    if (Date.now() > deadline || child.exitCode !== null) throw new Error('Azurite did not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    accountName,
    accountKey,
    endpoint,
    client,
    async close() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
