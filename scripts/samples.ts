/**
 * Draws the pictures in samples/: `node scripts/samples.ts`. They are original work, made of shapes and a seeded random
 * number generator, so that anyone can make them again. Run by hand; the results are committed.
 */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';

const root = path.dirname(import.meta.dirname);
const folder = path.join(root, 'samples');

type Random = () => number;

/** Small seeded generator (mulberry32), 0 <= value < 1. */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const between = (random: Random, low: number, high: number) => low + random() * (high - low);
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const mix = (from: readonly number[], to: readonly number[], share: number) =>
  `rgb(${from.map((channel, index) => Math.round(channel + (to[index]! - channel) * share)).join()})`;

/** A skyline from left to right by midpoint displacement: `points` heights around `level`. */
function ridge(random: Random, options: { points: number; level: number; rough: number }): number[] {
  const heights: number[] = times(options.points, () => 0);
  const split = (left: number, right: number, reach: number) => {
    if (right - left < 2) return;
    const middle = (left + right) >> 1;
    heights[middle] = (heights[left]! + heights[right]!) / 2 + between(random, -reach, reach);
    split(left, middle, reach * 0.52);
    split(middle, right, reach * 0.52);
  };
  heights[0] = between(random, -0.4, 0.4) * options.rough;
  heights[options.points - 1] = between(random, -0.4, 0.4) * options.rough;
  split(0, options.points - 1, options.rough);
  return heights.map((height) => options.level + height);
}

const area = (heights: readonly number[], width: number, bottom: number) =>
  `M0 ${bottom}` +
  heights
    .map((y, index) => `L${((index * width) / (heights.length - 1)).toFixed(1)} ${y.toFixed(1)}`)
    .join('') +
  `L${width} ${bottom}Z`;

