/** A process that serves: started by the primary, which tells it what to do (node:cluster). */
import cluster from 'node:cluster';
import process from 'node:process';
import { keepCompiledCode } from '../compiled-code.ts';
import { loadDialects } from '../dialects.ts';
import { boundHeap } from '../heap-bounds.ts';
import { endOnUncaught } from '../process-guard.ts';
import { createServer, type ImageServer } from '../server.ts';
import { type Channel, createChannel } from './channel.ts';
import type { PrimaryQuestions, ServingQuestions, StartOrder } from './questions.ts';
import { createServingPeers } from './serving-peers.ts';
import { shareOf } from './share.ts';

keepCompiledCode();

let server: ImageServer | null = null;
let closing: Promise<void> | null = null;
let peers: ReturnType<typeof createServingPeers> | null = null;

async function start({ config, demonstration, place }: StartOrder): Promise<{ reloads: boolean }> {
  await loadDialects([...new Set(config.mounts.map(({ dialect }) => dialect))]);
  peers = createServingPeers(primary, place);
  server = await createServer(shareOf(config, place), { demonstration, peers });
  endOnUncaught(server);
  boundHeap();
  return { reloads: server.reload !== null };
}

function close(): Promise<void> {
  closing ??= server?.close() ?? Promise.resolve();
  return closing;
}

const primary: Channel<PrimaryQuestions> = createChannel<PrimaryQuestions, ServingQuestions>(
  (message) => void process.send?.(message, undefined, undefined, () => {}),
  {
    start,
    listen: async () => {
      if (server === null) throw new Error('asked to listen before the start');
      return server.listen();
    },
    close,
    exit: () => process.exit(0),
    reload: () => server?.reload?.(),
    ping: () => {},
    metrics: async (page) => peers?.answers.metrics(page) ?? [],
    purged: (mark) => peers?.answers.purged(mark),
    sweep: async () => peers?.answers.sweep(),
    changed: (key) => peers?.answers.changed(key),
    objectChanged: (key) => peers?.answers.objectChanged(key),
    disown: async (object) => peers?.answers.disown(object),
    settled: async (uris) => peers?.answers.settled(uris),
  },
);

// A terminal or a service manager signals the whole group; the primary decides when a process ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => {});

// Else node:cluster ends a process at once whose primary has died: what is in flight is finished first.
if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
process.once('disconnect', () => {
  primary.end(new Error('the primary is gone'));
  // In an orderly end it goes once everything is closed; or it was told not to wait.
  if (closing !== null) process.exit(0);
  void close().finally(() => process.exit(1));
});
process.on('message', primary.hear);
