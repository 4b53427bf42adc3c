//! `strategy.matrix`, as far as it is written down: GitHub's "Running variations of jobs in a workflow".

use std::collections::BTreeMap;

use crate::callers::yaml::Cursor;

/// The most combinations that GitHub starts for one job.
const MAXIMUM_ROWS: usize = 256;

/// One combination: each value by its path below `matrix`, such as `image.context`.
pub(super) type Row = BTreeMap<String, String>;

/// The combinations of `job`: one empty row for a job without a matrix, `None` where it is computed at run time.
pub(super) fn rows(job: Cursor<'_>) -> Option<Vec<Row>> {
    let Some(matrix) = job.get("strategy").and_then(|strategy| strategy.get("matrix")) else {
        return Some(vec![Row::new()]);
    };
    matrix.node().as_mapping()?;
    let axes: Vec<(&str, Cursor<'_>)> =
        matrix.entries().into_iter().filter(|(key, _)| !matches!(*key, "include" | "exclude")).collect();
    let mut rows = if axes.is_empty() { Vec::new() } else { vec![Row::new()] };
    for (key, values) in &axes {
        rows = multiplied(&rows, key, *values)?;
    }
    let excluded = listed(matrix, "exclude")?;
    rows.retain(|row| !excluded.iter().any(|gone| gone.iter().all(|(key, value)| row.get(key) == Some(value))));
    include(&mut rows, &listed(matrix, "include")?);
    Some(rows)
}

fn multiplied(rows: &[Row], key: &str, values: Cursor<'_>) -> Option<Vec<Row>> {
    values.node().as_sequence()?;
    let mut result = Vec::new();
    for row in rows {
        for value in values.items() {
            let mut row = row.clone();
            flatten(key, value, &mut row);
            result.push(row);
        }
    }
    (result.len() <= MAXIMUM_ROWS).then_some(result)
}

fn listed(matrix: Cursor<'_>, key: &str) -> Option<Vec<Row>> {
    let Some(list) = matrix.get(key) else { return Some(Vec::new()) };
    list.node().as_sequence()?;
    let row = |item: Cursor<'_>| {
        let mut row = Row::new();
        item.entries().into_iter().for_each(|(key, value)| flatten(key, value, &mut row));
        row
    };
    Some(list.items().into_iter().map(row).collect())
}

/// An included entry extends every combination that it does not contradict, or else is one of its own.
fn include(rows: &mut Vec<Row>, included: &[Row]) {
    let original = rows.clone();
    for entry in included {
        let mut matched = false;
        for (row, original) in rows.iter_mut().zip(&original) {
            if entry.iter().all(|(key, value)| original.get(key).is_none_or(|own| own == value)) {
                row.extend(entry.clone());
                matched = true;
            }
        }
        if !matched {
            rows.push(entry.clone());
        }
    }
}

fn flatten(path: &str, value: Cursor<'_>, row: &mut Row) {
    if let Some(text) = value.text() {
        row.insert(path.to_owned(), text.to_owned());
    }
    for (key, value) in value.entries() {
        flatten(&format!("{path}.{key}"), value, row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callers::yaml::read;

    fn shown(text: &str) -> Option<Vec<String>> {
        let documents = read(text).expect("valid YAML");
        let rows = rows(Cursor::root(&documents[0]))?;
        Some(rows.iter().map(|row| row.values().cloned().collect::<Vec<_>>().join(" ")).collect())
    }

    #[test]
    fn axes_multiply_and_inclusions_extend() {
        let text = "strategy:\n  matrix:\n    a: [1, 2]\n    b: [x]\n    exclude:\n      - a: 2\n    include:\n      - a: 1\n        c: y\n      - a: 3\n";
        assert_eq!(shown(text), Some(vec!["1 x y".to_owned(), "3".to_owned()]));
        let maps = "strategy:\n  matrix:\n    image:\n      - {file: a/Dockerfile, context: a}\n";
        assert_eq!(shown(maps), Some(vec!["a a/Dockerfile".to_owned()]));
        let listed = "strategy:\n  matrix:\n    include:\n      - file: a\n      - file: b\n";
        assert_eq!(shown(listed), Some(vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn a_computed_matrix_is_not_known() {
        assert_eq!(shown("strategy:\n  matrix: ${{ fromJSON(needs.a.outputs.b) }}\n"), None);
        assert_eq!(shown("strategy:\n  matrix:\n    a: ${{ fromJSON(inputs.b) }}\n"), None);
        assert_eq!(shown("steps: []\n"), Some(vec![String::new()]));
    }
}
