// Shows the API's description and tries its calls. Signed in, the browser's cookie rides along.
window.SwaggerUIBundle({
  url: '/api/schema/',
  dom_id: '#swagger',
  deepLinking: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null,
})
