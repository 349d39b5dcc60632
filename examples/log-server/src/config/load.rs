//! The command line, the environment and the configuration file together.

use std::ffi::OsString;
use std::path::Path;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};

use super::{Config, ConfigError};
use crate::cli::Arguments;

/// What is not for a file.
const NOT_IN_A_FILE: [&str; 3] = ["config", "help", "version"];

/// What the command line says, and the configuration file that it names. An option is taken from
/// the command line, or else from the environment, from the file, or as it is by default.
///
/// # Errors
///
/// When the command line or the file is not right.
///
/// ```
/// use log_server::config;
///
/// let (arguments, config) = config::load(["log-server", "--max-streams", "7"])?;
/// assert_eq!(arguments.max_streams.map(|most| most.get()), Some(7));
/// assert_eq!(config, config::Config::default());
/// # Ok::<(), config::ConfigError>(())
/// ```
pub fn load<T: Into<OsString>>(
    given: impl IntoIterator<Item = T>,
) -> Result<(Arguments, Config), ConfigError> {
    let mut given = given.into_iter().map(Into::into);
    let program = given.next().unwrap_or_default();
    let given: Vec<OsString> = given.collect();
    let command = Arguments::command();
    let parse = |arguments: &[OsString]| {
        let all = [program.clone()].into_iter().chain(arguments.iter().cloned());
        command.clone().try_get_matches_from(all)
    };
    let matches = parse(&given)?;
    let arguments = Arguments::from_arg_matches(&matches)?;
    let Some(path) = &arguments.config else { return Ok((arguments, Config::default())) };
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.clone(), source })?;
    let config = Config::parse(path, &text)?;
    let mut all = options(path, &text, &config, &command, &matches)?;
    all.extend(given);
    let matches = parse(&all).map_err(|error| {
        let wrong = config.options.iter().find_map(|(name, value)| {
            let error = parse(&[option(name, value.clone())]).err()?;
            Some((config.options.place(name), in_a_line(&error, value.as_deref())))
        });
        let (place, words) = wrong.unwrap_or_else(|| (None, in_a_line(&error, None)));
        ConfigError::at(path, &text, place.unwrap_or_default(), words)
    })?;
    Ok((Arguments::from_arg_matches(&matches)?, config))
}

/// The options of the file that nothing else says.
fn options(
    path: &Path,
    text: &str,
    config: &Config,
    command: &Command,
    matches: &ArgMatches,
) -> Result<Vec<OsString>, ConfigError> {
    let known = || {
        let options = command.get_arguments().filter_map(|known| Some((known.get_long()?, known)));
        options.filter(|(name, _)| !NOT_IN_A_FILE.contains(name))
    };
    let mut taken = Vec::new();
    for (name, value) in config.options.iter() {
        let Some((_, of)) = known().find(|(known, _)| *known == name) else {
            let names: Vec<_> = known().map(|(name, _)| format!("`{name}`")).collect();
            let words = format!("there is no option `{name}`; there are {}", names.join(", "));
            return Err(ConfigError::at(
                path,
                text,
                config.options.place(name).unwrap_or_default(),
                words,
            ));
        };
        let source = matches.value_source(of.get_id().as_str());
        if !matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable)) {
            taken.push(option(name, value));
        }
    }
    Ok(taken)
}

fn option(name: &str, value: Option<String>) -> OsString {
    match value {
        Some(value) => format!("--{name}={value}").into(),
        None => format!("--{name}").into(),
    }
}

/// What is wrong with an option, without how to use it and without its value.
fn in_a_line(error: &clap::Error, value: Option<&str>) -> String {
    let text = error.to_string();
    let words = text.split("\n\n").next().unwrap_or_default();
    let words = words.trim_start_matches("error: ").replace('\n', " ");
    match value {
        Some(value) => words.replacen(&format!("value '{value}'"), "value", 1),
        None => words,
    }
}
