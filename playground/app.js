import { asSource, imagePath, mayCut, readableBytes, readableTime } from './image-url.js';
import { openLanguages } from './languages.js';

/** @typedef {import('./image-url.js').Wish} Wish */

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`#${id} is missing`);
  return found;
}

const form = element('form', HTMLFormElement);
const source = element('source', HTMLInputElement);
const quality = element('quality', HTMLInputElement);
const gravity = element('gravity', HTMLFieldSetElement);
const stage = element('stage', HTMLElement);
const picture = element('picture', HTMLImageElement);
const problem = element('problem', HTMLElement);
const first = element('first', HTMLElement);
const again = element('again', HTMLButtonElement);
const samples = [...document.querySelectorAll('button[data-source]')].filter(
  (each) => each instanceof HTMLButtonElement,
);

/**
 * @param {string} id
 * @param {string} text
 */
const write = (id, text) => {
  element(id, HTMLElement).textContent = text;
};

/** What the form says now. A sample stays chosen until an address is typed. @returns {Wish} */
function readWish() {
  const data = new FormData(form);
  const text = (/** @type {string} */ name) => {
    const value = data.get(name);
    return typeof value === 'string' ? value : '';
  };
  const whole = (/** @type {string} */ name, /** @type {number} */ most) =>
    Math.min(most, Math.max(0, Math.trunc(Number(text(name))) || 0));
  const sample =
    samples.find((each) => each.getAttribute('aria-pressed') === 'true')?.dataset['source'] ?? '';
  return {
    source: asSource(text('source')) || sample,
    width: whole('width', 4000),
    height: whole('height', 4000),
    resizing: text('resizing'),
    gravity: text('gravity') || 'sm',
    format: text('format'),
    quality: Math.max(1, whole('quality', 100)),
  };
}

/** @param {Wish} wish */
function showSnippets(wish) {
  const url = new URL(imagePath(wish), location.href).href;
  write('url', url);
  write('html', `<img src="${url}" alt="">`);
  write('curl', `curl -o picture${wish.format && `.${wish.format}`} '${url}'`);
}

/** The size of the result itself keeps a page from jumping while it loads; it is known once the picture is there. */
function showSizedSnippet() {
  const url = element('url', HTMLElement).textContent;
  write(
    'html',
    `<img src="${url}" width="${picture.naturalWidth}" height="${picture.naturalHeight}" alt="">`,
  );
}

/** What to try, by what the server said. @type {readonly (readonly [RegExp, string])[]} */
const hints = [
  [
    /source url|not allowed/i,
    'Is the address right? Addresses inside your own network are refused unless a setting allows them: PICTOR_SOURCES_HTTP_ALLOW_PRIVATE=true, or PICTOR_SOURCES_HTTP_ALLOW_LOOPBACK=true for this machine.',
  ],
  [/unreachable|not found/i, 'Open the address in a new tab: is there a picture?'],
  [
    /type is not supported|unsupported|invalid source image/i,
    'A page that shows a picture is not the picture: copy the address of the image itself.',
  ],
  [/too large/i, 'The limits are settings: npx pictor config lists them.'],
  [/busy|too many|timed? ?out/i, 'Try again in a moment.'],
];

/** @param {string} text */
const hintFor = (text) => hints.find(([pattern]) => pattern.test(text))?.[1] ?? '';

/**
 * @param {string} title
 * @param {string} text
 * @param {string} hint
 */
function showProblem(title, text, hint) {
  write('problem-title', title);
  write('problem-text', text);
  write('problem-hint', hint);
  for (const id of ['fact-pixels', 'fact-bytes', 'fact-format']) write(id, '–');
  problem.hidden = false;
  picture.hidden = true;
}

/** @type {AbortController | undefined} */
let running;
/** Time of the first load of each URL, to compare later ones with. @type {Map<string, number>} */
const firstTimes = new Map();

/** @param {Wish} wish */
async function load(wish) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  showSnippets(wish);
  stage.setAttribute('aria-busy', 'true');
  try {
    await loadPicture(imagePath(wish), mine.signal);
  } catch (error) {
    if (mine.signal.aborted) return;
    showProblem(
      'No answer',
      error instanceof Error ? error.message : String(error),
      'Is pictor still running?',
    );
  }
  if (!mine.signal.aborted) stage.setAttribute('aria-busy', 'false');
}

/**
 * @param {string} path
 * @param {AbortSignal} signal
 */
