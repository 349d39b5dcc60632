//! As much of Rust's syntax as tells which names a file defines and which it uses.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A module's text: that of a file, or of braces within one.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) modules: Vec<Child>,
    pub(super) uses: Vec<Use>,
    /// The names that are defined here.
    pub(super) items: BTreeSet<String>,
    /// The paths of two names or more that code has, `use` left out.
    pub(super) paths: Vec<Path>,
    /// The names that code has and that may be of a type or a function, `use` left out.
    pub(super) names: BTreeSet<String>,
}

/// `mod name;` or `mod name { … }`.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) name: String,
    /// What `#[path = "…"]` says.
    pub(super) path: Option<String>,
    pub(super) inline: Option<Scope>,
}

/// One name that a `use` brings in.
#[derive(Debug)]
pub(super) struct Use {
    pub(super) path: Path,
    /// By which it goes here; `*` for all names of a module.
    pub(super) name: String,
    /// Whether it is handed on.
    pub(super) is_public: bool,
}

/// Names with `::` between them, and the line of the last.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) names: Vec<String>,
    pub(super) line: usize,
}

impl Scope {
    /// What a file's text has, tests left out; `None` if it is no Rust.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let tokens: TokenStream = text.parse().ok()?;
        let mut scope = Self::default();
        scope.read(tokens, true);
        Some(scope)
    }

    fn read(&mut self, tokens: TokenStream, is_items: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        let mut path = None;
        while let Some(token) = tokens.get(at) {
            let attribute = attribute(&tokens[at..]);
            if let Some((group, length, is_inner)) = attribute {
                if is_test(group) {
                    if is_inner {
                        return;
                    }
                    at = end_of_item(&tokens, at + length);
                } else {
                    path = path_attribute(group).or(path);
                    at += length;
                }
                continue;
            }
            at = match token {
                TokenTree::Ident(word) if word == "use" && !is_punct(&tokens, at + 1, '<') => {
                    self.read_use(&tokens, at)
                }
                TokenTree::Ident(word) if word == "mod" && is_items => {
                    self.read_module(&tokens, at, path.take())
                }
                TokenTree::Ident(_) => {
                    if is_items {
                        self.items.extend(defined(&tokens, at));
                    }
                    self.read_path(&tokens, at)
                }
                TokenTree::Group(group) => {
                    self.read(group.stream(), false);
                    at + 1
                }
                _ => at + 1,
            };
        }
    }

    /// Each of these gives the place after what it has read.
    fn read_use(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let end = (at..tokens.len()).find(|&at| is_punct(tokens, at, ';')).unwrap_or(tokens.len());
        let is_public = match at.checked_sub(1).map(|at| &tokens[at]) {
            Some(TokenTree::Ident(word)) => word == "pub",
            Some(TokenTree::Group(group)) => {
                group.delimiter() == Delimiter::Parenthesis
                    && at.checked_sub(2).is_some_and(|at| is_word(tokens, at, "pub"))
            }
            _ => false,
        };
        self.read_tree(&tokens[at + 1..end], &[], is_public);
        end + 1
    }

    /// One of the trees of a `use`, after what stands before it.
    fn read_tree(&mut self, tokens: &[TokenTree], before: &[String], is_public: bool) {
        let mut names = before.to_vec();
        let mut line = 0;
        let mut alias = None;
        for (at, token) in tokens.iter().enumerate() {
            match token {
                // `use ::name` is another crate's, whatever is called so here.
                TokenTree::Punct(_) if at == 0 && is_punct(tokens, 0, ':') => return,
                TokenTree::Ident(word) if word == "as" => {
                    alias = tokens.get(at + 1).map(TokenTree::to_string);
                    break;
                }
                TokenTree::Ident(word) if word == "self" && !names.is_empty() => {}
                TokenTree::Ident(word) => {
                    names.push(word.to_string());
                    line = word.span().start().line;
                }
                TokenTree::Punct(star) if star.as_char() == '*' => {
                    line = star.span().start().line;
                    alias = Some("*".to_owned());
                }
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    for tree in inner
                        .split(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == ','))
                    {
                        self.read_tree(tree, &names, is_public);
                    }
                    return;
                }
                _ => {}
            }
        }
        let Some(name) = alias.or_else(|| names.last().cloned()) else { return };
        if names.len() > before.len() || line > 0 || !tokens.is_empty() {
            self.uses.push(Use { path: Path { names, line }, name, is_public });
        }
    }

    fn read_module(&mut self, tokens: &[TokenTree], at: usize, path: Option<String>) -> usize {
        let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else { return at + 1 };
        let inline = match tokens.get(at + 2) {
            Some(TokenTree::Group(group)) => {
                let mut scope = Self::default();
                scope.read(group.stream(), true);
                Some(scope)
            }
            _ => None,
        };
        self.modules.push(Child { name: name.to_string(), path, inline });
        at + 3
    }

    fn read_path(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let mut names = Vec::new();
        let mut line = 0;
        let mut end = at;
        while let Some(TokenTree::Ident(word)) = tokens.get(end) {
            names.push(word.to_string());
            line = word.span().start().line;
            end += 1;
            let goes_on = is_path_separator(tokens, end)
                && matches!(tokens.get(end + 2), Some(TokenTree::Ident(_)));
            if !goes_on {
                break;
            }
            end += 2;
        }
        // After a path's `::`, a field's `.` or a lifetime's quote, it is no name of this scope.
        let before = at.checked_sub(1).map(|at| &tokens[at]);
        let follows = before.is_some_and(|token| match token {
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                at.checked_sub(2).is_some_and(|at| is_path_separator(tokens, at))
            }
            // `..name` is a range or the rest of a struct.
            TokenTree::Punct(punct) if punct.as_char() == '.' => {
                !at.checked_sub(2).is_some_and(|at| is_punct(tokens, at, '.'))
            }
            TokenTree::Punct(punct) => punct.as_char() == '\'',
            _ => false,
        });
        if follows {
            return end;
        }
        let is_type = names[0].starts_with(char::is_uppercase);
        let is_called = is_punct(tokens, end, '!')
            || matches!(tokens.get(end), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
        if is_type || is_called {
            self.names.insert(names[0].clone());
        }
        if names.len() > 1 {
            self.paths.push(Path { names, line });
        }
        end
    }
}

