export { Audit } from "./audit.ts";
export type {
  AuditCheckpoint,
  AuditFilter,
  AuditReader,
  AuditRecord,
  AuditWalk,
  PlacedAuditRecord,
} from "./audit.ts";
export { anonymous, DEFAULT_ORGANIZATION, internalCaller } from "./caller.ts";
export type { Caller, ResourceGrant } from "./caller.ts";
export { capability, provide } from "./capability.ts";
export type { Capability, Provided } from "./capability.ts";
export { ownUrl } from "./context.ts";
export type {
  Access,
  AccessDecision,
  ChangeFeed,
  Contributed,
  CredentialRequest,
  EventCountQuery,
  Log,
  LogQuery,
  ParkedEvent,
  ParkedQuery,
  PluginContext,
  Redriven,
  RetentionPolicy,
  RetentionQuery,
  Secrets,
  ServerFacts,
} from "./context.ts";
export {
  cloudEventAttributes,
  cloudEventBytes,
  cloudEventHeaders,
  isJsonType,
  toCloudEvent,
} from "./cloud-event.ts";
export type { CloudEvent, CloudEventContent } from "./cloud-event.ts";
export type {
  CloudEventAttributes,
  Emit,
  EmitOptions,
  EventTypeDefinition,
  LogEvent,
} from "./event.ts";
export type { EnqueueOptions } from "./enqueue.ts";
export { job } from "./job.ts";
export type { JobDefinition, JobOutcome, JobProgress, JobRun, WithOutcome } from "./job.ts";
export { Jobs } from "./jobs.ts";
export type { JobQuery, JobsFace, JobState, JobView, SeenProgress } from "./jobs.ts";
export type { LimitDecision, Limiter, LimitPlace, LimitRequest, LimitState } from "./limit.ts";
export type { LimitOptions, LimitPer, LimitSpec } from "./limit-spec.ts";
export { operation, reply, streamed } from "./operation.ts";
export type {
  BodyForm,
  CallOptions,
  Cursors,
  ExampleRequest,
  HeaderFields,
  IdempotencyRule,
  InputOf,
  Method,
  Operation,
  OperationExample,
  OperationInput,
  OperationMode,
  OperationSpec,
  OperationTypes,
  RefusedExample,
  RepliesOf,
  ReplyForm,
  Reply,
  ReplyHeaders,
  RequestClient,
  ReplyOf,
  StreamedReply,
  TypedOperation,
} from "./operation.ts";
export type { Outbound, OutboundReply, OutboundRequest } from "./outbound.ts";
export { definePlugin } from "./plugin.ts";
export type { AnyPlugin, PermissionDefinition, Plugin, Reaction, Started } from "./plugin.ts";
export { add, point } from "./point.ts";
export type { Contribution, Point } from "./point.ts";
export {
  Authenticators,
  CallerGuards,
  Checks,
  CliVerbs,
  EventJudges,
  Fronts,
  Limiters,
  Pages,
  Permissions,
  PublicKeys,
  Retention,
  Statistics,
  Timeline,
} from "./points.ts";
export type { Progress, Report } from "./progress.ts";
export { Explainers, FailureObservers, RequestObservers } from "./observers.ts";
export { Intakes } from "./intakes.ts";
export type { Intake, IntakeRequest } from "./intakes.ts";
export { Mounts } from "./mounts.ts";
export type { Mount, MountExchange } from "./mounts.ts";
export { ApiDocuments } from "./api-documents.ts";
export type { DescribedApi, DocumentRequest } from "./api-documents.ts";
export type {
  AnsweredRequest,
  BodySample,
  Explainer,
  Explanation,
  ExplainQuestion,
  ExplainedProblem,
  Failure,
  FailureObserver,
  RequestDecision,
  RequestDetails,
  RequestObserver,
} from "./observers.ts";
export type {
  Authenticator,
  CallerGuard,
  Check,
  CheckResult,
  CliArgument,
  CliInput,
  CliOption,
  CliOutput,
  CliRequest,
  CliVerb,
  DeclaredPermissions,
  EventJudge,
  FoundCaller,
  Front,
  FrontRequest,
  Page,
  PageReply,
  PageRequest,
  PublicJwks,
  PublicKeySource,
  RetentionHold,
  Statistic,
  TimelineEntry,
  TimelineSource,
} from "./points.ts";
export type { IssuedToken, Tokens, TokenSpec } from "./tokens.ts";
export { Registry } from "./registry.ts";
export type {
  RegisteredError,
  RegisteredEvent,
  RegisteredOperation,
  RegisteredPermission,
  RegistryFace,
} from "./registry.ts";
export type {
  Append,
  AuditNote,
  ColumnTypes,
  Migration,
  MigrationContext,
  Params,
  Read,
  Scope,
  SqlRow,
  SqlValue,
  Statement,
  Store,
  Tables,
  TableScope,
  TransactionOptions,
  Tx,
} from "./store.ts";
export { Health } from "./probes.ts";
export type { HealthFace, HealthReport } from "./probes.ts";
export { Settings } from "./settings.ts";
export type {
  SettingChange,
  SettingsChanged,
  SettingsFace,
  SettingsPatch,
  SettingView,
} from "./settings.ts";
export type { StatisticBucket, StatisticCounts, StatisticQuery } from "./statistics.ts";
export { Schedules } from "./schedule.ts";
export type {
  NewSchedule,
  Overlap,
  ScheduleChanges,
  ScheduledJob,
  ScheduleDefinition,
  ScheduleQuery,
  SchedulesFace,
  ScheduleTiming,
  ScheduleView,
} from "./schedule.ts";
export type { Counter, Histogram, Logger, Meter } from "./telemetry.ts";
export type { Origin } from "./trace.ts";
