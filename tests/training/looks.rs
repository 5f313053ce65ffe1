//! What the network makes of the data: true to its outputs, and without a trace in what is trained.

use super::{bits, session, step};
use gradlab::data::Targets;
use gradlab::experiment::parse;
use gradlab::training::look::{DataView, Lens, Seen, Split};
use gradlab::training::{Detail, Session, Start};
use ndarray::ArrayView1;

const LENS: Lens = Lens {
    grid: (12, 9),
    pictures: 6,
    passes: 0,
};

const MOONS: &str =
    "[data]\nkind = \"moons\"\n[training.optimizer]\nkind = \"adam\"\nlearning_rate = 0.01\n";
const DIGITS: &str =
    "[data]\nkind = \"digits\"\n[training.optimizer]\nkind = \"adam\"\nlearning_rate = 0.01\n";

fn look(session: &mut Session) -> DataView {
    session
        .look(&LENS)
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn looking_changes_no_bit() {
    for rest in [
        MOONS,
        DIGITS,
        "[data]\nkind = \"diabetes\"\n[network]\nactivation = \"relu\"\n[[network.layers]]\nunits = 9\nnorm = \"batch\"\ndropout = 0.3\n",
    ] {
        let (mut plain, mut looked) = (session(rest), session(rest));
        step(&mut plain, 30);
        for _ in 0..30 {
            looked.advance(1, Detail::Stats);
            assert_eq!(look(&mut looked).step, looked.steps());
        }
        assert_eq!(bits(&plain), bits(&looked), "{rest}");
    }
}

#[test]
fn a_plane_has_a_boundary_and_the_rows_beyond_it_are_wrong() {
    let mut session = session(MOONS);
    step(&mut session, 300);
    let view = look(&mut session);
    let Seen::Boundary(map) = view.seen else {
        panic!("{view:?}");
    };
    assert_eq!((map.grid, view.split), ((12, 9), Split::Train));
    assert_eq!((map.class.len(), map.confidence.len()), (108, 108));
    assert!(map.confidence.iter().all(|c| (0.5..=1.0).contains(c)));
    assert!(map.class.contains(&0) && map.class.contains(&1));
    let wrong = map.wrong.iter().filter(|w| **w).count() as f64 / map.wrong.len() as f64;
    assert!(wrong < 0.2, "the moons are learnt");
    // The upper left of the picture is the smallest first feature and the largest second one.
    let [(left, right), (bottom, top)] = map.ranges;
    let corner = [left + (right - left) / 24.0, top - (top - bottom) / 18.0];
    let out = session
        .network_mut()
        .outputs(ndarray::arr2(&[corner]).view())
        .expect("outputs");
    assert_eq!(map.class[0], u16::from(class_of(out.row(0))));
    let train = session.data().train.clone();
    let Targets::Classes(truth) = train.y else {
        panic!("moons are classes");
    };
    let out = session
        .network_mut()
        .outputs(train.x.view())
        .expect("outputs");
    for (row, wrong) in map.wrong.iter().enumerate() {
        assert_eq!(*wrong, u32::from(class_of(out.row(row))) != truth[row]);
    }
}

/// Whether two classes' outputs say the second.
fn class_of(out: ArrayView1<f32>) -> bool {
    match out.len() {
        1 => out[0] > 0.0,
        _ => out[1] > out[0],
    }
}

#[test]
fn pictures_have_counts_the_surest_mistakes_and_the_first_units_weights() {
    let mut session = session(DIGITS);
    step(&mut session, 60);
    let score = session.evaluate().expect("rows").expect("a test set");
    let view = look(&mut session);
    let Seen::Classes(seen) = view.seen else {
        panic!("{view:?}");
    };
    assert_eq!(view.split, Split::Test);
    let rows = session.data().test.len() as f64;
    let right: u32 = (0..10).map(|c| seen.counts[c * 11]).sum();
    assert_eq!(seen.counts.iter().sum::<u32>() as f64, rows);
    assert_eq!((seen.right, seen.answers), (right as usize, rows as usize));
    assert!((f64::from(right) / rows - score.accuracy.expect("classes")).abs() < 1e-9);
    assert_eq!(seen.worst.len(), 6.min(rows as usize - right as usize));
    assert!(
        seen.worst
            .windows(2)
            .all(|w| w[0].confidence >= w[1].confidence)
    );
    assert!(seen.worst.iter().all(|m| m.truth != m.said));
    assert_eq!(seen.units.len(), 6);
    let parameters = session.network().parameters();
    let weight = parameters.iter().find(|t| t.name == "layers.0.weight");
    assert_eq!(
        &seen.units[1][..],
        &weight.expect("weights").data[64..128],
        "a row of the weights a unit"
    );
}

#[test]
fn values_have_residuals() {
    let mut session =
        session("[data]\nkind = \"diabetes\"\n[training.optimizer]\nkind = \"adam\"\n");
    step(&mut session, 200);
    let score = session.evaluate().expect("rows").expect("a test set");
    let view = look(&mut session);
    let Seen::Residuals(seen) = view.seen else {
        panic!("{view:?}");
    };
    assert!((seen.rms.powi(2) / score.loss - 1.0).abs() < 1e-4);
    let Targets::Values(values) = &session.data().test.y else {
        panic!("values");
    };
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
    let square = |v: &f32| (f64::from(*v) - mean).powi(2);
    let variance = values.iter().map(square).sum::<f64>() / values.len() as f64;
    assert!((seen.explained - (1.0 - score.loss / variance)).abs() < 1e-4);
    assert_eq!(seen.pairs.len(), session.data().test.len().min(400));
}

/// Passes with dropout differ, the same ones when asked again, most where the classes meet; training never hears of them.
#[test]
fn the_spread_under_dropout_repeats_and_leaves_no_trace() {
    let rest = format!(
        "{MOONS}[network]\nactivation = \"relu\"\n[[network.layers]]\nunits = 30\nnorm = \"batch\"\ndropout = 0.4\n"
    );
    let lens = Lens { passes: 20, ..LENS };
    let (mut plain, mut looked) = (session(&rest), session(&rest));
    step(&mut plain, 60);
    let spread = |session: &mut Session| match session.look(&lens).expect("a look").seen {
        Seen::Boundary(map) => map,
        other => panic!("{other:?}"),
    };
    for _ in 0..60 {
        step(&mut looked, 1);
        spread(&mut looked);
    }
    assert_eq!(bits(&plain), bits(&looked));
    let (first, again) = (spread(&mut looked), spread(&mut looked));
    assert_eq!(first.spread, again.spread);
    assert_eq!(first.spread.len(), first.class.len());
    assert!(first.spread.iter().all(|s| (0.0..=0.5).contains(s)));
    let mean_where = |sure: bool| {
        let all = first.spread.iter().zip(&first.confidence);
        let of: Vec<f32> = all
            .filter(|(_, c)| (**c > 0.95) == sure)
            .map(|(s, _)| *s)
            .collect();
        of.iter().sum::<f32>() / of.len() as f32
    };
    assert!(mean_where(false) > 2.0 * mean_where(true));
    // Without dropout there is nothing that differs.
    let mut still = session(MOONS);
    step(&mut still, 60);
    assert!(spread(&mut still).spread.iter().all(|s| *s < 1e-3));
}

/// A matrix of a hundred thousand classes would take 40 GB.
#[test]
fn many_classes_are_counted_without_a_matrix() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows: String = (0..600).map(|i| format!("{i},1,2,{}\n", i % 300)).collect();
    let file = folder.path().join("many.csv");
    std::fs::write(file, format!("a,b,c,label\n{rows}")).expect("written");
    let toml = "format = 1\n[data]\nkind = \"csv\"\npath = \"many.csv\"\ntarget = \"label\"\ntask = \"classification\"\n\
                test_fraction = 0\n[[network.layers]]\nunits = 4\n";
    let experiment = parse(toml, "many.toml").expect("a good file");
    let start = Start::default();
    let mut session =
        Session::build(&experiment, folder.path(), &start, None, &|_| {}).expect("a run");
    let Seen::Classes(seen) = look(&mut session).seen else {
        panic!("classes are seen as such");
    };
    assert_eq!((seen.classes, seen.answers), (300, 600));
    assert!(seen.counts.is_empty());
    assert!(!seen.worst.is_empty());
}
