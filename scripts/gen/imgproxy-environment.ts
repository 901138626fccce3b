import { pointless, pro, secretStores } from '../../src/dialects/imgproxy/legacy-inert.ts';
import { type LegacyVariable, legacyVariables } from '../../src/dialects/imgproxy/legacy-variables.ts';
import type { Generated } from '../gen.ts';
import { code, settingOf } from '../reference-cells.ts';

const variable = (name: string) => code(`IMGPROXY_${name}`);

const row = ({ name, formerly = [], to }: LegacyVariable): string =>
  `| ${variable(name)} | ${formerly.map(variable).join(', ')} | ${to.map(settingOf).join(', ')} |`;

const listed = (names: readonly string[]): string => names.map(variable).join(', ');

/** docs/reference/imgproxy-environment.md: what becomes of every variable of imgproxy. */
export function generate(): Generated {
  const text = `<!-- Generated from src/dialects/imgproxy/legacy-variables.ts and legacy-inert.ts by \`npm run gen\`. -->

# imgproxy's environment

\`pictor imgproxy\` reads the variables of imgproxy as the settings below (configuration.md says what they mean).
\`pictor config\` shows what came of them. Variables and flags of pictor's own win over them. Nothing is passed over in
silence: what changes nothing is named when the server starts.

| variable | formerly | setting |
| --- | --- | --- |
${legacyVariables.map(row).join('\n')}

These are read together:

| variables | setting |
| --- | --- |
| \`IMGPROXY_COMPAT\` | \`compat\` of the mount, and which version's defaults hold |
| \`IMGPROXY_KEY\`, \`IMGPROXY_SALT\`, \`-keypath FILE\`, \`-saltpath FILE\` | \`keys\` of the mount; the files win |
| \`IMGPROXY_PRESETS\`, \`IMGPROXY_PRESETS_SEPARATOR\`, \`IMGPROXY_PRESETS_PATH\`, \`-presets FILE\` | \`presets\` of the mount; those of the file win |
| \`IMGPROXY_ENV_LOCAL_FILE_PATH\` | a file of \`NAME=value\` lines, read before everything else; what it says wins over the environment |
| \`IMGPROXY_BIND\`, \`PORT\`, \`IMGPROXY_NETWORK\` | \`server.bind\` |
| \`IMGPROXY_AUTO_WEBP\`, \`IMGPROXY_AUTO_AVIF\`, \`IMGPROXY_AUTO_JXL\`, formerly \`IMGPROXY_ENABLE_WEBP_DETECTION\`, \`IMGPROXY_ENABLE_AVIF_DETECTION\` | \`autoFormats\` of the mount |
| \`IMGPROXY_ENFORCE_WEBP\`, \`IMGPROXY_ENFORCE_AVIF\`, \`IMGPROXY_ENFORCE_JXL\` | \`enforceFormats\` of the mount |
| \`IMGRPOXY_SWIFT_CONNECT_TIMEOUT_SECONDS\`, \`IMGRPOXY_SWIFT_TIMEOUT_SECONDS\` | as with the right spelling: imgproxy's manual has these two swapped |
| \`IMGPROXY_MAX_ANIMATION_FRAME_RESOLUTION\` | \`limits.maxFramePixels\`, together with the number of frames |
| \`IMGPROXY_BASE_URL\`, \`IMGPROXY_ALLOWED_SOURCES\` | also \`sources.http.allowedHosts\`: a host you name may be anywhere |

Without meaning here, named at the start: ${listed(pointless)}.

Of the Pro edition, named at the start: ${listed(pro)}.

The server does not start with these, because keys may be among what they stand for: ${listed(secretStores)}. Set the
variables themselves, or name a file that holds them in \`IMGPROXY_ENV_LOCAL_FILE_PATH\`.
`;
  return { 'docs/reference/imgproxy-environment.md': text };
}
