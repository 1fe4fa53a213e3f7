//! Records of a dump, and reading their fields under any of the names that the systems gave them.

use crate::error::{Error, Result};
use crate::ports::Micros;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;
use uuid::Uuid;

/// One row of a table.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Record {
    pub(super) model: String,
    #[serde(default)]
    pub(super) pk: Value,
    pub(super) fields: Map<String, Value>,
}

/// A dump is one array, or, as `--format jsonl`, a record a line.
pub(super) fn records(text: &str) -> Result<Vec<Record>> {
    let wrong = |error: serde_json::Error| {
        Error::field(
            "file",
            format!(
                "This is no output of Django's `dumpdata`: {error}. Write it with `python manage.py dumpdata --output FILE`."
            ),
        )
    };
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with('[') {
        return serde_json::from_str(text).map_err(wrong);
    }
    text.lines().filter(|it| !it.trim().is_empty()).map(|it| serde_json::from_str(it).map_err(wrong)).collect()
}

/// An id for what has the key `pk` in a model whose name ends so: the key itself where it is a UUID.
pub(super) fn id(kind: &str, pk: &Value) -> Option<Uuid> {
    let key = match pk {
        Value::String(key) => match key.parse() {
            Ok(id) => return Some(id),
            Err(_) => key.clone(),
        },
        Value::Number(key) => key.to_string(),
        _ => return None,
    };
    let digest = Sha256::digest(format!("django:{kind}:{key}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Some(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

impl Record {
    fn field(&self, names: &[&str]) -> Option<&Value> {
        names.iter().find_map(|name| self.fields.get(*name).filter(|it| !it.is_null()))
    }

    pub(super) fn id(&self, kind: &str) -> Option<Uuid> {
        match &self.pk {
            Value::Null => id(kind, self.field(&["id"])?),
            pk => id(kind, pk),
        }
    }

    pub(super) fn text(&self, names: &[&str]) -> Option<&str> {
        self.field(names)?.as_str()
    }

    pub(super) fn flag(&self, names: &[&str]) -> Option<bool> {
        self.field(names)?.as_bool()
    }

    pub(super) fn number(&self, names: &[&str]) -> Option<f64> {
        match self.field(names)? {
            Value::String(text) => text.parse().ok(),
            value => value.as_f64(),
        }
    }

    pub(super) fn time(&self, names: &[&str]) -> Option<Micros> {
        let moment = OffsetDateTime::parse(self.text(names)?, &Iso8601::DEFAULT).ok()?;
        i64::try_from(moment.unix_timestamp_nanos() / 1000).ok()
    }

    /// What another record is meant by.
    pub(super) fn reference(&self, kind: &str, names: &[&str]) -> Option<Uuid> {
        id(kind, self.field(names)?)
    }

    pub(super) fn references(&self, kind: &str, names: &[&str]) -> Vec<Uuid> {
        let list = self.field(names).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(|it| id(kind, it)).collect()
    }
}
