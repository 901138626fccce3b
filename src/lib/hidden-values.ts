import { decodePercent } from './url-text.ts';

/**
 * A request target with `…` in place of the values of these query parameters, however their names are escaped. Pairs are
 * parted by `&` and `;`.
 */
export function withHiddenValues(target: string, names: readonly string[]): string {
  const start = target.indexOf('?') + 1;
  if (start === 0) return target;
  const hide = (pair: string): string => {
    const equals = pair.indexOf('=');
    const name = decodePercent(pair.slice(0, Math.max(0, equals)).replaceAll('+', ' '));
    return name !== null && names.includes(name) ? `${pair.slice(0, equals)}=…` : pair;
  };
  return target.slice(0, start) + target.slice(start).replaceAll(/[^&;]+/g, hide);
}
