import { describeStore } from "../testing/describe-store.ts";
import { storeKinds } from "../testing/test-database.ts";
import { storeSuite } from "../testing/store.suite.ts";

describeStore("store", storeSuite, storeKinds);
