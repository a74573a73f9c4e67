export { chooseTransport } from "./choose.ts";
export type { Transport } from "./transport.ts";
