import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the upstream and nginx as a proxy listen. */
export const [UPSTREAM_PORT, NGINX_PORT] = [18_801, 18_802];

const CONF = (folder: string): string => `
worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 2048; }
http {
  access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  keepalive_requests 10000000;`;
const UPSTREAM_CONF = (folder: string): string => `${CONF(folder)}
  server { listen 127.0.0.1:${UPSTREAM_PORT} backlog=1024; location / { default_type application/json; return 200 '{"id":"inv_1042","total":4200,"currency":"EUR"}'; } } }`;
const PROXY_CONF = (folder: string): string => `${CONF(folder)}
  upstream app { server 127.0.0.1:${UPSTREAM_PORT}; keepalive 128; keepalive_requests 10000000; }
  server { listen 127.0.0.1:${NGINX_PORT} backlog=1024;
    location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; } } }`;

/** A process that ends with its scope. */
export interface Running extends AsyncDisposable {
  readonly child: ChildProcess;
}

/** Starts a command on one core. */
export function pinned(core: string, command: readonly string[]): Running {
  const child = spawn("taskset", ["-c", core, ...command], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return {
    child,
    async [Symbol.asyncDispose]() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    },
  };
}

/** Where nginx lies and on which core it runs. */
export interface NginxOptions {
  readonly binary: string;
  readonly core: string;
}

/** nginx that answers every request by itself. */
export function nginxUpstream(options: NginxOptions): Promise<Running> {
  return nginx(options, "upstream", UPSTREAM_CONF);
}

/** nginx with nothing but `proxy_pass` over kept connections. */
export function nginxProxy(options: NginxOptions): Promise<Running> {
  return nginx(options, "proxy", PROXY_CONF);
}

async function nginx(
  { binary, core }: NginxOptions,
  name: string,
  conf: (folder: string) => string,
): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), `portico-bench-${name}-`));
  const file = join(folder, "nginx.conf");
  await writeFile(file, conf(folder));
  const running = pinned(core, [binary, "-p", folder, "-c", file]);
  return {
    child: running.child,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Settles when somebody listens on a port of loopback. */
export async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const socket = connect(port, "127.0.0.1");
    const isUp = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (isUp) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new TypeError(`Nothing listens on port ${port}`);
}

/** Starts a script of Node's on one core; the first line it prints is JSON. */
export async function script<TLine>(
  core: string,
  file: string,
  args: readonly string[],
): Promise<Running & { readonly line: TLine }> {
  const running = pinned(core, [process.execPath, file, ...args]);
  const { stdout } = running.child;
  if (stdout === null) throw new TypeError("The script has no output.");
  const [printed] = (await once(stdout, "data")) as [Buffer];
  return { ...running, line: JSON.parse(printed.toString()) as TLine };
}

const TICK_MS = 10;

/** Processor time, user and system, of a process with its threads and its children: nginx works in a child. */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name in brackets may hold spaces; utime and stime are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  let spent = (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  for (const task of await readdir(`/proc/${pid}/task`)) {
    const children = await readFile(`/proc/${pid}/task/${task}/children`, "utf8");
    for (const child of children.split(" ").filter((each) => each !== "")) {
      spent += await cpuMs(Number(child));
    }
  }
  return spent;
}
