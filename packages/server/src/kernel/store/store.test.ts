import { describeStore } from "../testing/describe-store.ts";
import { storeSuite } from "../testing/store.suite.ts";

describeStore("store", storeSuite);
