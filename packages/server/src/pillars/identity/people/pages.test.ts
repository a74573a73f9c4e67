import { createHash } from "node:crypto";
import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import { bench } from "./people-app.fixture.ts";

describeStore("pages of links", (_open, kind) => {
  it("hold nothing of the request, run their own script only, and are kept nowhere", async () => {
    await using it = await bench(kind);
    for (const path of ["/account/reset", "/account/verify"]) {
      const url = `${path}?token=%3Cscript%3Ealert(1)%3C/script%3E`;
      const { status, headers, text } = await it.app.inject({ method: "GET", url });
      expect(status).toBe(200);
      expect(text).not.toContain("alert(1)");
      const script = /<script>([\s\S]*)<\/script>/.exec(text)?.[1] ?? "";
      const hash = createHash("sha256").update(script).digest("base64");
      const policy = String(headers["content-security-policy"]);
      expect(policy).toContain(`script-src 'sha256-${hash}'`);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(headers["cache-control"]).toBe("no-store");
      expect(headers["referrer-policy"]).toBe("no-referrer");
    }
  });
});
