import { relative } from "node:path";
import { raise } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { hint } from "../terminal.ts";
import type { Globals } from "../terminal.ts";
import { settingsDifference } from "./difference.ts";
import { openDoor } from "./door.ts";
import type { Door } from "./door.ts";
import type { Checked } from "./messages.ts";
import { startServerProcess } from "./server-process.ts";
import type { DevRole, ServerProcess } from "./server-process.ts";
import { watchFiles } from "./watch-files.ts";
import type { FileWatch } from "./watch-files.ts";

const SETTLE_MS = 100;

function watchedOf({ settingsFiles, code, documents }: Checked): readonly string[] {
  return [...settingsFiles, ...code, ...documents];
}

/** The server that is in force and what is known of it. */
interface InForce {
  readonly server: ServerProcess;
  readonly checked: Checked;
}

/**
 * Runs servers for development, one after another, behind a socket that stays open: a change of the configuration, a
 * plugin or a document is tried beside the running server, and takes its place only when it is in order.
 */
export class Supervisor {
  readonly #globals: Globals;
  readonly #watch: FileWatch;
  readonly #pending = new Set<string>();
  #door: Door | undefined;
  #inForce: InForce | undefined;
  /** A server that does not take requests yet. */
  #starting: ServerProcess | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isEnding = false;
  #finish: (code: number) => void = () => undefined;
  readonly #ended = new Promise<number>((done) => {
    this.#finish = done;
  });

  constructor(globals: Globals) {
    this.#globals = globals;
    this.#watch = watchFiles((files) => this.#changed(files));
  }

  /** Starts the first server; settles with the exit code of the command. */
  async run(): Promise<number> {
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.on(signal, () => this.#end(signal));
    const started = this.#startFirst();
    // What is saved meanwhile waits for its turn.
    this.#turn = started.then(
      () => undefined,
      () => undefined,
    );
    const code = await started;
    return code ?? (await this.#ended);
  }

  /** The exit code of the first server when it did not come to serve. */
  async #startFirst(): Promise<number | undefined> {
    const server = this.#start("first");
    const checked = await server.checked;
    if (checked === undefined) return await server.ended;
    this.#watch.set(watchedOf(checked));
    this.#door = await this.#open(checked, server);
    server.go(this.#door.url);
    if (!(await server.ready)) {
      this.#watch.close();
      this.#door.close();
      return await server.ended;
    }
    this.#put({ server, checked });
    return undefined;
  }

  #start(role: DevRole): ServerProcess {
    const server = startServerProcess(role);
    this.#starting = server;
    return server;
  }

  async #open({ host, port }: Checked, server: ServerProcess): Promise<Door> {
    try {
      return await openDoor(host, port);
    } catch (cause) {
      this.#watch.close();
      await server.stop("SIGKILL");
      throw raise("cli.portTaken", { params: { port }, cause });
    }
  }

  #put(inForce: InForce): void {
    const { server, checked } = inForce;
    this.#inForce = inForce;
    this.#door?.lead((socket) => server.take(socket));
    this.#watch.set(watchedOf(checked));
    void server.ended.then((code) => {
      if (this.#isEnding || this.#inForce?.server !== server) return;
      this.#inForce = undefined;
      this.#door?.lead((socket) => socket.destroy());
      this.#say(`the server ended with ${code}; it starts again when a file changes`);
    });
  }

  #end(signal: "SIGINT" | "SIGTERM"): void {
    if (this.#isEnding) {
      process.exit(signal === "SIGINT" ? EXIT.interrupted : EXIT.terminated);
    }
    this.#isEnding = true;
    hint("stopping; a second signal ends at once", this.#globals);
    this.#watch.close();
    this.#door?.close();
    const running = this.#inForce?.server;
    if (this.#starting !== running) void this.#starting?.stop(signal);
    void (running?.stop(signal) ?? Promise.resolve(EXIT.ok)).then((code) => this.#finish(code));
  }

  #changed(files: readonly string[]): void {
    for (const file of files) this.#pending.add(file);
    this.#turn = this.#turn.then(() => this.#follow());
  }

  async #follow(): Promise<void> {
    const files = [...this.#pending];
    this.#pending.clear();
    if (files.length === 0 || this.#isEnding) return;
    this.#say(`changed: ${files.map((file) => relative(this.#globals.cwd, file)).join(", ")}`);
    const documents = this.#inForce?.checked.documents ?? [];
    const running = this.#inForce;
    const isReloaded =
      running !== undefined &&
      files.every((file) => documents.includes(file)) &&
      (await this.#reload(running, running.checked));
    if (!isReloaded) await this.#tryAnother(files);
  }

  /** Starts a candidate beside the running server; it opens nothing before it is told to go. */
  async #tryAnother(files: readonly string[]): Promise<void> {
    const startedAt = Date.now();
    const server = this.#start("candidate");
    const checked = await server.checked;
    if (checked === undefined) {
      // What it imported may be new, and is where the mistake may be.
      this.#watch.add(await server.broken, startedAt);
      this.#say(
        this.#inForce === undefined
          ? "not in order yet; waiting for another change"
          : "not in order: the server goes on as it was",
      );
      return;
    }
    this.#watch.add(watchedOf(checked), startedAt);
    const before = this.#inForce;
    const told =
      before === undefined ? [] : settingsDifference(before.checked.settings, checked.settings);
    for (const line of told) this.#say(`  ${line}`);
    const live = [...checked.settingsFiles, ...checked.documents];
    const isGateway =
      before !== undefined &&
      before.checked.stamp === checked.stamp &&
      checked.gateway !== undefined &&
      files.every((file) => live.includes(file));
    if (isGateway && (await this.#reload(before, checked))) await server.stop("SIGKILL");
    else await this.#replace(before, { server, checked });
  }

  /** Puts the gateway's settings in force, or tells what is wrong with them; false when that needs another process. */
  async #reload(inForce: InForce, checked: Checked): Promise<boolean> {
    const answer = await inForce.server.reload(checked.gateway);
    if (answer === undefined || answer.type === "unable") return false;
    if (answer.type === "refused") {
      for (const mistake of answer.mistakes) this.#say(`  - ${mistake}`);
      this.#say("not in order: the routes stay as they were");
      return true;
    }
    for (const line of answer.told) this.#say(`  ${line}`);
    this.#say("reloaded, with no request interrupted");
    this.#inForce = { server: inForce.server, checked };
    this.#watch.set(watchedOf(checked));
    return true;
  }

  /** From the old server's last answer until the new one is ready, connections wait at the door. */
  async #replace(before: InForce | undefined, after: InForce): Promise<void> {
    const startedAt = performance.now();
    this.#inForce = undefined;
    this.#door?.lead(undefined);
    // What was handed over just now begins its request; a connection that has none yet would be closed as idle.
    await new Promise((done) => setTimeout(done, SETTLE_MS));
    await before?.server.stop();
    await this.#moveDoor(after.checked);
    after.server.go(this.#door?.url ?? "");
    if (await after.server.ready) {
      this.#put(after);
      const waited = Math.round(performance.now() - startedAt);
      this.#say(`restarted; requests waited up to ${waited} ms`);
      return;
    }
    this.#door?.lead((socket) => socket.destroy());
    this.#watch.set(watchedOf(after.checked));
    this.#say("the server could not start; waiting for another change");
  }

  async #moveDoor({ host, port }: Checked): Promise<void> {
    const old = this.#door;
    if (old?.host === host && old.port === port) return;
    try {
      this.#door = await openDoor(host, port);
      old?.close();
      this.#say(`now at ${this.#door.url}`);
    } catch {
      this.#say(`port ${port} of ${host} is taken: the address stays ${old?.url ?? "closed"}`);
    }
  }

  #say(text: string): void {
    hint(`dev: ${text}`, this.#globals);
  }
}
