import { CommanderError, Command as Program } from 'commander';
import { demonstrationMounts } from '../app/demonstration.ts';
import { packageVersion } from '../app/package-files.ts';
import { settingsSchema } from '../app/settings.ts';
import { renderHelp } from '../config/render.ts';
import { listSettings } from '../config/settings-tree.ts';
import type { Command, CommandCall } from './command.ts';
import { exitMisused } from './command.ts';
import { imageServerDefaults, imageServerNotes } from './image-server-help.ts';
import { imageproxyDefaults, imageproxyNotes } from './imageproxy-help.ts';
import { imgproxyDefaults, imgproxyNotes } from './imgproxy-help.ts';
import { s3imageserverDefaults, s3imageserverNotes } from './s3imageserver-help.ts';
import { vipDefaults, vipNotes } from './vip-help.ts';

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
  /**
   * Words it takes, in commander's words: everything else is refused here. Absent: what follows are settings, which the
   * command reads and checks itself, so that every mistake is reported at once.
   */
  readonly words?: readonly (readonly [name: string, meaning: string])[];
  /** Said before the settings. */
  readonly notes?: () => string;
  /** Defaults that are not those of `pictor serve`, by path. */
  readonly defaults?: () => ReadonlyMap<string, unknown>;
  readonly load: () => Promise<Command>;
}

