/** A subject and a text with placeholders, and the names that may stand in them. */
export interface TemplateText {
  readonly subject: string;
  /** Paragraphs are separated by empty lines. */
  readonly text: string;
  /** Made of the text where there is none. */
  readonly html?: string;
}

/** What a template may be given. */
interface TemplateRow extends TemplateText {
  readonly values: readonly string[];
}

const HELLO = "Hello {{name}},";
const LIFE = "The link works for {{minutes}} minutes, and once.";
const NOT_YOU =
  "If that was not you, change your password at once and end all sessions that you do not know.";

/** The texts that come in the box. `product` (the sender's name) may stand in each of them. */
export const builtInTemplates = {
  verifyEmail: {
    values: ["name", "link", "minutes"],
    subject: "Confirm your e-mail address",
    text: [
      HELLO,
      "please confirm that this is your e-mail address at {{product}}:",
      "{{link}}",
      LIFE,
      "If you did not ask for this, ignore this message: nothing happens without the link.",
    ].join("\n\n"),
  },
  resetPassword: {
    values: ["name", "link", "minutes"],
    subject: "Choose a new password",
    text: [
      HELLO,
      "somebody, probably you, wants a new password for your account at {{product}}. Choose it here:",
      "{{link}}",
      LIFE,
      "If you did not ask for this, ignore this message: your password stays as it is.",
    ].join("\n\n"),
  },
  invitation: {
    values: ["organization", "inviter", "link", "days"],
    subject: "You are invited to {{product}}",
    text: [
      "Hello,",
      "you are invited to the organization {{organization}}.",
      "The invitation comes from {{inviter}}.",
      "Accept it here:",
      "{{link}}",
      "The link works for {{days}} days.",
      "If you do not know who that is, ignore this message.",
    ].join("\n\n"),
  },
  passwordChanged: {
    values: ["name", "at", "device", "address"],
    subject: "Your password was changed",
    text: [
      HELLO,
      "the password of your account at {{product}} was changed.",
      "When: {{at}}\nDevice: {{device}}\nAddress: {{address}}",
      "If that was not you, ask for a new password at once: the sign-in page offers it.",
    ].join("\n\n"),
  },
  newDevice: {
    values: ["name", "at", "device", "address"],
    subject: "Somebody signed in on a new device",
    text: [
      HELLO,
      "your account at {{product}} was signed in to on a device that was not seen before.",
      "When: {{at}}\nDevice: {{device}}\nAddress: {{address}}",
      "If that was you, there is nothing to do.",
      NOT_YOU,
    ].join("\n\n"),
  },
  firstAdministrator: {
    values: ["link", "minutes"],
    subject: "Become the first administrator of {{product}}",
    text: [
      "Hello,",
      "this link makes you the first administrator of {{product}}:",
      "{{link}}",
      LIFE,
      "Whoever has the link has the installation: do not pass it on.",
    ].join("\n\n"),
  },
  emailTaken: {
    values: ["name", "at"],
    subject: "You already have an account",
    text: [
      HELLO,
      "somebody, probably you, wanted to register with this address at {{product}}. You already have an account with it: " +
        "sign in, or ask for a new password.",
      "When: {{at}}",
      "If that was not you, there is nothing to do: nobody was told that this account exists.",
    ].join("\n\n"),
  },
  factorAdded: {
    values: ["name", "factor", "at", "device", "address"],
    subject: "A second factor was added to your account",
    text: [
      HELLO,
      "signing in to your account at {{product}} now takes a second proof.",
      "Factor: {{factor}}\nWhen: {{at}}\nDevice: {{device}}\nAddress: {{address}}",
      NOT_YOU,
    ].join("\n\n"),
  },
  factorRemoved: {
    values: ["name", "factor", "at", "device", "address"],
    subject: "A second factor was removed from your account",
    text: [
      HELLO,
      "a second proof is no longer asked for your account at {{product}}.",
      "Factor: {{factor}}\nWhen: {{at}}\nDevice: {{device}}\nAddress: {{address}}",
      NOT_YOU,
    ].join("\n\n"),
  },
  recoveryCodesMade: {
    values: ["name", "at", "device", "address"],
    subject: "New recovery codes were made for your account",
    text: [
      HELLO,
      "new recovery codes were made for your account at {{product}}. Those from before are worth nothing now.",
      "When: {{at}}\nDevice: {{device}}\nAddress: {{address}}",
      NOT_YOU,
    ].join("\n\n"),
  },
  recoveryCodeUsed: {
    values: ["name", "left", "at", "device", "address"],
    subject: "A recovery code was used",
    text: [
      HELLO,
      "somebody signed in to your account at {{product}} with a recovery code.",
      "Codes that are left: {{left}}",
      "When: {{at}}\nDevice: {{device}}\nAddress: {{address}}",
      NOT_YOU,
    ].join("\n\n"),
  },
  codesGuessed: {
    values: ["name"],
    subject: "Somebody is guessing your one-time codes",
    text: [
      HELLO,
      "several wrong one-time codes were sent for your account at {{product}}, each after the right password.",
      "Further codes have to wait now. If that was not you, change your password at once: somebody knows it.",
    ].join("\n\n"),
  },
  test: {
    values: ["at"],
    subject: "A test mail of {{product}}",
    text: ["Mail of {{product}} arrives.", "Sent: {{at}}"].join("\n\n"),
  },
} as const satisfies Readonly<Record<string, TemplateRow>>;

/** A kind of mail. */
export type MailTemplate = keyof typeof builtInTemplates;
