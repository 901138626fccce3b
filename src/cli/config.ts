import { effectiveMount } from '../app/mounts.ts';
import { settingsSchema } from '../app/settings.ts';
import { renderJsonSchema, renderValues, renderValuesJson } from '../config/render.ts';
import { type Command, refuseWords } from './command.ts';
import { readTargetConfig } from './read-config.ts';

/** `pictor config [serve|imgproxy] [--json] [--schema] [settings]` */
export const config: Command = async (call) => {
  if (call.options.schema === true) {
    refuseWords(call, 'the schema is always the same: --schema takes nothing beside it');
    call.print(`${renderJsonSchema(settingsSchema)}\n`);
    return 0;
  }
  const read = await readTargetConfig(call);
  const loaded = { ...read, config: { ...read.config, mounts: read.config.mounts.map(effectiveMount) } };
  for (const warning of loaded.warnings) call.complain(`warning: ${warning}\n`);
  call.print(`${call.options.json === true ? renderValuesJson(loaded) : renderValues(loaded)}\n`);
  return 0;
};
