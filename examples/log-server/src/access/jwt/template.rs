//! Claims by their names, and texts with such names in braces.

use serde_json::{Map, Value};

/// A text such as `team-{group}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Box<str>),
    Claim(Box<str>),
}

impl Template {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// In words, when its braces do not match.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} has a brace alone; write a claim as {{sub}}");
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, from)) = rest.split_once('{') {
            let (claim, after) = from.split_once('}').ok_or_else(wrong)?;
            if before.contains('}') || claim.is_empty() || claim.contains('{') {
                return Err(wrong());
            }
            parts.extend([Part::Text(before.into()), Part::Claim(claim.into())]);
            rest = after;
        }
        if rest.contains('}') {
            return Err(wrong());
        }
        parts.push(Part::Text(rest.into()));
        Ok(Self(parts))
    }

    /// The text with what the token claims.
    ///
    /// # Errors
    ///
    /// The claim that is not there, is empty, or is neither a text, a number nor a truth.
    pub(super) fn fill(&self, claims: &Map<String, Value>) -> Result<Box<str>, &str> {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Claim(claim) => match find(claims, claim) {
                    Some(Value::String(text)) if !text.is_empty() => filled.push_str(text),
                    Some(value @ (Value::Number(_) | Value::Bool(_))) => {
                        filled.push_str(&value.to_string());
                    }
                    _ => return Err(claim),
                },
            }
        }
        Ok(filled.into())
    }
}

/// A claim by its name, or else by a path with dots.
pub(super) fn find<'c>(claims: &'c Map<String, Value>, claim: &str) -> Option<&'c Value> {
    if let Some(value) = claims.get(claim) {
        return Some(value);
    }
    let (first, rest) = claim.split_once('.')?;
    find(claims.get(first)?.as_object()?, rest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_take_the_place_of_their_names_or_nothing_does() {
        let claims = json!({"sub": "ann", "n": 7, "ok": true, "no": null, "empty": "",
            "list": ["ann"], "deep": {"er": "x"}, "https://a.b/c": "y"});
        let claims = claims.as_object().unwrap();
        let fill = |text: &str| Template::new(text).unwrap().fill(claims).map_err(str::to_owned);
        let filled = |text: &str| Ok(Box::from(text));
        assert_eq!(fill("{sub}"), filled("ann"));
        assert_eq!(fill("team-{sub}/{n}-{ok}"), filled("team-ann/7-true"));
        assert_eq!(fill("{deep.er}{https://a.b/c}"), filled("xy"));
        assert_eq!(fill("as it is"), filled("as it is"));
        for missing in ["other", "no", "empty", "list", "deep", "deep.other", "sub.x"] {
            let template = format!("x{{{missing}}}");
            assert_eq!(fill(&template), Err(missing.to_owned()));
        }
        for wrong in ["{", "}", "{sub", "sub}", "{}", "{{sub}}", "}{sub}"] {
            assert!(Template::new(wrong).is_err(), "{wrong}");
        }
    }
}
