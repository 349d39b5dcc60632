//! Connection strings, and what is wrong with them.

use mongodb::error::{Error as DriverError, ErrorKind};
use mongodb::options::ClientOptions;

use super::error::Error;

pub(crate) async fn parse(uri: &str) -> Result<ClientOptions, Error> {
    match ClientOptions::parse(uri).await {
        Ok(options) => Ok(options),
        Err(error) => Err(Error::ConnectionString(explain(uri, &error).await)),
    }
}

/// Its options name what is not there.
pub(crate) fn unusable(error: &DriverError) -> Error {
    Error::ConnectionString(words(error))
}

/// The driver quotes what it cannot parse, and that may be a password. So the same is parsed with
/// another one: what is wrong then has nothing to do with it.
async fn explain(uri: &str, error: &DriverError) -> String {
    if matches!(error.kind.as_ref(), ErrorKind::DnsResolve { .. }) {
        return words(error);
    }
    let Some((scheme, rest)) = uri.split_once("://") else {
        return "it begins with mongodb:// or mongodb+srv://".to_owned();
    };
    let Some((_, rest)) = rest.rsplit_once('@') else { return words(error) };
    // A password may have had what looks like the beginning of the options.
    let hosts = rest.split(['/', '?']).next().unwrap_or_default();
    if !hosts.is_empty()
        && let Err(error) = ClientOptions::parse(format!("{scheme}://user:secret@{rest}")).await
    {
        return words(&error);
    }
    "the user name or the password cannot be understood (not quoted here); in them, characters \
     such as @ : / % # are to be percent-encoded, as in %40"
        .to_owned()
}

fn words(error: &DriverError) -> String {
    let words = match error.kind.as_ref() {
        ErrorKind::InvalidArgument { message, .. }
        | ErrorKind::InvalidTlsConfig { message, .. }
        | ErrorKind::DnsResolve { message, .. }
        | ErrorKind::Authentication { message, .. } => message.clone(),
        kind => kind.to_string(),
    };
    match unbuilt(&words) {
        Some(feature) => format!(
            "{words} (this program was built without the feature {feature} of the mongodb driver)"
        ),
        None => words,
    }
}

/// The feature of the driver that what it refuses needs.
fn unbuilt(words: &str) -> Option<&'static str> {
    const FEATURES: [(&str, &str); 5] = [
        ("zstd", "zstd-compression"),
        ("zlib", "zlib-compression"),
        ("snappy", "snappy-compression"),
        ("MONGODB-AWS", "aws-auth"),
        ("GSSAPI", "gssapi-auth"),
    ];
    let named = |(word, _): &&(&str, &str)| words.contains(word);
    FEATURES.iter().find(named).map(|(_, feature)| *feature)
}
