//! Where in a sorted list names are that somebody may see.

/// Beginnings of names, sorted, of which none begins with another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefixes(Vec<Box<str>>);

impl Prefixes {
    /// Those of all names.
    pub fn all() -> Self {
        Self::new([""])
    }

    /// These.
    pub fn new<'a>(prefixes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut prefixes: Vec<&str> = prefixes.into_iter().collect();
        prefixes.sort_unstable();
        prefixes.dedup_by(|next, first| next.starts_with(*first));
        Self(prefixes.into_iter().map(Box::from).collect())
    }

    /// Behind which name the next one may come, of those behind `after`: `Some(None)` is the
    /// beginning, `None` says that none is left.
    ///
    /// ```
    /// use log_server::access::Prefixes;
    ///
    /// let prefixes = Prefixes::new(["etl", "ml-"]);
    /// assert_eq!(prefixes.go_on(Some("etl-7")), Some(Some("etl-7".to_owned())));
    /// assert_eq!(prefixes.go_on(Some("ml-7")), Some(Some("ml-7".to_owned())));
    /// assert_eq!(prefixes.go_on(Some("ops")), None);
    /// assert_eq!(Prefixes::all().go_on(None), Some(None));
    /// ```
    pub fn go_on(&self, after: Option<&str>) -> Option<Option<String>> {
        let is_left =
            |prefix: &&str| after.is_none_or(|after| after < *prefix || after.starts_with(*prefix));
        let prefix = self.0.iter().map(AsRef::as_ref).find(is_left)?;
        Some(before(prefix).max(after.map(str::to_owned)))
    }
}

/// What stands before all names that begin so, and behind about all others that do.
fn before(prefix: &str) -> Option<String> {
    let last = prefix.chars().next_back()?;
    let shorter = &prefix[..prefix.len() - last.len_utf8()];
    let earlier = ('\0'..last).next_back();
    Some(
        earlier.map_or_else(
            || shorter.to_owned(),
            |earlier| format!("{shorter}{earlier}{}", char::MAX),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_goes_on_where_a_name_may_be_and_passes_none() {
        let names = ["", "\0", "a", "a\0", "etk", "etl", "etl-1", "etl2", "m", "ml", "ml-", "z"];
        for prefixes in [&["etl"][..], &["a", "ml-"], &[""], &["a\0"], &["\u{e000}"], &["m", "ml"]]
        {
            let known = Prefixes::new(prefixes.iter().copied());
            let wanted: Vec<_> = names
                .into_iter()
                .filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)))
                .collect();
            let mut found = Vec::new();
            let mut after: Option<String> = None;
            while let Some(position) = known.go_on(after.as_deref()) {
                let next = names.into_iter().find(|name| Some(*name) > position.as_deref());
                let Some(next) = next else { break };
                found.extend(wanted.contains(&next).then_some(next));
                after = Some(next.to_owned());
            }
            assert_eq!(found, wanted, "{prefixes:?}");
        }
    }

    #[test]
    fn what_stands_between_is_passed_over() {
        let known = Prefixes::new(["etl", "ml-", "etl-1"]);
        assert_eq!(known, Prefixes::new(["etl", "ml-"]));
        assert_eq!(known.go_on(None), Some(Some(format!("etk{}", char::MAX))));
        assert_eq!(known.go_on(Some("f")), Some(Some(format!("ml,{}", char::MAX))));
        assert_eq!(known.go_on(Some("ml.")), None);
    }
}
