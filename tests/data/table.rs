//! Tables in text files.

use super::{classes, fault, folder, plain, values};
use gradlab::data::{DataKind, Dataset, Progress, Task, csv_columns, load};
use std::cell::RefCell;

/// A `csv` data set with these targets, all else by default.
fn table(targets: &[&str], task: &str) -> DataKind {
    DataKind::Csv {
        path: "t.csv".into(),
        target: targets.iter().map(|t| t.to_string()).collect(),
        task: task.into(),
        header: true,
        delimiter: ",".into(),
        sequence: None,
        window: None,
    }
}

fn read(text: &str, kind: DataKind) -> Dataset {
    let folder = folder(&[("t.csv", text.as_bytes())]);
    load(&plain(kind), folder.path(), &|_| ()).unwrap()
}

fn said(text: &[u8], kind: DataKind) -> String {
    fault(kind, &folder(&[("t.csv", text)]))
}

#[test]
fn classes_are_texts_or_numbers_and_sorted() {
    let set = read(
        "a,kind,b\n1,dog,2\n3, cat ,4e-1\n\n-5,dog,+6\n",
        table(&["kind"], "classification"),
    );
    assert_eq!(set.name, "t.csv");
    assert_eq!(set.feature_names, ["a", "b"]);
    assert_eq!(set.class_names, ["cat", "dog"]);
    assert_eq!(set.task, Task::Classification { classes: 2 });
    assert_eq!(classes(&set.train.y), [1, 0, 1]);
    assert_eq!(
        set.train.x,
        ndarray::arr2(&[[1.0, 2.0], [3.0, 0.4], [-5.0, 6.0]])
    );
    let set = read("a,k\n1,10\n1,9\n", table(&["k"], "classification"));
    assert_eq!(set.class_names, ["9", "10"]);
}

#[test]
fn targets_keep_the_order_of_the_experiment() {
    let set = read(
        "u,a,v,b\n1,2,3,4\n5,6,7,8\n",
        table(&["v", "u"], "regression"),
    );
    assert_eq!(
        values(&set.train.y),
        ndarray::arr2(&[[3.0, 1.0], [7.0, 5.0]])
    );
    assert_eq!(set.train.x, ndarray::arr2(&[[2.0, 4.0], [6.0, 8.0]]));
}

#[test]
fn other_delimiters_no_header_quotes_and_a_byte_order_mark() {
    let DataKind::Csv {
        path, target, task, ..
    } = table(&["2"], "regression")
    else {
        unreachable!()
    };
    let (sequence, window) = (None, None);
    let kind = DataKind::Csv {
        path,
        target,
        task,
        header: false,
        delimiter: ";".into(),
        sequence,
        window,
    };
    let set = read("1;2;3\r\n4;5;6\r\n", kind);
    assert_eq!(values(&set.train.y), ndarray::arr2(&[[2.0], [5.0]]));
    assert_eq!(set.feature_names, ["1", "3"]);
    let set = read(
        "\u{feff}\"a\",\"the, target\"\n\"1\",2\n",
        table(&["the, target"], "regression"),
    );
    assert_eq!(set.feature_names, ["a"]);
}

