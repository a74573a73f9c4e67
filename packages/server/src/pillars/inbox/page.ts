import { answers } from "./kept.ts";
import type { Kept, KeptDelivery } from "./kept.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** No script runs, nothing is asked of another host, and the switch posts to this one. */
export const INBOX_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The page: the switch, how to subscribe, and what came. It reads itself again every two seconds. */
export function inboxPage(kept: Kept, path: string, address: string): string {
  const buttons = Object.entries(answers).map(([name, { text }]) => {
    const mark = name === kept.answer ? ' aria-pressed="true"' : "";
    return `<button name="answer" value="${name}"${mark}>${name}<small>${text}</small></button>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="2">
<title>Inbox</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Inbox</h1>
<p>A receiver of webhooks within this server, for development. Subscribe it:</p>
<pre>curl ${escaped(address.replace(/\/dev\/inbox$/, "/api/v1/webhooks"))} -H "Authorization: Bearer $KEY" \\
  -H "Content-Type: application/json" -d '{"url":"${escaped(address)}","events":["*"]}'</pre>
<form method="post" action="${escaped(path)}/answer"><p>Answer the next ones with</p>${buttons.join("")}</form>
<table>
<thead><tr><th>At</th><th>Type</th><th>Attempt</th><th>Signature</th><th>Answered</th><th>Body</th></tr></thead>
<tbody>${kept.deliveries.map(row).join("")}</tbody>
</table>
${kept.deliveries.length === 0 ? "<p>Nothing has come yet.</p>" : ""}
</body>
</html>
`;
}

function row(delivery: KeptDelivery): string {
  const { at, type, id, attempt, webhook, answer, status, body } = delivery;
  const signature = webhook === null ? "<strong>not genuine</strong>" : `genuine, of ${webhook}`;
  const cells = [
    escaped(at.slice(11, 23)),
    `${escaped(type ?? "?")}<br><small>${escaped(id)}</small>`,
    String(attempt),
    signature,
    `${status} (${answer})`,
    `<code>${escaped(body.slice(0, 400))}</code>`,
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? "");
}

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1a1a1a; }
pre { background: #f2f2f2; padding: 1rem; overflow-x: auto; }
button { font: inherit; margin: 0 .5rem .5rem 0; padding: .5rem 1rem; text-align: left; }
button small { display: block; }
button[aria-pressed] { outline: 3px solid #0b5; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #ccc; padding: .4rem; text-align: left; vertical-align: top; }
code { overflow-wrap: anywhere; }
strong { color: #b00; }
`;
