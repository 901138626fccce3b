/** A small reader of TypeScript text: what a file imports, and its code without comments and string contents. */

export interface ImportLine {
  /** The specifier: `../core/errors.ts`, `node:fs`, `sharp`. */
  readonly from: string;
  /** `import type`, `export type … from` and `import('…')` in a type position leave nothing behind at run time. */
  readonly typeOnly: boolean;
  /** Names between the braces, types included; empty for default, namespace and bare imports. */
  readonly names: readonly string[];
}

const tokens =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=(?:^|[=(,:;!&|?{}[+\n]|=>|return)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])*\/[dgimsuvy]*/g;

/** The text without comments. */
export const withoutComments = (text: string): string =>
  text.replace(tokens, (token) => (token.startsWith('//') || token.startsWith('/*') ? ' ' : token));

/** The text without comments, with every string, template and regular expression emptied (`${…}` goes with it). */
export const codeOnly = (text: string): string =>
  text.replace(tokens, (token) => {
    if (token.startsWith('//') || token.startsWith('/*')) return ' ';
    if (token.startsWith('`')) return templateExpressions(token);
    return token.startsWith('/') ? '/0/' : "''";
  });

/** Keeps the code inside `${…}`, because it runs like any other. */
function templateExpressions(template: string): string {
  return '`' + [...template.matchAll(/\$\{([^}]*)\}/g)].map((match) => `\${${match[1]}}`).join('') + '`';
}

/** Every static import, re-export and `import('…')` of a file. */
export function importsOf(text: string): ImportLine[] {
  const code = withoutComments(text);
  const found: ImportLine[] = [];
  for (const match of code.matchAll(/^(?:import|export)\s+(type\s)?([^;'"]*?)\bfrom\s*['"]([^'"]+)['"]/gm)) {
    const names = /\{([^}]*)\}/.exec(match[2]!)?.[1] ?? '';
    found.push({
      from: match[3]!,
      typeOnly: match[1] !== undefined,
      names: names
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    });
  }
  for (const match of code.matchAll(/^import\s*['"]([^'"]+)['"]/gm)) {
    found.push({ from: match[1]!, typeOnly: false, names: [] });
  }
  for (const match of code.matchAll(/(typeof\s+)?\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) {
    const before = code.slice(0, match.index).trimEnd();
    const typePosition = match[1] !== undefined || /[:<|&]$/.test(before);
    found.push({ from: match[2]!, typeOnly: typePosition, names: [] });
  }
  return found;
}
