/** What an error code means for each side: the status of an HTTP answer, and whether trying again can help. */
interface ErrorMeaning {
  readonly httpStatus: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 426 | 429 | 500 | 503;
  readonly retryable: boolean;
}

/** Every error code that a client can see, on the WebSocket or in an HTTP body (specification, "Error Handling"). */
export const ERRORS = {
  BAD_REQUEST: { httpStatus: 400, retryable: false },
  UNAUTHORIZED: { httpStatus: 401, retryable: false },
  FORBIDDEN: { httpStatus: 403, retryable: false },
  NOT_FOUND: { httpStatus: 404, retryable: false },
  TOPIC_NOT_FOUND: { httpStatus: 404, retryable: false },
  METHOD_NOT_ALLOWED: { httpStatus: 405, retryable: false },
  REQUEST_TIMEOUT: { httpStatus: 408, retryable: true },
  CONFLICT: { httpStatus: 409, retryable: false },
  PAYLOAD_TOO_LARGE: { httpStatus: 413, retryable: false },
  UPGRADE_REQUIRED: { httpStatus: 426, retryable: false },
  RATE_LIMITED: { httpStatus: 429, retryable: true },
  LIMIT_EXCEEDED: { httpStatus: 503, retryable: true },
  SLOW_CONSUMER: { httpStatus: 503, retryable: true },
  INTERNAL: { httpStatus: 500, retryable: true },
  UNAVAILABLE: { httpStatus: 503, retryable: true },
} as const satisfies Record<string, ErrorMeaning>;

export type ErrorCode = keyof typeof ERRORS;

/** The error codes as a list, for schemas and docs. */
export const ERROR_CODES = Object.keys(ERRORS).filter((code): code is ErrorCode => code in ERRORS);

/** Something that was refused: a value, not an exception, because refusing is part of the protocol. */
export class Refusal {
  readonly code: ErrorCode;
  /** Why, in words for the client's developer. */
  readonly message: string;

  constructor(code: ErrorCode, message: string) {
    this.code = code;
    this.message = message;
  }
}

/** Close codes the server sends (RFC 6455, section 7.4; 4000 and up are Ringcast's own). */
export const CLOSE = {
  GOING_AWAY: 1001,
  POLICY: 1008,
  INTERNAL: 1011,
  TRY_AGAIN_LATER: 1013,
  UNAUTHORIZED: 4401,
  CUT_OFF: 4403,
  TOPIC_DELETED: 4404,
} as const;
export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];
