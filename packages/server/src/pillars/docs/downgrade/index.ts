/**
 * OpenAPI 3.1 written as 3.0.3, for tools that read nothing newer. What 3.0 has no word for is left out or loosened,
 * never tightened: whatever the 3.1 document admits, the 3.0 form admits as well.
 */
export { downgrade } from "./document.ts";
