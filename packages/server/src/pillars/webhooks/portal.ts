/** The subject of an owner's tokens: what the audit says of it, and what its links are revoked by. */
export function portalSubject(owner: string): string {
  return `portal:${owner}`;
}
