//! The API's description, OpenAPI 3.1, made from the code; and two pages that show it.

use super::{idempotency, v1};
use crate::web::{App, asset};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::LazyLock;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, Info, License, OpenApi, Ref, RefOr, ResponseBuilder, tag::TagBuilder};
use utoipa::{PartialSchema as _, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use super::error::{FieldProblem, Problem};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| finish(&parts().1));

const ABOUT: &str = "Everything that the pages do, for programs.

**Signing in.** `POST /api/v1/auth/login` gives an access token for `Authorization: Bearer` and a refresh token for the next one. A program of
your own uses an API token instead (`POST /api/v1/tokens`), in the same header. On this server's own pages the browser's cookie works too.

**Lists** are pages `{count, next, previous, results}`: `page` from 1, `page_size` 20 unless you say otherwise, at most 100.

**Refusals** have one shape, `Problem`: `code` is a stable word, `fields` names what to change.

**Changes.** Replies carry an `ETag`; send it back in `If-Match` and a change that somebody else made meanwhile is not overwritten (412).

**Once.** A POST with an `Idempotency-Key` that is sent again within a day is answered as the first time, and not done again.

**Limits.** `RateLimit-Limit`, `-Remaining` and `-Reset` (seconds) come with every reply, `Retry-After` with a 429.

**Both ways.** `GET /api/v1/ws` opens a WebSocket on which messages are sent and runs are followed and stopped, with the same events as
`/api/v1/runs/{id}/events`: one JSON object a message, `{\"id\": 1, \"type\": \"send\", \"content\": \"…\"}`, also `auth`, `follow`, `unfollow`, `stop`
and `ping`. `docs/websocket.md` in the repository has all of them.

Paths work with and without a slash at their end. Times are RFC 3339 in UTC. Ids are UUIDs.";

const FIELDS: &str = "A field needs another look; `fields` says which.";

/// The routes of the API and their description.
pub fn parts() -> (Router<App>, OpenApi) {
    let (router, mut api) = OpenApiRouter::with_openapi(OpenApi::default()).merge(v1::router()).split_for_parts();
    api.info = Info::new("Atrium", env!("CARGO_PKG_VERSION"));
    api.info.description = Some(ABOUT.to_owned());
    api.info.license = Some(License::new("Apache-2.0"));
    if let Some(license) = &mut api.info.license {
        license.identifier = Some("Apache-2.0".to_owned());
    }
    api.tags = Some(
        [
            ("Signing in", "Access and refresh tokens"),
            ("People", "Oneself, and those whom one may see"),
            ("API tokens", "For programs of one's own"),
            ("Agents", "A model, how it is asked, and the instructions it follows"),
            ("Expertise areas", "What agents are good at"),
            ("Organisations", "Tenants"),
            ("Invitations", "Places in an organisation, offered by mail"),
            ("Projects", "Work that several people share, with its agents"),
            ("Prompts", "Texts with variables, to be used again"),
            ("Audit log", "Who did what, from where"),
            ("Conversations", "Trees of messages"),
            ("Sharing", "Links by which anybody may read a conversation"),
            ("Messages", "What was said, and its alternatives"),
            ("Attachments", "Files that go with messages"),
            ("Runs", "Answers while they are written"),
            ("Favourites", "What one has marked to find it again"),
            ("Knowledge", "Documents that agents answer from, and what is found in them"),
            ("Repositories", "Git repositories that agents answer from"),
            ("Analytics", "Charts by question, and those that were drawn before"),
            ("Models", "Versions of models that were trained elsewhere, and which one is in production"),
            ("Search", "Over everything that one could also open"),
            ("Usage", "What calls to models used and cost"),
            ("Budgets", "How much may be spent on models"),
            ("All agents", "Everybody's, for administrators"),
            ("Inspection", "Other people's conversations, for administrators who say why"),
            ("Outbox", "Mail on its way, refused or kept"),
            ("Prices", "What models cost on this server"),
        ]
        .map(|(name, description)| TagBuilder::new().name(name).description(Some(description)).build())
        .to_vec(),
    );
    let components = api.components.get_or_insert_with(Components::new);
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    components.schemas.insert(FieldProblem::name().into_owned(), FieldProblem::schema());
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT or API token")
        .description(Some("An access token, or an API token (`atr_…`)"))
        .build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    let cookie = ApiKeyValue::with_description("atrium_session", "The browser's, on this server's own pages");
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    api.security = Some(vec![
        SecurityRequirement::new("token", Vec::<String>::new()),
        SecurityRequirement::new("cookie", Vec::<String>::new()),
    ]);
    for (path, item) in &mut api.paths.paths {
        let has_id = path.contains('{');
        for (operation, is_patch) in [
            (&mut item.get, false),
            (&mut item.post, false),
            (&mut item.put, false),
            (&mut item.patch, true),
            (&mut item.delete, false),
        ] {
            if let Some(operation) = operation {
                name(operation);
                add_refusals(operation, has_id, is_patch);
            }
        }
    }
    (router, api)
}

/// `agents_create`: generated clients want names that are unique.
fn name(operation: &mut Operation) {
    let tag = operation.tags.iter().flatten().next().map_or("", String::as_str).to_lowercase().replace(' ', "_");
    let id = operation.operation_id.take().unwrap_or_default();
    operation.operation_id = Some(format!("{tag}_{id}"));
}

