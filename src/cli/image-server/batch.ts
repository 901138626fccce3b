import { type BatchOptions, countPictures, runBatch } from '../../app/batch.ts';
import { closeOnSignal } from '../../app/signals.ts';
import { configFileFlag } from '../../config/flags.ts';
import { ConfigError } from '../../config/problems.ts';
import { listSettings } from '../../config/settings-tree.ts';
import { asPictorError } from '../../core/errors.ts';
import { readFlags } from '../../dialects/image-server/legacy-flags.ts';
import type { ImageServerSettings } from '../../dialects/image-server/settings.ts';
import type { ConfigCall, ReadConfig } from '../command.ts';
import { type Command, type CommandCall, exitFailed } from '../command.ts';
import { readImageServerConfig } from '../image-server-config.ts';
import { settingsSpeaking } from '../settings-speaking.ts';
import { createBatchReport } from './batch-report.ts';
import { misuse } from './own-flags.ts';

const usage = `Usage: pictor image-server cli PATH --outputs LIST [--namespace NAME] [flags]
  PATH                     a picture, or a folder with pictures or with a store in it, however deep
  --outputs                variants to make, separated by commas: x300.jpg,w800.webp
  --namespace              where they belong; needed for pictures that lie in no store
  --processor_concurrency  pictures worked on at the same time
\`pictor image-server --help\` lists the flags for storage and pictures.
`;

/** A program that a signal ended has 128 and its number: SIGINT is 2. */
const exitInterrupted = 130;

interface BatchCall {
  readonly path: string;
  readonly namespace: string;
  readonly outputs: readonly string[];
  readonly loaded: ReadConfig;
}

/** What the command line asks for, or what is wrong with it. @throws ConfigError */
async function readCall(call: ConfigCall): Promise<BatchCall | { readonly problem: string }> {
  const schema = await settingsSpeaking('image-server', call);
  const own = new Set([configFileFlag, ...listSettings(schema).map(({ flag }) => flag)]);
  const { words, given, rest, misuses } = readFlags(call.args, (flag) => own.has(flag));
  if (misuses.length > 0) return { problem: misuses.join('\n') };
  const [path, ...more] = words;
  if (path === undefined) return { problem: 'CLI requires the path' };
  if (more.length > 0) return { problem: `CLI takes one path: ${more.join(' ')} is too much` };
  const flags = given.map(({ flag, text }) => `--${flag.name}=${text}`);
  const loaded = await readImageServerConfig({ ...call, args: [...flags, ...rest] });
  const outputs = loaded.config.mounts.flatMap(({ settings }) => (settings as ImageServerSettings).outputs);
  if (outputs.length === 0) return { problem: 'CLI requires the outputs: --outputs x300.jpg,w800.webp' };
  const namespace = given.findLast(({ flag }) => flag.name === 'namespace')?.text ?? '';
  if (namespace !== '' && !/^[a-z0-9_-]+$/.test(namespace)) {
    return { problem: '--namespace: expected lower-case letters, digits, - and _' };
  }
  return { path, namespace, outputs, loaded };
}

/**
 * `pictor image-server cli PATH --outputs LIST`: variants of pictures on this machine, without a server. A line per picture:
 * hash, URL (always empty), width and height, between tabs. Ends with 1 when a picture failed.
 */
export const batch: Command = async (call) => {
  try {
    const asked = await readCall(call);
    return 'problem' in asked ? misuse(call, asked.problem, usage) : await run(asked, call);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    call.complain(`${error.message}\n\n${usage}`);
    return exitFailed;
  }
};

async function run({ loaded, ...asked }: BatchCall, call: CommandCall): Promise<number> {
  const total = call.errorColumns === null ? null : countPictures(asked.path);
  const report = createBatchReport(call, total);
  const stop = new AbortController();
  const running = runBatch({
    ...asked,
    config: loaded.config,
    stop: stop.signal,
    emit: tellWarnings(call),
    done: report.tell,
  });
  // The first signal lets what was begun come to its end; the second does not wait.
  const ending = closeOnSignal({
    async close() {
      stop.abort();
      await running;
    },
  });
  try {
    const forced = ending.then<number | 'forced'>((how) => (how === 'forced' ? how : running));
    const owed = await Promise.race<number | 'forced'>([running, forced]);
    if (owed === 'forced') return exitInterrupted;
    report.finish(stop.signal.aborted ? 'stopped' : 'done');
    if (owed > 0) call.complain(`${owed} objects are on disk but not in the bucket yet: run it again\n`);
    if (stop.signal.aborted) return exitInterrupted;
    return report.failures() + owed === 0 ? 0 : exitFailed;
  } catch (thrown) {
    report.finish('broken-off');
    throw asPictorError(thrown);
  }
}

const tellWarnings =
  ({ complain }: CommandCall): BatchOptions['emit'] =>
  (event) => {
    if (event.type === 'notice' && event.level !== 'info') complain(`${event.message}\n`);
  };
