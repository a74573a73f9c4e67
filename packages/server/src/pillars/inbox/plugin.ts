import { add, definePlugin, Intakes, ownUrl, Pages } from "portico/kernel";
import type { AnyPlugin, PluginContext } from "portico/kernel";
import { Kept } from "./kept.ts";
import { INBOX_POLICY, inboxPage } from "./page.ts";
import { Held, receiveDelivery } from "./receive.ts";
import { switchAnswer } from "./switch.ts";

const BODY_BYTES_MAX = 1_000_000;
const SWITCH_BYTES_MAX = 1_000;

/** Makes the receiver of one server in development. */
export function inbox(): AnyPlugin {
  const kept = new Kept();
  const held = new Held();
  const pathOf = (ctx: PluginContext): string => `${ctx.server.basePath}/dev/inbox`;
  return definePlugin({
    id: "inbox",
    version: "1.0.0",
    engine: "^1",
    needs: ["webhooks"],
    contributes: [
      add(Intakes, {
        path: "/dev/inbox",
        methods: ["POST"],
        bodyBytesMax: () => BODY_BYTES_MAX,
        receive: (request, ctx) => receiveDelivery(request, ctx, { kept, held }),
      }),
      add(Intakes, {
        path: "/dev/inbox/answer",
        methods: ["POST"],
        bodyBytesMax: () => SWITCH_BYTES_MAX,
        receive: (request, ctx) => Promise.resolve(switchAnswer(request, kept, pathOf(ctx))),
      }),
      add(Pages, {
        path: "/dev/inbox",
        serve: (_request, ctx) => ({
          status: 200,
          headers: {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": INBOX_POLICY,
          },
          body: inboxPage(kept, pathOf(ctx), `${ownUrl(ctx.server)}/dev/inbox`),
        }),
      }),
      add(Pages, {
        path: "/dev/inbox.json",
        serve: () => ({
          status: 200,
          headers: { "content-type": "application/json; charset=utf-8" },
          body: JSON.stringify({ answer: kept.answer, deliveries: kept.deliveries }),
        }),
      }),
    ],
    start: () =>
      Promise.resolve({
        stop: async () => {
          held.end();
        },
      }),
  });
}
