import { isCommonPassword } from "./common-passwords.ts";
import { raise } from "./errors.ts";

/** Shorter ones are guessed. */
const PASSWORD_MIN = 8;
/** Characters of a password at most: all of them count, and longer ones make hashing dear. */
export const PASSWORD_MAX = 256;

/** Whose password it would be. */
export interface PasswordOwner {
  readonly username: string;
  readonly email: string | null;
}

/** Throws `identity.weakPassword` for a password that is guessed at once. There are no rules of composition. */
export function judgeNewPassword(password: string, owner: PasswordOwner): void {
  const reason = objectionTo(password, owner);
  if (reason !== undefined) throw raise("identity.weakPassword", { params: { reason } });
}

function objectionTo(password: string, { username, email }: PasswordOwner): string | undefined {
  const length = [...password].length;
  if (length < PASSWORD_MIN) return `it has ${length} characters, and ${PASSWORD_MIN} are needed`;
  if (length > PASSWORD_MAX) return `it has more than ${PASSWORD_MAX} characters`;
  // Their UTF-8 is that of another text: two passwords would be one.
  if (!password.isWellFormed()) return "it holds half of a character";
  const plain = fold(password);
  const names = [username, email ?? username, (email ?? username).split("@", 1)[0] ?? ""];
  if (names.some((name) => fold(name) === plain)) return "it is the account's own name or address";
  if (isCommonPassword(password)) return "it is among those that everybody tries first";
  if (new Set(plain).size < 3) return "it repeats the same characters";
  return undefined;
}

function fold(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}
