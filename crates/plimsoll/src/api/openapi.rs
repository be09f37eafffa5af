//! The OpenAPI 3.1 document, made of the table of routes.

use axum::http::Method;
use plimsoll_policy::roles_for;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::grammar;
use super::layers::method_name;
use super::problem::{PROBLEM_JSON, ProblemBody};
use super::route::{Access, Permit, Route};

/// The document.
pub(crate) fn document(routes: &[Route]) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<ProblemBody>();
    let mut paths = Map::new();
    for route in routes {
        // OpenAPI has no word for a field that spans slashes.
        let path = paths.entry(route.permit.path.replace("{*", "{")).or_insert_with(|| json!({}));
        path[method_name(&route.method).to_lowercase()] = operation(route, &mut generator);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Plimsoll",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
            "description": "Runs AI agents in production and proves, with evidence a stranger can re-check, how much \
                            they can carry. Refusals are problem details (RFC 9457). Lists come in pages: ask again \
                            with `after` set to the `next` of the page before. A POST that carries an \
                            `Idempotency-Key` is done once, however often it is sent within a day.",
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "responses": { "Problem": {
                "description": "Why it was not done",
                "content": { PROBLEM_JSON: { "schema": problem } },
            } },
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "A token: `plim_...`" },
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "plimsoll",
                    "description": "What signing in sets; `__Host-plimsoll` over TLS",
                },
            },
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let said = (route.describe)(generator);
    let mut parameters = fields(&said.path, "path");
    parameters.extend(fields(&said.query, "query"));
    if route.permit.conditional {
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": false,
            "description": "The revision that you have seen; another one is not touched",
            "schema": { "type": "string", "pattern": grammar::REVISION },
        }));
        parameters.push(json!({
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "`*`: only if there is none yet", "schema": { "type": "string", "enum": ["*"] },
        }));
    }
    if route.method == Method::POST && route.permit.action().is_some() {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Sent again under the same key, it is answered again and not done again",
            "schema": { "type": "string", "pattern": grammar::KEY },
        }));
    }
    let mut answer = json!({ "description": said.answer.says });
    if let Some((media_type, schema)) = said.answer.body {
        answer["content"] = json!({ media_type: { "schema": schema } });
    }
    let mut operation = json!({
        "operationId": route.permit.operation,
        "tags": [tag(route.permit.path)],
        "summary": route.summary,
        "description": who(route.permit),
        "responses": {
            said.answer.status.as_str(): answer,
            "default": { "$ref": "#/components/responses/Problem" },
        },
    });
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some((media_type, schema)) = said.body {
        operation["requestBody"] =
            json!({ "required": true, "content": { media_type: { "schema": schema } } });
    }
    if let Some(action) = route.permit.action() {
        let session = json!({ "session": [] });
        operation["security"] = match route.permit.access {
            Access::OnThisMachineOr(_) => json!([{}, { "token": [] }, session]),
            _ if action.needs_session() => json!([session]),
            _ => json!([{ "token": [] }, session]),
        };
        operation["x-action"] = json!(action.name());
    }
    operation
}

/// What a call is about: the first word of its address, if it is one for programs.
fn tag(path: &str) -> &str {
    match path.strip_prefix("/api/v1/") {
        Some(rest) => rest.split('/').next().unwrap_or(rest),
        None if path == "/metrics" || path.starts_with("/health/") => "health",
        None => "pages",
    }
}

fn who(permit: Permit) -> String {
    let Some(action) = permit.action() else { return "Open to everybody who reaches the server.".into() };
    let roles = roles_for(action).iter().map(|role| role.name()).collect::<Vec<_>>().join(", ");
    let door = if action.needs_session() { "; only in a session" } else { "" };
    let access = match permit.access {
        Access::OnThisMachineOr(_) => "; on this machine open to everybody",
        Access::Recorded(_) => "; written into the audit trail",
        Access::Anyone | Access::May(_) => "",
    };
    format!("Action `{action}`: {roles}{door}{access}.")
}

/// The properties of an object as parameters.
fn fields(schema: &Schema, place: &str) -> Vec<Value> {
    let object = schema.as_object();
    let properties = object.and_then(|object| object.get("properties")).and_then(Value::as_object);
    let required = object.and_then(|object| object.get("required")).and_then(Value::as_array);
    let is_required =
        |name: &str| required.is_some_and(|required| required.iter().any(|known| known == name));
    let parameter = |(name, schema): (&String, &Value)| {
        let mut schema = present(schema);
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        json!({
            "name": name, "in": place, "required": is_required(name), "schema": schema,
            "description": description.unwrap_or_default(),
        })
    };
    properties.into_iter().flatten().map(parameter).collect()
}

/// What a parameter is where it is given: one that is not is left out, for there is no way to write `null` in an address.
fn present(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let Some(object) = schema.as_object_mut() else { return schema };
    object.remove("default");
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = types.as_slice() {
            object["type"] = one.clone();
        }
    }
    schema
}
