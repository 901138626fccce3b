import type { PictorError } from '../core/errors.ts';
import { escapedMarkup } from '../lib/markup.ts';

/**
 * All there is to know of an error, for whoever develops against the server: code, public text, detail, stack and
 * causes. As a page where the client takes HTML, else as text. Every text is escaped: details quote what requests and
 * sources said.
 */
export function developmentReport(
  error: PictorError,
  { requestId, accept }: { readonly requestId: string; readonly accept?: string | undefined },
): { readonly contentType: string; readonly body: string } {
  const message = `${error.code}: ${error.detail ?? error.message}`;
  const stack = stackOf(error);
  if (accept?.includes('text/html') !== true)
    return { contentType: 'text/plain; charset=utf-8', body: `${message}\n\n${stack}` };
  return { contentType: 'text/html; charset=utf-8', body: page({ message, stack, requestId }) };
}

const deepestCause = 5;

/** The stack with those of its causes, outermost first. */
function stackOf(error: Error): string {
  const stacks: string[] = [];
  let current: unknown = error;
  while (current instanceof Error && stacks.length < deepestCause) {
    stacks.push(current.stack ?? String(current));
    current = current.cause;
  }
  return stacks.join('\n\nCaused by: ');
}

const page = ({ message, stack, requestId }: Readonly<Record<'message' | 'stack' | 'requestId', string>>) =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Error</title>
<style>
body { margin: 3rem auto; max-width: 60rem; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
pre { padding: 1rem; overflow-x: auto; background: #8882; }
@media (prefers-color-scheme: dark) { body { background: #16181d; color: #e6e6e6; } }
</style>
</head>
<body>
<h1>${escapedMarkup(message)}</h1>
<p>Request id: ${escapedMarkup(requestId)}</p>
<pre>${escapedMarkup(stack)}</pre>
</body>
</html>
`;
