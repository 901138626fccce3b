import { parseHostPattern } from '../../lib/host-pattern.ts';

/** Whether an entry of a host list can match anything. */
export const isHostList = (text: string): boolean => parseHostPattern(text) !== null;

/** Our patterns for a list: `*.b.test` means every host below b.test and b.test itself, at a boundary of labels. */
export const hostPatterns = (list: readonly string[]): readonly string[] =>
  list.flatMap((text) => (text.startsWith('*.') ? [text, text.slice(2)] : [text]));
