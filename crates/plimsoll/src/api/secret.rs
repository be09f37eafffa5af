//! Texts in requests and answers that must not be shown anywhere else.

use std::sync::Arc;

use plimsoll_base::Secret;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A password, a token, a code. Never in a log, in the journal or in `Debug`.
#[derive(Clone)]
pub(crate) struct SecretText(Arc<Secret<String>>);

impl SecretText {
    pub(crate) fn secret(&self) -> &Secret<String> {
        &self.0
    }
}

impl From<Secret<String>> for SecretText {
    fn from(text: Secret<String>) -> Self {
        Self(Arc::new(text))
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Secret::new(text).into())
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl JsonSchema for SecretText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "format": "password" })
    }
}
