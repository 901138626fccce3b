/** The bytes of a file, or why they cannot be read. */
export type ReadBytes = (path: string) => Uint8Array | string;

export interface KeyReading {
  readonly keys: readonly ({ readonly text: string } | { readonly hex: string })[];
  readonly problems: readonly string[];
  readonly notices: readonly string[];
}

/**
 * Keys of one `-signatureKey` value: separated by white space, `@path` for the bytes of a file. Before there could
 * be several, a key could have a space in it, so the whole value counts as well.
 */
export function readKeys(text: string, readBytes: ReadBytes): KeyReading {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const whole = words.length > 1 && !text.includes('@') ? [text] : [];
  const readings = [...words, ...whole].map((word) => readKey(word, readBytes));
  return {
    keys: readings.flatMap(({ keys }) => keys),
    problems: readings.flatMap(({ problems }) => problems),
    notices: readings.flatMap(({ notices }) => notices),
  };
}

function readKey(word: string, readBytes: ReadBytes): KeyReading {
  if (!word.startsWith('@')) return { keys: [{ text: word }], problems: [], notices: [] };
  const bytes = readBytes(word.slice(1));
  if (typeof bytes === 'string') return { keys: [], problems: [`${word}: ${bytes}`], notices: [] };
  if (bytes.length === 0) return { keys: [], problems: [`${word}: the file is empty`], notices: [] };
  const endsLine = bytes.at(-1) === 0x0a;
  return {
    keys: [{ hex: hexText(bytes) }],
    problems: [],
    notices: endsLine ? [`${word}: the line break at the end of the file is part of the key`] : [],
  };
}

const hexText = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
