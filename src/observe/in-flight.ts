/** A handler of requests, as `node:http` knows it: its response tells when it is over. */
type Handler<Request, Response> = (request: Request, response: Response) => void | Promise<void>;

/** Counts requests from their head to the end of their answer, or until the client leaves. */
export interface InFlight {
  /** The same handler, counted. */
  counting<Request, Response extends { once(event: 'close', listener: () => void): unknown }>(
    handler: Handler<Request, Response>,
  ): Handler<Request, Response>;
  count(): number;
}

export function createInFlight(): InFlight {
  let running = 0;
  return {
    count: () => running,
    counting: (handler) => (request, response) => {
      running += 1;
      response.once('close', () => {
        running -= 1;
      });
      return handler(request, response);
    },
  };
}
