//! Files that are wrong: every fault, where it is, and what would be right.

use gradlab::experiment::{parse, parse_with};

const HEAD: &str = "format = 1\n[data]\nkind = \"digits\"\n";

/// The faults of a text as "line:column: message".
fn faults(text: &str) -> Vec<String> {
    match parse(text, "t.toml") {
        Ok(_) => Vec::new(),
        Err(faults) => faults
            .list
            .iter()
            .map(|f| format!("{}:{}: {}", f.line, f.column, f.message))
            .collect(),
    }
}

/// The one fault of what follows the shortest right file.
fn fault(rest: &str) -> String {
    let found = faults(&format!("{HEAD}{rest}"));
    assert_eq!(found.len(), 1, "{found:#?}");
    found[0].clone()
}

fn assert_says(fault: &str, place: &str, parts: &[&str]) {
    assert!(fault.starts_with(place), "{fault} is not at {place}");
    for part in parts {
        assert!(fault.contains(part), "{fault} does not say {part}");
    }
}

#[test]
fn a_slip_of_the_pen_is_guessed() {
    let found = fault("[network]\nactivation = \"rleu\"\n");
    assert_says(
        &found,
        "5:14:",
        &["unknown activation `rleu`: did you mean `relu`?"],
    );
    assert_says(
        &fault("[network]\ninit = \"xavier-normal\"\n"),
        "5:8:",
        &["did you mean `glorot-normal`?"],
    );
    assert_says(
        &fault("[network]\nactivation = \"sigmoid\"\n"),
        "5:14:",
        &["did you mean `logistic`?"],
    );
    assert_says(
        &fault("[training]\nbatchsize = 3\n"),
        "5:1:",
        &["unknown key `batchsize` in [training]: did you mean `batch_size`?"],
    );
    assert_says(&fault("[trainig]\n"), "4:2:", &["did you mean `training`?"]);
    assert_says(
        &fault("[network]\nactivation = \"softmax\"\n"),
        "5:14:",
        &["output layer", "cross-entropy"],
    );
}

#[test]
fn all_faults_are_told_at_once_in_their_order() {
    let found = faults(
        "format = 1\nsed = 3\n[data]\nkind = \"digitz\"\n[network]\ninit = 4\n[[network.layers]]\nunits = 0\nrepeat = \"x\"\n[training.optimizer]\nkind = \"sgd\"\nmomentum = 1\n",
    );
    let places: Vec<&str> = found
        .iter()
        .map(|f| f.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        places,
        ["2:1", "4:8", "6:8", "8:9", "9:10", "12:12"],
        "{found:#?}"
    );
    assert_says(&found[3], "8:9", &["`units` must be at least 1, not 0"]);
    assert_says(
        &found[4],
        "9:10",
        &["`repeat` must be a whole number, not the text \"x\""],
    );
    assert_says(&found[5], "12:12", &["`momentum` must be below 1, not 1.0"]);
}

#[test]
fn the_format_has_to_be_known() {
    assert_says(
        &faults("[data]\nkind = \"digits\"\n")[0],
        "1:1:",
        &["format = 1"],
    );
    let newer = faults("format = 2\nwhatever = 3\n");
    assert_eq!(newer.len(), 1, "{newer:#?}");
    assert_says(&newer[0], "1:10:", &["format 2 is newer", "format 1"]);
    assert_says(&faults("format = 0\n")[0], "1:10:", &["must be 1"]);
    assert_says(&faults("format = \"1\"\n")[0], "1:10:", &["must be 1"]);
}

#[test]
fn what_is_missing_is_asked_for() {
    assert_says(
        &faults("format = 1\n")[0],
        "1:1:",
        &["needs [data]", "kind"],
    );
    assert_says(
        &faults("format = 1\n[data]\n")[0],
        "2:2:",
        &["[data] needs `kind`"],
    );
    assert_says(
        &fault("[[network.layers]]\nrepeat = 2\n"),
        "4:",
        &["needs `units`"],
    );
    assert_says(
        &fault("[training]\nschedule = \"step\"\n"),
        "5:12:",
        &["schedule `step` needs `every`", "{ kind = \"step\""],
    );
    assert_says(
        &fault("[training.schedule]\nkind = \"step\"\n"),
        "5:8:",
        &["schedule `step` needs `every`"],
    );
    assert_says(
        &faults("format = 1\n[data]\nkind = \"csv\"\npath = \"a\"\ntask = \"regression\"\n")[0],
        "3:8:",
        &["`target`"],
    );
}

