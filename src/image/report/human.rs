//! Findings for people, in the manner of rustc.

use anstyle::{AnsiColor, Style};

use super::{place, what};
use crate::{
    image::{Finding, Gaps, Layer, Place, Report, Severity},
    report::{counted, shown},
};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const NOTE: Style = AnsiColor::Green.on_default().bold();
const FRAME: Style = AnsiColor::Blue.on_default().bold();
/// The longest instruction, in characters, that is shown.
const LONGEST: usize = 160;

/// One finding on several lines, with colours as escape codes; without a line feed at the end.
#[must_use]
pub fn finding(finding: &Finding) -> String {
    let (style, level) = match finding.severity {
        Severity::Error => (ERROR, "error"),
        Severity::Warning => (WARNING, "warning"),
        Severity::Note => (NOTE, "note"),
    };
    let mut lines = vec![format!("{style}{level}[{}]{style:#}: {}", finding.codemod, line(&what(&finding.what)))];
    let image = if finding.image.is_empty() { String::new() } else { format!("{}, ", line(&finding.image)) };
    lines.push(format!("  {FRAME}-->{FRAME:#} {image}{}", line(&place(finding))));
    lines.extend(details(finding).iter().map(|detail| format!("   {FRAME}={FRAME:#} {detail}")));
    lines.join("\n")
}

fn details(finding: &Finding) -> Vec<String> {
    let mut details = Vec::new();
    match &finding.place {
        Place::Layer { layer, removed, .. } => {
            details.push(format!("layer: {}", line(&layer.digest)));
            details.extend(made_by(layer).map(|text| format!("made by: {text}")));
            if let Some(removal) = removed {
                let verb = if removal.replaced { "replaced" } else { "deleted" };
                let by = made_by(&removal.layer).map(|text| format!(" ({text})")).unwrap_or_default();
                details.push(format!("{verb} by layer {}{by}, which leaves it in this one", removal.layer.number));
            }
        }
        Place::History { instruction, .. } if !instruction.is_empty() => {
            details.push(format!("instruction: {}", cut(instruction)));
        }
        _ => {}
    }
    if finding.severity == Severity::Note {
        details.push("it lies among tests or examples, or in a library, and does not count".to_owned());
    }
    details
}

fn made_by(layer: &Layer) -> Option<String> {
    (!layer.instruction.is_empty()).then(|| cut(&layer.instruction))
}

fn cut(text: &str) -> String {
    let text = line(text);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(&text)),
        None => text,
    }
}

fn line(text: &str) -> String {
    shown::line(text)
}

/// The last line: what was looked into and how much was found.
#[must_use]
pub fn closing(report: &Report) -> String {
    let layers: usize = report.images.iter().map(|image| image.layers).sum();
    let scope = format!("{} with {}", counted(report.images.len(), "image"), counted(layers, "layer"));
    let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let parts = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let parts = parts.map(|(severity, noun)| (count(severity), noun)).into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, noun)| counted(count, noun)).collect();
    if parts.is_empty() { format!("no findings in {scope}") } else { format!("{} in {scope}", parts.join(", ")) }
}

/// What was not looked into, as sentences.
#[must_use]
pub fn gaps(gaps: &Gaps) -> Vec<String> {
    let sentences = [
        (gaps.unopened, "compressed in a way that is not read (xz, bzip2, 7z, rar, lz4), or encrypted"),
        (gaps.damaged, "compressed and do not decode to their end"),
        (gaps.limited, "packed too deep, or unpack to more than is read"),
    ];
    let counted = sentences.into_iter().filter(|(count, _)| *count > 0);
    let mut sentences: Vec<String> = counted
        .map(|(count, why)| format!("{} inside of layers not looked into: {why}", self::counted(count, "file")))
        .collect();
    if gaps.findings > 0 {
        sentences.push(format!("{} left out", counted_findings(gaps.findings)));
    }
    sentences
}

fn counted_findings(count: usize) -> String {
    counted(count, "more finding")
}
