//! The configuration file as the program takes it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use log_server::config::{self, Config};
use testbed::{Program, eventually};

const PATIENCE: Duration = Duration::from_secs(60);

fn command(folder: &Path, config: &str) -> Command {
    fs::write(folder.join("server.toml"), config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_log-server"));
    command.current_dir(folder).args(["--config", "server.toml"]);
    command
}

/// What the program says when it does not start with this file.
fn refusal(config: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::spawn(command(folder.path(), config), |_| {}).unwrap();
    let ended = eventually(PATIENCE, || program.status());
    assert!(!ended.expect("it ends").success(), "{config}");
    program.output()
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_to_write() {
    for (config, words) in [
        (
            "[audit]\n  to-file = 1",
            "server.toml:2:3: there is no key `to-file` here; there are `to`, ",
        ),
        ("[adit]", "server.toml:1:2: there is no key `adit` here; there are "),
        ("[audit]\nto = 7", "server.toml:2:6: this is integer; write "),
        (
            "[audit]\nkeep-days = 0",
            "server.toml:2:13: this is integer; write a whole number above 0",
        ),
        ("[audit", "server.toml:1:7: "),
        (
            "[forward-auth]\nurl = \"http://a/\"\nsign-in-url = \"javascript:alert(1)\"",
            "server.toml:3:15: \"javascript:alert(1)\" is no address to sign in at; write it like ",
        ),
        (
            "[options]\nlissten = \"\"",
            "server.toml:2:11: there is no option `lissten`; there are `listen`, ",
        ),
        ("[options]\nconfig = \"x\"", "server.toml:2:10: there is no option `config`"),
        (
            "[options]\nheartbeat = \"soon\"",
            "server.toml:2:13: invalid value for '--heartbeat <TIME>': this is no time",
        ),
        ("[options]\nheartbeat = 2.5", "server.toml:2:13: "),
        ("[options]\nsimulate = \"yes\"", "server.toml:2:12: "),
        ("[[token]]\nname = \"a\"\ntoken = \"x\"", "server.toml:3:9: `token` would hold a secret"),
    ] {
        let said = refusal(config);
        assert!(said.contains(words), "{config}: {said}");
    }
}

#[test]
fn no_value_is_repeated() {
    for wrong in [
        "audit = \"V\"",
        "proxies = [\"V\"]",
        "proxy-header = \"V\"",
        "[limits]\nrequest-time = \"V\"",
        "[limits.pages]\nper-user = \"V\"",
        "[cors]\norigins = [\"V\"]",
        "[[token]]\nname = \"a\"\nuser = \"a\"\nsha256 = \"V\"",
        "[jwt]\nalgorithms = [\"V\"]",
        "[options]\nheartbeat = \"V\"",
        "[options]\nmode = \"V\"",
        "[options]\nmax-streams = \"V\"",
        "[options]\nsimulate = \"V\"",
        "V = 1 1",
    ] {
        let said = refusal(&wrong.replace('V', "hunter2"));
        assert!(!said.contains("hunter2") && said.contains("server.toml:"), "{said}");
    }
}

#[test]
fn the_command_line_comes_before_the_environment_and_that_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[options]\nlisten = \"127.0.0.1:0\"\nstore = \"sqlite:of-the-file.db\"\n\
                  simulate = false\nmax-streams = 3";
    for (given, variable, file) in [
        (None, None, "of-the-file.db"),
        (None, Some("sqlite:of-the-environment.db"), "of-the-environment.db"),
        (Some("sqlite:given.db"), Some("sqlite:of-the-environment.db"), "given.db"),
    ] {
        let mut command = command(folder.path(), config);
        command.args(given.iter().flat_map(|store| ["--store", *store]));
        command.envs(variable.map(|store| ("LOG_SERVER_STORE", store)));
        let mut program = Program::spawn(command, |_| {}).unwrap();
        program.line("listening on http://127.0.0.1:", PATIENCE).unwrap();
        program.kill();
        assert!(folder.path().join(file).exists(), "{file}: {}", program.output());
        fs::remove_file(folder.path().join(file)).unwrap();
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_log-server"));
    command.env("LOG_SERVER_CONFIG", "/no/such/server.toml");
    let mut program = Program::spawn(command, |_| {}).unwrap();
    assert!(!eventually(PATIENCE, || program.status()).expect("it ends").success());
    let said = program.output();
    assert!(said.contains("cannot read the configuration file /no/such/server.toml"), "{said}");
}

/// A key of a line of the example, which may be behind a `#`.
fn key(line: &str) -> Option<&str> {
    let (key, _) = line.trim_start_matches("# ").split_once(" = ")?;
    key.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        .then_some(key)
}

/// The keys that there are where a line is put, as the program says them.
fn known(example: &[&str], at: usize) -> Option<BTreeSet<String>> {
    let text = [&example[..at], &["not-known = 1"], &example[at..]].concat().join("\n");
    let said = Config::parse(Path::new("x"), &text).err()?.to_string();
    let (_, keys) = said.split_once("there is no key `not-known` here; there are ")?;
    Some(keys.split(", ").map(|key| key.trim_matches('`').to_owned()).collect())
}

#[test]
fn the_guide_has_every_key() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let guide = fs::read_to_string(guide).unwrap();
    let (_, example) = guide.split_once("```toml\n").unwrap();
    let example = example.split_once("```").unwrap().0.lines().collect::<Vec<_>>();
    let config = Config::parse(Path::new("x"), &example.join("\n")).unwrap();
    assert_ne!(config, Config::default());

    let is_header = |line: &&str| line.starts_with('[');
    let first = example.iter().position(is_header).unwrap();
    let keys =
        |lines: &[&str]| lines.iter().filter_map(|line| key(line)).map(str::to_owned).collect();
    let mut sections: BTreeSet<String> = keys(&example[..first]);
    for (at, header) in example.iter().enumerate().filter(|(_, line)| is_header(line)) {
        let section = header.trim_matches(['[', ']']);
        sections.extend(section.split('.').next().map(str::to_owned));
        let lines = &example[at + 1..];
        let end = lines.iter().position(is_header).unwrap_or(lines.len());
        let mut written: BTreeSet<String> = keys(&lines[..end]);
        let inner = format!("[{section}.");
        let inner = example.iter().filter_map(|line| line.strip_prefix(&inner));
        written.extend(inner.map(|name| name.trim_end_matches(']').to_owned()));
        match known(&example, at + 1) {
            Some(known) => assert_eq!(written, known, "{header}"),
            None => assert_eq!(section, "options", "{header} takes any key"),
        }
    }
    assert_eq!(Some(sections), known(&example, 0));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.toml");
    fs::write(&file, example.join("\n")).unwrap();
    let file = file.to_str().unwrap();
    config::load(["log-server", "--config", file]).unwrap();
}

#[test]
fn the_help_is_one_screen() {
    for asked in ["--help", "-h"] {
        let help = Command::new(env!("CARGO_BIN_EXE_log-server")).arg(asked).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(help.lines().count() <= 66, "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 130), "{help}");
        assert!(help.contains("docs/README.md") && help.contains("--new-token"), "{help}");
    }
}
