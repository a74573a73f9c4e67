import { spawn } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problem, raiser } from "../../base/index.ts";
import { callControl, dataPaths, followControl, openDataFolder, serveControl } from "./index.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "portico-data-"));
});
afterAll(async () => rm(root, { recursive: true }));

function modeOf(path: string): Promise<string> {
  return stat(path).then(({ mode }) => (mode & 0o777).toString(8));
}

describe("the data folder", () => {
  test("is made for this user alone", async () => {
    const folder = openDataFolder(join(root, "deep", "fresh"));
    expect(await modeOf(folder.folder)).toBe("700");
    expect(await modeOf(folder.blobs)).toBe("700");
    expect(await modeOf(folder.lock)).toBe("600");
    folder.release();
  });

  test("is held by one server at a time, in one process too", () => {
    const path = join(root, "held");
    const first = openDataFolder(path);
    expect(() => openDataFolder(path)).toThrow(expect.objectContaining({ code: "data.locked" }));
    first.release();
    const second = openDataFolder(path);
    second.release();
    second.release();
  });

  test("is free again the moment its holder is killed", async () => {
    const path = join(root, "killed");
    const face = JSON.stringify(new URL("./index.ts", import.meta.url).href);
    const code = `import { openDataFolder } from ${face};
      openDataFolder(${JSON.stringify(path)}); console.log("held"); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", code]);
    await once(holder.stdout, "data");
    expect(() => openDataFolder(path)).toThrow(expect.objectContaining({ code: "data.locked" }));
    holder.kill("SIGKILL");
    await once(holder, "exit");
    openDataFolder(path).release();
  });

  test("that cannot be made says why and what to do", () => {
    expect(() => openDataFolder("/dev/null/portico")).toThrow(/ENOTDIR.*PORTICO_DATA/);
  });

  test("keeps its socket's address short enough for the system", () => {
    const long = dataPaths(join(root, "x".repeat(120)));
    expect(long.controlSocket.length).toBeLessThan(104);
    expect(dataPaths("/a").controlSocket).toBe("/a/control.sock");
  });
});

const raise = raiser({ "notes.gone": problem(404, "The note {id} is gone.") });
const commands = {
  work: (input: unknown, report: (progress: unknown) => void) => {
    for (let n = 0; n < Number(input); n += 1) report(n);
    return Promise.resolve("worked");
  },
  echo: async (input: unknown) => input,
  nothing: async () => undefined,
  refuse: async () => {
    throw raise("notes.gone", { params: { id: "7" } });
  },
  crash: async () => {
    throw new TypeError("secret internals");
  },
};

/** What became of a stream's caller. */
const seen = { ended: 0, silent: 0 };
const streams = {
  count: async function* (input: unknown, signal: AbortSignal) {
    try {
      for (let n = 0; n < Number(input) && !signal.aborted; n += 1) {
        yield { n, text: "x".repeat(1_000) };
        if (n % 100 === 0) await new Promise(setImmediate);
      }
    } finally {
      seen.ended += 1;
    }
  },
  forever: async function* (_input: unknown, signal: AbortSignal) {
    yield "first";
    await once(signal, "abort");
    seen.ended += 1;
  },
  silent: async function* (_input: unknown, signal: AbortSignal) {
    seen.silent += 1;
    await once(signal, "abort");
    yield* [];
  },
  refuseAll: async function* () {
    yield* [];
    throw raise("notes.gone", { params: { id: "8" } });
  },
};

async function withControl(run: (path: string) => Promise<void>): Promise<void> {
  const path = join(root, "control.sock");
  const control = await serveControl(path, commands, streams);
  await run(path);
  await control.close();
}

describe("the control socket", () => {
  test("carries any JSON there and back, many callers at once", () =>
    withControl(async (path) => {
      expect(await modeOf(path)).toBe("600");
      const inputs = Array.from({ length: 20 }, (_, id) => ({
        id,
        text: "a\nb\u2028 ✓".repeat(id),
      }));
      const answers = await Promise.all(
        inputs.map((input) => callControl(path, { command: "echo", input })),
      );
      expect(answers).toEqual(inputs);
      expect(await callControl(path, { command: "nothing", input: {} })).toBeNull();
    }));

  test("tells how far a command is before its answer", () =>
    withControl(async (path) => {
      const heard: unknown[] = [];
      const call = {
        command: "work",
        input: 3,
        onProgress: (progress: unknown) => heard.push(progress),
      };
      expect(await callControl(path, call)).toBe("worked");
      expect(heard).toEqual([0, 1, 2]);
      expect(await callControl(path, { command: "work", input: 2 })).toBe("worked");
    }));

  test("hands problems over with their codes and keeps what crashed to the server", () =>
    withControl(async (path) => {
      await expect(callControl(path, { command: "refuse", input: {} })).rejects.toMatchObject({
        code: "notes.gone",
        status: 404,
        message: "The note 7 is gone.",
      });
      const crash = await callControl(path, { command: "crash", input: {} }).catch(
        (error: unknown) => error,
      );
      expect(crash).toMatchObject({ code: "data.commandFailed" });
      expect(String(crash)).not.toContain("internals");
      await expect(callControl(path, { command: "toString", input: {} })).rejects.toMatchObject({
        code: "data.unknownCommand",
      });
    }));

  test("answers on after garbage and callers that leave", () =>
    withControl(async (path) => {
      const rude = connect(path);
      rude.write("not json\n");
      const [answer] = await once(rude, "data");
      expect(JSON.parse(String(answer))).toMatchObject({ ok: false });
      rude.write('{"command":"echo","in');
      rude.destroy();
      expect(await callControl(path, { command: "echo", input: 1 })).toBe(1);
    }));

  test("goes on answering in order, whole, and at the pace of a slow reader", () =>
    withControl(async (path) => {
      let next = 0;
      for await (const item of followControl(path, "count", 2_000)) {
        expect(item).toMatchObject({ n: next });
        next += 1;
        if (next % 500 === 0) await new Promise((done) => setTimeout(done, 5));
      }
      expect(next).toBe(2_000);
    }));

  test("ends a stream whose reader has seen enough, and one that the server ends", () =>
    withControl(async (path) => {
      const before = seen.ended;
      for await (const item of followControl(path, "forever", {})) {
        expect(item).toBe("first");
        break;
      }
      await expect.poll(() => seen.ended).toBe(before + 1);
      const refused = followControl(path, "refuseAll", {}).next();
      await expect(refused).rejects.toMatchObject({ code: "notes.gone", status: 404 });
      const unknown = followControl(path, "toString", {}).next();
      await expect(unknown).rejects.toMatchObject({ code: "data.unknownCommand" });
    }));

  test("that is closed ends those who follow", async () => {
    const path = join(root, "control.sock");
    const control = await serveControl(path, commands, streams);
    const items: unknown[] = [];
    const following = (async () => {
      for await (const item of followControl(path, "forever", {})) items.push(item);
    })();
    await expect.poll(() => items.length).toBe(1);
    const silent = followControl(path, "silent", {}).next();
    await expect.poll(() => seen.silent).toBe(1);
    await control.close();
    await following;
    expect(await silent).toEqual({ done: true, value: undefined });
    const gone = followControl(path, "forever", {}).next();
    await expect(gone).rejects.toMatchObject({ code: "data.notRunning" });
  });

  test("that nobody serves is told as such, left over or not there at all", async () => {
    const path = join(root, "left", "control.sock");
    const absent = { code: "data.notRunning" };
    await expect(callControl(path, { command: "echo", input: 1 })).rejects.toMatchObject(absent);
    const face = JSON.stringify(new URL("./index.ts", import.meta.url).href);
    const code = `import { serveControl } from ${face};
      await serveControl(${JSON.stringify(path)}, {}); console.log("up");`;
    const server = spawn(process.execPath, ["--input-type=module", "-e", code]);
    await once(server.stdout, "data");
    server.kill("SIGKILL");
    await once(server, "exit");
    expect(await modeOf(dirname(path))).toBe("700");
    await expect(callControl(path, { command: "echo", input: 1 })).rejects.toMatchObject(absent);
    const control = await serveControl(path, commands);
    expect(await callControl(path, { command: "echo", input: 2 })).toBe(2);
    await control.close();
  });
});
