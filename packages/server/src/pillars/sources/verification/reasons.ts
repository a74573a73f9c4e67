/** Why a message is not accepted, for its sender and for whoever looks at the quarantine. */
export const reasons = {
  noSecret: "The source has no secret yet, so nothing can be verified",
  missingHeader: "A header that the signature needs is missing",
  repeatedHeader: "A header that the signature needs came more than once",
  unreadableSignature: "The signature is not written as this provider writes it",
  wrongSignature: "The signature is not that of this body with any secret of the source",
  unreadableTimestamp:
    "The timestamp is not a whole number of seconds, or milliseconds, since 1970",
  oldTimestamp: "The timestamp is too far from now: the message is old, or a clock is wrong",
  unsignedBody: "The signature does not cover the body",
  reservedType: "The message would become an event of a type that only Portico itself may emit",
} as const;

/** One of them. */
export type Reason = keyof typeof reasons;
