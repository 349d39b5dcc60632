//! Documents whose sections are written one at a time.

const HEADING: &str = "## ";

/// The document with `section`, which begins with its heading, in place of the one of the same
/// heading, or at the end if there is none.
pub(super) fn put(document: &str, section: &str) -> String {
    let section = section.trim();
    let heading = section.lines().next().unwrap_or_default();
    let mut parts: Vec<String> = vec![String::new()];
    for line in document.lines() {
        if line.starts_with(HEADING) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push_str(line);
            part.push('\n');
        }
    }
    match parts.iter_mut().find(|part| part.lines().next() == Some(heading)) {
        Some(part) => section.clone_into(part),
        None => parts.push(section.to_owned()),
    }
    let parts: Vec<_> = parts.iter().map(|part| part.trim()).collect();
    parts.join("\n\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::put;

    const DOCUMENT: &str = "# Title\n\nWords.\n\n## One\n\n### Part\n\n1\n\n## Two\n\n2\n";

    #[test]
    fn a_section_takes_the_place_of_the_one_of_the_same_heading_and_no_other() {
        let new = "# Title\n\nWords.\n\n## One\n\n### Part\n\nnew\n\n## Two\n\n2\n";
        assert_eq!(put(DOCUMENT, "## One\n\n### Part\n\nnew\n"), new);
        assert_eq!(put(DOCUMENT, "## Two\n\n2\n\n"), DOCUMENT);
    }

    #[test]
    fn a_section_that_is_new_comes_last() {
        assert_eq!(put(DOCUMENT, "## On\n\n0"), format!("{DOCUMENT}\n## On\n\n0\n"));
    }
}
