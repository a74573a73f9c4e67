import { Type } from "typebox";
import type { Static } from "typebox";
import { toRfc3339 } from "portico/kernel";
import type { Holding } from "../organizations/face.ts";
import type { Person } from "../people/face.ts";
import type { SessionRow } from "./tables.ts";

/** Somebody who is signed in, and where. */
const SignedInView = Type.Object({
  id: Type.String(),
  username: Type.String(),
  displayName: Type.String(),
  email: Type.Union([Type.String(), Type.Null()]),
  emailVerified: Type.Boolean(),
  organization: Type.String(),
  roles: Type.Array(Type.String()),
});

/** Tokens, and whose they are. */
export const TokensView = Type.Object({
  accessToken: Type.String({ description: "Sent as `Authorization: Bearer …`." }),
  refreshToken: Type.Union([Type.String(), Type.Null()], {
    description: "Good for one `POST /auth/refresh`; null where a cookie holds the session.",
  }),
  expiresIn: Type.Integer({ description: "Of the access token, in seconds." }),
  sessionId: Type.String(),
  user: SignedInView,
});

/** What {@link TokensView} is written from. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly expiresIn: number;
  readonly sessionId: string;
  readonly person: Person;
  readonly organization: string;
  readonly holding: Holding;
}

/** Writes tokens and their holder. */
export function toTokens({
  person,
  organization,
  holding,
  ...tokens
}: Tokens): Static<typeof TokensView> {
  const { id, username, displayName, email, isEmailVerified } = person;
  const { roles } = holding;
  return {
    ...tokens,
    user: {
      id,
      username,
      displayName,
      email,
      emailVerified: isEmailVerified,
      organization,
      roles: [...roles],
    },
  };
}

/** A session as its person sees it. */
export const SessionView = Type.Object({
  id: Type.String(),
  userId: Type.String(),
  organization: Type.String(),
  device: Type.String({ description: "The `User-Agent` it was last renewed with." }),
  address: Type.String(),
  methods: Type.Array(Type.String(), {
    description: "How the person was recognised (RFC 8176): `pwd`, `otp`, `fed`.",
  }),
  impersonator: Type.Union([Type.String(), Type.Null()], {
    description: "The administrator who acts as this person.",
  }),
  current: Type.Boolean({ description: "It is the one that asks." }),
  createdAt: Type.String({ format: "date-time" }),
  lastSeenAt: Type.String({ format: "date-time", description: "To the minute." }),
  expiresAt: Type.String({
    format: "date-time",
    description:
      "When it ends if it is not used until then; use moves it on, up to the absolute limit.",
  }),
});

/** Writes a session. */
export function toView(row: SessionRow, currentId: string | undefined): Static<typeof SessionView> {
  return {
    id: row.id,
    userId: row.user_id,
    organization: row.organization,
    device: row.device,
    address: row.address,
    // Written by `openSession`.
    methods: JSON.parse(row.methods) as string[],
    impersonator: row.impersonator,
    current: row.id === currentId,
    createdAt: toRfc3339(row.created_at),
    lastSeenAt: toRfc3339(row.last_seen_at),
    expiresAt: toRfc3339(row.ends_at),
  };
}