#[test]
fn a_parameter_of_another_thing_is_named_as_such() {
    let found = fault("[training.optimizer]\nkind = \"adam\"\nmomentum = 0.9\n");
    assert_says(
        &found,
        "6:1:",
        &["`adam` has no `momentum`, which belongs to `sgd`", "beta1"],
    );
    assert_says(
        &fault("[network.output]\nunits = 3\n"),
        "5:1:",
        &["follows from the data"],
    );
    assert_says(
        &fault("[network.output]\nnorm = \"batch\"\n"),
        "5:1:",
        &["unknown key `norm`", "(known: init, bias, frozen)"],
    );
    assert_says(
        &fault("[[network.layers]]\nunits = 3\ncell = \"lstm\"\n"),
        "6:1:",
        &["recurrent"],
    );
    assert_says(
        &fault("[[network.layers]]\nunits = 3\nkind = \"dense\"\nrecurrent_init = \"identity\"\n"),
        "7:1:",
        &["`recurrent_init` is for recurrent layers"],
    );
}

#[test]
fn impossible_combinations_point_at_the_key() {
    let cases = [
        (
            "[training.optimizer]\nkind = \"sgd\"\nnesterov = true\n",
            "6:12:",
            "give `momentum`",
        ),
        (
            "[[network.layers]]\nunits = 3\n[[network.layers]]\nunits = 4\nskip = true\n",
            "8:8:",
            "4 units here, 3 in the layer below",
        ),
        (
            "[[network.layers]]\nunits = 3\n[[network.layers]]\nunits = 3\nkind = \"recurrent\"\n",
            "8:8:",
            "below the dense",
        ),
        (
            "[training]\nloss = \"mse\"\n",
            "5:8:",
            "has classes: take `cross-entropy`",
        ),
        (
            "[training]\nloss = \"binary-cross-entropy\"\n",
            "5:8:",
            "10 classes",
        ),
        ("[training]\nlabel_smoothing = 1\n", "5:19:", "below 1"),
        (
            "[training.schedule]\nkind = \"plateau\"\nfactor = 1.5\n",
            "6:10:",
            "`factor` must be below 1",
        ),
        (
            "[network]\ninit = { kind = \"uniform\", min = 2, max = 1 }\n",
            "5:1:",
            "max 1 is below min 2",
        ),
        (
            "[network]\nactivation = { kind = \"rrelu\", lower = 0.5 }\n",
            "5:1:",
            "is above upper",
        ),
        (
            "[training.schedule]\nkind = \"cosine\"\nsteps = 10\nwarmup = 10\n",
            "7:10:",
            "10 of 10 steps",
        ),
        (
            "[network]\nbias = \"orthogonal\"\n",
            "5:8:",
            "biases are a vector",
        ),
        ("[network]\nbias = true\n", "5:8:", "`bias = \"zeros\"`"),
        (
            "[network.transfer]\nfrom = \"a\"\nlayers = 2\n",
            "6:10:",
            "0 hidden",
        ),
    ];
    for (text, place, says) in cases {
        assert_says(&fault(text), place, &[says]);
    }
    let regression = faults(
        "format = 1\n[data]\nkind = \"diabetes\"\n[training]\nloss = \"cross-entropy\"\nlabel_smoothing = 0.1\n",
    );
    assert_eq!(regression.len(), 1, "{regression:#?}");
    assert_says(&regression[0], "5:8:", &["are numbers"]);
    let gated = faults(
        "format = 1\n[data]\nkind = \"adding\"\n[network]\nactivation = \"relu\"\n[[network.layers]]\nkind = \"recurrent\"\n\
         cell = \"lstm\"\nunits = 3\nactivation = \"relu\"\n[[network.layers]]\nkind = \"recurrent\"\ncell = \"gru\"\nunits = 3\n\
         activation = \"tanh\"\n",
    );
    assert_eq!(gated.len(), 1, "{gated:#?}");
    assert_says(&gated[0], "10:14:", &["`lstm` cells activate by tanh"]);
    let recurrent = faults(
        "format = 1\n[data]\nkind = \"adding\"\n[network]\nactivation = \"prelu\"\n[[network.layers]]\nkind = \"recurrent\"\n\
         units = 3\nrepeat = 2\ndropout = 0.2\ninit = \"lsuv\"\n[[network.layers]]\nkind = \"recurrent\"\ncell = \"gru\"\nunits = 3\n\
         norm = \"layer\"\nskip = true\n",
    );
    let expected = [
        ("5:14:", "cannot have an activation with slopes of its own"),
        ("10:11:", "cannot have dropout"),
        ("11:8:", "cannot have weights from `lsuv`"),
        ("16:8:", "cannot have a norm"),
        ("17:8:", "cannot have a skip"),
    ];
    assert_eq!(recurrent.len(), expected.len(), "{recurrent:#?}");
    for (fault, (place, says)) in recurrent.iter().zip(expected) {
        assert_says(fault, place, &["a recurrent layer", says, "take it off"]);
    }
    let rows = fault("[[network.layers]]\nkind = \"recurrent\"\nunits = 3\n");
    assert_says(&rows, "5:8:", &["the data has no sequences", "`adding`"]);
    let single =
        fault("[[network.layers]]\nunits = 3\nnorm = \"batch\"\n[training]\nbatch_size = 1\n");
    assert_says(&single, "6:8:", &["at least 2 rows", "norm = \"layer\""]);
    let untested = faults(
        "format = 1\n[data]\nkind = \"digits\"\ntest_fraction = 0\n[training.stop]\npatience = 2\n",
    );
    assert_says(&untested[0], "6:12:", &["no test rows"]);
}

