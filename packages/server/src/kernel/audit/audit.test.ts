import { auditSuite } from "../testing/audit.suite.ts";
import { describeStore } from "../testing/describe-store.ts";

describeStore("audit", auditSuite);