/** Mountains at first light, each range paler than the one before it. */
function dawn(): string {
  const [width, height] = [1600, 1067];
  const random = seeded(11);
  const ranges = times(7, (index) => {
    const share = index / 6;
    const heights = ridge(random, { points: 257, level: 420 + share * 520, rough: 150 - share * 40 });
    const top = mix([233, 167, 168], [22, 24, 58], share);
    const foot = mix([255, 214, 186], [38, 34, 84], share);
    return `<linearGradient id="r${index}" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${top}"/><stop offset="1" stop-color="${foot}"/></linearGradient>
<path d="${area(heights, width, height)}" fill="url(#r${index})"/>`;
  });
  const trees = times(130, (index) => {
    const x = (index / 130) * width + between(random, -9, 9);
    const tall = between(random, 28, 96) * (0.6 + 0.4 * Math.abs(Math.sin(index / 17)));
    const y = height - 40 + 26 * Math.sin(index / 13);
    return `<path d="M${x} ${y - tall}l${tall * 0.17} ${tall * 1.6}h${-tall * 0.34}z" fill="#0c0d26"/>`;
  });
  const birds = times(9, () => {
    const [x, y, span] = [between(random, 900, 1300), between(random, 170, 330), between(random, 7, 15)];
    return `<path d="M${x - span} ${y - span / 3}q${span * 0.6} ${-span * 0.3} ${span} ${span / 2}q${span * 0.4} ${-span * 0.8} ${span} ${-span / 2}" fill="none" stroke="#5a3a5e" stroke-width="2.4"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#3f4f98"/><stop offset=".32" stop-color="#b77fb2"/><stop offset=".5" stop-color="#ffb48a"/><stop offset=".62" stop-color="#ffe3b0"/></linearGradient>
<radialGradient id="sun"><stop offset="0" stop-color="#fffbe8"/><stop offset=".16" stop-color="#fff0c0"/><stop offset=".2" stop-color="#ffdf9a" stop-opacity=".75"/><stop offset="1" stop-color="#ffb27a" stop-opacity="0"/></radialGradient>
<filter id="cloud" x="0" y="0" width="1" height="1"><feTurbulence type="fractalNoise" baseFrequency=".0018 .011" numOctaves="5" seed="4"/><feColorMatrix values="0 0 0 0 1  0 0 0 0 .86  0 0 0 0 .8  1.9 0 0 0 -.86"/></filter></defs>
<rect width="100%" height="100%" fill="url(#sky)"/>
<rect width="100%" height="560" filter="url(#cloud)" opacity=".75"/>
<circle cx="1085" cy="430" r="390" fill="url(#sun)"/>
${birds.join('')}${ranges.join('')}
<path d="M0 ${height}v-50q400 -60 800 -10t800 -20v80z" fill="#0c0d26"/>${trees.join('')}</svg>`;
}

/** A harbour at night: lit windows above, their broken reflections below. */
function harbour(): string {
  const [width, height, water] = [1600, 1067, 700];
  const random = seeded(29);
  const lights = ['#ffd479', '#ffe9b8', '#ffb45e', '#9fd8ff', '#ff8f6b'];
  const towers: string[] = [];
  const glow: string[] = [];
  for (let layer = 0; layer < 3; layer += 1) {
    for (let x = -20; x < width; ) {
      const wide = between(random, 44, 118);
      const swell = Math.exp(-(((x - 980) / 430) ** 2));
      const tall = between(random, 90, 210) + swell * between(random, 120, 330) - layer * 55;
      towers.push(
        `<rect x="${x}" y="${water - tall}" width="${wide}" height="${tall}" fill="${['#1d2a56', '#131d42', '#0a1230'][layer]}"/>`,
      );
      if (layer > 0 && random() < 0.3) {
        towers.push(
          `<path d="M${x + wide / 2} ${water - tall}v${-between(random, 18, 60)}" stroke="#131d42" stroke-width="3"/>`,
        );
      }
      for (let row = water - tall + 14; row < water - 14; row += 17) {
        for (let column = x + 8; column < x + wide - 10; column += 13) {
          if (random() > 0.3 + layer * 0.04) continue;
          const light = lights[Math.floor(random() ** 1.6 * lights.length)]!;
          towers.push(
            `<rect x="${column}" y="${row}" width="6" height="8" fill="${light}" opacity="${between(random, 0.45, 1).toFixed(2)}"/>`,
          );
        }
      }
      const light = lights[Math.floor(random() * lights.length)]!;
      for (let y = water + 8; y < height; y += between(random, 7, 16)) {
        const fade = 1 - (y - water) / (height - water);
        const spread = between(random, 6, 12 + (y - water) * 0.16);
        glow.push(
          `<ellipse cx="${x + wide / 2 + between(random, -9, 9)}" cy="${y}" rx="${spread}" ry="${between(random, 1, 2.8)}" fill="${light}" opacity="${(fade ** 1.4 * 0.42).toFixed(2)}"/>`,
        );
      }
      x += wide + between(random, -6, 30 - layer * 8);
    }
  }
  const stars = times(
    240,
    () =>
      `<circle cx="${between(random, 0, width)}" cy="${between(random, 0, 480)}" r="${between(random, 0.5, 1.7)}" fill="#fff" opacity="${between(random, 0.2, 0.9).toFixed(2)}"/>`,
  );
  const boat = `<g transform="translate(340 790)"><path d="M-78 0H84l-22 34H-58z" fill="#060a1e"/><path d="M0 0V-142M4 -136 74 -14H4zM-6 -120-52 -14h46z" fill="#c9d4f2" stroke="#8795c4" stroke-width="3"/><circle cy="-148" r="5" fill="#ff7d5c"/></g>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#070b22"/><stop offset=".45" stop-color="#1b2460"/><stop offset=".66" stop-color="#5a3f86"/></linearGradient>
<linearGradient id="sea" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#2c2a63"/><stop offset="1" stop-color="#060a20"/></linearGradient>
<radialGradient id="moon"><stop offset="0" stop-color="#fdf6dc"/><stop offset=".24" stop-color="#f6ebc8"/><stop offset=".27" stop-color="#d8d0f0" stop-opacity=".38"/><stop offset="1" stop-color="#8f86d8" stop-opacity="0"/></radialGradient></defs>
<rect width="100%" height="100%" fill="url(#sky)"/>${stars.join('')}<circle cx="300" cy="210" r="210" fill="url(#moon)"/>${towers.join('')}
<rect y="${water}" width="100%" height="${height - water}" fill="url(#sea)"/>${glow.join('')}${boat}</svg>`;
}

/** Glass marbles on a pale table: smooth shades, sharp glints, one red thing to look at. */
function marbles(): string {
  const [width, height] = [1600, 1200];
  const random = seeded(83);
  const hues = [198, 42, 152, 268, 18, 220, 176, 312];
  const placed: { x: number; y: number; r: number }[] = [{ x: 1090, y: 640, r: 215 }];
  for (let tries = 0; tries < 9000 && placed.length < 34; tries += 1) {
    const r = between(random, 34, 132);
    const ball = {
      x: between(random, r * 0.3, width - r * 0.3),
      y: between(random, 260, height - r * 0.6),
      r,
    };
    if (placed.every((other) => Math.hypot(other.x - ball.x, other.y - ball.y) > other.r + ball.r + 8))
      placed.push(ball);
  }
  const balls = placed
    .map((ball, index) => ({ ...ball, hue: index === 0 ? 352 : hues[index % hues.length]!, index }))
    .toSorted((a, b) => a.y - b.y)
    .map(({ x, y, r, hue, index }) => {
      const strong = index === 0 ? 84 : 62;
      return `<radialGradient id="b${index}" cx=".36" cy=".3" r=".78"><stop offset="0" stop-color="hsl(${hue},${strong}%,84%)"/><stop offset=".42" stop-color="hsl(${hue},${strong}%,55%)"/><stop offset=".82" stop-color="hsl(${hue},${strong}%,27%)"/><stop offset="1" stop-color="hsl(${hue},${strong}%,40%)"/></radialGradient>
<ellipse cx="${x + r * 0.42}" cy="${y + r * 0.86}" rx="${r * 1.12}" ry="${r * 0.36}" fill="#5b5470" opacity=".34" filter="url(#soft)"/>
<circle cx="${x}" cy="${y}" r="${r}" fill="url(#b${index})"/>
<path d="M${x - r * 0.52} ${y + r * 0.2}q${r * 0.5} ${-r * 0.95} ${r * 0.98} ${-r * 0.3}q${-r * 0.3} ${r * 0.86} ${-r * 0.98} ${r * 0.3}z" fill="hsl(${(hue + 40) % 360},80%,80%)" opacity=".28"/>
<ellipse cx="${x + r * 0.34}" cy="${y + r * 0.5}" rx="${r * 0.42}" ry="${r * 0.22}" fill="#fff" opacity=".22" transform="rotate(-34 ${x + r * 0.34} ${y + r * 0.5})" filter="url(#glint)"/>
<ellipse cx="${x - r * 0.36}" cy="${y - r * 0.46}" rx="${r * 0.24}" ry="${r * 0.14}" fill="#fff" opacity=".92" transform="rotate(-38 ${x - r * 0.36} ${y - r * 0.46})"/>`;
    });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<defs><linearGradient id="table" x1="0" y1="0" x2=".4" y2="1"><stop offset="0" stop-color="#f6f1ea"/><stop offset=".5" stop-color="#e6dcd4"/><stop offset="1" stop-color="#b9abb4"/></linearGradient>
<filter id="soft" x="-60%" y="-150%" width="220%" height="400%"><feGaussianBlur stdDeviation="17"/></filter><filter id="glint" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="6"/></filter></defs>
<rect width="100%" height="100%" fill="url(#table)"/>${balls.join('')}</svg>`;
}

/** A tall one: sheets of paper, cut in waves, with a lantern off the middle to test where a crop looks. */
function paper(): string {
  const [width, height] = [1067, 1600];
  const random = seeded(5);
  const sheets = times(15, (index) => {
    const share = index / 14;
    const [level, reach, phase, rate] = [
      470 + share * 1050,
      between(random, 26, 84),
      between(random, 0, 6),
      between(random, 0.9, 2.1),
    ];
    const heights = times(
      121,
      (step) =>
        level +
        reach * Math.sin(phase + (step / 120) * Math.PI * 2 * rate) +
        16 * Math.sin(phase * 3 + step / 9),
    );
    return `<g filter="url(#lift)"><path d="${area(heights, width, height)}" fill="${mix(share < 0.5 ? [255, 196, 120] : [226, 88, 110], share < 0.5 ? [226, 88, 110] : [44, 42, 104], share < 0.5 ? share * 2 : share * 2 - 1)}"/></g>`;
  });
  const lantern = `<g transform="translate(742 300)"><circle r="190" fill="url(#shine)"/><circle r="74" fill="#fff6d8"/><circle r="74" fill="none" stroke="#ffd98c" stroke-width="6"/></g>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<defs><linearGradient id="back" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#7fc7d9"/><stop offset=".4" stop-color="#ffe6b8"/></linearGradient>
<radialGradient id="shine"><stop offset="0" stop-color="#fffbe6"/><stop offset="1" stop-color="#fff1c0" stop-opacity="0"/></radialGradient>
<filter id="lift" x="-5%" y="-5%" width="110%" height="110%"><feDropShadow dx="0" dy="-5" stdDeviation="11" flood-color="#2a1642" flood-opacity=".42"/></filter></defs>
<rect width="100%" height="100%" fill="url(#back)"/>${lantern}${sheets.join('')}</svg>`;
}

/** One frame of planets going round; `turn` is 0..1. */
function orbit(turn: number, side: number): string {
  const planets = [
    { reach: 0.17, size: 0.026, colour: '#ffd479', laps: 3 },
    { reach: 0.28, size: 0.04, colour: '#6ec6ff', laps: 2 },
    { reach: 0.4, size: 0.033, colour: '#ff8fa3', laps: 1 },
  ].map(({ reach, size, colour, laps }) => {
    const angle = turn * laps * 2 * Math.PI;
    const [x, y] = [
      side / 2 + Math.cos(angle) * reach * side,
      side / 2 + Math.sin(angle) * reach * side * 0.62,
    ];
    return `<ellipse cx="50%" cy="50%" rx="${reach * side}" ry="${reach * side * 0.62}" fill="none" stroke="#3b3f78" stroke-width="2"/><circle cx="${x}" cy="${y}" r="${size * side}" fill="${colour}"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"><rect width="100%" height="100%" fill="#14163a"/><circle cx="50%" cy="50%" r="${side * 0.085}" fill="#fff1b8"/>${planets.join('')}</svg>`;
}

const photo = (svg: string) =>
  sharp(Buffer.from(svg)).flatten().jpeg({ quality: 80, mozjpeg: true }).toBuffer();

async function animation(): Promise<Buffer> {
  const side = 360;
  const count = 30;
  const frames = await Promise.all(
    times(count, (index) =>
      sharp(Buffer.from(orbit(index / count, side)))
        .png()
        .toBuffer(),
    ),
  );
  return sharp(frames, { join: { animated: true } })
    .gif({ delay: times(count, () => 60), loop: 0, colours: 48, effort: 7 })
    .toBuffer();
}

const pictures: Readonly<Record<string, () => Promise<Buffer>>> = {
  'dawn.jpg': () => photo(dawn()),
  'harbour.jpg': () => photo(harbour()),
  'marbles.jpg': () => photo(marbles()),
  'paper.jpg': () => photo(paper()),
  'pictor.png': async () =>
    sharp(await readFile(path.join(root, 'playground/logo.svg')), { density: 72 * 14 })
      .png({ palette: true, quality: 95 })
      .toBuffer(),
  'orbit.gif': animation,
};

await mkdir(folder, { recursive: true });
for (const [name, draw] of Object.entries(pictures)) {
  const file = path.join(folder, name);
  await writeFile(file, await draw());
  console.log(`${name}: ${Math.round((await stat(file)).size / 1024)} KiB`);
}
