import { legacyDefaults, variableOf } from '../../src/dialects/imageproxy/legacy.ts';
import { type LegacyFlag, legacyFlags } from '../../src/dialects/imageproxy/legacy-flags.ts';
import type { Generated } from '../gen.ts';
import { code, settingOf } from '../reference-cells.ts';

/** What flags become that are not one setting each. */
const composed: Readonly<Record<string, string>> = {
  allowPrivateSources: '`sources.http.allowLoopback` and `sources.http.allowPrivate`',
  cache:
    '`cache.memory`, `cache.dir`, `cache.redis.url`, `cache.s3.*`, `cache.gcs.*` or `cache.abs.*`, and `cache.layout`',
  followRedirects: '`sources.http.maxRedirects`: 10 or 0',
  verbose: '`log.level`: `debug`',
  version: 'nothing',
};

const becomes = ({ name, to }: LegacyFlag): string =>
  to === undefined ? (composed[name] ?? 'nothing') : settingOf(to);

const row = (flag: LegacyFlag): string => {
  const { name, kind, fallback = '', usage, ours = false, flagOnly = false } = flag;
  const cells = [
    `${code(`-${name}`)}${ours ? ' (pictor)' : ''}`,
    flagOnly ? '' : code(variableOf(flag)),
    kind,
    fallback === '' ? '' : code(fallback),
    becomes(flag),
    usage,
  ];
  return `| ${cells.join(' | ')} |`;
};

const shown = (value: unknown): string => (value === '' ? 'none' : code(String(value)));

/** docs/reference/imageproxy-flags.md: what becomes of every flag and variable of imageproxy. */
export function generate(): Generated {
  const defaults = Object.entries(legacyDefaults).map(
    ([path, value]) => `| ${code(path)} | ${shown(value)} |`,
  );
  const text = `<!-- Generated from src/dialects/imageproxy/legacy-flags.ts and legacy.ts by \`npm run gen\`. -->

# imageproxy's flags

\`pictor imageproxy\` reads the flags and variables of imageproxy as the settings below (configuration.md says what they
mean). \`pictor config imageproxy\` shows what came of them. Flags win over variables; \`-cache\` and \`-signatureKey\` add to
them. Variables and flags of pictor's own win over both.

A *switch* takes a value only behind \`=\`; \`true\` and \`false\` have Go's other spellings. A *list* has commas between its
parts. A *duration* is written \`1h30m\`, \`1.5s\`. *Repeated* flags may be given several times, or several values in one with
spaces between them. Flags end at the first word that is none; what follows is named at the start.

| flag | variable | kind | default | setting | |
| --- | --- | --- | --- | --- | --- |
${legacyFlags.map(row).join('\n')}

\`baseURL\` and \`allowHosts\` also become \`sources.http.allowedHosts\`: a host you name may be anywhere. \`denyHosts\` also
becomes \`sources.http.deniedHosts\`, \`timeout\` every limit of a fetch.

Where imageproxy's defaults differ from pictor's:

| setting | default |
| --- | --- |
${defaults.join('\n')}
`;
  return { 'docs/reference/imageproxy-flags.md': text };
}
