//! The OpenAPI 3.1 document, made of the table of routes.

use axum::http::Method;
use plimsoll_policy::roles_for;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::grammar;
use super::layers::method_name;
use super::problem::{PROBLEM_JSON, ProblemBody};
use super::reply::{Answer, Header};
use super::route::{Access, Permit, Route};

/// What stands in the head of a refusal, if there is something to say.
const OF_PROBLEMS: &[Header] = &[
    Header { name: "Retry-After", says: "After how many seconds it is worth trying again" },
    Header { name: "WWW-Authenticate", says: "How to be known, if it is not known who is asking" },
    Header { name: "Allow", says: "The methods that there are, if it is none of them" },
];

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
            "headers": { "RequestId": {
                "description": "The request's id, which stands in the server's log and in the audit trail",
                "required": true,
                "schema": { "type": "string" },
            } },
            "responses": { "Problem": {
                "description": "Why it was not done",
                "headers": described(OF_PROBLEMS),
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
    let is_keyed = route.method == Method::POST && route.permit.action().is_some();
    if is_keyed {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Sent again under the same key, it is answered again and not done again",
            "schema": { "type": "string", "pattern": grammar::KEY },
        }));
    }
    if said.answer.resumes {
        parameters.push(json!({
            "name": "Last-Event-ID", "in": "header", "required": false,
            "description": "The `id` of the last event that came: what is after it follows. It goes before `after`",
            "schema": { "type": "integer", "minimum": 0, "maximum": u64::MAX },
        }));
    }
    let responses = responses(said.answer, is_keyed);
    let mut operation = json!({
        "operationId": route.permit.operation,
        "tags": [tag(route.permit.path)],
        "summary": route.summary,
        "description": who(route.permit),
        "responses": responses,
    });
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some((media_type, schema)) = said.body {
        operation["requestBody"] =
            json!({ "required": true, "content": { media_type: { "schema": schema } } });
    }
    if route.permit.access == Access::Known {
        operation["security"] = json!([{ "session": [] }]);
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

/// All that may be answered.
fn responses(answer: Answer, is_keyed: bool) -> Value {
    let mut headers = answer.headers;
    if is_keyed {
        headers.push(Header { name: "Idempotent-Replayed", says: "`true` if it was answered so before" });
    }
    let mut yes = json!({ "description": answer.says, "headers": described(&headers) });
    if let Some((media_type, schema)) = answer.body {
        yes["content"] = json!({ media_type: { "schema": schema } });
    }
    let mut responses = json!({ answer.status.as_str(): yes });
    if let Some((status, says)) = answer.or {
        responses[status.as_str()] = json!({ "description": says, "headers": described(&[]) });
    }
    responses["default"] = json!({ "$ref": "#/components/responses/Problem" });
    responses
}

/// Headers of an answer, and the one that stands in all of them.
fn described(headers: &[Header]) -> Value {
    let one = |header: &Header| {
        let described = json!({ "description": header.says, "schema": { "type": "string" } });
        (header.name.to_owned(), described)
    };
    let mut all: Map<String, Value> = headers.iter().map(one).collect();
    all.insert("X-Request-Id".into(), json!({ "$ref": "#/components/headers/RequestId" }));
    Value::Object(all)
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
    let Some(action) = permit.action() else {
        let who = match permit.access {
            Access::Known => "Open to everybody who has signed in, whatever the roles; only in a session.",
            _ => "Open to everybody who reaches the server.",
        };
        return who.into();
    };
    let roles = roles_for(action).iter().map(|role| role.name()).collect::<Vec<_>>().join(", ");
    let door = if action.needs_session() { "; only in a session" } else { "" };
    let access = match permit.access {
        Access::OnThisMachineOr(_) => "; on this machine open to everybody",
        Access::Recorded(_) => "; written into the audit trail",
        Access::Anyone | Access::Known | Access::May(_) => "",
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
