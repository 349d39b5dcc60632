//! The configuration file as the program takes it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

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
        ("[audit]\nkeep-days = 0", "server.toml:2:13: this is integer; write a nonzero u16"),
        ("[audit", "server.toml:1:7: "),
        (
            "[options]\nlissten = \"\"",
            "server.toml:2:11: there is no option `lissten`; there are `listen`, ",
        ),
        ("[options]\nconfig = \"x\"", "server.toml:2:10: there is no option `config`"),
        (
            "[options]\nheartbeat = \"soon\"",
            "server.toml:2:13: invalid value 'soon' for '--heartbeat <TIME>'",
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
