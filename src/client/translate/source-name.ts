/** What an original most likely is, by the extension its address ends with. */
const formats: Readonly<Record<string, string>> = {
  jpg: 'jpeg',
  jpeg: 'jpeg',
  png: 'png',
  gif: 'gif',
  webp: 'webp',
  bmp: 'bmp',
  ico: 'ico',
  svg: 'svg',
};

/** Name of a format as operations have it; null where the address does not say. @param source `https://…`, `s3://…` */
export function formatBySource(source: string): string | null {
  const path = /^https?:/i.test(source) ? source.replace(/[?#].*$/s, '') : source;
  const extension = /\.([A-Za-z]{3,4})$/.exec(path)?.[1] ?? '';
  return formats[extension.toLowerCase()] ?? null;
}

/** Whether the original may have several frames. */
export const mayMove = (source: string): boolean => {
  const format = formatBySource(source);
  return format === null || format === 'gif' || format === 'webp';
};

/** Whether something may show through the original. */
export const mayBeTransparent = (source: string): boolean => formatBySource(source) !== 'jpeg';
