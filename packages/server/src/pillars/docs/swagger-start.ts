/**
 * What starts Swagger UI in the browser: a file of its own, since the page's policy admits no script in the page.
 * `validatorUrl: null`, since Swagger UI would else send the document's address to a validator on the internet.
 */
export const SWAGGER_START = `"use strict";
const place = document.getElementById("swagger-ui");
window.ui = SwaggerUIBundle({
  domNode: place,
  urls: JSON.parse(place.dataset.urls),
  validatorUrl: null,
  queryConfigEnabled: false,
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
});
`;
