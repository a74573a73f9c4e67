/** What may be done with the gateway. Upstreams and routes belong to the installation, not to a tenant (design §10.2). */
export const gatewayPermissions = {
  "gateway:read": { label: "See the gateway's APIs, routes and revisions", scope: "instance" },
  "gateway:write": { label: "Change the gateway's APIs and routes", scope: "instance" },
  "gateway:purge": { label: "Take replies out of the gateway's cache", scope: "instance" },
} as const;
