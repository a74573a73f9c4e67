import { describeStore } from "../testing/describe-store.ts";
import { jobsSuite } from "../testing/jobs.suite.ts";

describeStore("jobs", jobsSuite);
