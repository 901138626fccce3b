import { settingsSchema } from '../app/settings.ts';
import { renderJsonSchema, renderValues, renderValuesJson } from '../config/render.ts';
import type { Command } from './command.ts';
import { readTargetConfig } from './read-config.ts';

/** `pictor config [serve|imgproxy] [--json] [--schema] [settings]` */
export const config: Command = async (call) => {
  if (call.options.schema === true) {
    call.print(`${renderJsonSchema(settingsSchema)}\n`);
    return 0;
  }
  const loaded = await readTargetConfig(call);
  for (const warning of loaded.warnings) call.complain(`warning: ${warning}\n`);
  call.print(`${call.options.json === true ? renderValuesJson(loaded) : renderValues(loaded)}\n`);
  return 0;
};
