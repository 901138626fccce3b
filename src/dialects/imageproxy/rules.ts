import { type GoUrl, parseGoUrl } from './go-url.ts';
import { type ImageproxySettings, imageproxySettings } from './settings.ts';

/** Settings with what parsing needs of them made ready. */
export interface ImageproxyRules extends ImageproxySettings {
  /** Null: relative source URLs are refused. */
  readonly base: GoUrl | null;
}

const known = new WeakMap<ImageproxySettings, ImageproxyRules>();

/** The rules of a mount. Worked out once per settings object. */
export function rulesOf(settings: ImageproxySettings): ImageproxyRules {
  const before = known.get(settings);
  if (before !== undefined) return before;
  const base = settings.baseUrl === '' ? null : parseGoUrl(settings.baseUrl);
  const rules: ImageproxyRules = { ...settings, base };
  known.set(settings, rules);
  return rules;
}

/** Every setting of a mount, in the order of the schema. */
export function effectiveSettings(settings: ImageproxySettings): Readonly<Record<string, unknown>> {
  const values: Readonly<Record<string, unknown>> = settings;
  return Object.fromEntries(
    Object.keys(imageproxySettings.shape).map((name) => [name, values[name] ?? null]),
  );
}
