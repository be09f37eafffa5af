//! What records say: JSON in one envelope, `{"v":1,"event":{...}}`, under a kind that says the same.
//!
//! What is not known is an error, never skipped: a right that was taken away must not come back because a record of it
//! could not be read.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};
use crate::name::RecordKind;
use crate::record::{NewRecord, Record};

const VERSION: u8 = 1;

/// Something that a record can say. It has one spelling.
pub trait Recorded: Serialize + DeserializeOwned {
    /// The field of the envelope that holds it.
    const FIELD: &'static str = "event";

    /// The kind of a record that says it.
    fn kind(&self) -> &'static str;

    /// The record to be appended.
    fn to_record(&self) -> Result<NewRecord> {
        let kind = RecordKind::new(self.kind())?;
        // Names, numbers and texts can always be written.
        let bytes = serde_json::to_vec(&Envelope(self)).map_err(|error| Error::Bug(error.to_string()))?;
        Ok(NewRecord::plain(kind, bytes))
    }

    /// What [`to_record`](Self::to_record) wrote.
    fn from_record(record: &Record) -> Result<Self> {
        if let Some(key) = &record.payload.sealed_under {
            return Err(record.unclear(format!("it is sealed under {key}")));
        }
        let Opened(said) = serde_json::from_slice::<Opened<Self>>(&record.payload.bytes)
            .map_err(|error| record.unclear(error))?;
        let says = said.kind();
        if says != record.kind.as_str() {
            return Err(record.unclear(format!("its kind is {}, and it says {says}", record.kind)));
        }
        Ok(said)
    }
}

impl Record {
    /// Says that this record cannot be understood.
    pub fn unclear(&self, why: impl fmt::Display) -> Error {
        Error::Unclear { stream: self.stream.clone(), sequence: self.sequence, why: why.to_string() }
    }

    /// Whether it is the one that follows `sequence` in a stream.
    pub fn check_follows(&self, stream: &str, sequence: u64) -> Result<()> {
        if self.stream.as_str() != stream {
            return Err(self.unclear(format!("it belongs to the stream {}", self.stream)));
        }
        if self.sequence != sequence + 1 {
            return Err(self.unclear(format!("it does not follow record {sequence}")));
        }
        Ok(())
    }
}

struct Envelope<'a, E>(&'a E);

impl<E: Recorded> Serialize for Envelope<'_, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("v", &VERSION)?;
        map.serialize_entry(E::FIELD, self.0)?;
        map.end()
    }
}

struct Opened<E>(E);

impl<'de, E: Recorded> Deserialize<'de> for Opened<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(Opening(PhantomData))
    }
}

struct Opening<E>(PhantomData<E>);

impl<'de, E: Recorded> Visitor<'de> for Opening<E> {
    type Value = Opened<E>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`v` and `{}`", E::FIELD)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Opened<E>, A::Error> {
        // The version first: what a later one says may not be readable at all.
        field(map.next_key()?, "v")?;
        let version: u64 = map.next_value()?;
        if version != u64::from(VERSION) {
            return Err(A::Error::custom(format_args!("it has version {version}, known is {VERSION}")));
        }
        field(map.next_key()?, E::FIELD)?;
        let said = map.next_value()?;
        match map.next_key::<&str>()? {
            None => Ok(Opened(said)),
            Some(more) => Err(unknown(more)),
        }
    }
}

fn field<E: serde::de::Error>(found: Option<&str>, wanted: &'static str) -> std::result::Result<(), E> {
    match found {
        Some(found) if found == wanted => Ok(()),
        Some(found) => Err(unknown(found)),
        None => Err(E::missing_field(wanted)),
    }
}

fn unknown<E: serde::de::Error>(field: &str) -> E {
    E::custom(format_args!("unknown field `{field}`"))
}

#[cfg(test)]
mod tests {
    use plimsoll_base::Kind;

    use super::*;
    use crate::name::{SealName, StreamName};
    use crate::record::Payload;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case", deny_unknown_fields)]
    enum Said {
        Hello { to: String },
        Bye {},
    }

    impl Recorded for Said {
        const FIELD: &'static str = "said";

        fn kind(&self) -> &'static str {
            match self {
                Self::Hello { .. } => "said.hello",
                Self::Bye {} => "said.bye",
            }
        }
    }

    const HELLO: &str = r#"{"v":1,"said":{"hello":{"to":"you"}}}"#;

    fn record(kind: &str, payload: &str) -> Record {
        Record {
            position: 9,
            unix_ms: 1,
            stream: StreamName::new("words").unwrap(),
            sequence: 7,
            kind: RecordKind::new(kind).unwrap(),
            payload: Payload { sealed_under: None, bytes: payload.into() },
        }
    }

    #[test]
    fn what_is_written_is_read_again_in_its_one_spelling() {
        let hello = Said::Hello { to: "you".into() };
        let written = hello.to_record().unwrap();
        assert_eq!(
            (written.kind.as_str(), written.payload.bytes.as_slice()),
            ("said.hello", HELLO.as_bytes())
        );
        assert_eq!(Said::from_record(&record("said.hello", HELLO)).unwrap(), hello);
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        let cases = [
            ("said.hello", HELLO.replace("\"v\":1", "\"v\":2"), "it has version 2, known is 1"),
            // What a later version says is not looked at.
            ("said.hello", r#"{"v":300,"said":7}"#.into(), "it has version 300, known is 1"),
            ("said.hello", HELLO.replace("\"v\":1", "\"v\":1,\"w\":1"), "unknown field `w`"),
            ("said.hello", HELLO.replace("}}}", "}},\"w\":1}"), "unknown field `w`"),
            ("said.hello", HELLO.replace("}}}", "}},\"v\":1}"), "unknown field `v`"),
            ("said.hello", HELLO.replace("said\":", "event\":"), "unknown field `event`"),
            ("said.hello", HELLO.replace("\"you\"", "\"you\",\"and\":1"), "unknown field `and`"),
            ("said.hello", HELLO.replace("hello", "good_day"), "unknown variant `good_day`"),
            ("said.hello", r#"{"v":1}"#.into(), "missing field `said`"),
            ("said.hello", "{}".into(), "missing field `v`"),
            ("said.hello", "[1]".into(), "expected `v` and `said`"),
            ("said.hello", format!("{HELLO} {HELLO}"), "trailing characters"),
            ("said.hello", String::new(), "EOF"),
            ("said.bye", HELLO.into(), "its kind is said.bye, and it says said.hello"),
        ];
        for (kind, payload, why) in cases {
            let error = Said::from_record(&record(kind, &payload)).unwrap_err();
            assert!(matches!(error, Error::Unclear { sequence: 7, .. }), "{error:?}");
            assert!(error.to_string().contains(why), "{payload}: {error}");
            assert_eq!(error.kind(), Kind::Corrupt);
        }
        let mut sealed = record("said.hello", HELLO);
        sealed.payload.sealed_under = Some(SealName::new("k").unwrap());
        assert!(Said::from_record(&sealed).unwrap_err().to_string().contains("sealed under k"));
    }

    #[test]
    fn a_record_follows_the_one_before_it_in_its_stream() {
        let record = record("said.hello", HELLO);
        record.check_follows("words", 6).unwrap();
        for (stream, sequence, why) in [
            ("words", 5, "record 7 of the stream `words` cannot be understood: it does not follow record 5"),
            ("words", 7, "it does not follow record 7"),
            ("audit", 6, "it belongs to the stream words"),
        ] {
            let refused = record.check_follows(stream, sequence).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
