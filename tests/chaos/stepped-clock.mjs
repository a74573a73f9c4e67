// Loaded before a server under test (`NODE_OPTIONS=--import`), in each of its threads: its wall clock is off by the
// milliseconds that the file named by STEPPED_CLOCK holds.
import { readFileSync } from "node:fs";

const file = process.env.STEPPED_CLOCK ?? "";
const real = Date.now;
let offset = 0;

function look() {
  try {
    offset = Number(readFileSync(file, "utf8")) || 0;
  } catch {
    offset = 0;
  }
}

look();
setInterval(look, 50).unref();

const RealDate = Date;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [real() + offset] : given, newTarget),
  get: (target, name) => (name === "now" ? () => real() + offset : Reflect.get(target, name)),
});
