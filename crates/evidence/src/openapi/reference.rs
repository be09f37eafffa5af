//! The operations of an OpenAPI 3 document.

use serde_json::{Map, Value};

/// A subject with more operations than this is several.
const OPERATIONS_MAX: usize = 2_000;
/// What is said of a document that has more.
pub const TOO_MANY_OPERATIONS: &str = "has more operations than are tried";
/// Methods whose replies have a body, and that are more than a question about others.
const METHODS: [&str; 5] = ["put", "post", "patch", "get", "delete"];
/// A reference that leads to a reference that leads to a reference is a loop.
const REFERENCES_MAX: usize = 16;

/// Fields that a document says nothing of (OpenAPI 3.1, 4.8.12), and those that a client writes itself.
const OWN_FIELDS: [&str; 8] = [
    "accept",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
    "upgrade",
];

/// An OpenAPI 3 document, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    document: Value,
    /// The operations: what writes before what reads, what removes last, else as the document has them.
    pub operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Method and path as the document writes them.
    pub name: String,
    /// The method in capitals.
    pub method: String,
    /// The path with the base of the first server, and `{name}` where a parameter goes.
    pub path: String,
    /// Whether the document keeps it for those who are known.
    pub is_guarded: bool,
    /// What goes into path, query and head.
    pub parameters: Vec<Parameter>,
    /// What goes into the body.
    pub body: Option<RequestBody>,
    /// The responses by status, ranges such as `4XX` and `default` among them.
    pub(crate) responses: Map<String, Value>,
}

/// Where a parameter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterPlace {
    /// Into the path.
    Path,
    /// Into the query.
    Query,
    /// Into a field of the head.
    Header,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it goes.
    pub place: ParameterPlace,
    /// Whether a request without it is no good one.
    pub required: bool,
    /// What it may be.
    pub schema: Value,
}

/// What may stand in a request's body.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestBody {
    /// The media type that is sent.
    pub media_type: String,
    /// What it may be.
    pub schema: Value,
    /// Whether a request without it is no good one.
    pub required: bool,
}

impl Operation {
    /// What the document says of replies with this status: by itself, by its range, or by `default`.
    pub(crate) fn response(&self, status: u64) -> Option<&Value> {
        let range = status / 100;
        let names = [status.to_string(), format!("{range}XX"), format!("{range}xx"), "default".into()];
        names.iter().find_map(|name| self.responses.get(name))
    }

    /// Whether a reply with this status shows that it was done: it succeeded, or it sends elsewhere and the document says so.
    pub(crate) fn is_done(&self, status: u64) -> bool {
        matches!(status, 200..=299)
            || (matches!(status, 302 | 303) && self.responses.contains_key(&status.to_string()))
    }

    /// Whether a reply with this status shows that what was asked for was looked for: it was done, or the document says that
    /// this is what comes of a thing that is not there, or not as the client thinks.
    pub(crate) fn is_looked_for(&self, status: u64) -> bool {
        let is_named = || {
            ["4XX".into(), "4xx".into(), status.to_string()]
                .iter()
                .any(|name| self.responses.contains_key(name))
        };
        self.is_done(status) || (matches!(status, 404 | 409 | 410 | 412) && is_named())
    }
}

impl RequestBody {
    /// Whether it is JSON.
    pub fn is_json(&self) -> bool {
        is_json(&self.media_type)
    }
}

/// Whether a media type, without its parameters, is one of JSON.
pub(crate) fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.ends_with("+json")
}

