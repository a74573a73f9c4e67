// Servers that nobody here wrote, started as their manuals say.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { vi } from "vitest";
import { launch, type Folder, type Running } from "./portico-process.ts";

/** Where Debian puts it. */
export const NGINX = "/usr/sbin/nginx";
const JSON_SERVER = createRequire(import.meta.url).resolve("json-server/lib/cli/bin.js");
/** What nginx serves as page.html. */
export const PAGE = "<h1>Nobody here wrote what serves this</h1>\n".repeat(50);

/** Posts, users and keys as JSON, of the package `json-server`. */
export async function startJsonServer(folder: Folder, port: number): Promise<Running> {
  const posts = [{ id: 1, title: "first" }];
  await writeFile(join(folder.path, "db.json"), JSON.stringify({ posts, users: [], keys: [] }));
  const command = [process.execPath, JSON_SERVER, "--host", "127.0.0.1"];
  const words = ["--port", String(port), "db.json"];
  const running = launch([...command, ...words], { cwd: folder.path });
  await running.says(/Home/);
  return running;
}

/** The files in the folder `html`. */
export async function startNginx(folder: Folder, port: number): Promise<Running> {
  const { path } = folder;
  await mkdir(join(path, "html"));
  await writeFile(join(path, "html", "page.html"), PAGE);
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  await writeFile(
    join(path, "nginx.conf"),
    `daemon off; master_process off; worker_processes 1; pid ${path}/pid; error_log stderr info;
     events {} http { access_log off; default_type text/html;
     ${temp.map((name) => `${name}_temp_path ${path}/${name};`).join(" ")}
     server { listen 127.0.0.1:${port}; root ${path}/html; } }`,
  );
  const command = ["sh", "-c", `exec ${NGINX} -p ${path} -c ${path}/nginx.conf 2>&1`];
  const running = launch(command, { cwd: path });
  await vi.waitUntil(() => existsSync(join(path, "pid")), { timeout: 10_000 });
  return running;
}
