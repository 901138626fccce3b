import type { LegacyValue } from '../config/load.ts';
import type { DialectName } from '../dialects/index.gen.ts';

/** An older server's configuration in our terms: settings by path, those of the mount as `settings.maxWidth`. */
interface LegacyTerms {
  readonly values: ReadonlyMap<string, unknown>;
  /** Variable or flag by the same paths; what is not named is the older server's default. */
  readonly origins: ReadonlyMap<string, string>;
}

const mountPath = 'settings.';

/** Values by path as the loader takes them: those of the mount, which answers everything, become one list of mounts. */
export function legacyValuesOf({ values, origins }: LegacyTerms, dialect: DialectName): LegacyValue[] {
  // What a value is called when nobody set it: ours may differ.
  const unset = `${dialect} default`;
  const isOfMount = (path: string) => path.startsWith(mountPath);
  const settings: Record<string, unknown> = {};
  const parts: Record<string, string> = {};
  for (const [path, value] of values) {
    if (!isOfMount(path)) continue;
    place(settings, path.slice(mountPath.length).split('.'), value);
    const origin = origins.get(path);
    if (origin !== undefined) parts[`[0].${path}`] = origin;
  }
  return [
    ...[...values]
      .filter(([path]) => !isOfMount(path))
      .map(([path, value]) => ({ path, value, name: origins.get(path) ?? unset })),
    { path: 'mounts', value: [{ prefix: '/', dialect, settings }], name: unset, parts },
  ];
}

function place(tree: Record<string, unknown>, [name = '', ...more]: readonly string[], value: unknown): void {
  if (more.length === 0) {
    tree[name] = value;
    return;
  }
  const inner = (tree[name] ?? {}) as Record<string, unknown>;
  tree[name] = inner;
  place(inner, more, value);
}
