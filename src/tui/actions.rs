//! The one table of actions. Dispatch, the footer, the help and the command palette are made from it.

use super::app::App;
use super::edit::LayerSlot;
use super::help;
use super::layout::Pane;
use super::measure::View;
use super::message::Effect;
use super::overlay::{Goal, Line, Overlay, Prompt};
use super::splits::Run;
use super::theme::ColourDepth;
use crate::experiment::Experiment;
use crate::training::Status;

/// Where an action can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    Everywhere,
    In(Pane),
    /// In every pane but this one, which has its own meaning for the key.
    Outside(Pane),
    /// In every pane, and on the screens in their place: the race, the finder.
    AnyScreen,
    /// Whatever lies over the panes, too.
    AnyTime,
}

impl Context {
    pub fn is_active(self, focus: Pane) -> bool {
        match self {
            Context::Everywhere | Context::AnyScreen | Context::AnyTime => true,
            Context::In(pane) => pane == focus,
            Context::Outside(pane) => pane != focus,
        }
    }

    pub fn overlaps(self, other: Context) -> bool {
        Pane::ORDER
            .iter()
            .any(|pane| self.is_active(*pane) && other.is_active(*pane))
    }

    /// Whether it holds in some panes alone.
    pub fn is_of_panes(self) -> bool {
        matches!(self, Context::In(_) | Context::Outside(_))
    }

    /// Whether it holds on the screens in the panes' place.
    pub fn is_on_any_screen(self) -> bool {
        matches!(self, Context::AnyScreen | Context::AnyTime)
    }

    pub fn name(self) -> &'static str {
        match self {
            Context::In(pane) => pane.name(),
            _ => "",
        }
    }
}

pub struct Action {
    /// What one wants to do with it: in the help, neighbours of one group stand together.
    pub group: &'static str,
    pub id: &'static str,
    pub keys: &'static [&'static str],
    pub context: Context,
    /// A word or two for the footer.
    pub label: &'static str,
    /// A line for the help.
    pub help: &'static str,
    /// How early it comes in the footer; 0: not there.
    pub footer: u8,
    /// Why it cannot be done now; keys stand in it as `{action}`.
    pub unavailable: fn(&App) -> Option<&'static str>,
    pub run: fn(&mut App),
}

fn always(_: &App) -> Option<&'static str> {
    None
}

fn needs_layer(app: &App) -> Option<&'static str> {
    app.selected_entry()
        .is_none()
        .then_some("select a hidden layer first")
}

fn needs_weights(app: &App) -> Option<&'static str> {
    use super::app::NetworkRow;
    match app.network_selection() {
        NetworkRow::Layer(_) | NetworkRow::Output => None,
        NetworkRow::Input | NetworkRow::Defaults => Some("select a layer first"),
    }
}

fn needs_field(app: &App) -> Option<&'static str> {
    let value = app
        .selected_field()
        .and_then(|f| f.parameter(&app.experiment));
    value.is_none().then_some("select a number first")
}

fn needs_network(app: &App) -> Option<&'static str> {
    let failed = matches!(app.run.status, Status::Failed(_));
    failed.then_some("the experiment could not be built; mend it first")
}

fn needs_run(app: &App) -> Option<&'static str> {
    match app.run.status {
        Status::Failed(_) => needs_network(app),
        Status::Diverged(_) => Some("the run diverged; {restart} starts it again"),
        Status::Finished(_) => Some("the run has reached its stop; {restart} starts it again"),
        _ => None,
    }
}

fn needs_step(app: &App) -> Option<&'static str> {
    match app.run.status {
        Status::Diverged(_) => None,
        _ => needs_run(app),
    }
}

fn needs_flow(app: &App) -> Option<&'static str> {
    let seen = app.layout().area(Pane::Flow).is_some();
    (!seen).then_some("the gradient flow is not on the screen; {flow} goes there")
}