impl Reference {
    /// Reads a document; an error says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let document: Value = serde_json::from_str(text).map_err(|_| "is not JSON")?;
        let paths = document.get("paths").and_then(Value::as_object).ok_or("has no `paths`")?;
        if paths.values().any(|item| !item.is_object()) {
            return Err("has a path that is no object");
        }
        let mut reference = Self { operations: Vec::new(), document: Value::Null };
        let mut found = Vec::new();
        for method in METHODS {
            let of_method = |(path, item): (&String, &Value)| operation(&document, method, path, item);
            found.extend(paths.iter().filter_map(of_method));
        }
        if found.len() > OPERATIONS_MAX {
            return Err(TOO_MANY_OPERATIONS);
        }
        reference.operations = found;
        reference.document = document;
        Ok(reference)
    }

    /// What a `$ref` leads to within the document; anything else stands for itself.
    pub(crate) fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        resolved(&self.document, value)
    }

    /// The operation of this name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.name == name)
    }
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let mut found = value;
    for _ in 0..REFERENCES_MAX {
        let Some(place) = found.get("$ref").and_then(Value::as_str) else { return found };
        let target = place.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
        found = target.unwrap_or(&Value::Null);
    }
    &Value::Null
}

fn operation(document: &Value, method: &str, path: &str, item: &Value) -> Option<Operation> {
    let operation = item.get(method)?.as_object()?;
    let capitals = method.to_ascii_uppercase();
    let responses = operation.get("responses").and_then(Value::as_object).cloned().unwrap_or_default();
    let responses = responses.iter().map(|(status, one)| (status.clone(), resolved(document, one).clone()));
    Some(Operation {
        name: format!("{capitals} {path}"),
        path: format!("{}{path}", base_path(document)),
        is_guarded: operation.get("security").or(document.get("security")).is_some_and(demands),
        parameters: parameters(document, item, operation),
        body: operation.get("requestBody").and_then(|body| request_body(document, body)),
        responses: responses.collect(),
        method: capitals,
    })
}

/// Whether each of the alternatives demands something; an empty one lets in everybody.
fn demands(security: &Value) -> bool {
    let alternatives = security.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_demand = |one: &Value| one.as_object().is_some_and(|schemes| !schemes.is_empty());
    !alternatives.is_empty() && alternatives.iter().all(is_demand)
}

/// The path of the first server, without a slash at its end.
fn base_path(document: &Value) -> String {
    let url = document.pointer("/servers/0/url").and_then(Value::as_str).unwrap_or_default();
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default(),
        None => url,
    };
    let path = path.trim_end_matches('/');
    if path.starts_with('/') { path.to_owned() } else { String::new() }
}

/// Those of the path and of the operation, which come first: of two of one name and place the operation's holds.
fn parameters(document: &Value, item: &Value, operation: &Map<String, Value>) -> Vec<Parameter> {
    let lists = [operation.get("parameters"), item.get("parameters")];
    let all = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
    let mut found: Vec<Parameter> = Vec::new();
    for parameter in all.filter_map(|parameter| read_parameter(resolved(document, parameter))) {
        let is_known = |known: &Parameter| known.name == parameter.name && known.place == parameter.place;
        if !found.iter().any(is_known) {
            found.push(parameter);
        }
    }
    found
}

fn read_parameter(parameter: &Value) -> Option<Parameter> {
    let place = match parameter.get("in")?.as_str()? {
        "path" => ParameterPlace::Path,
        "query" => ParameterPlace::Query,
        "header" => ParameterPlace::Header,
        _ => return None,
    };
    let name = parameter.get("name")?.as_str()?;
    if place == ParameterPlace::Header && OWN_FIELDS.contains(&name.to_ascii_lowercase().as_str()) {
        return None;
    }
    let required = parameter.get("required").and_then(Value::as_bool).unwrap_or(false);
    let mut schema = parameter.get("schema").cloned().unwrap_or_else(|| Value::Object(Map::new()));
    // An example of the parameter is one of its schema, unless that has one.
    if let (Some(example), Some(schema)) = (parameter.get("example"), schema.as_object_mut()) {
        schema.entry("example").or_insert_with(|| example.clone());
    }
    Some(Parameter {
        name: name.to_owned(),
        place,
        required: required || place == ParameterPlace::Path,
        schema,
    })
}

