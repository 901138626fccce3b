/** One URL for every option of imgproxy 4, each with the picture that docs/dialects/imgproxy.md shows. */

/** What the page shows of one option. */
export interface OptionExample {
  /** Its long name; also the name of the picture's file. */
  readonly option: string;
  /** Options of the URL. */
  readonly options: string;
  /** A file of the repository. */
  readonly source: string;
  /** Behind the source; WebP when absent. */
  readonly extension?: string;
  /** What is to be seen, for those who do not see it. */
  readonly shows: string;
}

const [dawn, harbour, marbles] = ['samples/dawn.jpg', 'samples/harbour.jpg', 'samples/marbles.jpg'];
const [paper, orbit, logo] = ['samples/paper.jpg', 'samples/orbit.gif', 'samples/pictor.png'];

type Row = readonly [option: string, options: string, source: string, shows: string, extension?: string];

const rows: readonly Row[] = [
  ['resize', 'rs:fill:210:140', paper, 'a tall picture cut to a wide box'],
  ['size', 's:210:140', paper, 'a tall picture within a wide box'],
  ['resizing_type', 'rt:force/s:210:140', paper, 'a tall picture pressed into a wide box'],
  ['width', 'w:210', marbles, 'the height follows'],
  ['height', 'h:140', paper, 'the width follows'],
  ['min-width', 'mw:210/s:120:140', harbour, 'scaled to 210 pixels, then cut to 120'],
  ['min-height', 'mh:140/w:140', harbour, 'scaled to a height of 140 pixels, then cut'],
  ['zoom', 'z:1.5/w:140', dawn, 'one and a half times what the width says'],
  ['dpr', 'dpr:2/w:105', dawn, 'twice as many pixels for a dense screen'],
  ['enlarge', 'el:1/w:210', 'test/fixtures/photo.png', 'a small picture made larger'],
  ['extend', 'ex:1:no/s:210:180/bg:ffd479', dawn, 'the picture at the top of a larger canvas'],
  ['extend_aspect_ratio', 'exar:1/s:150:150/bg:ffd479', dawn, 'a canvas as square as the box'],
  ['gravity', 'rs:fill:140:140/g:fp:0.68:0.4', dawn, 'the sun stays in the middle of the cut'],
  ['crop', 'c:500:340:fp:0.68:0.4/w:210', dawn, 'the sun cut out before the resize'],
  ['trim', 't:10:ff00ff/w:150', logo, 'the logo without its transparent border'],
  ['padding', 'w:170/pd:10:20/bg:ffd479', harbour, 'a frame, wider at the sides'],
  ['auto_rotate', 'ar:0/w:210', 'test/fixtures/orientation-6.jpg', 'a picture left as the camera held it'],
  ['rotate', 'rot:90/h:210', harbour, 'a quarter clockwise'],
  ['flip', 'fl:1/w:210', harbour, 'left is right'],
  ['background', 'bg:ffd479/w:150', logo, 'the logo on a colour'],
  ['blur', 'bl:4/w:210', marbles, 'out of focus'],
  ['sharpen', 'sh:3/w:210', marbles, 'edges made stronger'],
  ['pixelate', 'pix:10/w:210', marbles, 'blocks of one colour'],
  ['watermark', 'wm:0.7:soea:8:8:0.25/w:210', dawn, 'the logo in the lower right corner'],
  ['strip_metadata', 'sm:0/w:120', 'test/fixtures/exif.jpg', 'a picture with all its metadata'],
  ['keep_copyright', 'kcr:0/w:120', 'test/fixtures/exif.jpg', 'a picture that names nobody'],
  [
    'strip_color_profile',
    'scp:0/w:120',
    'test/fixtures/adobe-rgb.jpg',
    'a picture with its own colour profile',
  ],
  [
    'preserve_hdr',
    'ph:1/w:120',
    'test/fixtures/p3-16bit.png',
    'more than eight bits for each colour',
    'avif',
  ],
  ['enforce_thumbnail', 'eth:1', 'test/fixtures/thumbnail.avif', 'the small picture inside a large one'],
  ['quality', 'q:5/w:210', marbles, 'few bytes, and it shows'],
  ['format_quality', 'fq:webp:5:jpg:90/w:210', harbour, 'few bytes where it is WebP'],
  ['max_bytes', 'mb:3000/w:210', marbles, 'at most 3000 bytes'],
  ['format', 'f:jpg/w:210', logo, 'the logo as JPEG, on white', ''],
  ['skip_processing', 'skp:gif/w:10', 'test/fixtures/animated.gif', 'handed over as it is', ''],
  ['raw', 'raw:1', 'playground/logo.svg', 'the bytes of the source', ''],
  ['cachebuster', 'cb:2/w:210', dawn, 'the same picture by another URL'],
  ['expires', 'exp:4102444800/w:210', harbour, 'a picture that can be had until 2100'],
  ['filename', 'fn:morning/w:210', dawn, 'saved as morning.webp'],
  ['return_attachment', 'att:1/h:140', paper, 'saved rather than shown'],
  ['preset', 'pr:card', marbles, 'cut, and framed like a card'],
  ['max_src_resolution', 'msr:2/w:210', dawn, 'a source of fewer than two megapixels'],
  ['max_src_file_size', 'msfs:50000/w:210', dawn, 'a source of fewer than 50000 bytes'],
  ['max_animation_frames', 'maf:8/w:140', orbit, 'the first eight frames'],
  ['max_animation_frame_resolution', 'maf:4/mafr:0.2/w:140', orbit, 'frames of fewer than 0.2 megapixels'],
  ['max_result_dimension', 'mrd:120/w:210', dawn, '120 pixels at most, whatever the width says'],
];

export const optionExamples: readonly OptionExample[] = rows.map(
  ([option, options, source, shows, extension = 'webp']) => ({ option, options, source, shows, extension }),
);

/** The sources most of them start from. */
export const sampleExamples: readonly OptionExample[] = [dawn, harbour, marbles, paper, orbit, logo].map(
  (source) => ({
    option: source.replace(/^samples\/|\.\w+$/g, ''),
    options: 'h:140',
    source,
    extension: 'webp',
    shows: 'the sample, 140 pixels high',
  }),
);

/** Environment of `pictor imgproxy` for them. */
export const exampleEnvironment = {
  IMGPROXY_LOCAL_FILESYSTEM_ROOT: '.',
  IMGPROXY_WATERMARK_PATH: logo,
  IMGPROXY_PRESETS: 'card=rs:fill:170:120/pd:10:10:40/bg:fffdf5',
  IMGPROXY_ALLOW_SECURITY_OPTIONS: 'true',
};

/** Path and query as they are asked for. */
export const targetOfExample = ({ options, source, extension = 'webp' }: OptionExample): string =>
  `/unsafe/${options}/plain/local:///${source}${extension === '' ? '' : `@${extension}`}`;

/** Folder of the pictures, from the repository's root. */
export const examplesFolder = 'docs/images/imgproxy';