async function loadPicture(path, signal) {
  performance.clearResourceTimings();
  const started = performance.now();
  // The browser's own cache would hide the server's.
  const response = await fetch(path, { cache: 'no-store', signal });
  const body = await response.blob();
  const ms = transferTime(path) ?? performance.now() - started;
  showTime(path, ms);
  if (!response.ok) {
    const text = (await body.text()).trim();
    showProblem(`${response.status} ${response.statusText}`, text.slice(0, 300), hintFor(text));
    write('status', `The server answered ${response.status}.`);
    return;
  }
  await showPicture(body, signal);
  if (signal.aborted) return;
  showSizedSnippet();
  write('fact-bytes', readableBytes(body.size));
  write('fact-pixels', `${picture.naturalWidth} × ${picture.naturalHeight}`);
  write('fact-format', body.type.replace(/^image\//, ''));
  write(
    'status',
    `${picture.naturalWidth} by ${picture.naturalHeight} pixels, ${readableBytes(body.size)}, ${readableTime(ms)}.`,
  );
}

/**
 * Milliseconds from the request's first byte to the answer's last, as the browser's network layer saw it: what the page
 * itself was busy with does not count. Undefined where the browser does not tell.
 * @param {string} path
 */
function transferTime(path) {
  const entry = performance.getEntriesByName(new URL(path, location.href).href, 'resource').at(-1);
  if (!(entry instanceof PerformanceResourceTiming) || entry.requestStart === 0) return undefined;
  return entry.responseEnd - entry.requestStart;
}

/**
 * Puts the bytes on the stage; the former picture stays until the new one can be drawn.
 * @param {Blob} body
 * @param {AbortSignal} signal
 */
async function showPicture(body, signal) {
  const address = URL.createObjectURL(body);
  const next = new Image();
  next.src = address;
  try {
    await next.decode();
  } catch {
    URL.revokeObjectURL(address);
    throw new Error(`This browser cannot show ${body.type || 'these bytes'}.`);
  }
  if (signal.aborted) {
    URL.revokeObjectURL(address);
    return;
  }
  const former = picture.src;
  picture.src = address;
  await picture.decode();
  if (former.startsWith('blob:')) URL.revokeObjectURL(former);
  problem.hidden = true;
  picture.hidden = false;
}

/**
 * Shows how long an answer took, next to the first answer to the same URL: that one was made, later ones are cached.
 * @param {string} path
 * @param {number} ms
 */
function showTime(path, ms) {
  const before = firstTimes.get(path);
  if (before === undefined) firstTimes.set(path, ms);
  write('fact-time', readableTime(ms));
  write('fact-first', readableTime(before ?? ms));
  first.hidden = before === undefined;
}

/** Keeps the wish in the address bar, so that a reload or a shared link shows the same. @param {Wish} wish */
function remember(wish) {
  const entries = Object.entries(wish).map(([name, value]) => [name, String(value)]);
  history.replaceState(null, '', `#${new URLSearchParams(Object.fromEntries(entries))}`);
}

function recall() {
  const wish = new URLSearchParams(location.hash.slice(1));
  for (const [name, value] of wish) {
    const field = form.elements.namedItem(name);
    if (
      field instanceof HTMLInputElement ||
      field instanceof HTMLSelectElement ||
      field instanceof RadioNodeList
    )
      field.value = value;
  }
  const wanted = wish.get('source');
  if (wanted !== null && samples.some((each) => each.dataset['source'] === wanted)) choose(wanted);
  else if (wanted) press('');
}

/** Marks one sample as chosen, or none. @param {string} address */
function press(address) {
  for (const sample of samples)
    sample.setAttribute('aria-pressed', String(sample.dataset['source'] === address));
}

/** @param {string} address */
function choose(address) {
  press(address);
  source.value = '';
}

function followForm() {
  write('quality-value', quality.value);
  gravity.disabled = !mayCut(readWish().resizing);
}

/** Asks for what the form says. */
function update() {
  followForm();
  const wish = readWish();
  remember(wish);
  return load(wish);
}

/** After the first picture, so that its time is its own. */
function showThumbnails() {
  for (const image of document.querySelectorAll('img[data-src]')) {
    if (image instanceof HTMLImageElement) image.src = image.dataset['src'] ?? '';
  }
}

/** On a phone the picture lies below the form. */
const bringIntoView = () => stage.scrollIntoView({ block: 'nearest' });

/** @type {ReturnType<typeof setTimeout> | undefined} */
let pending;
function updateSoon() {
  followForm();
  clearTimeout(pending);
  pending = setTimeout(() => void update(), 250);
}

for (const sample of samples) {
  sample.addEventListener('click', () => {
    choose(sample.dataset['source'] ?? '');
    void update();
    bringIntoView();
  });
}

form.addEventListener('input', (event) => {
  // An address is read when it is complete: on Enter, the button, or a paste.
  if (event.target === source) press('');
  else updateSoon();
});
source.addEventListener('paste', () => setTimeout(() => void update()));
form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (source.value.trim() === '' && samples.every((each) => each.getAttribute('aria-pressed') === 'false')) {
    source.focus();
    running?.abort();
    stage.setAttribute('aria-busy', 'false');
    showProblem('No address', 'Type or paste the address of a picture, or choose one of the samples.', '');
    return;
  }
  clearTimeout(pending);
  void update();
  bringIntoView();
});
again.addEventListener('click', () => void load(readWish()));

for (const button of document.querySelectorAll('button[data-copy]')) {
  if (!(button instanceof HTMLButtonElement)) continue;
  button.addEventListener('click', () => void copy(button));
}

/**
 * The clipboard needs a secure page (https or this machine); elsewhere the text is selected instead.
 * @param {HTMLButtonElement} button
 */
async function copy(button) {
  const text = element(button.dataset['copy'] ?? '', HTMLElement);
  try {
    await navigator.clipboard.writeText(text.textContent ?? '');
  } catch {
    getSelection()?.selectAllChildren(text);
    return;
  }
  write('status', 'Copied.');
  button.classList.add('done');
  setTimeout(() => button.classList.remove('done'), 1200);
}

recall();
await update();
showThumbnails();
await openLanguages();