/// JSON where it may be JSON, else plain text or bytes; `None` for what is not made here.
fn request_body(document: &Value, body: &Value) -> Option<RequestBody> {
    let body = resolved(document, body);
    let content = body.get("content")?.as_object()?;
    let plain = |media_type: &str| media_type.split(';').next().unwrap_or_default().trim().to_owned();
    let is_made = |media_type: &str| match plain(media_type).as_str() {
        "application/octet-stream" | "text/plain" | "*/*" => true,
        json => is_json(json),
    };
    let json = content.iter().find(|(media_type, _)| is_json(&plain(media_type)));
    let (media_type, media) = json.or_else(|| content.iter().find(|(media_type, _)| is_made(media_type)))?;
    let mut schema = media.get("schema").cloned().unwrap_or_else(|| Value::Object(Map::new()));
    if let (Some(example), Some(schema)) = (media.get("example"), schema.as_object_mut()) {
        schema.entry("example").or_insert_with(|| example.clone());
    }
    let media_type = match plain(media_type).as_str() {
        "*/*" => "application/octet-stream".to_owned(),
        plain => plain.to_owned(),
    };
    let required = body.get("required").and_then(Value::as_bool).unwrap_or(false);
    Some(RequestBody { media_type, schema, required })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r##"{
        "servers": [{ "url": "https://example.org/base/" }],
        "security": [{ "token": [] }],
        "components": {
            "parameters": { "line": { "name": "line", "in": "path", "schema": { "type": "string" } } },
            "responses": { "no": { "description": "no" } },
            "loop": { "$ref": "#/components/loop" }
        },
        "paths": {
            "/open": { "get": { "security": [], "responses": { "404": { "$ref": "#/components/responses/no" } } } },
            "/either": { "get": { "security": [{}, { "token": [] }] } },
            "/users/{name}": { "get": {}, "head": {}, "delete": { "security": [{ "token": [] }, { "session": [] }] } },
            "/orders/{id}/lines/{line}": {
                "parameters": [
                    { "name": "id", "in": "path", "schema": { "type": "integer" } },
                    { "name": "line", "in": "path", "schema": { "type": "integer" } }
                ],
                "patch": {
                    "parameters": [{ "$ref": "#/components/parameters/line" }, { "name": "c", "in": "cookie" }],
                    "requestBody": { "content": { "text/plain": {}, "application/json": { "example": 7 } } }
                }
            }
        }
    }"##;

    #[test]
    fn operations_are_found_what_writes_first_and_what_removes_last() {
        let reference = Reference::read(DOCUMENT).unwrap();
        let seen: Vec<(&str, &str, bool)> = reference
            .operations
            .iter()
            .map(|it| (it.name.as_str(), it.path.as_str(), it.is_guarded))
            .collect();
        let expected = [
            ("PATCH /orders/{id}/lines/{line}", "/base/orders/{id}/lines/{line}", true),
            ("GET /either", "/base/either", false),
            ("GET /open", "/base/open", false),
            ("GET /users/{name}", "/base/users/{name}", true),
            ("DELETE /users/{name}", "/base/users/{name}", true),
        ];
        assert_eq!(seen, expected);
        let open = reference.operation("GET /open").unwrap();
        assert_eq!(open.responses["404"]["description"], "no");
    }

    #[test]
    fn what_an_operation_says_of_a_parameter_holds_and_json_is_preferred() {
        let reference = Reference::read(DOCUMENT).unwrap();
        let patch = &reference.operations[0];
        let names: Vec<(&str, &Value)> =
            patch.parameters.iter().map(|it| (it.name.as_str(), &it.schema["type"])).collect();
        assert_eq!(names, [("line", &"string".into()), ("id", &"integer".into())]);
        let body = patch.body.as_ref().unwrap();
        assert!(body.is_json() && body.schema["example"] == 7 && !body.required);
        assert_eq!(
            resolved(&reference.document, &serde_json::json!({"$ref": "#/components/loop"})),
            &Value::Null
        );
    }

    #[test]
    fn a_path_of_the_server_alone_is_a_base_too() {
        let local = r#"{"servers": [{"url": "/v2"}], "paths": {"/a": {"get": {}}}}"#;
        assert_eq!(Reference::read(local).unwrap().operations[0].path, "/v2/a");
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for text in ["", "[]", "{}", r#"{"paths": {"/a": 1}}"#] {
            assert!(Reference::read(text).is_err(), "{text}");
        }
    }
}
