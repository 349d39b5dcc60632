//! A crate's modules, and in which file what they name is defined.

use std::collections::BTreeMap;

use super::syntax::{Child, Path, Scope, Use};

/// A crate's modules, the root first.
#[derive(Debug)]
pub(super) struct Modules(Vec<Module>);

#[derive(Debug)]
struct Module {
    /// The file it is in.
    file: String,
    parent: usize,
    children: BTreeMap<String, usize>,
    scope: Scope,
}

/// One file's need of another.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) from: String,
    pub(super) line: usize,
    pub(super) to: String,
}

/// What a path leads to.
enum Target {
    Module(usize),
    /// What is defined in this module, or a part of it.
    Item(usize),
}

/// Re-exports of re-exports end somewhere; those of other crates may name themselves.
const DEEPEST: usize = 16;

impl Modules {
    /// The modules of the crate whose root is this file.
    pub(super) fn read<'a>(root: &str, text: impl Fn(&str) -> Option<&'a str>) -> Self {
        let mut modules = Self(Vec::new());
        if let Some(scope) = text(root).and_then(Scope::parse) {
            let directory = root.rsplit_once('/').map_or("", |(directory, _)| directory);
            modules.add(root, directory, scope, 0, &text);
        }
        modules
    }

    /// Adds a module, those below it included. Its children's files are in `directory`.
    fn add<'a>(
        &mut self,
        file: &str,
        directory: &str,
        mut scope: Scope,
        parent: usize,
        text: &impl Fn(&str) -> Option<&'a str>,
    ) -> usize {
        let this = self.0.len();
        let declared = std::mem::take(&mut scope.modules);
        let module = Module { file: file.to_owned(), parent, children: BTreeMap::new(), scope };
        self.0.push(module);
        for Child { name, path, inline } in declared {
            let below = format!("{directory}/{name}");
            let child = if let Some(scope) = inline {
                Some(self.add(file, &below, scope, this, text))
            } else {
                let beside = file.rsplit_once('/').map_or("", |(directory, _)| directory);
                let files = match path {
                    Some(path) => vec![format!("{beside}/{path}")],
                    None => vec![format!("{below}.rs"), format!("{below}/mod.rs")],
                };
                let found = files.iter().find_map(|file| Some((file, text(file)?)));
                found.and_then(|(file, content)| {
                    let scope = Scope::parse(content)?;
                    Some(self.add(file, &below, scope, this, text))
                })
            };
            if let Some(child) = child {
                self.0[this].children.insert(name, child);
            }
        }
        this
    }

    /// Which file needs what another one defines. Handing on is no need: it is what `mod.rs` and
    /// `lib.rs` are for.
    pub(super) fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for (this, Module { file, scope, .. }) in self.0.iter().enumerate() {
            let mut need = |path: &Path, target: usize| {
                let to = &self.0[target].file;
                if to != file {
                    imports.push(Import { from: file.clone(), line: path.line, to: to.clone() });
                }
            };
            for Use { path, name, is_public } in &scope.uses {
                let is_used = !is_public || scope.names.contains(name);
                match self.resolve(this, &path.names, 0) {
                    Some(Target::Item(target)) if is_used => need(path, target),
                    Some(Target::Module(target)) if name == "*" && !is_public => need(path, target),
                    // What is taken from a module is seen where it is used.
                    _ => {}
                }
            }
            for path in &scope.paths {
                if let Some(Target::Item(target)) = self.resolve(this, &path.names, 0) {
                    need(path, target);
                }
            }
        }
        imports
    }

    fn resolve(&self, from: usize, names: &[String], depth: usize) -> Option<Target> {
        let (head, rest) = names.split_first()?;
        let mut target = match head.as_str() {
            "crate" => Target::Module(0),
            "self" => Target::Module(from),
            "super" => Target::Module(self.0[from].parent),
            name => self.look_up(from, name, depth)?,
        };
        for name in rest {
            let Target::Module(module) = target else { break };
            target = match name.as_str() {
                "super" => Target::Module(self.0[module].parent),
                // Written by a macro, for instance.
                name => self.look_up(module, name, depth).unwrap_or(Target::Item(module)),
            };
        }
        Some(target)
    }

    fn look_up(&self, module: usize, name: &str, depth: usize) -> Option<Target> {
        let Module { children, scope, .. } = &self.0[module];
        if depth > DEEPEST {
            return None;
        }
        if let Some(child) = children.get(name) {
            return Some(Target::Module(*child));
        }
        if scope.items.contains(name) {
            return Some(Target::Item(module));
        }
        if let Some(used) = scope.uses.iter().find(|used| used.name == name) {
            return self.resolve(module, &used.path.names, depth + 1);
        }
        let globs = scope.uses.iter().filter(|used| used.name == "*");
        globs.filter_map(|glob| self.resolve(module, &glob.path.names, depth + 1)).find_map(
            |target| match target {
                Target::Module(all) if all != module => self.look_up(all, name, depth + 1),
                _ => None,
            },
        )
    }
}
