//! As much of a `Cargo.toml` as the rules ask for.

/// A manifest's tables, each key with its line and the rest of that line.
#[derive(Debug)]
pub(crate) struct Manifest(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    table: String,
    key: String,
    value: String,
    line: usize,
}

impl Manifest {
    /// Reads keys line by line: enough for manifests as people write them.
    pub(crate) fn parse(text: &str) -> Self {
        let mut table = String::new();
        let mut entries = Vec::new();
        for (line, content) in (1..).zip(text.lines()) {
            let content = content.trim();
            if let Some(name) = content.strip_prefix('[') {
                name.trim_matches(['[', ']']).clone_into(&mut table);
            } else if let Some((key, value)) = content.split_once('=')
                && !content.starts_with('#')
            {
                let (key, value) = (key.trim().trim_matches('"'), value.trim());
                entries.push(Entry {
                    table: table.clone(),
                    key: key.to_owned(),
                    value: value.to_owned(),
                    line,
                });
            }
        }
        Self(entries)
    }

    /// The package's name; empty for a manifest of a workspace only.
    pub(crate) fn name(&self) -> &str {
        self.get("package", "name").map_or("", |entry| entry.value.trim_matches('"'))
    }

    /// Whether the package is for others to use.
    pub(crate) fn is_published(&self) -> bool {
        self.get("package", "publish").is_none_or(|entry| entry.value != "false")
    }

    /// The features, `default` left out.
    pub(crate) fn features(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(|entry| entry.table == "features" && entry.key != "default")
            .map(|entry| entry.key.as_str())
    }

    /// The line of a key, also of one that is inherited (`key.workspace = true`).
    pub(super) fn line_of(&self, table: &str, key: &str) -> Option<usize> {
        let inherited = format!("{key}.workspace");
        self.get(table, key).or_else(|| self.get(table, &inherited)).map(|entry| entry.line)
    }

    /// What the package is built with, tests left out: crates, each with its line.
    pub(super) fn dependencies(&self) -> impl Iterator<Item = (&str, usize)> {
        self.0.iter().filter_map(|Entry { table, key, line, .. }| {
            // `[dependencies]`, `[target.'cfg(unix)'.build-dependencies]`, `[dependencies.name]`
            if let Some((kind, name)) = table.rsplit_once('.')
                && is_dependencies(kind)
            {
                return Some((name, *line));
            }
            is_dependencies(table).then(|| (key.split('.').next().unwrap_or(key), *line))
        })
    }

    fn get(&self, table: &str, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.table == table && entry.key == key)
    }
}

fn is_dependencies(table: &str) -> bool {
    let kind = if table.starts_with("target.") {
        table.rsplit_once('.').map_or(table, |(_, kind)| kind)
    } else {
        table
    };
    kind == "dependencies" || kind == "build-dependencies"
}
