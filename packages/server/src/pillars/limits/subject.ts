import { addressBucket } from "portico/kernel";
import type { LimitPer, LimitRequest } from "portico/kernel";

/**
 * Whom a policy counts, as text that no other subject has. What somebody outside chooses (a user's id) stands last, so that
 * it can imitate nothing; subjects of one organization begin with it.
 */
export function subjectOf(per: LimitPer, request: LimitRequest): string {
  const { caller, address, place } = request;
  if (request.subject !== undefined) return request.subject;
  switch (per) {
    case "operation":
      return `operation\n${place?.id ?? ""}`;
    case "api":
      return `api\n${place?.api ?? ""}`;
    case "global":
      return "global";
    case "ip":
      return `ip\n${addressBucket(address)}`;
    case "organization":
    case "user":
    case "key":
      break;
  }
  // Nobody in particular: all of them together would be one subject that anybody can use up.
  if (caller.kind === "anonymous") return `ip\n${addressBucket(address)}`;
  if (per === "organization") return `organization\n${caller.organization}`;
  if (per === "user") {
    const user = caller.userId ?? (caller.kind === "user" ? caller.subject : undefined);
    if (user !== undefined) return memberSubject("user", caller.organization, user);
  }
  return memberSubject("key", caller.organization, caller.credential ?? caller.subject);
}

/** A key, a user, or whatever an organization counts by, as a subject of that organization. */
export function memberSubject(kind: string, organization: string, id: string): string {
  return `${kind}\n${organization}\n${id}`;
}
