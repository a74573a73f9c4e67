/**
 * The administration of an installation.
 *
 * *Statistics*: each plugin counts its own part (`kernel.statistics@1`); here they are put side by side in buckets of UTC.
 * *Configuration*: every setting with the source of its value; what is stored here lies between the defaults and the
 * configuration file, is in force at once where the plugin says so, and can be taken back once. *Health* and
 * *metrics*: what the probes tell, for callers who may see it all. Permissions are over the installation; an
 * organization sees its own part of the statistics. Emits nothing; every change is audited with its diff. Needs nothing.
 */
export { admin } from "./plugin.ts";
