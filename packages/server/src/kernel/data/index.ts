export { callControl, followControl, serveControl } from "./control.ts";
export type { ControlCommands, ControlServer, ControlStreams } from "./control.ts";
export { dataErrors } from "./errors.ts";
export { dataPaths, openDataFolder } from "./folder.ts";
export type { DataFolder, DataPaths } from "./folder.ts";
