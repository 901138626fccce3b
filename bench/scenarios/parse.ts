import { imgproxy } from '../../src/dialects/imgproxy/dialect.ts';
import { imgproxySettings } from '../../src/dialects/imgproxy/settings.ts';
import { encodeBase64Url } from '../../src/lib/base64url.ts';
import type { Bench, Row } from './jobs.ts';

const settings = imgproxySettings.parse({
  autoFormats: ['webp', 'avif'],
  presets: { default: 'q:75/sm:1', sharp: 'sh:0.7/pd:5' },
});

const source =
  'https://images.example.com/products/2024/a/long/path/to/a/picture-of-something-12345.jpg?v=20240101';
const encoded = encodeBase64Url(new TextEncoder().encode(source)).replace(/.{16}/g, '$&/');
const options =
  'pr:sharp/rs:fill:300:400:1/g:soea:10:20/c:0.5:0.5/dpr:2/bl:0.5/bg:ffffff/fq:jpg:80:webp:70/mb:100000/fn:puppy';
const path = `/oKfUtW34Dvo2BGQehJFR4Nr0_rIjOtdtzJ3QFsUcXH8/${options}/${encoded}.webp`;

/** Processor time of one pass over `count` parses, in microseconds each. */
function measure(count: number): number {
  const target = { raw: path, path, query: '' };
  const before = process.cpuUsage();
  for (let index = 0; index < count; index += 1)
    imgproxy.parse(target, settings, { accept: 'image/avif,*/*' });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

/** What the grammar costs a request once it is compiled: the best of several passes, since others share the machine. */
export async function parse({ full }: Bench): Promise<Row[]> {
  const passes = Array.from({ length: full ? 40 : 8 }, () => measure(5000));
  return [
    {
      scenario: 'parse',
      measure: 'imgproxy URL: ten options, presets, base64 source',
      value: Math.min(...passes),
      unit: 'µs',
      bar: { atMost: 20 },
    },
  ];
}