#[test]
fn a_value_that_is_faulty_itself_is_not_blamed_twice() {
    let found = faults(
        "format = 1\n[data]\nkind = \"digits\"\n[[network.layers]]\nunits = 0\n[[network.layers]]\nunits = 4\nskip = true\n",
    );
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[test]
fn networks_beyond_the_machine_are_refused_with_the_figure() {
    let wide = fault("[[network.layers]]\nunits = 1000000000\n");
    assert_says(
        &wide,
        "5:9:",
        &["66,000,000,001 parameters", "528 GB of memory"],
    );
    let deep = fault("[[network.layers]]\nunits = 10\nrepeat = 4000000000\n");
    assert_says(
        &deep,
        "6:10:",
        &["4,000,000,000 hidden layers", "at most 10,000"],
    );
    assert_says(
        &fault("[[network.layers]]\nunits = 18446744073709551615\nrepeat = 18446744073709551615\n"),
        "6:10:",
        &["memory"],
    );
    assert_says(
        &fault("[[network.layers]]\nunits = 99999999999999999999999999\n"),
        "5:9:",
        &["at most 18446744073709551615"],
    );
}

#[test]
fn broken_syntax_is_told_once() {
    let found = faults("format = 1\n[data\nkind = \"digits\"\n");
    assert!(
        found
            .iter()
            .any(|f| f.starts_with("2:") && f.contains("not TOML")),
        "{found:#?}"
    );
    assert!(!faults("format = 1\nformat = 1\n[data]\nkind = \"digits\"\n").is_empty());
}

#[test]
fn what_stands_where_syntax_is_broken_is_not_judged() {
    let layers = |units| {
        format!("[[network.layers]]\nunits {units}\n[[network.layers]]\nunits = 4\nskip = true\n")
    };
    for (rest, place) in [
        (layers("== 5"), "5:"),
        (layers("= = 5"), "5:"),
        (layers(": 5"), "5:"),
        (
            "[training.optimizer]\nkind == \"adam\"\nbeta1 = 0.8\n".into(),
            "5:",
        ),
        ("[training]\nbatch_size == 3\n".into(), "5:"),
        (
            "[training]\nschedule = { kind == \"step\", every = 3 }\n".into(),
            "5:",
        ),
        ("[network]\ninit == \"normal\"\n".into(), "5:"),
    ] {
        let found = faults(&format!("{HEAD}{rest}"));
        assert!(!found.is_empty(), "{rest}");
        for fault in found {
            assert_says(&fault, place, &["not TOML"]);
        }
    }
    let found =
        faults("format = 1\nseed == 3\n[data]\nkind == \"wine\"\n[training]\nbatch_size = 0\n");
    let places: Vec<&str> = found
        .iter()
        .map(|f| f.split(": ").next().unwrap())
        .collect();
    assert_eq!(places, ["2:7", "4:7", "6:14"], "{found:#?}");
}

#[test]
fn hostile_files_are_refused_quietly() {
    let megabyte = "x".repeat(1 << 20);
    let texts = [
        format!("{HEAD}[network]\nactivation = \"{megabyte}\"\n"),
        format!("{HEAD}{megabyte} = 1\n"),
        format!("{HEAD}\"a\\u001b[31m\\u202e\" = 1\n"),
        format!(
            "{HEAD}x = {}1{}\n",
            "[".repeat(100_000),
            "]".repeat(100_000)
        ),
        format!("{HEAD}a{} = 1\n", ".a".repeat(100_000)),
        (0..100_000).map(|i| format!("k{i} = 1\n")).collect(),
        "[[network.layers]]\nunits = 3\nskp = 1\n".repeat(20_000),
        "\u{0}\u{1}\u{2}".into(),
        "x".repeat(5 << 20),
    ];
    for text in texts {
        let shown = parse(&text, "a\u{1b}b.toml")
            .expect_err("hostile")
            .to_string();
        assert!(shown.len() < 60_000, "{} bytes", shown.len());
        assert!(
            shown
                .chars()
                .all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'),
            "{shown}"
        );
    }
}

#[test]
fn a_long_name_is_taken_as_it_is() {
    let text = format!("name = \"{}\"\n{HEAD}", "x".repeat(1 << 20));
    assert!(parse(&text, "t").is_ok());
}

#[test]
fn a_fault_shows_its_line() {
    let shown = parse("format = 1\n[data]\nkind = \"digitz\"\n", "my.toml")
        .expect_err("fault")
        .to_string();
    assert_eq!(
        shown,
        "my.toml:3:8: unknown data set `digitz`: did you mean `digits`?\n    kind = \"digitz\"\n           ^"
    );
}

/// What is said of a change on the command line.
fn say(assignment: &str) -> String {
    parse_with(HEAD, "t.toml", &[assignment])
        .expect_err("fault")
        .to_string()
}

#[test]
fn set_is_checked_like_the_file() {
    assert!(
        say("training.batch_size=0")
            .starts_with("--set:1:21: `batch_size` must be at least 1, not 0"),
        "{}",
        say("training.batch_size=0")
    );
    assert!(say("training.batchsize=3").contains("did you mean `batch_size`?"));
    assert!(say("network.layers.0.units=3").contains("list"));
    assert!(say("seed").contains("key.path=value"));
    assert!(say("seed.x=3").contains("seed"));
    assert!(say("=3").contains("no path"));
    assert!(say("network.activation=rleu").contains("did you mean `relu`?"));
    assert!(say("seed=1\nformat=2").contains("whole number"));
}

#[test]
fn a_change_is_typed_as_the_file_is_but_for_the_quotes_of_a_word() {
    for (assignment, says) in [
        ("name=5", "--set:1:6: `name` must be a text, not 5"),
        ("name=true", "--set:1:6: `name` must be a text, not true"),
        (
            "data={kind=\"csv\", path=5}",
            "`path` must be a text, not 5",
        ),
        ("name=\"a", "--set:1:"),
        ("name= 'a", "--set:1:"),
        ("name=\"a\" b", "--set:1:"),
        ("data.classes=[3, 8", "--set:1:"),
        ("training.schedule={kind=\"step\", every=5", "--set:1:"),
    ] {
        let found = say(assignment);
        assert!(found.contains(says), "{assignment}: {found}");
        let is_toml = found.contains("must be");
        assert!(
            is_toml || found.contains("not TOML"),
            "{assignment}: {found}"
        );
    }
}

/// What a key holds is right or wrong, whether it comes to count or not.
#[test]
fn a_change_hides_no_fault_of_what_it_takes_the_place_of() {
    let found = |text: &str, changes: &[&str]| match parse_with(text, "t.toml", changes) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.list.iter().map(|f| f.to_string()).collect(),
    };
    let rate = "training.optimizer.learning_rate=0.1";
    for (text, changes, says) in [
        (
            format!("seed = 1.5\n{HEAD}"),
            &["seed=3"][..],
            "t.toml:1:8: `seed`",
        ),
        (HEAD.into(), &["seed=1.5", "seed=3"], "--set:1:6: `seed`"),
        (
            format!("{HEAD}[training.optimizer]\nlearning_rate = \"x\"\n"),
            &[rate],
            "t.toml:5:17: `learning_rate`",
        ),
        (
            format!("{HEAD}[training.optimizer]\nkind = \"sgd\"\nrate = 1\n"),
            &["training.optimizer=adam"],
            "t.toml:6:1: unknown key `rate`",
        ),
    ] {
        let found: Vec<String> = found(&text, changes);
        assert_eq!(found.len(), 1, "{text}: {found:#?}");
        assert!(found[0].starts_with(says), "{}", found[0]);
    }
    // What is missing, or does not go together, is judged by what comes of it.
    let csv = "format = 1\n[data]\nkind = \"csv\"\ntarget = \"y\"\ntask = \"regression\"\n";
    let nesterov = format!("{HEAD}[training.optimizer]\nnesterov = true\nmomentum = 0.0\n");
    for (text, change) in [
        (csv, "data.path=a.csv"),
        (&nesterov, "training.optimizer.momentum=0.9"),
        (&nesterov, "training.optimizer.nesterov=false"),
    ] {
        let found: Vec<String> = found(text, &[change]);
        assert!(found.is_empty(), "{change}: {found:#?}");
    }
}
