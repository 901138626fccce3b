/** Cells of the generated reference tables about older servers. */
export const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;

/** `settings.x` and `mount.x` as fields of the mount, everything else by its path. */
export const settingOf = (path: string): string =>
  path.startsWith('settings.') || path.startsWith('mount.')
    ? `${code(path.replace(/^(settings|mount)\./, ''))} of the mount`
    : code(path);