fn needs_measure(app: &App) -> Option<&'static str> {
    match app.view {
        View::Time => {
            Some("the gradient through time is one measure; {view} draws the flow another way")
        }
        _ => needs_flow(app),
    }
}

fn needs_view(app: &App) -> Option<&'static str> {
    match app.focus {
        Pane::Data => {
            (!app.has_data_views()).then_some("the data of this experiment are drawn in one way")
        }
        _ => needs_flow(app),
    }
}

fn needs_points(app: &App) -> Option<&'static str> {
    app.run
        .record
        .is_empty()
        .then_some("nothing was measured yet")
}

fn needs_curves(app: &App) -> Option<&'static str> {
    if app.finder.is_some() {
        return Some("the finder's sweep is no run; esc leaves it");
    }
    match &app.race {
        Some(race) if race.lanes.iter().any(|l| !l.run.record.is_empty()) => None,
        Some(_) => Some("nothing was measured yet"),
        None => needs_points(app),
    }
}

fn needs_undo(app: &App) -> Option<&'static str> {
    (!app.can_undo()).then_some("there is no edit to take back")
}

fn needs_redo(app: &App) -> Option<&'static str> {
    (!app.can_redo()).then_some("there is no edit to bring back")
}

fn needs_cursor(app: &App) -> Option<&'static str> {
    app.cursor
        .is_none()
        .then_some("the charts show the newest step; {cursor-back} goes back")
}

fn needs_marker(app: &App) -> Option<&'static str> {
    app.position.map_or_else(|| needs_cursor(app), |_| None)
}

fn needs_fix(app: &App) -> Option<&'static str> {
    match app.fix() {
        Some(_) => None,
        None if app.is_looking_for_fix() => Some("what would help is still being looked for"),
        None if app.is_ill() => {
            Some("the verdict proposes no change; {restart} starts again with fresh weights")
        }
        None => Some("the verdict proposes no change"),
    }
}

fn needs_pinned(app: &App) -> Option<&'static str> {
    app.pinned
        .is_empty()
        .then_some("no run is pinned; {pin} pins this one")
}

fn needs_tour(app: &App) -> Option<&'static str> {
    app.tour.is_none().then_some("{tour} begins the tour")
}

fn needs_colours(app: &App) -> Option<&'static str> {
    (app.manner.colours == ColourDepth::None)
        .then_some("colours are off: by --color never, by NO_COLOR, or by the terminal")
}

fn needs_side(app: &App) -> Option<&'static str> {
    (!app.can_resize(Run::Down)).then_some("this pane has no border at its side that could move")
}

fn needs_floor(app: &App) -> Option<&'static str> {
    (!app.can_resize(Run::Across))
        .then_some("this pane has no border above or below it that could move")
}

fn needs_splits(app: &App) -> Option<&'static str> {
    app.splits.is_default().then_some("no border was moved")
}

fn needs_window(app: &App) -> Option<&'static str> {
    app.window
        .is_none()
        .then_some("the charts show the whole run; {zoom-in} shows less of it")
}

macro_rules! actions {
    ($($group:literal { $($id:literal $keys:expr, $context:expr, $footer:literal $label:literal, $help:literal, $when:expr, $run:expr;)+ })+) => {
        pub static ACTIONS: &[Action] = &[$($(Action {
            group: $group,
            id: $id,
            keys: &$keys,
            context: $context,
            label: $label,
            help: $help,
            footer: $footer,
            unavailable: $when,
            run: $run,
        }),+),+];
    };
}

use Context::{AnyScreen, AnyTime, Everywhere, In, Outside};

