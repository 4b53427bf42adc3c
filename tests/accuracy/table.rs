//! The tables of the report, in Markdown.

use std::collections::BTreeMap;

use crate::labels::Ideal;
use crate::score::{Count, Fixed, Reached, Score};

/// Prints what docs/accuracy.md quotes.
pub fn print(score: &Score, plain: &Score) {
    findings(score);
    fixes(score);
    reached(score);
    println!("\ncallers: {} of {} as labelled", score.callers.0, score.callers.1);
    reasons("why a fix was withheld that the labels hold for possible", &score.withheld);
    reasons("why findings were left to a person", &score.manual);
    let wrong: usize = plain.findings.values().map(|count| count.wrong).sum();
    let files = plain.folders.max(1);
    println!("\nplain: {wrong} false findings in {files} files, {:.2} in 100", per(wrong, files));
}

fn findings(score: &Score) {
    println!("{} folders; {} findings of debatable values count neither way\n", score.folders, score.debatable);
    println!("| codemod | right | false | missed | precision | recall |\n|---|---|---|---|---|---|");
    let mut all = Count::default();
    for (codemod, count) in &score.findings {
        row(codemod, count);
        all.right += count.right;
        all.wrong += count.wrong;
        all.missed += count.missed;
    }
    row("all", &all);
    println!("\n| entry | found | of |\n|---|---|---|");
    score.entries.iter().for_each(|(entry, (found, all))| println!("| {entry:?} | {found} | {all} |"));
}

fn row(name: &str, count: &Count) {
    let precision = per(count.right, count.right + count.wrong);
    let recall = per(count.right, count.right + count.missed);
    println!("| {name} | {} | {} | {} | {precision:.1} % | {recall:.1} % |", count.right, count.wrong, count.missed);
}

fn fixes(score: &Score) {
    println!("\n| ideal outcome | right | wrong | withheld | missed | fixed |\n|---|---|---|---|---|---|");
    for ideal in [Ideal::Safe, Ideal::Unsafe, Ideal::Manual, Ideal::None] {
        let of = |fixed| score.fixes.get(&(ideal, fixed)).copied().unwrap_or_default();
        let [right, wrong, withheld, missed] = [Fixed::Right, Fixed::Wrong, Fixed::Withheld, Fixed::Missed].map(of);
        let share = per(right, right + wrong + withheld + missed);
        println!("| {ideal:?} | {right} | {wrong} | {withheld} | {missed} | {share:.1} % |");
    }
}

fn reached(score: &Score) {
    let of = |reached| score.reached.get(&reached).copied().unwrap_or_default();
    let [whole, manual, missed, wrong] = [Reached::Whole, Reached::Manual, Reached::Missed, Reached::Wrong].map(of);
    let all = whole + manual + missed + wrong;
    println!("\n| secret arguments that a caller passes | migrated whole | manual, with the reason | missed | wrong |");
    println!("|---|---|---|---|---|\n| {all} | {whole} | {manual} | {missed} | {wrong} |");
}

fn reasons(title: &str, table: &BTreeMap<String, usize>) {
    println!("\n{title}:");
    let mut rows: Vec<_> = table.iter().collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    rows.iter().for_each(|(reason, count)| println!("{count:6}  {reason}"));
}

/// A share in percent.
#[allow(clippy::cast_precision_loss, reason = "counts of a few thousand")]
fn per(part: usize, whole: usize) -> f64 {
    if whole == 0 { 100.0 } else { 100.0 * part as f64 / whole as f64 }
}
