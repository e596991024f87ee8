/** A request to be sent, without who sends it. */
export interface HttpRequest {
  readonly method: string;
  /** With its parameters filled in, without the query: `/jobs/7`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  /** Sent as JSON, unless it is a string or a `FormData`. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request as it was sent: everything that is needed to send it again. */
export interface SentRequest {
  readonly method: string;
  /** The address that it really went to: `http://127.0.0.1:4711/jobs/7?page=2`. */
  readonly url: string;
  /** `host` and `authorization` among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** The answer to a request. Matchers take it as it is. */
export interface HttpAnswer {
  readonly request: SentRequest;
  readonly status: number;
  /** The phrase beside the status, where the server sent one: `Not Found`. */
  readonly statusText?: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** The parsed JSON, or the text where it is none; of an event stream, the list of its parsed `data`. */
  readonly body: unknown;
  readonly text: string;
  /** Texts that lie packed in the body, of an archive, a sheet or a PDF; left out where there are none. */
  readonly unpacked?: string;
}