actions! {
    "run" {
        "run-pause" ["space"], Everywhere, 1 "run/pause", "run, or pause", needs_run, App::toggle_run;
        "step" ["."], Everywhere, 3 "step", "take one step, then pause; of a run that diverged, its first", needs_step, |app| app.step(1);
        "restart" ["r"], Everywhere, 4 "restart", "start the run again from the same seed", always, App::restart;
        "new-seed" ["n"], Everywhere, 16 "new seed", "draw everything anew, from the next seed", always, new_seed;
        "fix" ["f"], Everywhere, 2 "fix", "make the change that the verdict proposes", needs_fix, App::apply_fix;
        "explain" ["E"], Everywhere, 6 "read", "read the verdict and what the experiment is about in full", always, App::explain;
        "advice" ["i"], Everywhere, 8 "advice", "advice on this experiment, each with its change on enter", needs_network, App::show_advice;
        "race" ["R"], Everywhere, 23 "race", "train variants side by side: initializers, activations, optimizers, learning rates", always, App::ask_what_to_race;
        "find-rate" ["p"], Everywhere, 0 "find rate", "sweep over learning rates beside the run, and take the suggested one over", always, App::find_rate;
    }
    "edit" {
        "edit" ["enter", "e"], Everywhere, 5 "edit", "edit what is selected", always, App::edit_selected;
        "add-layer" ["a"], In(Pane::Network), 7 "add", "add a layer after the selected one", always, App::add_layer;
        "delete-layer" ["d", "delete"], In(Pane::Network), 9 "delete", "delete the selected layers", needs_layer, App::delete_layer;
        "duplicate-layer" ["D"], In(Pane::Network), 0 "duplicate", "put a copy of the selected layers after them", needs_layer, App::duplicate_layer;
        "move-layer-toward-output" ["J"], In(Pane::Network), 0 "move down", "move the selected layers toward the output", needs_layer, |app| app.move_layer(true);
        "move-layer-toward-input" ["K"], In(Pane::Network), 0 "move up", "move the selected layers toward the input", needs_layer, |app| app.move_layer(false);
        "pick-activation" ["A"], Everywhere, 10 "activation", "choose the selected layer's activation", always, |app| app.pick_in_layer(LayerSlot::Activation);
        "pick-init" ["I"], Everywhere, 11 "init", "choose how the selected layer's weights are drawn", always, |app| app.pick_in_layer(LayerSlot::Init);
        "freeze-layer" ["x"], Everywhere, 0 "freeze layer", "freeze the selected layers, or thaw them, while the run goes on: transferred ones all together", needs_weights, App::toggle_frozen;
        "more" ["+", "="], Everywhere, 0 "more", "the selected number up: units, learning rate, ...", needs_field, |app| app.nudge(true);
        "less" ["-", "_"], Everywhere, 0 "less", "the selected number down", needs_field, |app| app.nudge(false);
        "undo" ["u"], Everywhere, 17 "undo", "take the last edit back", needs_undo, App::undo;
        "redo" ["ctrl-r", "U"], Everywhere, 0 "redo", "bring an edit back that was taken back", needs_redo, App::redo;
    }
    "look" {
        "measure" ["m"], Everywhere, 12 "measure", "show the next measure in the gradient flow", needs_measure, |app| app.next_measure(true);
        "measure-back" ["M"], Everywhere, 0 "measure back", "show the measure before", needs_measure, |app| app.next_measure(false);
        "view" ["v"], Outside(Pane::Loss), 13 "view", "draw the gradient flow, or the data, another way", needs_view, |app| app.next_view(true);
        "view-back" ["V"], Outside(Pane::Loss), 0 "view back", "draw the gradient flow, or the data, the way before", needs_view, |app| app.next_view(false);
        "loss-or-accuracy" ["v"], In(Pane::Loss), 13 "view", "show accuracy, the learning rate as planned, or loss again", always, App::next_curves;
        "freeze" ["F"], Everywhere, 0 "freeze", "hold the picture still while training goes on, and let it go", needs_points, App::toggle_freeze;
        "theme" ["T"], AnyScreen, 0 "theme", "another theme: dark, light, colour-blind, 16-colour, mono", needs_colours, App::cycle_theme;
    }
    "time" {
        "cursor-back" ["left", "h"], Everywhere, 0 "cursor back", "read the charts at an earlier step", needs_points, |app| app.move_cursor(false);
        "cursor-forward" ["right", "l"], Everywhere, 0 "cursor on", "read the charts at a later step", needs_cursor, |app| app.move_cursor(true);
        "cursor-off" ["esc"], Everywhere, 0 "cursor off", "read the newest step again", needs_marker, App::drop_cursor;
        "zoom-in" [">"], Everywhere, 0 "closer", "show half as many steps on the charts, around the cursor (the wheel over the loss does it too)", needs_points, |app| app.zoom_time(true);
        "zoom-out" ["<"], Everywhere, 0 "wider", "show twice as many steps on the charts", needs_window, |app| app.zoom_time(false);
        "pan-back" ["H", "shift-left"], Everywhere, 0 "earlier", "show earlier steps on the charts", needs_window, |app| app.pan_time(false);
        "pan-on" ["L", "shift-right"], Everywhere, 0 "later", "show later steps on the charts; at the newest they follow the run again", needs_window, |app| app.pan_time(true);
        "whole-run" ["0"], Everywhere, 0 "whole run", "show all steps on the charts again", needs_window, App::show_whole_run;
    }
    "compare" {
        "pin" ["b"], Everywhere, 14 "pin", "pin this run: it stays on the charts, dimmed, while you go on", needs_points, App::pin;
        "unpin" ["B"], Everywhere, 0 "unpin", "take the last pinned run off the charts", needs_pinned, App::unpin;
        "pinned-runs" ["P"], Everywhere, 0 "pinned runs", "list the pinned runs, and bring one's experiment back", needs_pinned, App::list_pinned;
        "name-pinned" ["N"], Everywhere, 0 "name pinned", "name the pinned run that the charts show", needs_pinned, App::ask_for_pinned_name;
    }
    "go" {
        "network" ["1"], Everywhere, 0 "Network", "focus the network", always, |app| app.focus = Pane::Network;
        "flow" ["2"], Everywhere, 0 "Flow", "focus the gradient flow", always, |app| app.focus = Pane::Flow;
        "loss" ["3"], Everywhere, 0 "Loss", "focus loss and accuracy", always, |app| app.focus = Pane::Loss;
        "training" ["4"], Everywhere, 0 "Training", "focus the training settings", always, |app| app.focus = Pane::Training;
        "layer" ["5"], Everywhere, 0 "Layer", "focus the selected layer", always, |app| app.focus = Pane::Layer;
        "data" ["6"], Everywhere, 0 "Data", "focus what the network makes of the data", always, |app| app.focus = Pane::Data;
        "next-pane" ["tab"], Everywhere, 21 "next pane", "focus the next pane", always, |app| app.move_focus(true);
        "previous-pane" ["backtab"], Everywhere, 0 "previous pane", "focus the pane before", always, |app| app.move_focus(false);
        "find" ["/"], Everywhere, 0 "find", "find a layer or a setting by its name, and go there", always, App::find;
        "down" ["down", "j"], Everywhere, 0 "down", "select the next row", always, |app| app.move_selection(1);
        "up" ["up", "k"], Everywhere, 0 "up", "select the row before", always, |app| app.move_selection(-1);
        "page-down" ["pagedown", "ctrl-d"], Everywhere, 0 "page down", "ten rows down", always, |app| app.move_selection(10);
        "page-up" ["pageup", "ctrl-u"], Everywhere, 0 "page up", "ten rows up", always, |app| app.move_selection(-10);
        "first" ["home", "g"], Everywhere, 0 "first", "select the first row", always, |app| app.move_selection(isize::MIN + 1);
        "last" ["end", "G"], Everywhere, 0 "last", "select the last row", always, |app| app.move_selection(isize::MAX);
    }
    "panes" {
        "zoom" ["z"], Everywhere, 20 "zoom", "the focused pane on the whole screen, and back", always, |app| app.zoomed = !app.zoomed;
        "wider" ["ctrl-right", "alt-right"], Everywhere, 0 "wider", "make the focused pane wider (the mouse drags the borders)", needs_side, |app| app.resize_pane(Run::Down, 2);
        "narrower" ["ctrl-left", "alt-left"], Everywhere, 0 "narrower", "make the focused pane narrower", needs_side, |app| app.resize_pane(Run::Down, -2);
        "higher" ["ctrl-down", "alt-down"], Everywhere, 0 "higher", "make the focused pane higher", needs_floor, |app| app.resize_pane(Run::Across, 1);
        "lower" ["ctrl-up", "alt-up"], Everywhere, 0 "lower", "make the focused pane lower", needs_floor, |app| app.resize_pane(Run::Across, -1);
        "even-panes" ["\\"], Everywhere, 0 "even panes", "put the borders between panes back where they were", needs_splits, App::even_panes;
    }
    "files" {
        "open" ["o"], Everywhere, 18 "open", "open a preset, a file, a saved run, or a link", always, App::ask_to_open;
        "open-path" ["O"], Everywhere, 0 "open path", "open a file by its path, which tab completes, or a link", always, ask_for_path;
        "save" ["s"], Everywhere, 19 "save", "save the experiment", always, App::save;
        "save-as" ["S"], Everywhere, 0 "save as", "save the experiment under another name", always, App::save_as;
        "copy" ["y"], Everywhere, 0 "copy", "copy the experiment's file to the clipboard, over ssh too", always, App::copy;
        "copy-link" ["Y"], Everywhere, 0 "copy link", "copy the experiment as one line, which gradlab open takes, or a paste into the workbench", always, App::copy_link;
        "copy-figures" ["c"], AnyScreen, 0 "copy figures", "copy the figures on the screen as a table: the curves in the loss pane, of a race its variants, else every layer's", needs_curves, App::copy_figures;
        "save-curves" ["w"], AnyScreen, 0 "save curves", "save the curves of this run and the pinned ones, or of a race, as CSV or JSON lines", needs_curves, App::ask_where_to_save_curves;
        "save-picture" ["W"], AnyScreen, 0 "save picture", "save the screen as a picture (SVG)", always, App::ask_where_to_save_picture;
    }
    "help" {
        "help" ["?", "f1"], AnyScreen, 15 "help", "what the signs mean, and every action with its keys; type to filter, enter does it", always, |app| app.overlays.push(Overlay::List(help::list(app)));
        "palette" [":"], AnyScreen, 0 "palette", "every action by name", always, |app| app.overlays.push(Overlay::List(help::palette(app)));
        "tour" ["t"], Everywhere, 0 "tour", "a tour through five presets, with what to press and what to see; again leaves it, back to what was open", always, App::toggle_tour;
        "tour-next" ["]"], Everywhere, 0 "next stop", "the tour's next stop", needs_tour, App::tour_next;
        "tour-back" ["["], Everywhere, 0 "stop before", "the tour's stop before", needs_tour, App::tour_back;
        "redraw" ["ctrl-l"], AnyTime, 0 "redraw", "draw the whole screen anew, where something else has written on it", always, |app| app.effect(Effect::Redraw);
        "suspend" ["ctrl-z"], AnyTime, 0 "suspend", "back to the shell; fg comes back here", always, |app| app.effect(Effect::Suspend);
        "quit" ["q", "ctrl-c"], AnyScreen, 22 "quit", "quit; asks when something is unsaved", always, App::quit;
    }
}

fn new_seed(app: &mut App) {
    let mut next: Experiment = app.experiment.clone();
    next.seed = next.seed.wrapping_add(1);
    app.replace(next);
}

fn ask_for_path(app: &mut App) {
    app.overlays.push(Overlay::Prompt(Prompt {
        title: "Open".into(),
        help: "an experiment's file, or a link".into(),
        line: Line::default(),
        error: None,
        goal: Goal::OpenPath,
    }));
}
