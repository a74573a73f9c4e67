import { problem, raiser } from "../../base/index.ts";

/** What the log refuses. */
export const logErrors = {
  "log.badType": problem(
    422,
    "The event type '{type}' is not one: 1 to 128 letters, digits, '_', '.' or '-' are.",
    "A type names what happened, such as invoice.paid.",
  ),
  "log.badData": problem(
    422,
    "The event's data is not JSON. Give a JSON value, or the bytes themselves.",
  ),
  "log.tooLarge": problem(
    413,
    "The event holds {bytes} bytes; {max} are the most. Put large things elsewhere and send a link.",
  ),
  "log.fenced": problem(
    409,
    "Another process moved this consumer's cursor; nothing of this batch was stored.",
    "Two processes took themselves for the consumer's only reader. The one that came late reads its cursor again.",
  ),
  "log.unknownConsumer": problem(404, "No consumer '{consumer}' runs here."),
};

/** Makes the log's problems. */
export const raiseLog = raiser(logErrors);
