/** What a status means for the one who was refused, and whether asking again can help. */
export interface Advice {
  /** What kind of thing went wrong. */
  readonly cause: string;
  readonly action: string;
}

const CLIENT: Advice = {
  cause:
    "The request was refused as it was asked. Nothing was changed, and nothing was counted against a limit.",
  action: "Correct the request. Sent again unchanged, it is refused again.",
};
const SERVER: Advice = {
  cause: "The server could not do what was asked.",
  action:
    "Try again after a moment, with the same `Idempotency-Key` where the operation takes one. If it stays, the server's log has the reason under the `requestId`.",
};

/** Told on the command line, when the server starts or a command runs; no caller over HTTP sees these. */
const INSTALLATION: Advice = {
  cause:
    "The installation is not as the server needs it. This is told on the command line, and in the log.",
  action: "Correct it and run the command again. `portico doctor` checks the whole installation.",
};
const OF_INSTALLATION = new Set(["app", "config", "data", "secrets"]);

const BY_STATUS: Readonly<Record<number, Advice>> = {
  401: {
    cause:
      "The server does not know who asks: the credential is missing, mistyped, expired or revoked.",
    action:
      "Send one valid credential: `Authorization: Bearer …` or `X-API-Key: …`. The header `WWW-Authenticate` of the answer names what is taken.",
  },
  403: {
    cause: "The server knows who asks, and this caller may not do it.",
    action:
      "Use a credential that holds the permission, or ask an administrator of the organization to grant it. Sent again with the same credential, the request is refused again.",
  },
  404: {
    cause:
      "There is nothing under this name for this caller. What belongs to another organization looks the same as what does not exist.",
    action: "Check the path and the id. A deleted object does not come back.",
  },
  409: {
    cause:
      "The request does not fit the state that things are in: something is taken, under way or already done.",
    action: "Read the present state, then decide whether the request still makes sense.",
  },
  412: {
    cause: "The object was changed by somebody else since it was read.",
    action: "Read it again, and send the change with the new `ETag` in `If-Match`.",
  },
  413: {
    cause: "The body is larger than this operation takes.",
    action: "Send less at once: split the request, or leave out what is not needed.",
  },
  429: {
    cause: "A limit is used up. The refused call itself consumed nothing.",
    action:
      "Wait as many seconds as `Retry-After` says, then send the request again. `RateLimit-Policy` and `RateLimit` tell which limit it was.",
  },
  502: {
    cause: "The application behind the gateway answered wrongly or not at all.",
    action:
      "Look at the application and its log. Whether the call took effect there, only the application knows.",
  },
  503: {
    cause: "A part that the server needs cannot be used at the moment.",
    action:
      "Try again after a moment, with the same `Idempotency-Key` where the operation takes one: what took effect is then answered, not done twice.",
  },
  504: {
    cause: "What the server waited for did not answer in time.",
    action:
      "Whether it took effect is not known: read before you repeat, or repeat with the same `Idempotency-Key` where the operation takes one.",
  },
};

/** What to think and do about an error of this owner with this status. */
export function adviceFor(owner: string, status: number): Advice {
  if (OF_INSTALLATION.has(owner)) return INSTALLATION;
  return BY_STATUS[status] ?? (status < 500 ? CLIENT : SERVER);
}
