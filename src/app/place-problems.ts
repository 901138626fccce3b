import { access, constants } from 'node:fs/promises';
import type { PlaceChecks } from '../config/check.ts';
import type { PlaceProblem } from '../config/places.ts';
import { assetProblems } from './assets.ts';
import { dialectOf } from './dialects.ts';
import { fileRootProblem } from './file-root.ts';
import { heifEncoderProblem } from './heif-encoder.ts';
import { missingPackages } from './missing-packages.ts';
import { processesProblem } from './processes/share.ts';
import type { AppConfig } from './settings.ts';
import { shelfProblems } from './shelves.ts';

/** What is wrong with one value, or nothing. */
const about = (path: string, value: unknown, message: string | null): PlaceProblem[] =>
  message === null ? [] : [{ path, value, message }];

/** A file that is read when a server is put together, by the setting that names it. */
interface NamedFile {
  readonly path: string;
  /** Undefined or empty: it names none. */
  readonly file: string | undefined;
}

const certificateFiles = ({ server: { tls } }: Pick<AppConfig, 'server'>): NamedFile[] => [
  { path: 'server.tls.certFile', file: tls.certFile },
  { path: 'server.tls.keyFile', file: tls.keyFile },
];

const keyFiles = ({ mounts }: Pick<AppConfig, 'mounts'>): NamedFile[] =>
  mounts.flatMap(({ dialect, settings }, index) => {
    const { signedUrls, verify } = dialectOf(dialect).policy(settings);
    const at = `mounts[${index}].settings`;
    return [
      { path: `${at}.signatures.secretsFile`, file: signedUrls?.secretsFile },
      {
        path: `${at}.verify.keyFile`,
        file: verify !== undefined && 'file' in verify.key ? verify.key.file : '',
      },
    ];
  });

async function unreadable(files: readonly NamedFile[]): Promise<readonly PlaceProblem[]> {
  const looked = files.map(async ({ path, file = '' }) => {
    if (file === '') return [];
    const code = await access(file, constants.R_OK).then(
      () => null,
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
    );
    return about(path, file, code === null ? null : `the file cannot be read (${code})`);
  });
  return (await Promise.all(looked)).flat();
}

/** The start ends when a folder or a program is named that is none, a package is missing, or mounts take each other's files. */
export const placeChecks: PlaceChecks<AppConfig> = {
  always: [
    ({ sources: { file } }) => about('sources.file.root', file.root, fileRootProblem(file.root)),
    ({ engine }) => about('engine.heifEncoder', engine.heifEncoder, heifEncoderProblem(engine.heifEncoder)),
    (config) => about('server.processes', config.server.processes, processesProblem(config)),
    missingPackages,
    ({ mounts }) => shelfProblems(mounts),
  ],
  unlessStarted: [
    (config) => unreadable(certificateFiles(config)),
    (config) => unreadable(keyFiles(config)),
    assetProblems,
  ],
};
