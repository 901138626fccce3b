const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it stands in HTML or XML, between tags or as a quoted value (XML 1.0 section 2.4). */
export const escapedMarkup = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign]!);
