import { errorCatalogue } from '../../src/core/errors.ts';
import type { Generated } from '../gen.ts';

/** docs/reference/errors.md: the error catalogue as a page. */
export function generate(): Generated {
  const rows = Object.entries(errorCatalogue).map(([code, row]) => {
    const remembered = row.rememberSeconds === 0 ? 'no' : `${row.rememberSeconds} s`;
    return `| \`${code}\` | ${row.status} | ${row.message} | ${row.report ? 'yes' : 'no'} | ${remembered} | ${row.doc} |`;
  });
  const text = `<!-- Generated from src/core/errors.ts by \`npm run gen\`. -->

# Errors

Every failure pictor can name. *Status* and *public text* are what a client gets where its dialect promises nothing else;
a dialect may answer as the clients of the older server expect. *Reported* failures are logged at level \`error\`, the others
at \`info\`. A *remembered* failure is answered from memory for that long instead of being tried again; it is never stored as
an image.

| code | status | public text | reported | remembered | what happened |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
  return { 'docs/reference/errors.md': text };
}
