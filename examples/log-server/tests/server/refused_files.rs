//! What is no file of logs is refused when the server starts.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rusqlite::Connection;
use testbed::{Program, eventually};

/// What the server says when it does not start with this store, in the folder.
fn refusal(folder: &Path, store: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_log-server"));
    command.args(["--listen", "127.0.0.1:0", "--store", store]).current_dir(folder);
    let mut program = Program::spawn(command, |_| {}).unwrap();
    let ended = eventually(Duration::from_secs(20), || program.status());
    assert!(!ended.expect("it ends").success(), "{store}");
    program.output()
}

#[test]
fn what_is_no_file_of_logs_is_refused_in_true_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::create_dir(path.join("folder")).unwrap();
    std::fs::write(path.join("text"), "no database, but more than a few words of text".repeat(90))
        .unwrap();
    let other = Connection::open(path.join("other.db")).unwrap();
    other.execute_batch("CREATE TABLE log (a); PRAGMA user_version = 7").unwrap();
    let later = Connection::open(path.join("later.db")).unwrap();
    let ours = "PRAGMA application_id = 0x6c6f6773; PRAGMA user_version = 99";
    later.execute_batch(ours).unwrap();
    for (store, words) in [
        ("sqlite::memory:", "is no file"),
        ("sqlite:file:x.db", "is no file"),
        ("sqlite:x.db?mode=rwc", "name the file alone"),
        ("sqlite:folder", "is a folder"),
        ("sqlite:text", "it is not an SQLite file"),
        ("sqlite:other.db", "a database of another program"),
        ("sqlite:later.db", "is of format 99"),
        ("sqlite:text/x.db", "cannot make the folder"),
        ("sqlite:/proc/x.db", "let the server read the file and write to its folder"),
    ] {
        let said = refusal(path, store);
        assert!(said.contains(words), "{store}: {said}");
    }
    // Nothing was made or changed on the way.
    let mut there: Vec<_> =
        std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    there.sort();
    assert_eq!(there, ["folder", "later.db", "other.db", "text"]);
    let tables: i64 =
        other.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 1);
}

#[test]
fn addresses_name_files_as_other_programs_understand_them() {
    let folder = tempfile::tempdir().unwrap();
    let absolute = folder.path().join("absolute.db");
    for (store, file) in [
        ("sqlite://relative.db", folder.path().join("relative.db")),
        (&format!("sqlite://{}", absolute.display()), absolute.clone()),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_log-server"));
        command.args(["--listen", "127.0.0.1:0", "--store", store]).current_dir(folder.path());
        let mut program = Program::spawn(command, |_| {}).unwrap();
        program.line("listening on http://", Duration::from_secs(20)).unwrap();
        assert!(file.is_file(), "{store}");
        program.terminate().unwrap();
    }
}
