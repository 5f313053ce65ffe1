//! The help: what the signs on the screen mean, then every action with its keys, in groups. The palette: every action by name.

use super::actions::ACTIONS;
use super::app::App;
use super::overlay::{Item, List, Purpose};

/// What is on the screen without a word of its own.
const SIGNS: &[(&str, &str)] = &[
    (
        "δ",
        "a layer's error signal: the root mean square (rms) of ∂L/∂z, z what its units sum up (pre-activations)",
    ),
    (
        "∂W",
        "a layer's weight gradient: the rms of ∂L/∂W, by which its weights learn",
    ),
    (
        "-7.6",
        "a magnitude by its log₁₀: 10^-7.6. Its colour goes from vanished over healthy to exploded",
    ),
    (
        "theory",
        "what theory foresees of the network as it is drawn, before its first step; grey band: a standard deviation",
    ),
    (
        "▁▃█",
        "what was measured over the steps, the newest at the right: all rows on the scale above them",
    ),
    (
        "pinned",
        "the run before the last edit, or one that was pinned: dimmed beneath every chart",
    ),
    (
        "⚠",
        "this activation and this initializer are no recommended pair",
    ),
    ("name*", "the experiment has changes that are not saved"),
    (
        "dead",
        "the share of units that give 0 for every row; saturated: of outputs where the slope is almost 0",
    ),
    (
        "‖ΔW‖/‖W‖",
        "a step's change of the weights beside the weights: about 1/1000 is healthy",
    ),
    ("gap", "the test rows' loss less the training rows'"),
    (
        "≈",
        "about: a mean over the newest mini-batches, which are a few rows each",
    ),
    (
        "@1,200",
        "the charts' cursor (┊) is at this step: what stands beside it was measured there",
    ),
    (
        "╎",
        "a step at which the experiment was changed while the run went on",
    ),
    (
        "▲",
        "what goes on above the chart, whose scale it would press flat",
    ),
    (
        "↑2 ↓7",
        "so many layers have no row: between the output layer and the next row, and below the last",
    ),
    ("★", "the best of a race by now, by its loss"),
    (
        "…",
        "there is no room for more: {explain} reads the verdict and what the experiment is about in full",
    ),
];

/// Why an action cannot be done now, where its pane has the focus.
fn fault(app: &App, action: usize) -> Option<String> {
    let action = &ACTIONS[action];
    app.unavailable(action)
        .filter(|_| action.context.is_active(app.focus))
}

/// An action's pane, where another one has the focus.
fn elsewhere(app: &App, action: usize) -> String {
    let context = ACTIONS[action].context;
    match context.name() {
        name if context.is_active(app.focus) || name.is_empty() => String::new(),
        name => format!(" (in {name})"),
    }
}

fn keys(app: &App, action: usize) -> String {
    let keys = app.manner.keymap.keys(action).map(|key| key.to_string());
    keys.collect::<Vec<_>>().join("  ")
}

/// Signs and actions in sentences.
pub fn list(app: &App) -> List {
    let signs = SIGNS.iter().map(|(sign, meaning)| {
        let meaning = app.manner.keymap.in_text(meaning);
        let item = Item {
            name: meaning.clone(),
            note: (*sign).into(),
            group: "signs",
            help: meaning,
            fault: None,
        };
        (item, None)
    });
    let actions = ACTIONS.iter().enumerate().map(|(i, action)| {
        let item = Item {
            name: format!("{}{}", action.help, elsewhere(app, i)),
            note: keys(app, i),
            group: action.group,
            help: format!("{}: {}{}", action.id, action.help, elsewhere(app, i)),
            fault: fault(app, i).map(|why| format!("{}: {why}", action.id)),
        };
        (item, Some(i))
    });
    let (items, actions) = signs.chain(actions).unzip();
    List::new("Help", items, Purpose::Actions(actions))
}

/// Actions by their names.
pub fn palette(app: &App) -> List {
    let actions = ACTIONS.iter().enumerate().map(|(i, action)| {
        let item = Item {
            name: action.id.into(),
            note: keys(app, i),
            help: format!("{}{}", action.help, elsewhere(app, i)),
            fault: fault(app, i),
            ..Item::default()
        };
        (item, Some(i))
    });
    let (items, actions) = actions.unzip();
    List::new("Do", items, Purpose::Actions(actions))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A heading would stand twice.
    #[test]
    fn a_groups_actions_are_neighbours() {
        let mut groups: Vec<&str> = ACTIONS.iter().map(|action| action.group).collect();
        groups.dedup();
        let count = groups.len();
        groups.sort_unstable();
        groups.dedup();
        assert_eq!(groups.len(), count);
    }
}
