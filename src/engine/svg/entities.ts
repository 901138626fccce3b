import { PictorError } from '../../core/errors.ts';

/** Drawing programs declare a few short names of namespaces; longer or more of them are bombs. */
const mostCharacters = 1024 * 1024;

const predefined = { amp: '&', gt: '>', lt: '<', quot: '"', apos: "'" };

// Parameter entities (`%`) and external ones (`SYSTEM`) do not match: whoever uses them finds them undeclared.
const declaration = /<!ENTITY\s+([^\s%"'&;<>]+)\s+(?:"([^"]*)"|'([^']*)')\s*>/g;

/**
 * The entities of a document type that stand for plain text. Those that stand for markup or for further entities are left
 * undeclared, so nothing multiplies; and all they expand to together is bounded.
 * @throws PictorError IMAGE_BROKEN on reading, once too much was expanded
 */
export function textEntities(doctype: string): Record<string, string> {
  const entities: Record<string, string> = Object.assign(Object.create(null) as object, predefined);
  let left = mostCharacters;
  for (const [, name = '', double, single] of doctype.matchAll(declaration)) {
    const value = double ?? single ?? '';
    if (name in entities || /[<&%]/.test(value)) continue;
    Object.defineProperty(entities, name, {
      get: () => {
        left -= value.length;
        if (left < 0) throw new PictorError('IMAGE_BROKEN', { detail: 'svg: entities expand to too much' });
        return value;
      },
    });
  }
  return entities;
}
