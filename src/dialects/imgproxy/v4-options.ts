import { badArgument } from './arguments.ts';
import { deliveryOptions } from './v4-delivery-options.ts';
import { limitOptions } from './v4-limit-options.ts';
import type { ReadyOption, UrlOption } from './v4-option.ts';
import { outputOptions } from './v4-output-options.ts';
import { pictureOptions } from './v4-picture-options.ts';
import { proOptions } from './v4-pro.ts';
import { sizeOptions } from './v4-size-options.ts';

/** Every option that is understood. Another one is one more entry, and a field of the draft where it needs one. */
export const v4Options: readonly UrlOption[] = [
  ...sizeOptions,
  ...pictureOptions,
  ...outputOptions,
  ...deliveryOptions,
  ...limitOptions,
];

const optionsByName: ReadonlyMap<string, UrlOption> = new Map(
  v4Options.flatMap((option) => option.names.map((name) => [name, option] as const)),
);

/**
 * Looks up the option of one part of a path (`name:argument…`); null when the part is none, having no arguments.
 * @throws PictorError OPTION_INVALID for an unknown name and for too many arguments
 */
export function readyOption(part: string, separator: string): ReadyOption | null {
  const [name = '', ...args] = part.split(separator);
  if (args.length === 0) return null;
  const option = optionsByName.get(name);
  if (option === undefined)
    throw badArgument(name, proOptions.has(name) ? 'belongs to imgproxy Pro' : 'unknown option');
  if (args.length > option.most) throw badArgument(name, 'too many arguments');
  return { name, args, option };
}

/** Whether imgproxy has an option of this name; those of its Pro edition are known, though not understood. */
export const isOptionName = (name: string): boolean => optionsByName.has(name) || proOptions.has(name);

/** Every name of an option, by any of them. */
export const namesOfOption = (name: string): readonly string[] => optionsByName.get(name)?.names ?? [];
