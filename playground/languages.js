import { readableBytes } from './image-url.js';

/**
 * The path that shows what was uploaded, from the answer of the server.
 * @param {string} text JSON: vip gives a URL, image-server the hash that the path is made of
 * @param {string} place where it was sent: `/image-server/uploads`
 */
export function uploadedPath(text, place) {
  const answer = /** @type {{ url?: string, hash?: string }} */ (JSON.parse(text));
  if (answer.url !== undefined) return `${new URL(answer.url).pathname}?s=480`;
  const hash = answer.hash ?? '';
  const parts = [hash.slice(0, 3), hash.slice(3, 6), hash.slice(6, 9), hash.slice(9)];
  return `${place}/${parts.join('/')}/w480.jpg`;
}

/**
 * @template {Element} T
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
function within(parent, selector, type) {
  const found = parent.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`${selector} is missing`);
  return found;
}

/** What to try, by what the server said to an upload. @param {number} status */
const uploadHint = (status) =>
  status === 401 || status === 403
    ? ' Uploads are taken here only while the server listens on this machine alone, and from this page.'
    : '';

/**
 * One language: a path that can be changed, what the server answers to it, ready-made paths, and uploads where there are any.
 * @param {HTMLElement} card
 */
function openCard(card) {
  const form = within(card, 'form.path', HTMLFormElement);
  const input = within(form, 'textarea', HTMLTextAreaElement);
  const picture = within(card, '.view img', HTMLImageElement);
  const said = within(card, '.said', HTMLElement);
  /** @type {AbortController | undefined} */
  let running;

  /** @param {string} text */
  const refuse = (text) => {
    picture.hidden = true;
    said.textContent = text;
    said.classList.add('bad');
  };

  /** @param {AbortSignal} signal */
  async function load(signal) {
    const response = await fetch(input.value, { cache: 'no-store', signal });
    const body = await response.blob();
    if (!response.ok) {
      refuse(`${response.status} ${(await body.text()).trim().slice(0, 200) || response.statusText}`);
      return;
    }
    const address = URL.createObjectURL(body);
    const former = picture.src;
    picture.src = address;
    await picture.decode();
    if (former.startsWith('blob:')) URL.revokeObjectURL(former);
    if (signal.aborted) return;
    picture.hidden = false;
    const format = body.type.replace(/^image\//, '');
    said.textContent = `${picture.naturalWidth} × ${picture.naturalHeight}, ${format}, ${readableBytes(body.size)}`;
    said.classList.remove('bad');
  }

  async function show() {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    card.setAttribute('aria-busy', 'true');
    for (const each of card.querySelectorAll('button[data-path]'))
      each.setAttribute('aria-pressed', String(each.getAttribute('data-path') === input.value));
    try {
      await load(mine.signal);
    } catch (error) {
      if (mine.signal.aborted) return;
      refuse(error instanceof Error ? error.message : String(error));
    }
    if (!mine.signal.aborted) card.setAttribute('aria-busy', 'false');
  }

  /** @param {string} path */
  const showPath = (path) => {
    input.value = path;
    return show();
  };

  /** @param {File} file @param {string} place */
  async function upload(file, place) {
    card.setAttribute('aria-busy', 'true');
    try {
      const response = await fetch(place, { method: 'POST', body: file });
      const text = await response.text();
      if (response.ok) return await showPath(uploadedPath(text, place));
      refuse(`${response.status} ${text.trim().slice(0, 200)}${uploadHint(response.status)}`);
    } catch (error) {
      refuse(error instanceof Error ? error.message : String(error));
    }
    card.setAttribute('aria-busy', 'false');
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void show();
  });
  // Lines are there to show a long path whole: it has no line breaks of its own.
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    form.requestSubmit();
  });
  for (const each of card.querySelectorAll('button[data-path]'))
    each.addEventListener('click', () => void showPath(each.getAttribute('data-path') ?? ''));
  const chooser = card.querySelector('input[type="file"]');
  if (chooser instanceof HTMLInputElement) {
    chooser.addEventListener('change', () => {
      const [file] = chooser.files ?? [];
      if (file !== undefined) void upload(file, chooser.dataset['to'] ?? '');
      chooser.value = '';
    });
  }
  for (const each of card.querySelectorAll('.host')) each.textContent = location.origin;
  return show;
}

/** Shows every language's example, one after the other: the page's own picture is not to wait for them. */
export async function openLanguages() {
  const cards = [...document.querySelectorAll('article[data-language]')]
    .filter((card) => card instanceof HTMLElement)
    .map(openCard);
  for (const show of cards) await show();
}