const entries: readonly CommandEntry[] = [
  {
    name: 'serve',
    usage: '[--config FILE] [settings]',
    summary: 'run the image server',
    description:
      'Runs the image server. Without any configuration it listens on 127.0.0.1:8080, keeps its cache below ./data and ' +
      'speaks all five URL languages, each below a path of its own, with a page at / to try them; what is uploaded is kept ' +
      'below ./data/demo.',
    takesSettings: true,
    defaults: () => new Map([['mounts', demonstrationMounts]]),
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    name: 'imgproxy',
    usage: '[-keypath FILE] [-saltpath FILE] [-presets FILE] [-v] [settings]',
    summary: 'run in place of imgproxy: its variables, flags and URLs',
    description:
      'Runs in place of imgproxy: reads IMGPROXY_… variables and flags and answers its URLs at the root. Without any it ' +
      'listens on :8080, that is on all interfaces, has no listener for operators and keeps its cache in memory. ' +
      'IMGPROXY_COMPAT=v1 gives the status codes and defaults of version 1. PICTOR_… variables and the settings below win.',
    takesSettings: true,
    notes: imgproxyNotes,
    defaults: imgproxyDefaults,
    load: async () => (await import('./imgproxy.ts')).imgproxy,
  },
  {
    name: 'imageproxy',
    usage: '[-addr ADDRESS] [-allowHosts LIST] [-signatureKey KEY] … [settings]',
    summary: 'run in place of imageproxy: its flags, variables and URLs',
    description:
      'Runs in place of imageproxy (willnorris): reads its flags and IMAGEPROXY_… variables and answers its URLs at the ' +
      'root. Without any it listens on localhost:8080, has no listener for operators and keeps its cache in memory. ' +
      'PICTOR_… variables and the settings below win.',
    takesSettings: true,
    notes: imageproxyNotes,
    defaults: imageproxyDefaults,
    load: async () => (await import('./imageproxy.ts')).imageproxy,
  },
  {
    name: 'image-server',
    usage: 'server [--port PORT] [--uploader s3] [--aws_bucket BUCKET] … [settings]',
    summary: 'run in place of image-server: its commands, flags, URLs and stored pictures',
    description:
      'Runs in place of image-server: takes uploads and keeps them and their variants where it did. `server` listens on ' +
      '127.0.0.1:7000, and for operators on port 7002; pictures are in ./public until --uploader names a bucket. ' +
      'PICTOR_… variables and the settings below win.',
    takesSettings: true,
    notes: imageServerNotes,
    defaults: imageServerDefaults,
    load: async () => (await import('./image-server.ts')).imageServer,
  },
  {
    name: 'vip',
    usage: '[-httpport PORT] [-verbose] [settings]',
    summary: 'run in place of vip: its variables, flags, URLs and buckets',
    description:
      'Runs in place of vip (Vokal): takes uploads and keeps them and their thumbnails in the buckets of S3 that URLs name. ' +
      'Without any flag it listens on :8080, that is on all interfaces, over TLS where /etc/vip has a certificate, and has ' +
      'no listener for operators. PICTOR_… variables and the settings below win.',
    takesSettings: true,
    notes: vipNotes,
    defaults: vipDefaults,
    load: async () => (await import('./vip.ts')).vip,
  },
  {
    name: 's3imageserver',
    usage: '[-c FILE] [settings]',
    summary: 'run in place of s3imageserver: its JSON file and URLs',
    description:
      'Runs in place of s3imageserver (Coccodrillo): reads its JSON file (config.json, or -c FILE) and answers the URLs of ' +
      'its handlers, each from a bucket of its own. Where the file says nothing it listens on :80, that is on all ' +
      'interfaces; it has no listener for operators. PICTOR_… variables and the settings below win.',
    takesSettings: true,
    notes: s3imageserverNotes,
    defaults: s3imageserverDefaults,
    load: async () => (await import('./s3imageserver.ts')).s3imageserver,
  },
  {
    name: 'config',
    usage: '[serve|imgproxy|imageproxy|image-server|vip|s3imageserver] [options] [settings]',
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
    usage: '[serve|imgproxy|imageproxy|image-server|vip|s3imageserver] [options] [settings]',
    summary: 'ask a running server whether it is ready (for containers)',
    description:
      'Asks a running server whether it is ready and exits with 0 or 1. The address comes from the same configuration as ' +
      'that of the named command (default: serve), or from --url.',
    options: [['--url <url>', 'ask this address instead']],
    takesSettings: false,
    load: async () => (await import('./health.ts')).health,
  },
  {
    name: 'sign-imgproxy',
    usage: 'PATH [--key HEX] [--salt HEX]',
    summary: 'sign the path of an imgproxy URL',
    words: [['<path>', 'all that follows the signature; begins with /']],
    description:
      'Prints the path with its signature before it. PATH is all that follows the signature. Key and salt, in hexadecimal, ' +
      'come from IMGPROXY_KEY and IMGPROXY_SALT when they are not given: other users of the machine can see arguments.',
    options: [
      ['--key <hex>', 'the key, in hexadecimal'],
      ['--salt <hex>', 'the salt, in hexadecimal'],
    ],
    takesSettings: false,
    load: async () => (await import('./sign-imgproxy.ts')).signImgproxy,
  },
  {
    name: 'imageproxy-sign',
    usage: '[-key KEY] [-url] URL',
    summary: 'sign an imageproxy URL',
    description:
      'Prints the signature for an imageproxy URL, or for a remote URL with options as its fragment. -key is the key or ' +
      '@ and a file with it (default: @/etc/imageproxy.key); -url signs the URL alone, so that any options may be asked for.',
    takesSettings: false,
    load: async () => (await import('./imageproxy-sign.ts')).imageproxySign,
  },
  {
    name: 'translate',
    usage: 'URL --to DIALECT [--from DIALECT] [--bucket NAME[/PREFIX]] [settings]',
    summary: 'say a URL in another URL language',
    description:
      'Prints the path that asks for the same picture in another URL language: imgproxy, imageproxy, image-server, vip or ' +
      's3imageserver. What is lost or may differ is said beside it; where there is no equivalent, the exit code is 1. ' +
      'Without --from, the mounts of the configuration say which language the URL speaks. The path is not signed.',
    options: [
      ['--to <dialect>', 'the language to say it in'],
      ['--from <dialect>', 'the language the URL speaks, with the settings it has by default'],
      [
        '--bucket <name>',
        'bucket that a mount of image-server or s3imageserver reads, with what stands before every key',
      ],
    ],
    takesSettings: false,
    load: async () => (await import('./translate.ts')).translate,
  },
  {
    name: 'version',
    usage: '',
    summary: 'show the versions of pictor, Node and its image libraries',
    description: 'Shows the versions of pictor, Node and its image libraries.',
    words: [],
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
function settingsHelp({ notes, defaults }: CommandEntry, columns: number | null): string {
  const own = defaults?.() ?? new Map<string, unknown>();
  const settings = listSettings(settingsSchema).map((setting) =>
    own.has(setting.path) ? { ...setting, fallback: own.get(setting.path) } : setting,
  );
  return `${notes?.() ?? ''}\nSettings:\n\n${renderHelp(settings, columns ?? undefined)}`;
}

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
    const command = program
      .command(entry.name)
      .usage(entry.usage)
      .summary(entry.summary)
      .description(entry.description)
      .helpOption('-h, --help', 'show this help')
      .showHelpAfterError(`Usage: pictor ${entry.name} ${entry.usage}`.trimEnd())
      .allowUnknownOption(entry.words === undefined)
      .allowExcessArguments(entry.words === undefined)
      .action(async (...called: readonly unknown[]) => {
        const self = called.at(-1) as Program;
        const run = await entry.load();
        code = await run({ ...call, args: self.args, options: self.opts() });
      });
    for (const [name, meaning] of entry.words ?? []) command.argument(name, meaning);
    for (const [flags, meaning] of entry.options ?? []) command.option(flags, meaning);
    if (entry.takesSettings) command.addHelpText('after', () => settingsHelp(entry, call.columns));
  }

  if (args.length === 0) {
    call.print(program.helpInformation() + examples + '\n');
    return 0;
  }
  try {
    // Go's flags have one dash.
    const words = args.map((word) => (word === '-help' ? '--help' : word));
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : exitMisused;
  }
  return code;
}
