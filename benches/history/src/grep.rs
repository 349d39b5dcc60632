//! The same asked of a text file, with the shell's own tools.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::outcome::Result;
use crate::question::{Question, merged};
use crate::rows::{RARE_LEVEL, RARE_WORD, Row};

pub struct Files {
    long: PathBuf,
    many: PathBuf,
    merged: PathBuf,
}

impl Files {
    pub fn write(folder: &Path, rows: usize) -> Result<Self> {
        let files = Self {
            long: folder.join("long.log"),
            many: folder.join("many.log"),
            merged: folder.join("merged.txt"),
        };
        write(&files.long, (0..rows).map(|nth| Row::of_one(nth, rows)))?;
        write(&files.many, (0..rows).map(Row::of_many))?;
        let names: Vec<_> = merged().map(|name| format!(" {name} ")).collect();
        std::fs::write(&files.merged, names.join("\n"))?;
        Ok(files)
    }

    pub fn ask(&self, question: Question) -> Result<()> {
        let (long, many, merged) =
            (self.long.display(), self.many.display(), self.merged.display());
        let levels = "DEBUG INFO WARNING ERROR CRITICAL";
        let words = match question {
            Question::Page => format!("tail -n 1000 {long}"),
            Question::RareLevel => format!("tac {long} | grep -F -m 1 ' {RARE_LEVEL} '"),
            Question::RareWord => format!("tac {long} | grep -F -m 1 {RARE_WORD}"),
            Question::Counts => {
                format!("for level in {levels}; do grep -c -F \" $level \" {long}; done")
            }
            Question::Export => format!("cat {long}"),
            Question::Merged => format!("grep -F -f {merged} {many} | tail -n 1000"),
        };
        let mut shell = Command::new("sh");
        shell.args(["-c", &words]).env("LC_ALL", "C").stdout(Stdio::piped());
        let mut child = shell.spawn()?;
        let mut out = child.stdout.take().ok_or("no output")?;
        let read = std::io::copy(&mut out, &mut std::io::sink())?;
        if !child.wait()?.success() || read == 0 {
            return Err(format!("{words} found nothing").into());
        }
        Ok(())
    }
}

fn write(path: &Path, rows: impl Iterator<Item = Row>) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut line = String::new();
    for row in rows {
        line.clear();
        row.text(&mut line);
        file.write_all(line.as_bytes())?;
    }
    Ok(file.flush()?)
}
