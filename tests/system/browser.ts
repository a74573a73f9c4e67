import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Debian's browser, where it is installed. */
export const chromium = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
);

/** What a page did, and a way to ask it. */
export interface BrowserPage extends AsyncDisposable {
  /** Every address it has asked for, in order; `data:` and `blob:` among them. */
  readonly requests: readonly string[];
  /** Errors it has told: exceptions, the console's, and what the policy refused. */
  readonly errors: readonly string[];
  open(url: string): Promise<void>;
  /** The value of an expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  /** Waits until an expression is true, at most `timeoutMs`, and answers how long that took. */
  until(expression: string, timeoutMs?: number): Promise<number>;
}

/** The parts of what the browser tells that are read here. */
interface Told {
  readonly request?: { readonly url: string };
  readonly exceptionDetails?: {
    readonly text: string;
    readonly exception?: { readonly description?: string };
  };
  readonly entry?: { readonly level: string; readonly text: string; readonly url?: string };
  readonly type?: string;
  readonly args?: readonly { readonly value?: unknown; readonly description?: string }[];
  readonly result?: { readonly value?: unknown };
  readonly targetInfos?: readonly { readonly targetId: string; readonly type: string }[];
  readonly sessionId?: string;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Told;
  readonly result?: Told;
  readonly error?: { readonly message: string };
}

/** Starts a browser of its own with one empty page, over the DevTools protocol. */
export async function openBrowser(): Promise<BrowserPage> {
  const profile = mkdtempSync(join(tmpdir(), "portico-browser-"));
  const child = spawn(
    chromium ?? "chromium",
    [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--disable-background-networking",
      "--window-size=1280,900",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      "about:blank",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const ended = new Promise<void>((done) => {
    child.once("close", () => done());
  });
  const address = await listening(child.stderr);
  const session = await connect(address);
  const { requests, errors } = await watch(session);
  return {
    requests,
    errors,
    open: async (url) => {
      await session.send("Page.navigate", { url });
    },
    evaluate: (expression) => evaluate(session, expression),
    until: async (expression, timeoutMs = 30_000) => {
      const startedAt = performance.now();
      while ((await evaluate(session, expression)) !== true) {
        if (performance.now() - startedAt > timeoutMs) {
          throw new Error(`not within ${timeoutMs} ms: ${expression}\n${errors.join("\n")}`);
        }
        await new Promise((done) => setTimeout(done, 50));
      }
      return performance.now() - startedAt;
    },
    [Symbol.asyncDispose]: async () => {
      session.close();
      child.kill("SIGKILL");
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function listening(stderr: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    stderr.on("data", (chunk) => {
      text += String(chunk);
      const address = /DevTools listening on (ws:\S+)/.exec(text)?.[1];
      if (address !== undefined) resolve(address);
    });
    stderr.on("close", () => reject(new Error(`the browser did not start\n${text}`)));
  });
}

interface Session {
  send(method: string, params?: object): Promise<Told>;
  on(listen: (message: Message) => void): void;
  close(): void;
}

/** A session with the first page. */
async function connect(address: string): Promise<Session> {
  const socket = new WebSocket(address);
  await new Promise<unknown>((done, fail) => {
    socket.addEventListener("open", done);
    socket.addEventListener("error", () => fail(new Error("no connection to the browser")));
  });
  const waiting = new Map<number, (message: Message) => void>();
  const listeners: ((message: Message) => void)[] = [];
  const page: { sessionId?: string } = {};
  let last = 0;
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id === undefined) for (const listen of listeners) listen(message);
    else waiting.get(message.id)?.(message);
  });
  const send: Session["send"] = (method, params = {}) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, ({ result, error }) => {
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      socket.send(JSON.stringify({ id: last, method, params, ...page }));
    });
  const { targetInfos = [] } = await send("Target.getTargets");
  const first = targetInfos.find(({ type }) => type === "page");
  const target = { targetId: first?.targetId, flatten: true };
  const { sessionId = "" } = await send("Target.attachToTarget", target);
  page.sessionId = sessionId;
  return { send, on: (listen) => listeners.push(listen), close: () => socket.close() };
}

async function watch(session: Session) {
  const requests: string[] = [];
  const errors: string[] = [];
  session.on(({ method, params = {} }) => {
    const { request, exceptionDetails, entry, type, args = [] } = params;
    if (method === "Network.requestWillBeSent") requests.push(request?.url ?? "");
    if (method === "Runtime.exceptionThrown") {
      const { text, exception } = exceptionDetails ?? {};
      errors.push(`${text ?? ""} ${exception?.description ?? ""}`);
    }
    if (method === "Log.entryAdded" && entry?.level === "error") {
      errors.push(`${entry.text} ${entry.url ?? ""}`);
    }
    if (method === "Runtime.consoleAPICalled" && type === "error") {
      errors.push(args.map((one) => one.description ?? JSON.stringify(one.value)).join(" "));
    }
  });
  for (const domain of ["Network", "Page", "Runtime", "Log"])
    await session.send(`${domain}.enable`);
  return { requests, errors };
}

async function evaluate(session: Session, expression: string): Promise<unknown> {
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    expression,
    returnByValue: true,
    awaitPromise: true,
  });
  if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
  return result?.value;
}
