/** Programs outside npm that some tests drive. `.ci/packages` lists the Debian packages they come from. */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { env } from 'node:process';

const commands = {
  chromium: ['chromium', 'chromium-browser', 'google-chrome'],
  curl: ['curl'],
  'heif-enc': ['heif-enc'],
  openssl: ['openssl'],
  'redis-server': ['redis-server'],
  radosgw: ['radosgw'],
} as const satisfies Record<string, readonly string[]>;

/** Names of the components a test can ask for. */
type Component = keyof typeof commands;

/** `path` is the program, or `skip` says why it is not there: hand `skip` to the test's options. */
type Found = { readonly path: string; readonly skip: false } | { readonly path: ''; readonly skip: string };

function findOnPath(names: readonly string[]): string | null {
  for (const folder of (env.PATH ?? '').split(path.delimiter)) {
    for (const name of names) {
      const candidate = path.join(folder, name);
      try {
        accessSync(candidate, constants.X_OK);
        return candidate;
      } catch {
        // Not here: look on.
      }
    }
  }
  return null;
}

/**
 * Finds a component on PATH. On a person's machine a missing one skips the test, with the reason;
 * with CI set it throws, so that CI cannot turn green by testing nothing.
 */
export function requireComponent(component: Component): Found {
  const found = findOnPath(commands[component]);
  if (found !== null) return { path: found, skip: false };
  const reason = `${component} is not installed (Debian packages: .ci/packages)`;
  if (env.CI) throw new Error(reason);
  return { path: '', skip: reason };
}
