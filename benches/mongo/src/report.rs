//! What was measured, as a section of Markdown.

use hdrhistogram::Histogram;

pub fn markdown(machine: &str, sections: &[String]) -> String {
    format!(
        "## MongoDB\n\nFollowing a collection on real servers, which are fetched and started on this \
         machine:\n\n```sh\ncargo xtask bench mongo\n```\n\n{machine}\n\n{}",
        sections.join("\n"),
    )
}

pub fn milliseconds(latency: &Histogram<u64>, quantile: f64) -> f64 {
    latency.value_at_quantile(quantile) as f64 / 1e3
}

pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// With commas between the thousands.
pub fn number(value: f64) -> String {
    let whole = format!("{value:.0}");
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
