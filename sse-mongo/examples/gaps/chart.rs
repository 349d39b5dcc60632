//! The table as bars, in SVG.

use std::fmt::Write;

use crate::table::{percent, share};
use crate::trial::{Outcome, READERS};

/// One for each reader; told apart without telling red from green.
const COLOURS: [&str; READERS.len()] =
    ["#b2182b", "#ef8a62", "#f4a6c0", "#92c5de", "#4393c3", "#053061"];
const BAR: usize = 26;
const GROUP: usize = BAR * READERS.len() + 34;
const LEFT: usize = 52;
const TOP: usize = 92;
/// The height of a bar for all documents, in steps of a tenth of a percent.
const SCALE: usize = 300;
const FLOOR: usize = TOP + SCALE;

/// A group of bars for each regime, one for each reader.
pub(crate) fn svg(outcomes: &[Outcome]) -> String {
    let (width, height) = (LEFT + GROUP * outcomes.len() + 10, FLOOR + 44);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"26\" font-size=\"17\">Documents that a reader never sees</text>\n"
    );
    legend(&mut svg);
    for tenth in [0, 250, 500, 750, 1000] {
        let y = FLOOR - SCALE * tenth / 1000;
        let (right, label, percent) = (width - 10, LEFT - 8, tenth / 10);
        let line = format!("<path d=\"M{LEFT} {y}H{right}\" stroke=\"#ddd\"/>");
        let text =
            format!("<text x=\"{label}\" y=\"{}\" text-anchor=\"end\">{percent} %</text>", y + 4);
        let _ = writeln!(svg, "{line}{text}");
    }
    for (nth, outcome) in outcomes.iter().enumerate() {
        let x = LEFT + nth * GROUP + 17;
        bars(&mut svg, x, outcome);
        let middle = x + BAR * READERS.len() / 2;
        let (y, name) = (FLOOR + 24, outcome.regime.name);
        let text = format!("<text x=\"{middle}\" y=\"{y}\" text-anchor=\"middle\">{name}</text>");
        let _ = writeln!(svg, "{text}");
    }
    svg + "</svg>\n"
}

fn legend(svg: &mut String) {
    for (nth, (reader, colour)) in READERS.iter().zip(COLOURS).enumerate() {
        let (x, y) = (LEFT + nth % 3 * 230, 38 + nth / 3 * 20);
        let reader = reader.replace('>', "&gt;");
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\
             <text x=\"{}\" y=\"{}\">{reader}</text>",
            x + 18,
            y + 11,
        );
    }
}

fn bars(svg: &mut String, x: usize, outcome: &Outcome) {
    for (nth, colour) in COLOURS.iter().enumerate() {
        let height = SCALE * outcome.lost[nth] / outcome.written.max(1);
        let (x, y) = (x + nth * BAR, FLOOR - height);
        let percent = percent(share(outcome, nth)).replace([' ', '%'], "").replace('<', "&lt;");
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{height}\" fill=\"{colour}\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\">{percent}</text>",
            BAR - 3,
            x + (BAR - 3) / 2,
            y - 4,
        );
    }
}
