import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { exchange } from "./load.ts";

/** Requests at a steady pace, whatever the answers take: an open loop. */
export interface Paced {
  readonly port: number;
  /** A second. */
  readonly rate: number;
  readonly seconds: number;
  /** Milliseconds since 1970 at which this one should leave; where it leaves late, its latency has the delay in it. */
  readonly request: (index: number, dueAt: number) => Buffer;
  readonly status: number;
}

/** How many were answered as they should be. */
export interface Sent {
  readonly sent: number;
  readonly refused: number;
}

const CONNECTIONS_MAX = 256;

/** Sends until the time is over and every request is answered. Beyond 256 in flight they queue here, their clock running. */
export async function sendPaced({ port, rate, seconds, request, status }: Paced): Promise<Sent> {
  await using lanes = new Lanes(port);
  const total = Math.round(rate * seconds);
  const startedAt = performance.now() + 20;
  const answers: Promise<void>[] = [];
  let refused = 0;
  const one = async (bytes: Buffer): Promise<void> => {
    const answered = await lanes.exchange(bytes);
    if (answered !== status) refused += 1;
  };
  for (let index = 0; index < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) * rate) / 1_000) + 1);
    for (; index < due; index += 1) {
      const dueAt = performance.timeOrigin + startedAt + (index * 1_000) / rate;
      answers.push(one(request(index, dueAt)));
    }
    await sleep(Math.max(1, startedAt + (index * 1_000) / rate - performance.now()));
  }
  await Promise.all(answers);
  return { sent: total, refused };
}

/** Kept connections, each with one request in flight. */
class Lanes implements AsyncDisposable {
  readonly #port: number;
  readonly #idle: Socket[] = [];
  readonly #waiting: ((socket: Socket) => void)[] = [];
  readonly #all = new Set<Socket>();
  #open = 0;

  constructor(port: number) {
    this.#port = port;
  }

  async exchange(bytes: Buffer): Promise<number> {
    const socket = await this.#take();
    const status = await exchange(socket, bytes);
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(socket);
    else next(socket);
    return status;
  }

  async #take(): Promise<Socket> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#open >= CONNECTIONS_MAX) {
      return await new Promise((resolve) => void this.#waiting.push(resolve));
    }
    this.#open += 1;
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    this.#all.add(socket);
    await once(socket, "connect");
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#all) socket.destroy();
    await Promise.resolve();
  }
}
