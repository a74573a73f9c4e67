import { Type } from "typebox";
import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { findRow } from "../live-session.ts";
import { sessionOf, visible } from "../owner.ts";
import { SessionView, toView } from "../view.ts";

/** `GET /sessions/{id}` */
export const getSession: Operation = operation({
  id: "sessions.get",
  method: "GET",
  path: "/sessions/{id}",
  summary: "Get a session",
  description: "One's own; with `sessions:read`, any of the organization.",
  access: "caller",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: SessionView },
  errors: ["identity.sessionNotFound"],
  example: { path: { id: "{auth.login.sessionId}" }, after: ["auth.register", "auth.login"] },
  async handle({ path, caller, ctx }) {
    const row = await findRow(path.id, ctx);
    const wanted = { id: path.id, caller, ctx, permission: "sessions:read" } as const;
    return toView(visible(row, wanted), caller.credential);
  },
});

/** `GET /sessions/current` */
export const currentSession: Operation = operation({
  id: "sessions.current",
  method: "GET",
  path: "/sessions/current",
  summary: "Get the session that asks",
  access: "caller",
  mode: "read",
  replies: { 200: SessionView },
  errors: ["identity.notSession", "identity.sessionNotFound"],
  example: { bearer: "{auth.login.accessToken}", after: ["auth.register", "auth.login"] },
  async handle({ caller, ctx }) {
    const id = sessionOf(caller);
    const row = await findRow(id, ctx);
    return toView(visible(row, { id, caller, ctx, permission: "sessions:read" }), id);
  },
});
