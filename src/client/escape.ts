/** How texts are written into the URLs of servers written in Go, which compare what they read back. */

const hex = (letter: string): string => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;

/** A value in a query: a blank is `+`, and only letters, digits and `-._~` stay as they are. */
export const escapeQueryValue = (text: string): string =>
  encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, hex)
    .replaceAll('%20', '+');

/** A path given as plain text: slashes stay, and whatever else may stand in a path (RFC 3986 section 3.3). */
export const escapePath = (path: string): string =>
  encodeURIComponent(path.toWellFormed()).replace(/%(?:2F|3A|40|24|26|2B|2C|3B|3D)/g, decodeURIComponent);

/** An address to put a path behind: without slashes at its end. */
export const trimBase = (base: string): string => base.replace(/\/+$/, '');
