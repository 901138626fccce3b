/** A chapter of the report: the scenario of that name. */
interface Group {
  readonly name: string;
  readonly title: string;
  /** What was done, in a sentence or two. */
  readonly about: string;
}

/** In the order of the page. */
export const groups: readonly Group[] = [
  {
    name: 'cold',
    title: 'New pictures',
    about:
      'A photo of 12 megapixels, for AVIF of 8, to some 500 pixels, each size for the first time. Bare sharp is a loop in one process with the same settings, without HTTP, cache or log. Everybody is asked for the same quality; in all else other servers work with their own defaults.',
  },
  {
    name: 'srcset',
    title: 'All sizes of one photo',
    about:
      'Six widths in JPEG and WebP of a 12 megapixel photo. The first one leaves reduced copies behind, of which the others are made.',
  },
  {
    name: 'reuse',
    title: 'Further sizes of a photo',
    about: 'The second and every further variant of one photo, with its reduced copies at hand.',
  },
  {
    name: 'hits',
    title: 'Pictures from the cache',
    about:
      'Over 64 connections kept open, with a signature in the URL, a line in the log and conditional requests looked at; the others without any of it. nginx has one worker, varnish its threads.',
  },
  {
    name: 'processes',
    title: 'Several processes',
    about:
      'A picture from the cache, asked for over 128 connections: of one process, and of two at the same address.',
  },
  {
    name: 'mixed',
    title: 'Mixed traffic',
    about:
      '91 % of the requests are for variants that were asked for before, 8 % for a new variant of a known photo, 1 % for a new photo. Photos are as popular as Zipf has it; every fifth has 12 megapixels, the others 2. 60 % are WebP.',
  },
  {
    name: 'overload',
    title: 'Hits beside a flood of new pictures',
    about:
      '200 new variants of a 12 megapixel photo at once, and hits all the while, 300 per second, by a client that does not wait.',
  },
  {
    name: 'flood',
    title: 'Ten times more than can be done',
    about:
      'New variants of a 24 megapixel photo wished for ten times as fast as they can be made, by a client that does not wait, in turns with as many as can be made. The client takes processor time from the server.',
  },
  {
    name: 'slowOrigins',
    title: 'A source that hangs',
    about: 'One host takes connections and says nothing, while others are served.',
  },
  {
    name: 'coalescing',
    title: 'The same new picture for everybody',
    about: '500 identical requests at once.',
  },
  {
    name: 'uploads',
    title: 'Uploads',
    about:
      'JPEGs of 2 megapixels, no two alike, into a folder, answered when they would survive a loss of power. The floor writes the body into a file, flushes it, renames it and flushes the folder; pictor also looks at the picture, and for vip decodes it whole.',
  },
  {
    name: 'memory',
    title: 'Memory',
    about:
      'Resident memory of all processes over transforms from 2 and 12 megapixel JPEGs to JPEG, WebP and AVIF: whether it levels off.',
  },
  { name: 'start', title: 'Start', about: 'From spawning the process to its first answer.' },
  {
    name: 'batch',
    title: 'A folder of pictures',
    about: 'One variant of every picture by the command line, start and end included.',
  },
  { name: 'parse', title: 'Reading a URL', about: 'What the grammar costs once it is compiled.' },
];