#[test]
fn faults_name_file_row_line_and_column() {
    let regression = || table(&["y"], "regression");
    let cases: &[(&[u8], &str)] = &[
        (b"", "t.csv: holds no rows"),
        (b"a,y\n", "t.csv: holds no rows"),
        (
            b"a,y\n1,2\n1,2,3\n",
            "t.csv, row 2 (line 3): 3 cells where 2 are expected",
        ),
        (
            b"a,y\n1,2\n\n1\n",
            "t.csv, row 2 (line 4): 1 cell where 2 are expected",
        ),
        (
            b"a,y\n1,2\nx,2\n",
            "t.csv, row 2 (line 3), column `a`: `x` is not a number",
        ),
        (
            b"a,y\n1,2\n,2\n",
            "t.csv, row 2 (line 3), column `a`: an empty cell",
        ),
        (
            b"a,y\n1,\n",
            "t.csv, row 1 (line 2), column `y`: an empty cell",
        ),
        (
            b"a,y\nNaN,2\n",
            "t.csv, row 1 (line 2), column `a`: `NaN` is not finite: leave such rows out or fill them before training",
        ),
        (
            b"a,y\n1,-inf\n",
            "t.csv, row 1 (line 2), column `y`: `-inf` is not finite: leave such rows out or fill them before training",
        ),
        (
            b"a,y\n1e39,2\n",
            "t.csv, row 1 (line 2), column `a`: `1e39` is too large for a 32-bit number",
        ),
        (b"a,Y\n1,2\n", "t.csv: no column `y`: did you mean `Y`?"),
        (
            b"a,y,y\n1,2,3\n",
            "t.csv: more than one column is named `y`",
        ),
        (b"y\n1\n", "t.csv: no column is left for the inputs"),
        (
            b"a\x1b[2J,y\nb\x1b]0;x\x07,2\n",
            "t.csv, row 1 (line 2), column `a\\u{1b}[2J`: `b\\u{1b}]0;x\\u{7}` is not a number",
        ),
        (
            b"a,y\n\xff\xfe,2\n",
            "t.csv, row 1 (line 2), column `a`: `\u{fffd}\u{fffd}` is not a number",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(said(text, regression()), *expected);
    }
    let missing = fault(regression(), &folder(&[]));
    assert!(missing.starts_with("t.csv: cannot be read: "), "{missing}");
    let here = folder(&[]);
    std::fs::create_dir(here.path().join("t.csv")).unwrap();
    assert_eq!(fault(regression(), &here), "t.csv: is a folder");
}

#[test]
fn what_is_no_plain_text_is_named() {
    let little = |text: &str| -> Vec<u8> {
        let units = text.encode_utf16();
        units.flat_map(u16::to_le_bytes).collect()
    };
    let big = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let text = "\u{feff}a,y\n1,2\n";
    let utf16 = "t.csv: is text in UTF-16: save it as UTF-8";
    let gzip = "t.csv: is packed with gzip: unpack it first (gunzip)";
    let packed = super::gzip(b"a,y\n1,2\n");
    let cases = [(little(text), utf16), (big(text), utf16), (packed, gzip)];
    for (bytes, expected) in cases {
        assert_eq!(said(&bytes, table(&["y"], "regression")), expected);
        let folder = folder(&[("t.csv", &bytes)]);
        let error = csv_columns(&folder.path().join("t.csv")).unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error}");
    }
}

#[test]
fn another_delimiter_is_hinted_at() {
    let said = |text: &[u8]| said(text, table(&["y"], "regression"));
    assert_eq!(
        said(b"a;b;y\n1;2;3\n"),
        "t.csv: the first line holds no comma, but 2 semicolons: set data.delimiter = \";\""
    );
    assert_eq!(
        said(b"a\ty\n1\t2\n"),
        "t.csv: the first line holds no comma, but 1 tab: set data.delimiter = \"\\t\""
    );
    assert_eq!(said(b"a b\n1 2\n"), "t.csv: no column `y`");
    assert_eq!(said(b"a;b,c\n1,2\n"), "t.csv: no column `y`");
}

/// However a number is written, it is one class; of texts every letter counts.
#[test]
fn numbers_that_are_one_are_one_class() {
    let read = |text: &str| read(text, table(&["k"], "classification"));
    let set = read("a,k\n1,01\n2,1.0\n3,2\n4,+1\n5,1\n6,20e-1\n");
    assert_eq!(set.class_names, ["1", "2"]);
    assert_eq!(classes(&set.train.y), [0, 0, 1, 0, 0, 1]);
    let set = read("a,k\n1,01\n2,1\n3,x\n");
    assert_eq!(set.class_names, ["01", "1", "x"]);
}

#[test]
fn faults_of_classes_and_settings() {
    let text = b"a,k\n1,x\n1,NaN\n";
    let nan = said(text, table(&["k"], "classification"));
    assert!(
        nan.starts_with("t.csv, row 2 (line 3), column `k`: `NaN` is not finite"),
        "{nan}"
    );
    let two = said(text, table(&["k", "a"], "classification"));
    assert!(two.contains("one target column"), "{two}");
    assert!(said(text, table(&[], "regression")).contains("`target` names no column"));
    assert!(said(text, table(&["k", "k"], "regression")).contains("named twice"));
    let DataKind::Csv {
        path,
        target,
        task,
        header,
        ..
    } = table(&["k"], "classification")
    else {
        unreachable!()
    };
    let kind = DataKind::Csv {
        path,
        target,
        task,
        header,
        delimiter: "::".into(),
        sequence: None,
        window: None,
    };
    assert!(said(text, kind).contains("the delimiter `::` is not one plain character"));
}

