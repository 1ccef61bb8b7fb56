// Shows the OpenAPI document. Everything comes from this host: no validator badge, no CDN.
const place = document.getElementById("docs");
SwaggerUIBundle({
  url: place.dataset.source,
  domNode: place,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: false,
  validatorUrl: null,
});
