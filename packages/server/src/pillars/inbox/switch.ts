import { Buffer } from "node:buffer";
import type { IntakeRequest, PageReply } from "portico/kernel";
import { answers, isAnswer } from "./kept.ts";
import type { Kept } from "./kept.ts";

/** `POST /dev/inbox/answer`: a form of the page, or JSON `{"answer": "fail"}`; both from this machine's own pages only. */
export function switchAnswer(request: IntakeRequest, kept: Kept, page: string): PageReply {
  if (isOfAnotherSite(request.rawHeaders)) return told(403, "This page of another site may not.");
  const text = Buffer.from(request.body).toString();
  const isJson = text.trimStart().startsWith("{");
  const name = isJson
    ? /"answer"\s*:\s*"(\w+)"/.exec(text)?.[1]
    : new URLSearchParams(text).get("answer");
  if (name === undefined || name === null || !isAnswer(name)) {
    return told(422, `\`answer\` must be one of ${Object.keys(answers).join(", ")}.`);
  }
  kept.answer = name;
  if (isJson) return { status: 204, headers: {}, body: "" };
  return { status: 303, headers: { location: page }, body: "" };
}

// A page of a stranger, open in the same browser, could else post the form.
function isOfAnotherSite(rawHeaders: readonly string[]): boolean {
  const at = rawHeaders.findIndex(
    (text, index) => index % 2 === 0 && text.toLowerCase() === "sec-fetch-site",
  );
  const site = at < 0 ? "none" : rawHeaders[at + 1];
  return site !== "none" && site !== "same-origin";
}

function told(status: number, text: string): PageReply {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body: `${text}\n` };
}
