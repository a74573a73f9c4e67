// express-gateway with one pipeline and no policy but the proxy, to the upstream of the first argument. Prints {url}.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const found = probe.address().port;
    probe.close(() => resolve(found));
  });
});
const folder = mkdtempSync(join(tmpdir(), "portico-bench-express-gateway-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.on("SIGTERM", () => process.exit());
mkdirSync(join(folder, "models"));
const model = (id, properties) =>
  writeFileSync(
    join(folder, "models", `${id}.json`),
    JSON.stringify({ $id: `http://express-gateway.io/models/${id}.json`, type: "object", properties }),
  );
model("users", { username: { type: "string" } });
model("applications", { name: { type: "string" } });
model("credentials", {});
writeFileSync(
  join(folder, "gateway.config.yml"),
  `http:
  port: ${port}
  hostname: 127.0.0.1
apiEndpoints:
  all: { host: '*', paths: '/*' }
serviceEndpoints:
  app: { url: '${process.argv[2]}' }
policies: [proxy]
pipelines:
  default:
    apiEndpoints: [all]
    policies:
      - proxy:
          - action: { serviceEndpoint: app }
`,
);
writeFileSync(
  join(folder, "system.config.yml"),
  `db: { redis: { emulate: true, namespace: EG } }
crypto: { cipherKey: bench, algorithm: aes256, saltRounds: 10 }
session: { secret: bench, resave: false, saveUninitialized: false }
accessTokens: { timeToExpiry: 7200000 }
refreshTokens: { timeToExpiry: 7200000 }
authorizationCodes: { timeToExpiry: 300000 }
`,
);
process.env.LOG_LEVEL = "error";
await createRequire(import.meta.url)("express-gateway")().load(folder).run();
console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }));
