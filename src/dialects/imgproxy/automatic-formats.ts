import type { ImgproxySettings } from './settings.ts';

/** Formats a mount gives without a URL naming them. */
export const automaticFormats = ({
  autoFormats,
  enforceFormats,
  preferredFormats,
}: ImgproxySettings): readonly string[] => [
  ...new Set([...autoFormats, ...enforceFormats, ...preferredFormats]),
];

/** The same settings without these formats; where none would be left to prefer, the plan refuses with the reason. */
export function withoutAutomaticFormats(
  settings: ImgproxySettings,
  unwritable: ReadonlyMap<string, string>,
): ImgproxySettings {
  if (!automaticFormats(settings).some((name) => unwritable.has(name))) return settings;
  const isHere = (name: string) => !unwritable.has(name);
  const preferredFormats = settings.preferredFormats.filter(isHere);
  return {
    ...settings,
    autoFormats: settings.autoFormats.filter(isHere),
    enforceFormats: settings.enforceFormats.filter(isHere),
    preferredFormats: preferredFormats.length > 0 ? preferredFormats : settings.preferredFormats,
  };
}
