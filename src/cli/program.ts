import { CommanderError, Command as Program } from 'commander';
import { packageVersion } from '../app/package-files.ts';
import { settingsSchema } from '../app/settings.ts';
import { renderHelp } from '../config/render.ts';
import { listSettings } from '../config/settings-tree.ts';
import type { Command, CommandCall } from './command.ts';
import { exitMisused } from './command.ts';

/** A command as help shows it. Its arguments are read by the command itself. */
interface CommandEntry {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly description: string;
  /** Options of its own, in commander's words. The command finds them in `call.options`. */
  readonly options?: readonly (readonly [flags: string, meaning: string])[];
  /** True when its help lists all settings. */
  readonly takesSettings: boolean;
  readonly load: () => Promise<Command>;
}

const entries: readonly CommandEntry[] = [
  {
    name: 'serve',
    usage: '[--config FILE] [settings]',
    summary: 'run the image server',
    description:
      'Runs the image server. Without any configuration it listens on 127.0.0.1:8080, keeps its cache below ./data and ' +
      'answers unsigned imgproxy URLs below /imgproxy.',
    takesSettings: true,
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    name: 'imgproxy',
    usage: '[-keypath FILE] [-saltpath FILE] [-presets FILE] [-v] [settings]',
    summary: 'run in place of imgproxy: its variables, flags and URLs',
    description:
      'Runs in place of imgproxy: reads IMGPROXY_… variables and flags and answers its URLs at the root. ' +
      'IMGPROXY_COMPAT=v1 gives the status codes and defaults of version 1. PICTOR_… variables and the settings below win.',
    takesSettings: true,
    load: async () => (await import('./imgproxy.ts')).imgproxy,
  },
  {
    name: 'config',
    usage: '[serve|imgproxy] [options] [settings]',
    summary: 'show every setting, its value and where it comes from',
    description:
      'Shows every setting with its value and where it comes from, as the named command (default: serve) would see it. ' +
      'Secrets are masked.',
    options: [
      ['--json', 'as JSON'],
      ['--schema', 'a JSON Schema of the configuration file instead, for editors'],
    ],
    takesSettings: false,
    load: async () => (await import('./config.ts')).config,
  },
  {
    name: 'health',
    usage: '[serve|imgproxy] [options] [settings]',
    summary: 'ask a running server whether it is ready (for containers)',
    description:
      'Asks a running server whether it is ready and exits with 0 or 1. The address comes from the same configuration as ' +
      'that of the named command (default: serve), or from --url.',
    options: [['--url <url>', 'ask this address instead']],
    takesSettings: false,
    load: async () => (await import('./health.ts')).health,
  },
  {
    name: 'version',
    usage: '',
    summary: 'show the versions of pictor, Node and its image libraries',
    description: 'Shows the versions of pictor, Node and its image libraries.',
    takesSettings: false,
    load: async () => (await import('./version.ts')).version,
  },
];

const examples = `
Examples:
  pictor serve                                try it: http://127.0.0.1:8080/
  pictor serve --config pictor.yaml           your own settings
  IMGPROXY_KEY=… IMGPROXY_SALT=… pictor imgproxy
  pictor config                               what is set, and by what`;

/** Help for commands that take settings; the width is that of the terminal. */
const settingsHelp = (columns: number | null): string =>
  `\nSettings:\n\n${renderHelp(listSettings(settingsSchema), columns ?? undefined)}`;

/** Help, and every command that need not start fast. Gives the exit code. */
export async function runProgram(call: CommandCall, args: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Program('pictor')
    .description('An image server: fetches, transforms, caches and delivers images.')
    .usage('<command> [settings]')
    .version(packageVersion(), '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help; `pictor serve --help` lists all settings')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', examples)
    .enablePositionalOptions()
    .showHelpAfterError('`pictor --help` lists the commands.')
    .exitOverride()
    .configureOutput({
      writeOut: call.print,
      writeErr: call.complain,
      getOutHelpWidth: () => call.columns ?? 100,
    });

  for (const entry of entries) {
    // Settings are read and checked by the command, so that every mistake is reported at once: nothing is refused here.
    const command = program
      .command(entry.name)
      .usage(entry.usage)
      .summary(entry.summary)
      .description(entry.description)
      .helpOption('-h, --help', 'show this help')
      .allowUnknownOption()
      .allowExcessArguments()
      .action(async (_options: unknown, self: Program) => {
        const run = await entry.load();
        code = await run({ ...call, args: self.args, options: self.opts() });
      });
    for (const [flags, meaning] of entry.options ?? []) command.option(flags, meaning);
    if (entry.takesSettings) command.addHelpText('after', () => settingsHelp(call.columns));
  }

  if (args.length === 0) {
    call.print(program.helpInformation() + examples + '\n');
    return 0;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : exitMisused;
  }
  return code;
}
