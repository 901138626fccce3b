interface Answer {
  /** 0: there was none. */
  readonly status: number;
  /** Body as it came. */
  readonly text: string;
  readonly cause?: unknown;
}

/** What the bodies of refusals hold: `{"error": "…"}`, of signatures `{"error": "{code}", "message": "…"}`. */
function readRefusal(text: string): { readonly error?: unknown; readonly message?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** A request to an image-server that was refused, failed, or was never answered. */
export class ImageServerError extends Error {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** Body of the answer as it came; empty when none came. */
  readonly text: string;
  /** `SignatureExpired`, `MissingSignature` and so on, where a signature was refused. */
  readonly code: string | undefined;

  constructor({ status, text, cause }: Answer) {
    const { error, message } = readRefusal(text);
    const said = typeof message === 'string' ? message : typeof error === 'string' ? error : text.trim();
    const what = status === 0 ? 'the image server did not answer' : `the image server answered ${status}`;
    super(said === '' ? what : `${what}: ${said}`, cause === undefined ? undefined : { cause });
    this.name = 'ImageServerError';
    this.status = status;
    this.text = text;
    this.code = typeof error === 'string' && typeof message === 'string' ? error : undefined;
  }
}