/// What the layers and extractors that every endpoint shares may answer.
fn add_refusals(operation: &mut Operation, has_id: bool, is_patch: bool) {
    let is_open =
        operation.security.as_ref().is_some_and(|it| it.iter().any(|it| *it == SecurityRequirement::default()));
    let has_body = operation.request_body.is_some();
    let is_json = |it: &RefOr<RequestBody>| matches!(it, RefOr::T(it) if it.content.contains_key("application/json"));
    let has_json = operation.request_body.as_ref().is_some_and(is_json);
    let is_query = |it: &RefOr<Parameter>| matches!(it, RefOr::T(it) if it.parameter_in == ParameterIn::Query);
    let has_query = operation.parameters.iter().flatten().any(is_query);
    let refusals = [
        ("400", has_json, "The body is not JSON."),
        (
            "401",
            true,
            if is_open {
                "What was sent to sign in with is wrong."
            } else {
                "Nobody is signed in, or the token is worth nothing."
            },
        ),
        ("403", true, "Not with this role, or not with this token."),
        ("404", has_id, "There is no such thing, or it is not yours."),
        ("409", true, "It cannot be done now; `code` says why."),
        ("412", is_patch, "It was changed since the version in `If-Match`."),
        ("413", has_body, "The request is too large."),
        ("415", has_json, "The body must be JSON."),
        ("422", has_body || has_query, FIELDS),
        ("429", true, "Too many requests; `Retry-After` says when to try again."),
    ];
    for (status, applies, description) in refusals {
        if !applies || operation.responses.responses.contains_key(status) {
            continue;
        }
        let schema = RefOr::Ref(Ref::from_schema_name(Problem::name()));
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = ResponseBuilder::new().description(description).content("application/json", content).build();
        operation.responses.responses.insert(status.to_owned(), RefOr::T(response));
    }
}

/// What the macros say too much or too little of.
fn finish(api: &OpenApi) -> Value {
    let mut api = serde_json::to_value(api).unwrap_or_default();
    // What may be left out has no default: it stays as it is.
    drop_null_defaults(&mut api["components"]["schemas"]);
    let schemas = api["components"]["schemas"].clone();
    let Some(paths) = api["paths"].as_object_mut() else { return api };
    for (path, item) in paths {
        let Some(operations) = item.as_object_mut() else { continue };
        for (method, operation) in operations {
            let body = operation.pointer("/requestBody/content/application~1json/schema/$ref").and_then(Value::as_str);
            let schema = body.and_then(|it| it.rsplit('/').next()).map(|it| &schemas[it]);
            // Of a body of which nothing is required nothing need be sent.
            if schema.is_some_and(|it| it.get("required").is_none() && it.get("allOf").is_none()) {
                operation["requestBody"]["required"] = json!(false);
            }
            let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            for it in parameters.iter_mut().filter(|it| it["name"] == "Last-Event-ID") {
                it["schema"] = json!({ "type": "integer", "format": "int64", "minimum": 0 });
            }
            if method == "patch" && operation.pointer("/responses/200/headers/ETag").is_some() {
                parameters.push(header("If-Match", "The `ETag` of what is changed; `*` for whatever it is."));
            }
            if method == "post" && idempotency::counts_at(path) {
                parameters.push(header(
                    "Idempotency-Key",
                    "Sent again within a day, the request is answered as the first time.",
                ));
                // One that is empty or too long.
                if operation["responses"]["422"].is_null() {
                    operation["responses"]["422"] = operation["responses"]["409"].clone();
                    operation["responses"]["422"]["description"] = json!(FIELDS);
                }
            }
            if !parameters.is_empty() {
                operation["parameters"] = Value::Array(parameters);
            }
        }
    }
    api
}

fn header(name: &str, description: &str) -> Value {
    let schema = json!({ "type": "string", "minLength": 1, "maxLength": 200 });
    json!({ "name": name, "in": "header", "required": false, "description": description, "schema": schema })
}

fn drop_null_defaults(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.get("default").is_some_and(Value::is_null) {
                map.remove("default");
            }
            map.values_mut().for_each(drop_null_defaults);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_null_defaults),
        _ => {}
    }
}

/// The description as text, for `atrium openapi`.
pub fn document() -> String {
    serde_json::to_string_pretty(&*DOCUMENT).unwrap_or_default()
}

pub fn router() -> Router<App> {
    let mut router = Router::new().route("/api/schema", get(schema));
    for path in ["/api/schema/swagger", "/api/schema/swagger-ui", "/api/swagger", "/swagger", "/api/docs"] {
        router = router.route(path, get(swagger));
    }
    for path in ["/api/schema/redoc", "/api/redoc", "/redoc"] {
        router = router.route(path, get(redoc));
    }
    router
}

/// `GET /api/schema/`
async fn schema() -> Json<&'static Value> {
    Json(&DOCUMENT)
}

async fn swagger() -> Response {
    let (style, bundle, start) = (asset("swagger-ui.css"), asset("swagger-ui-bundle.js"), asset("swagger.js"));
    page(&format!(
        "<link rel=\"stylesheet\" href=\"{style}\"></head><body><div id=\"swagger\"></div><script src=\"{bundle}\"></script><script src=\"{start}\"></script>"
    ))
}

async fn redoc() -> Response {
    let script = asset("redoc.standalone.js");
    page(&format!("</head><body><redoc spec-url=\"/api/schema/\"></redoc><script src=\"{script}\"></script>"))
}

/// These two readers write styles into the page, and one of them searches in a worker: here, and only here, that is let.
fn page(rest: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Atrium API</title><link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">{rest}</body></html>"
    );
    let policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    let headers =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, policy), (CACHE_CONTROL, "no-store")];
    (headers, html).into_response()
}
