import type { AppConfig } from './settings.ts';

const google = '@google-cloud/storage';
const azure = '@azure/storage-blob';
const identity = '@azure/identity';

/** A package that a setting asks for and nobody has installed. */
export interface MissingPackage {
  /** The setting that asks for it. */
  readonly path: string;
  /** What that setting says. */
  readonly value: string;
  /** What to do. */
  readonly message: string;
}

/**
 * Optional packages that are needed and cannot be found. They are not loaded: that takes its time, and is done when they
 * are used.
 * @param isInstalled for tests
 */
export function missingPackages(
  { sources: { gcs, abs }, cache, mounts }: Pick<AppConfig, 'sources' | 'cache' | 'mounts'>,
  isInstalled: (name: string) => boolean = canBeResolved,
): MissingPackage[] {
  const needed = [
    { path: 'sources.gcs.enabled', value: 'true', name: google, when: gcs.enabled && !gcs.anonymous },
    { path: 'sources.abs.enabled', value: 'true', name: azure, when: abs.enabled },
    { path: 'sources.abs.accountKey', value: '', name: identity, when: abs.enabled && abs.accountKey === '' },
    ...neededBy(cache, 'cache'),
    ...mounts.flatMap((mount, index) =>
      mount.cache === undefined ? [] : neededBy(mount.cache, `mounts[${index}].cache`),
    ),
  ];
  return needed
    .filter(({ name, when }) => when && !isInstalled(name))
    .map(({ path, value, name }) => ({
      path,
      value,
      message: `this needs the package ${name}, which is not installed beside pictor: npm install ${name}`,
    }));
}

const neededBy = ({ gcs, abs }: AppConfig['cache'], at: string) => [
  {
    path: `${at}.gcs.bucket`,
    value: gcs.bucket,
    name: google,
    when: gcs.bucket !== '' && !gcs.anonymous,
  },
  { path: `${at}.abs.container`, value: abs.container, name: azure, when: abs.container !== '' },
  {
    path: `${at}.abs.accountKey`,
    value: '',
    name: identity,
    when: abs.container !== '' && abs.accountKey === '',
  },
];

function canBeResolved(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
