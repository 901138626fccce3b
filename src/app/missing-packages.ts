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
  { sources: { gcs, abs }, cache }: Pick<AppConfig, 'sources' | 'cache'>,
  isInstalled: (name: string) => boolean = canBeResolved,
): MissingPackage[] {
  const needed = [
    { path: 'sources.gcs.enabled', value: 'true', name: google, when: gcs.enabled && !gcs.anonymous },
    { path: 'sources.abs.enabled', value: 'true', name: azure, when: abs.enabled },
    { path: 'sources.abs.accountKey', value: '', name: identity, when: abs.enabled && abs.accountKey === '' },
    {
      path: 'cache.gcs.bucket',
      value: cache.gcs.bucket,
      name: google,
      when: cache.gcs.bucket !== '' && !cache.gcs.anonymous,
    },
    {
      path: 'cache.abs.container',
      value: cache.abs.container,
      name: azure,
      when: cache.abs.container !== '',
    },
    {
      path: 'cache.abs.accountKey',
      value: '',
      name: identity,
      when: cache.abs.container !== '' && cache.abs.accountKey === '',
    },
  ];
  return needed
    .filter(({ name, when }) => when && !isInstalled(name))
    .map(({ path, value, name }) => ({
      path,
      value,
      message: `this needs the package ${name}, which is not installed beside pictor: npm install ${name}`,
    }));
}

function canBeResolved(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
