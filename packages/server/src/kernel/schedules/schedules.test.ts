import { describeStore } from "../testing/describe-store.ts";
import { schedulesSuite } from "../testing/schedules.suite.ts";

describeStore("schedules", schedulesSuite);
