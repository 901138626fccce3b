/** What a client process is to ask, as plain data. */
export interface Job {
  readonly port: number;
  readonly paths: readonly string[];
  /** Requests sent per second, whether or not answers keep up (open loop). Absent: as `lanes` says. */
  readonly perSecond?: number;
  /** Requests in flight, each next one sent when one is answered. Absent: all at once. */
  readonly lanes?: number;
  /** True: begins again at the first path, until it is told to end. */
  readonly repeats?: boolean;
  /** The client goes away after so long: what is not answered by then never is. Absent: it waits for every answer. */
  readonly seconds?: number;
  /** Nice level of the client. */
  readonly nice?: number;
  /** Sent with POST: the file, and behind it a number that counts up from `from`, so that no two bodies are the same. */
  readonly upload?: { readonly file: string; readonly type: string; readonly from: number };
}

export interface Answer {
  /** 0: the connection failed. */
  readonly status: number;
  /** Milliseconds since the client began when the request was sent, and how long its answer took to the last byte. */
  readonly at: number;
  readonly ms: number;
  /** Whether the answer says when to come again. */
  readonly retryAfter: boolean;
}

/** What a client saw. */
export interface Seen {
  /** In the order of their requests. */
  readonly answers: readonly Answer[];
  /** CPU seconds the client took for asking. */
  readonly cpuSeconds: number;
}