/// The name that is defined by the keyword here, if it is one.
fn defined(tokens: &[TokenTree], at: usize) -> Option<String> {
    const KEYWORDS: [&str; 9] =
        ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "macro_rules"];
    let TokenTree::Ident(word) = &tokens[at] else { return None };
    let keyword = KEYWORDS.into_iter().find(|keyword| word == keyword)?;
    let skipped = match keyword {
        "macro_rules" => usize::from(is_punct(tokens, at + 1, '!')),
        "static" => usize::from(is_word(tokens, at + 1, "mut")),
        _ => 0,
    };
    match tokens.get(at + 1 + skipped) {
        Some(TokenTree::Ident(name)) => Some(name.to_string()),
        _ => None,
    }
}

/// The attribute that begins here: its brackets, its length, and whether it is of what it is in.
fn attribute(tokens: &[TokenTree]) -> Option<(&Group, usize, bool)> {
    if !is_punct(tokens, 0, '#') {
        return None;
    }
    let is_inner = is_punct(tokens, 1, '!');
    let length = if is_inner { 3 } else { 2 };
    match tokens.get(length - 1)? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
            Some((group, length, is_inner))
        }
        _ => None,
    }
}

/// Whether it says `cfg(test)`, `cfg(doctest)` or `cfg(all(test, …))`.
fn is_test(attribute: &Group) -> bool {
    let words = attribute.stream().to_string().replace(' ', "");
    ["cfg(test", "cfg(doctest", "cfg(all(test"]
        .iter()
        .any(|test| words.strip_prefix(test).is_some_and(|rest| rest.starts_with([')', ','])))
}

fn path_attribute(attribute: &Group) -> Option<String> {
    let tokens: Vec<TokenTree> = attribute.stream().into_iter().collect();
    if !is_word(&tokens, 0, "path") || !is_punct(&tokens, 1, '=') {
        return None;
    }
    Some(tokens.get(2)?.to_string().trim_matches('"').to_owned())
}

/// The place after the item that begins here: its `;` or its braces.
fn end_of_item(tokens: &[TokenTree], at: usize) -> usize {
    let is_use = (at..tokens.len()).take(3).any(|at| is_word(tokens, at, "use"));
    let is_end = |at: &usize| match &tokens[*at] {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !is_use,
        _ => false,
    };
    (at..tokens.len()).find(is_end).map_or(tokens.len(), |at| at + 1)
}

fn is_word(tokens: &[TokenTree], at: usize, word: &str) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Ident(ident)) if ident == word)
}

fn is_punct(tokens: &[TokenTree], at: usize, c: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == c)
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens, at, ':') && is_punct(tokens, at + 1, ':')
}