#[test]
fn a_quote_left_open_is_no_reason_to_lose_rows() {
    let classes = || table(&["k"], "classification");
    let open = "the quote that opens this cell is never closed";
    let cases: &[(&str, String)] = &[
        (
            "a,b,k\n1,2,x\n3,4,\"y\n5,6,x\n7,8,y\n",
            format!("t.csv, row 2 (line 3), column `k`: {open}"),
        ),
        (
            "a,b,k\n1,2,x\n\n3,\"4,y\n5,6,x\n",
            format!("t.csv, row 2 (line 4), column `b`: {open}"),
        ),
        (
            "a,b,k\n1,2,x\n3,4,\"\"\"y\"\"",
            format!("t.csv, row 2 (line 3), column `k`: {open}"),
        ),
        (
            "a,k,\"b\n1,2,x\n3,4,y\n",
            format!("t.csv, line 1, column `b 1,2,x 3,4,y`: {open}"),
        ),
        (
            "a,b,k\n1,2,x\n3,4,\"y\n5,6,x\n7,8,\"z\"\n9,1,x\n",
            "t.csv, row 2 (line 3), column `k`: a text of 14 bytes over several lines: is a quote left open?".into(),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(said(text.as_bytes(), classes()), *expected);
    }
    let closed = read("a,b,k\n1,\"2\",\"x \"\"1\"\", y\"\n3,4,5\"\n", classes());
    assert_eq!(closed.class_names, ["5\"", "x \"1\", y"]);
}

fn sequences(sequence: Option<&str>, window: Option<usize>) -> DataKind {
    let DataKind::Csv {
        path,
        target,
        task,
        header,
        delimiter,
        ..
    } = table(&["y"], "regression")
    else {
        unreachable!()
    };
    DataKind::Csv {
        path,
        target,
        task,
        header,
        delimiter,
        sequence: sequence.map(String::from),
        window,
    }
}

#[test]
fn equal_values_of_a_column_make_a_sequence() {
    // Mixed up in the file; sequence `q` appears first. Its target changes: a target at every step.
    let set = read(
        "s,x,y\nq,1,10\np,2,20\nq,3,30\np,4,20\n",
        sequences(Some("s"), None),
    );
    assert_eq!(
        (set.features, set.time, set.time_targets),
        (1, Some(2), true)
    );
    assert_eq!(set.train.x, ndarray::arr2(&[[1.0, 3.0], [2.0, 4.0]]));
    assert_eq!(
        values(&set.train.y),
        ndarray::arr2(&[[10.0], [30.0], [20.0], [20.0]])
    );
    let ragged = said(
        b"s,x,y\nq,1,10\np,2,20\nq,3,30\n",
        sequences(Some("s"), None),
    );
    assert_eq!(
        ragged,
        "t.csv: sequence `p` has 1 rows where `q` has 2: all have to be of one length"
    );
}

#[test]
fn windows_are_fixed_and_share_no_row() {
    let set = read("x,y\n1,5\n2,5\n3,6\n4,6\n", sequences(None, Some(2)));
    assert_eq!(
        (set.features, set.time, set.time_targets),
        (1, Some(2), false)
    );
    assert_eq!(set.train.x, ndarray::arr2(&[[1.0, 2.0], [3.0, 4.0]]));
    assert_eq!(values(&set.train.y), ndarray::arr2(&[[5.0], [6.0]]));
    let left = said(b"x,y\n1,5\n2,5\n3,6\n", sequences(None, Some(2)));
    assert_eq!(
        left,
        "t.csv: 3 rows are no whole number of windows of 2: 1 are left over; take these off the file, or choose a window that divides its rows"
    );
    assert!(said(b"s,x,y\n1,2,3\n", sequences(Some("s"), Some(1))).contains("not both"));
}

#[test]
fn progress_grows_to_the_whole_file() {
    let row = "0.5,1\n".repeat(400_000);
    let here = folder(&[("t.csv", format!("x,y\n{row}").as_bytes())]);
    let seen = RefCell::new(Vec::<Progress>::new());
    load(&plain(table(&["y"], "regression")), here.path(), &|p| {
        seen.borrow_mut().push(p)
    })
    .unwrap();
    let seen = seen.into_inner();
    assert!(seen.len() >= 3 && seen.is_sorted_by(|a, b| a.done <= b.done));
    let last = seen[seen.len() - 1];
    assert_eq!((last.done, last.total), (2_400_004, 2_400_004));
}

#[test]
fn columns_are_named_by_the_first_line_alone() {
    let folder = folder(&[("t.csv", b"a, kind ,b\n1,dog\n"), ("none.csv", b"")]);
    let named = csv_columns(&folder.path().join("t.csv")).unwrap();
    assert_eq!(named, ["a", "kind", "b"]);
    for file in ["none.csv", "absent.csv"] {
        let error = csv_columns(&folder.path().join(file)).unwrap_err();
        assert!(error.to_string().contains(file), "{error}");
    }
}
