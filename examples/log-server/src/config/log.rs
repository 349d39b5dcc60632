//! A log of the configuration: where it is, and what its fields are called.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cli::{Arguments, InvalidStore, StoreAddress};
use crate::dates::{DateFormat, InvalidDates, StoredDates, Zone};
use crate::fields::{Assignment, FieldMap, FieldName, InvalidFields};

/// `[[log]]`: a log, as a service writes it.
///
/// ```
/// use std::path::Path;
///
/// use log_server::config::Config;
/// use log_server::fields::FieldName;
///
/// let config = r#"
/// [[log]]
/// name = "billing"
/// store = "mongodb://db/billing"
/// collection = "events"
/// fields = { date = "at", level = "meta.severity" }
/// constants = { workspace = "billing" }
/// time-zone = "Europe/Berlin"
/// "#;
/// let config = Config::parse(Path::new("server.toml"), config)?;
/// let fields = config.logs[0].field_map()?;
/// assert_eq!(fields.field(FieldName::Level), "meta.severity");
/// assert_eq!(fields.constant(FieldName::Workspace), Some("billing"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LogConfig {
    /// What it is called where there are several.
    pub name: String,
    /// `sqlite:FILE`, or `mongodb://HOST/DATABASE`.
    pub store: Option<String>,
    /// The variable that has this, where the address holds a password.
    pub store_env: Option<String>,
    /// The collection of MongoDB; `logs` without it.
    pub collection: Option<String>,
    /// `fields`: what its fields are called, where they are not called as usual.
    #[serde(default)]
    pub fields: BTreeMap<FieldName, String>,
    /// `constants`: the workspace, or the workflow, of all its rows.
    #[serde(default)]
    pub constants: BTreeMap<FieldName, String>,
    /// How its dates are written.
    #[serde(default)]
    pub date_format: DateFormat,
    /// The zone of the clocks by which its dates are written; UTC without it.
    pub time_zone: Option<Zone>,
}

/// Why a log cannot be served as it is configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLog {
    /// The store's address.
    #[error(transparent)]
    Store(#[from] InvalidStore),
    /// Neither, or both.
    #[error("a log needs one of `store` and `store-env`")]
    NoStore,
    /// The variable is not set, or no text.
    #[error("the variable {0} that `store-env` names is not set")]
    NoVariable(String),
    /// Its fields.
    #[error(transparent)]
    Fields(#[from] InvalidFields),
    /// The dates.
    #[error(transparent)]
    Dates(#[from] InvalidDates),
}

impl LogConfig {
    /// The log that options name.
    pub fn of(arguments: &Arguments) -> Self {
        let assigned = |assignments: &[Assignment]| {
            let pairs = assignments.iter().map(|Assignment { name, value }| (*name, value.clone()));
            pairs.collect()
        };
        Self {
            name: "logs".to_owned(),
            store: arguments.store.clone(),
            store_env: None,
            collection: Some(arguments.collection.clone()),
            fields: assigned(&arguments.field),
            constants: assigned(&arguments.constant),
            date_format: arguments.date_format.clone(),
            time_zone: arguments.time_zone.clone(),
        }
    }

    /// Where it is.
    ///
    /// # Errors
    ///
    /// When there is no address, or it is not one.
    pub fn address(&self) -> Result<StoreAddress, InvalidLog> {
        match (&self.store, &self.store_env) {
            (Some(store), None) => Ok(store.parse()?),
            (None, Some(name)) => {
                let address = std::env::var(name);
                Ok(address.map_err(|_| InvalidLog::NoVariable(name.clone()))?.parse()?)
            }
            _ => Err(InvalidLog::NoStore),
        }
    }

    /// The collection of MongoDB that it is.
    pub fn collection(&self) -> &str {
        self.collection.as_deref().unwrap_or("logs")
    }

    /// What its fields are called.
    ///
    /// # Errors
    ///
    /// When names or dates contradict each other.
    pub fn field_map(&self) -> Result<FieldMap, InvalidLog> {
        let dates = StoredDates::new(self.date_format.clone(), self.time_zone.clone())?;
        Ok(FieldMap::new(self.fields.clone(), self.constants.clone(), dates)?)
    }
}
