import { describeStore } from "../testing/index.ts";
import { retentionSuite } from "../testing/retention.suite.ts";

describeStore("retention of the log", retentionSuite);
