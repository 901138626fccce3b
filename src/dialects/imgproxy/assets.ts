import type { AssetSpec } from '../../request/dialect.ts';
import type { ImgproxySettings } from './settings.ts';

/** Pictures the operator configured. Of data, file and URL the first that is set counts. Version 1 had none. */
export function imgproxyAssets(settings: ImgproxySettings): readonly AssetSpec[] {
  if (settings.compat === 'v1') return [];
  return [...asset('watermark', 'watermark', settings), ...asset('fallback', 'fallbackImage', settings)];
}

function asset(
  name: string,
  field: 'watermark' | 'fallbackImage',
  settings: ImgproxySettings,
): readonly AssetSpec[] {
  const data = settings[`${field}Data`];
  const path = settings[`${field}Path`];
  const url = settings[`${field}Url`];
  if (data !== '') return [{ name, setting: `${field}Data`, from: { base64: data } }];
  if (path !== '') return [{ name, setting: `${field}Path`, from: { path } }];
  if (url !== '') return [{ name, setting: `${field}Url`, from: { url } }];
  return [];
}
