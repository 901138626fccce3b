import { certificateFiles, legacyDefaults } from '../../src/dialects/vip/legacy.ts';
import {
  type LegacyFlag,
  type LegacyVariable,
  legacyFlags,
  legacyVariables,
} from '../../src/dialects/vip/legacy-names.ts';
import type { Generated } from '../gen.ts';
import { code, settingOf } from '../reference-cells.ts';

const variableRow = ({ name, to, meaning, fallback = '', ours }: LegacyVariable): string =>
  `| ${[
    `${code(name)}${ours === true ? ' (pictor)' : ''}`,
    fallback === '' ? '' : code(fallback),
    settingOf(to),
    meaning,
  ].join(' | ')} |`;

const flagRow = ({ name, usage, fallback = '', to }: LegacyFlag): string =>
  `| ${[
    code(`-${name}`),
    fallback === '' ? '' : code(fallback),
    to === undefined ? 'nothing' : settingOf(to),
    usage,
  ].join(' | ')} |`;

const shown = (value: unknown): string => (value === '' ? 'none' : code(String(value)));

/** docs/reference/vip-environment.md: what becomes of every variable and flag of vip. */
export function generate(): Generated {
  const defaults = Object.entries(legacyDefaults).map(
    ([path, value]) => `| ${settingOf(path)} | ${shown(value)} |`,
  );
  const text = `<!-- Generated from src/dialects/vip/legacy-names.ts and legacy.ts by \`npm run gen\`. -->

# vip's environment

\`pictor vip\` reads the variables and flags of vip as the settings below (configuration.md says what they mean).
\`pictor config vip\` shows what came of them. Variables and flags of pictor's own win over both. Empty variables count as unset;
of two for one setting the first counts.

| variable | default | setting | |
| --- | --- | --- | --- |
${legacyVariables.map(variableRow).join('\n')}

Flags are written \`-name value\`, \`-name=value\` or with two dashes, and end at the first word that is none.

| flag | default | setting | |
| --- | --- | --- | --- |
${legacyFlags.map(flagRow).join('\n')}

Where both \`${certificateFiles.cert}\` and \`${certificateFiles.key}\` are, they become \`server.tls.certFile\` and \`server.tls.keyFile\`.

Where vip's defaults differ from pictor's:

| setting | default |
| --- | --- |
${defaults.join('\n')}
`;
  return { 'docs/reference/vip-environment.md': text };
}
