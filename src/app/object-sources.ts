import { createLazySource, type LazySource } from './lazy-source.ts';
import type { AppConfig } from './settings.ts';

type Sources = AppConfig['sources'];

/** Sources of other object stores than S3, where they are enabled. What they need is loaded with the first object. */
export function openObjectSources({ gcs, abs, swift, versionSeparator }: Sources): LazySource[] {
  return [
    ...(gcs.enabled ? [createLazySource(['gs'], () => openGcs(gcs, versionSeparator))] : []),
    ...(abs.enabled ? [createLazySource(['abs'], () => openAbs(abs, versionSeparator))] : []),
    ...(swift.enabled ? [createLazySource(['swift'], () => openSwift(swift, versionSeparator))] : []),
  ];
}

async function openGcs(settings: Sources['gcs'], versionSeparator: string) {
  const { createGcsSource } = await import('../sources/gcs-source.ts');
  return createGcsSource(settings, { versionSeparator });
}

async function openAbs(settings: Sources['abs'], versionSeparator: string) {
  const { createAbsSource } = await import('../sources/abs-source.ts');
  return createAbsSource(settings, { versionSeparator });
}

async function openSwift(settings: Sources['swift'], versionSeparator: string) {
  const { createSwiftSource } = await import('../sources/swift-source.ts');
  return createSwiftSource(settings, { versionSeparator });
}
