import { type Command, exitFailed } from './command.ts';

/** What `pictor image-server` can do, by the word that asks for it. */
const subcommands: Readonly<Record<string, () => Promise<Command>>> = {
  server: async () => (await import('./image-server/server.ts')).server,
  start: async () => (await import('./image-server/server.ts')).server,
  cli: async () => (await import('./image-server/batch.ts')).batch,
  'generate-secret': async () => (await import('./image-server/generate-secret.ts')).generateSecret,
  'sign-url': async () => (await import('./image-server/sign-url.ts')).signUrlCommand,
  version: async () => (await import('./image-server/version.ts')).imageServerVersion,
};

const usage = `Usage:
  pictor image-server [command] [flags]

Commands:
  server           run the server
  start            the same, with the variables of the Docker image: LOCAL_BASE_PATH, UPLOADER, AWS_S3_BUCKET, …
  cli PATH         variants of pictures on this machine, without a server
  generate-secret  random secrets for signed URLs
  sign-url         a signed URL
  version          the version

\`pictor image-server --help\` lists the flags.
`;

/**
 * `pictor image-server [flags] COMMAND [flags]`. The first word that names a command is it, so that flags may stand in front;
 * only where a flag has the name of a command as its value must it be written as `--flag=value`.
 */
export const imageServer: Command = async (call) => {
  const at = call.args.findIndex((word) => Object.hasOwn(subcommands, word));
  if (at === -1) {
    const [first] = call.args.filter((word) => !word.startsWith('-'));
    if (call.args.length === 0) {
      call.print(usage);
      return 0;
    }
    const problem = first === undefined ? 'a command is missing' : `unknown command ${JSON.stringify(first)}`;
    call.print(`Error: ${problem} for "image-server"\n`);
    call.complain(usage);
    return exitFailed;
  }
  const name = call.args[at]!;
  const command = await subcommands[name]!();
  const keepsWord = name === 'start' ? ['start'] : [];
  return command({ ...call, args: [...call.args.slice(0, at), ...keepsWord, ...call.args.slice(at + 1)] });
};
