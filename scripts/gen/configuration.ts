import { settingsSchema } from '../../src/app/settings.ts';
import { renderReference } from '../../src/config/reference.ts';
import type { Generated } from '../gen.ts';

/** docs/reference/configuration.md: every setting, from the schemas beside the code. */
export function generate(): Generated {
  return { 'docs/reference/configuration.md': renderReference(settingsSchema) };
}
