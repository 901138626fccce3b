import { PictorError } from '../../core/errors.ts';
import { decodeBase64Url } from '../../lib/base64url.ts';
import { decodePercent, urlTextFromBytes } from '../../lib/url-text.ts';
import { badArgument, readInteger, withoutPadding } from './arguments.ts';
import type { Draft } from './v4-draft.ts';
import { type OptionReading, type OptionUse, readSwitch, switchOption, type UrlOption } from './v4-option.ts';

function readExpiry({ name }: OptionUse, text: string): number | undefined {
  const seconds = readInteger(text);
  if (seconds === null) throw badArgument(name, text);
  if (seconds <= 0) return undefined;
  if (seconds < Date.now() / 1000) throw new PictorError('EXPIRED', { detail: `at ${seconds}` });
  return seconds;
}

function readFilename({ name }: OptionUse, text: string, encoded: boolean): string | undefined {
  const bytes = encoded ? decodeBase64Url(withoutPadding(text)) : null;
  const filename = encoded ? bytes && urlTextFromBytes(bytes) : decodePercent(text);
  if (filename === null) throw badArgument(name, text);
  return filename === '' ? undefined : filename;
}

/**
 * Applies presets where they are named. One that is being applied already is passed over: presets may name each other.
 * @throws PictorError OPTION_INVALID for a name nobody defined
 */
export function applyPresets(draft: Draft, names: readonly string[], reading: OptionReading): void {
  for (const name of names) {
    const preset = reading.presets.get(name);
    if (preset === undefined) throw badArgument('preset', `there is none called ${name}`);
    if (reading.within.includes(name)) continue;
    const inner = { ...reading, within: [...reading.within, name] };
    for (const ready of preset) ready.option.apply(draft, ready.args, { name: ready.name, reading: inner });
  }
}

/** How the result is handed over, and what stands for other options. */
export const deliveryOptions: readonly UrlOption[] = [
  switchOption('raw', 'raw'),
  // It makes another URL of the same picture, for caches on the way to ask again; ours are one of them.
  {
    names: ['cachebuster', 'cb'],
    syntax: 'text',
    most: 1,
    apply(draft, [text = '']) {
      draft.edition = text;
    },
  },
  {
    names: ['expires', 'exp'],
    syntax: 'Unix seconds',
    most: 1,
    apply(draft, [time = ''], use) {
      draft.expiresAt = readExpiry(use, time);
    },
  },
  {
    names: ['filename', 'fn'],
    syntax: 'name:base64',
    most: 2,
    apply(draft, [text = '', base64 = ''], use) {
      draft.filename = readFilename(use, text, readSwitch(base64));
    },
  },
  switchOption('returnAttachment', 'return_attachment', 'att'),
  {
    names: ['preset', 'pr'],
    syntax: 'name:name…',
    most: Number.POSITIVE_INFINITY,
    apply: (draft, names, { reading }) => applyPresets(draft, names, reading),
  },
];
