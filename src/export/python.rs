//! What Python scripts for every framework share: numbers and strings as Python writes them, and the rows.

use super::job::Job;
use crate::data::Task;
use crate::nn::spec::LayerSpec;
use std::fmt::Write;

/// A number as Python reads it back exactly.
pub fn number(v: f64) -> String {
    if v.is_nan() {
        "float(\"nan\")".into()
    } else if v.is_infinite() {
        format!("float(\"{}inf\")", if v < 0.0 { "-" } else { "" })
    } else {
        format!("{v:?}")
    }
}

/// A layer's dropout, as both frameworks name it and take its share.
pub fn dropout(spec: &LayerSpec) -> String {
    let class = match spec.drops_alpha() {
        true => "AlphaDropout",
        false => "Dropout",
    };
    format!("{class}({})", number(spec.dropout))
}

/// A string literal; what is not printable is escaped.
pub fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if crate::text::is_hostile(c) => {
                let _ = match c as u32 {
                    code @ 0..256 => write!(out, "\\x{code:02x}"),
                    code => write!(out, "\\u{code:04x}"),
                };
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Text for a docstring or a comment: nothing in it can end it.
pub fn prose(text: &str) -> String {
    text.chars()
        .filter(|c| *c == '\n' || !crate::text::is_hostile(*c))
        .collect::<String>()
        .replace('\\', "\\\\")
        .replace("\"\"\"", "'''")
}

/// What a penalty in the loss does not do, where there is one that would: as comments.
pub fn sparsity_notes(job: &Job) -> &'static [&'static str] {
    match job.experiment.training.regularize.l1 > 0.0 {
        true => &[
            "L1 by its gradient alone makes no weight exactly 0: gradlab ends a step at 0 where the penalty's part of the gradient",
            "would take the weight across, and leaves it there unless the loss outweighs the penalty",
        ],
        false => &[],
    }
}

/// The docstring at a script's head.
pub fn head(job: &Job, framework: &str) -> String {
    let e = &job.experiment;
    let description = prose(e.description.trim());
    let description = if description.is_empty() {
        String::new()
    } else {
        format!("{description}\n\n")
    };
    format!(
        "\"\"\"{}: the same experiment in {framework}\n\n{description}\
         Exported by gradlab. Weights are drawn from the same distributions, by other random numbers:\n\
         --weights FILE starts from weights that gradlab saved, --data FILE takes the rows that it used\n\
         (either may be the file that `gradlab probe --dump FILE` writes).\n\"\"\"\n",
        prose(&e.name.replace('\n', " "))
    )
}

/// The beginning of every script's `main()`: its arguments and the rows.
pub fn main(job: &Job) -> String {
    let transferred = job.transferred_from().map(|from| {
        format!(
            "    # where gradlab looks for it: seen from the experiment's folder\n    \
             arguments.add_argument(\"--transfer\", metavar=\"FILE\", default={}, help=\"the run that the lower layers come from (%(default)s)\")\n",
            string(&from)
        )
    });
    format!(
        "{ARGUMENTS}{}    arguments = arguments.parse_args()\n\n    x, y, x_test, y_test = load_rows(arguments.data)\n",
        transferred.unwrap_or_default()
    )
}

const ARGUMENTS: &str = "def main():\n    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)\n    \
         arguments.add_argument(\"--data\", metavar=\"FILE\", help=\"rows: x, y, x_test, y_test (safetensors)\")\n    \
         arguments.add_argument(\"--weights\", metavar=\"FILE\", help=\"start from these weights (safetensors)\")\n    \
         arguments.add_argument(\"--probe\", metavar=\"FILE\", help=\"one batch forward and back; write the gradients; no training\")\n    \
         arguments.add_argument(\"--steps\", type=int, help=\"stop after so many steps\")\n";

/// The function `lower_layers(file, count, names)`: what another run has of so many layers, by gradlab's names.
pub const LOWER_LAYERS: &str = r#"def lower_layers(file, count, names):
    """The lower layers of another run, each whole, for a model with tensors of these names; what a probe saw in them is left out."""
    lower = tuple(f"layers.{i}." for i in range(count))
    saved = load_file(file)
    needed = [k for k in names if k.startswith(lower) and ".running_" not in k]
    if lacking := [k for k in needed if k not in saved]:
        raise SystemExit(f"{file} lacks {', '.join(lacking)}: its layers are others than this network's")
    seen = (".pre", ".out", ".num_batches_tracked")
    return {k: v for k, v in saved.items() if k.startswith(lower) and not k.endswith(seen)}


"#;

/// The function `load_rows(path)` -> x, y, x_test, y_test as NumPy arrays.
pub fn rows(job: &Job) -> String {
    let data = &job.experiment.data;
    let mut out = String::from(
        "def load_rows(path):\n    \"\"\"Training and test rows: x, y, x_test, y_test.\"\"\"\n    if path:\n        \
         rows = load_file(path)  # standardized and split already\n        \
         x, y = rows[\"x\"], rows[\"y\"]\n        \
         return x, y, rows.get(\"x_test\", x[:0]), rows.get(\"y_test\", y[:0])\n",
    );
    let Some(load) = job.sklearn() else {
        let command = "gradlab export FORMAT EXPERIMENT --data rows.safetensors";
        let _ = writeln!(
            out,
            "    # {} rows come from gradlab: `{command}` writes them.\n    raise SystemExit(\"give the rows with --data FILE ({command} writes them)\")",
            prose(crate::nn::vocabulary::Vocabulary::name(&data.kind))
        );
        return out;
    };
    // With rows that are given there, it may not be.
    out.push_str("    from sklearn import datasets\n");
    if data.test_fraction > 0.0 {
        out.push_str("    from sklearn.model_selection import train_test_split\n");
    }
    let _ = writeln!(out, "\n    x, y = {load}");
    if data.test_fraction > 0.0 {
        let stratify = if job.is_classification() {
            ", stratify=y"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "    # another draw of the split than gradlab's\n    x, x_test, y, y_test = train_test_split(x, y, test_size={}, random_state={}{stratify})",
            job.test_rows,
            job.numpy_seed()
        );
    } else {
        out.push_str("    x_test, y_test = x[:0], y[:0]\n");
    }
    if let Some(kept) = data.train_rows {
        let _ = writeln!(out, "    x, y = x[:{kept}], y[:{kept}]");
    }
    if data.standardize {
        out.push_str(
            "    mean, std = x.mean(0), x.std(0)\n    std[std == 0] = 1\n    \
             x, x_test = (x - mean) / std, (x_test - mean) / std\n",
        );
        if matches!(job.task, Task::Regression { .. }) {
            out.push_str("    # targets stay in their own units\n");
        }
    }
    out.push_str("    return x.astype(\"float32\"), y, x_test.astype(\"float32\"), y_test\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_leaves_its_string() {
        assert_eq!(string("a\"b\\c\n\u{1b}"), r#""a\"b\\c\n\x1b""#);
        assert_eq!(prose("x\"\"\" + evil() \\"), "x''' + evil() \\\\");
        assert_eq!(prose("a\u{1b}[31m"), "a[31m");
        assert_eq!(string("\u{9b}\u{202e}"), r#""\x9b\u202e""#);
        assert_eq!(prose("a\u{202e}b\u{2066}\nc"), "ab\nc");
    }

    #[test]
    fn numbers_read_back_exactly() {
        assert_eq!(number(0.1), "0.1");
        assert_eq!(number(1e-10), "1e-10");
        assert_eq!(number(1.0), "1.0");
        assert_eq!(number(f64::NEG_INFINITY), "float(\"-inf\")");
    }
}
