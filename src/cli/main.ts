/**
 * The command line. Only here are the process's own arguments, environment and exit code touched; commands get what they
 * need as a `CommandCall`.
 *
 * Starting a server takes the short way: nothing that only help or another command needs is loaded for it.
 */
import process, { argv, env, exit } from 'node:process';
import { isatty } from 'node:tty';
import { keepCompiledCode } from '../app/compiled-code.ts';
import { type Command, type CommandCall, exitFailed } from './command.ts';
import { describeFailure } from './failure.ts';

const quickCommands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).serve,
  imgproxy: async () => (await import('./imgproxy.ts')).imgproxy,
  imageproxy: async () => (await import('./imageproxy.ts')).imageproxy,
  'image-server': async () => (await import('./image-server.ts')).imageServer,
  s3imageserver: async () => (await import('./s3imageserver.ts')).s3imageserver,
  vip: async () => (await import('./vip.ts')).vip,
};

const helpWords = new Set(['-h', '-help', '--help']);

async function run(call: CommandCall, args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args;
  if (Object.hasOwn(quickCommands, name) && !rest.some((word) => helpWords.has(word))) {
    const command = await quickCommands[name]!();
    return command({ ...call, args: rest });
  }
  const { runProgram } = await import('./program.ts');
  return runProgram(call, args);
}

let isOutputOpen = false;
let isOutputLost = false;

/** Standard output. Node opens it when it is first asked for, which a start need not wait for. */
function output(): NodeJS.WriteStream {
  if (!isOutputOpen) process.stdout.on('error', outputFailed);
  isOutputOpen = true;
  return process.stdout;
}

/**
 * `pictor config | head` closes the pipe early, and a terminal may be gone: that is no failure. What is not only said but done,
 * as by a batch, goes on and has its own exit code. But what a full disk did not take is missing from a file.
 */
function outputFailed(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE' || call.columns !== null) return;
  isOutputLost = true;
  errorOutput().write(`pictor: standard output: ${error.message}\n`, () => exit(exitFailed));
}

let isErrorOutputOpen = false;

/** Standard error. Where it is gone there is nowhere left to say so. */
function errorOutput(): NodeJS.WriteStream {
  if (!isErrorOutputOpen) process.stderr.on('error', () => {});
  isErrorOutputOpen = true;
  return process.stderr;
}

/** Terminals that do not know how wide they are say 0, as those of containers do at first. */
const columnsOf = ({ columns }: NodeJS.WriteStream): number => columns || 80;

const call: CommandCall = {
  args: [],
  options: {},
  env,
  print: (text) => output().write(text),
  complain: (text) => errorOutput().write(text),
  columns: isatty(1) ? columnsOf(output()) : null,
  errorColumns: isatty(2) ? columnsOf(errorOutput()) : null,
};

keepCompiledCode();

try {
  const code = await run(call, argv.slice(2));
  // Standard output may be a pipe that still has to take what was written.
  output().write('', () => setImmediate(() => isOutputLost || exit(code)));
} catch (error) {
  const { text, code } = describeFailure(error);
  errorOutput().write(`${text}\n`, () => exit(code));
}
