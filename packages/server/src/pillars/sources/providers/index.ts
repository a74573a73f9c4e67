export { providerOf, Scheme } from "./generic.ts";
export type {
  Handshake,
  Place,
  Provider,
  SecretForm,
  SignatureAlgorithm,
  SignatureForm,
} from "./provider.ts";
export { findProvider, GENERIC, providers } from "./providers.ts";
