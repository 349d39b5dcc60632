//! Which part of the core may use which: `logs → stream → session → wire`, `logs → follow → wire` and `client → wire`.

use super::source::{SourceFile, Violation};

const CORE: &str = "sse-core/src/";

/// Each module of the core with those it may use.
const ALLOWED: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("session", &["wire"]),
    ("follow", &["wire"]),
    ("client", &["wire"]),
    ("stream", &["session", "wire"]),
    ("logs", &["stream", "follow", "wire"]),
];

pub(super) fn check(file: &SourceFile) -> Vec<Violation> {
    let Some(path) = file.path.strip_prefix(CORE).and_then(|path| path.strip_suffix(".rs")) else {
        return Vec::new();
    };
    let mut module: Vec<&str> = path.split('/').collect();
    if matches!(module.last(), Some(&("mod" | "lib"))) {
        module.pop();
    }
    // The root names every part: it is where they are put together.
    let Some(&part) = module.first() else { return Vec::new() };
    let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == part) else {
        let what = format!("{part} has no place in the core; give it one in {}", file!());
        return vec![file.violation(1, what)];
    };
    let inline = inline(&file.text);
    paths(&code(&file.text))
        .into_iter()
        .filter(|path| path.is_from_root(module.len() + inline[path.line - 1]))
        .filter(|path| path.head != part && !allowed.contains(&path.head.as_str()))
        .map(|path| {
            let head = &path.head;
            let what = if ALLOWED.iter().any(|(known, _)| known == head) {
                format!("{part} may not use {head}; pass it as an argument, or move it down")
            } else {
                format!("`{head}` taken from the root; name the module it comes from")
            };
            file.violation(path.line, what)
        })
        .collect()
}

/// A path that leaves its module, up to its first name.
#[derive(Debug)]
struct Path {
    line: usize,
    /// `None` for `crate::`, else how many `super::` it begins with.
    ups: Option<usize>,
    head: String,
}

impl Path {
    fn is_from_root(&self, depth: usize) -> bool {
        self.ups.is_none_or(|ups| ups >= depth)
    }
}

/// In how many modules in braces each line is, told by the indentation of `mod name {` and `}`.
fn inline(text: &str) -> Vec<usize> {
    let mut open: Vec<usize> = Vec::new();
    let mut depths = Vec::new();
    for line in text.lines() {
        let code = line.trim_start();
        let indentation = line.len() - code.len();
        depths.push(open.len());
        let named = code.split_once("mod ").filter(|(before, _)| {
            before.is_empty() || before.starts_with("pub") && !before.contains([';', '{'])
        });
        if named.is_some_and(|(_, name)| name.ends_with('{')) {
            open.push(indentation);
        } else if code == "}" && open.last() == Some(&indentation) {
            open.pop();
        }
    }
    depths
}

/// The text with comment lines emptied, so that lines keep their numbers.
fn code(text: &str) -> String {
    let code = |line: &str| if line.trim_start().starts_with("//") { "" } else { line }.to_owned();
    text.lines().map(code).collect::<Vec<_>>().join("\n")
}

fn paths(code: &str) -> Vec<Path> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = ["crate::", "super::"].iter().filter_map(|p| code[at..].find(p)).min() {
        let start = at + next;
        let mut rest = &code[start..];
        let ups = if let Some(after) = rest.strip_prefix("crate::") {
            rest = after;
            None
        } else {
            let mut ups = 0;
            while let Some(after) = rest.strip_prefix("super::") {
                rest = after;
                ups += 1;
            }
            Some(ups)
        };
        at = code.len() - rest.len();
        for (offset, head) in heads(rest) {
            let line = code[..at + offset].matches('\n').count() + 1;
            found.push(Path { line, ups, head });
        }
    }
    found
}

/// The first name, or the first names within braces, each with its place.
fn heads(rest: &str) -> Vec<(usize, String)> {
    let name_at = |at: usize| {
        let name: String =
            rest[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        (!name.is_empty()).then_some((at, name))
    };
    if !rest.starts_with('{') {
        return name_at(0).into_iter().collect();
    }
    let mut heads = Vec::new();
    let mut depth = 0;
    let mut expects_name = false;
    for (at, c) in rest.char_indices() {
        match c {
            '{' | ',' => {
                depth += i32::from(c == '{');
                expects_name = depth == 1;
            }
            '}' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            c if expects_name && !c.is_whitespace() => {
                heads.extend(name_at(at));
                expects_name = false;
            }
            _ => {}
        }
    }
    heads
}
