/**
 * WebSockets to fronted applications (RFC 6455): admitted as any call, switched by the upstream, and from then on bytes
 * both ways, each at the pace of the slower side. Frames are not looked into.
 */
export { upgradeFault } from "./upgrade-fault.ts";
export { WebSockets } from "./web-sockets.ts";
