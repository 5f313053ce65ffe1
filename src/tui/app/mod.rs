//! The workbench's state. It changes in `update` alone; drawing reads it.

mod awaiting;
mod completing;
mod editing;
mod files;
mod finding;
pub mod going;
pub mod insight;
mod mouse;
pub mod origin;
mod past;
mod pinning;
mod preview;
mod racing;
mod replacing;
mod resizing;
pub mod run;
mod selecting;
mod shown;
mod takeaway;
pub mod time;
mod touring;
mod typing;
mod update;
mod watching;

use super::actions;
use super::edit::layers;
use super::finder::Finder;
use super::glyphs::Glyphs;
use super::keymap::Keymap;
use super::layout::{Layout, Pane, left_column};
use super::measure::{Measure, View};
use super::message::Effect;
use super::overlay::{Overlay, Subject};
use super::panes::data::Picture;
use super::panes::loss::Curves;
use super::panes::verdict::wrap;
use super::panes::{self, network};
use super::race::Race;
use super::splits::{Drag, Splits};
use super::theme::{ColourDepth, Theme, ThemeName};
use super::widgets::Look;
use crate::experiment::{Experiment, LayerKind};
use crate::training::{Command, Lens, Status};
use insight::Insight;
use origin::Origin;
use past::Past;
use ratatui::layout::{Rect, Size};
use run::{Pinned, Run};
use std::path::PathBuf;
use time::Window;
use touring::Touring;

/// How serious a line to the person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Notice,
    Trouble,
}

/// A line in the footer's place, until the next key.
#[derive(Clone, Debug)]
pub struct Toast {
    pub text: String,
    pub tone: Tone,
}

/// What the person's configuration decides.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    pub theme: Theme,
    /// Colours that the terminal may be sent, whatever the theme.
    pub colours: ColourDepth,
    pub glyphs: Glyphs,
    pub keymap: Keymap,
}

/// A row of the Network pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkRow {
    Input,
    /// An entry of the list of layers.
    Layer(usize),
    Output,
    Defaults,
}

pub struct App {
    pub experiment: Experiment,
    pub origin: Origin,
    /// Those that undo, redo or a pinned run leads back to.
    left: Vec<Origin>,
    /// How many were opened.
    opened: u64,
    undo: Vec<Past>,
    redo: Vec<Past>,
    pub run: Run,
    pub pinned: Vec<Pinned>,
    /// What the person asked for last: to run or to pause.
    pub wants_run: bool,
    pub focus: Pane,
    pub zoomed: bool,
    pub size: Size,
    /// Where the borders between panes were moved to, and the one that the mouse holds.
    pub splits: Splits,
    pub drag: Option<Drag>,
    /// The last thing the person did was to click on what is selected now.
    clicked: bool,
    /// Selected row of the Network pane.
    pub network_row: usize,
    /// The first line of it that is shown, where a click keeps it.
    pub network_first: Option<usize>,
    /// Selected row of the Training pane.
    pub training_row: usize,
    /// The first row of it that is shown, as long as the selected one is in sight.
    pub training_first: usize,
    /// Selected weight layer, from 0 at the bottom.
    pub layer: usize,
    /// The step whose values are read off the charts; `None`: the newest.
    pub cursor: Option<u64>,
    /// The step of the sequences (from 0) whose gradient through time is read off.
    pub position: Option<usize>,
    /// The part of the run that the charts show; `None`: all of it.
    pub window: Option<Window>,
    /// The run as it goes on while its picture is frozen.
    live: Option<Box<Run>>,
    pub measure: Measure,
    pub view: View,
    /// What the Loss pane shows.
    pub curves: Curves,
    /// Which of Layer and Data was focused last.
    lower: Option<Pane>,
    /// What the Data pane shows of pictures.
    pub picture: Picture,
    /// The spread under dropout instead of the decision boundary.
    pub show_spread: bool,
    /// What training was told to look at.
    watching: Option<Lens>,
    pub overlays: Vec<Overlay>,
    pub toast: Option<Toast>,
    pub manner: Manner,
    pub insight: Insight,
    /// The stop of the tour, from 0.
    pub tour: Option<usize>,
    touring: Touring,
    /// Variants that are trained side by side; the present run waits meanwhile.
    pub race: Option<Race>,
    /// The last race, to be looked at again, until another experiment is opened.
    raced: Option<Race>,
    /// A sweep over learning rates beside the present run.
    pub finder: Option<Finder>,
    effects: Vec<Effect>,
    /// The last change was one taken back, and its run may still have to begin.
    taken_back: bool,
    /// Quit once the save under way is done.
    quit_after_save: bool,
    /// How many saves were asked for.
    saves: u64,
    /// Files whose drive does not answer.
    pub writing: Vec<PathBuf>,
}

impl App {
    /// Opens on an experiment, running.
    pub fn new(experiment: Experiment, path: Option<PathBuf>, manner: Manner) -> Self {
        let base = origin::folder(path.as_deref());
        let mut app = Self {
            origin: Origin::new(0, &experiment, path, base),
            left: Vec::new(),
            opened: 0,
            run: Run::new(experiment.clone()),
            experiment,
            undo: Vec::new(),
            redo: Vec::new(),
            pinned: Vec::new(),
            wants_run: true,
            focus: Pane::Network,
            zoomed: false,
            size: Size::new(80, 24),
            splits: Splits::default(),
            drag: None,
            clicked: false,
            network_row: 1,
            network_first: None,
            training_row: 0,
            training_first: 0,
            layer: 0,
            cursor: None,
            position: None,
            window: None,
            live: None,
            measure: Measure::default(),
            view: View::default(),
            curves: Curves::default(),
            lower: None,
            picture: Picture::default(),
            show_spread: false,
            watching: None,
            overlays: Vec::new(),
            toast: None,
            manner,
            insight: Insight::default(),
            tour: None,
            touring: Touring::default(),
            race: None,
            raced: None,
            finder: None,
            effects: Vec::new(),
            taken_back: false,
            quit_after_save: false,
            saves: 0,
            writing: Vec::new(),
        };
        app.clamp();
        app
    }

    /// The window at the start: where it has room for one pane, the flow is what there is to see.
    pub fn begin(&mut self, size: Size) {
        self.size = size;
        if let [_] = self.layout().panes[..] {
            self.focus = Pane::Flow;
        }
    }

    /// How charts look.
    pub fn look(&self) -> Look<'_> {
        Look::new(&self.manner.theme, self.manner.glyphs)
    }

    pub fn is_changed(&self) -> bool {
        self.experiment != self.origin.saved
    }

    pub fn layout(&self) -> Layout {
        let tour = super::tour::height(self, self.size.height);
        self.layout_in(Rect::new(
            0,
            0,
            self.size.width,
            self.size.height.saturating_sub(tour),
        ))
    }

    /// Where the panes are in a window.
    pub fn layout_in(&self, area: Rect) -> Layout {
        let rows = self.network_height();
        Layout::new(
            area,
            self.focus,
            self.zoomed,
            rows,
            self.lower(),
            &self.splits,
        )
    }

    /// Rows that the Network pane can use: its list, and beneath it what the experiment is about.
    pub fn network_height(&self) -> usize {
        let column = left_column(self.size.width);
        let text = network::about_text(self);
        let about = if text.is_empty() || self.tour.is_some() {
            0
        } else {
            // A row free above it; what is longer than this is cut.
            wrap(&text, usize::from(column).saturating_sub(4))
                .len()
                .min(8)
                + 1
        };
        network::list_height(self, column.saturating_sub(2)) + about
    }

    pub fn network_rows(&self) -> Vec<NetworkRow> {
        let entries = (0..self.experiment.network.layers.len()).map(NetworkRow::Layer);
        std::iter::once(NetworkRow::Input)
            .chain(entries)
            .chain([NetworkRow::Output, NetworkRow::Defaults])
            .collect()
    }

    /// What an edit is of: the layer that is marked in the flow and its own pane where one of these is focused, else the row of
    /// the Network pane.
    pub fn network_selection(&self) -> NetworkRow {
        match self.focus {
            Pane::Flow | Pane::Layer => self.row_at(self.row_of_layer()),
            _ => self.row_at(self.network_row),
        }
    }

    fn row_at(&self, row: usize) -> NetworkRow {
        let rows = self.network_rows();
        rows.get(row).copied().unwrap_or(NetworkRow::Output)
    }

    /// The Network pane's row of the selected layer.
    fn row_of_layer(&self) -> usize {
        let entry = layers::entry_of(&self.experiment, self.layer);
        1 + entry.unwrap_or(self.experiment.network.layers.len())
    }

    /// The selected entry of the list of layers.
    pub fn selected_entry(&self) -> Option<usize> {
        match self.network_selection() {
            NetworkRow::Layer(i) => Some(i),
            _ => None,
        }
    }

    /// Weight layers of the experiment, the output layer too.
    pub fn layer_count(&self) -> usize {
        layers::count(&self.experiment)
    }

    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// Whether steps are being taken.
    pub fn is_running(&self) -> bool {
        self.run.status == Status::Running
    }

    /// Whether steps are being taken, or will be as soon as what is loading is there.
    pub fn goes_on(&self) -> bool {
        match self.run.status {
            Status::Loading(_) => self.wants_run,
            _ => self.is_running(),
        }
    }

    fn send(&mut self, command: Command) {
        self.effects.push(Effect::Send(command));
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// The key that a text names for an action.
    pub fn key_of(&self, id: &str) -> String {
        self.manner.keymap.of(id)
    }

    /// What a text on an edit ends in.
    pub fn takes_back(&self) -> String {
        self.manner.keymap.in_text("({undo} takes it back)")
    }

    pub fn notice(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast {
            text: crate::text::clean(&text.into(), 500),
            tone: Tone::Notice,
        });
    }

    pub fn trouble(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast {
            text: crate::text::clean(&text.into(), 500),
            tone: Tone::Trouble,
        });
    }

    /// Selections stay on something that is there.
    fn clamp(&mut self) {
        let rows = self.network_rows().len();
        self.network_row = self.network_row.min(rows.saturating_sub(1));
        self.layer = self.layer.min(self.layer_count().saturating_sub(1));
        let fields = super::edit::field::training(&self.experiment).len();
        self.training_row = self.training_row.min(fields.saturating_sub(1));
        if let Some(area) = self.layout().area(Pane::Training) {
            self.training_first = panes::training::first_in(self, area);
        }
        for overlay in &mut self.overlays {
            if let Overlay::Form(form) = overlay {
                let fields = form.fields(&self.experiment).len();
                form.selected = form.selected.min(fields.saturating_sub(1));
            }
        }
        let entries = self.experiment.network.layers.len();
        self.overlays.retain(|overlay| match overlay {
            Overlay::Form(form) => !matches!(form.subject, Subject::Layer(i) if i >= entries),
            _ => true,
        });
        if self.view == View::Time && !self.is_recurrent() {
            self.view = View::default();
        }
    }

    /// The flow's selected layer follows the Network pane's selection.
    fn follow_network(&mut self) {
        self.layer = match self.row_at(self.network_row) {
            NetworkRow::Input => 0,
            NetworkRow::Layer(i) => layers::first_of(&self.experiment, i),
            NetworkRow::Output => self.layer_count() - 1,
            NetworkRow::Defaults => self.layer,
        };
    }

    /// The Network pane's selection follows the flow's selected layer.
    fn follow_flow(&mut self) {
        self.network_row = self.row_of_layer();
    }

    // What actions do.

    pub fn toggle_run(&mut self) {
        self.wants_run = !self.goes_on();
        self.send(if self.wants_run {
            Command::Run
        } else {
            Command::Pause
        });
        if let (Status::Loading(_), false) = (&self.run.status, self.wants_run) {
            self.notice("the run will wait at its first step, once what it is made of is there");
        }
    }

    pub fn step(&mut self, steps: u64) {
        self.wants_run = false;
        if matches!(self.run.status, Status::Diverged(_)) {
            self.send(Command::Restart);
        }
        self.send(Command::Step(steps));
    }

    pub fn restart(&mut self) {
        self.taken_back = false;
        for run in std::iter::once(&mut self.run).chain(self.live.as_deref_mut()) {
            run.ends();
        }
        self.send(Command::Restart);
        if self.wants_run {
            self.send(Command::Run);
        }
    }

    /// Moves the charts' cursor by about a fiftieth of what they show, to a step that was measured and kept; beyond the newest
    /// it is let go.
    pub fn move_cursor(&mut self, forward: bool) {
        let (first, last) = self.steps_shown();
        let by = ((last - first) / 50).max(1);
        let now = self.cursor.unwrap_or(last);
        let to = match forward {
            true => now.saturating_add(by),
            false => now.saturating_sub(by),
        };
        self.cursor = self.run.record.step_towards(to, now);
    }

    /// Where the cursor's point was joined with a neighbour, that one is shown, under its own step.
    pub(super) fn hold_cursor(&mut self) {
        let record = &self.run.record;
        self.cursor = self
            .cursor
            .map(|step| record.at(step).map_or(step, |p| p.step));
    }

    pub fn drop_cursor(&mut self) {
        self.cursor = None;
        self.position = None;
    }

    /// The step of the sequences that is read off, where they have one.
    pub fn position_shown(&self) -> Option<usize> {
        let steps = self.time_shown()?.state_norms().len();
        self.position.filter(|p| *p < steps)
    }

    /// The rows list the last step first: down is back in time.
    fn move_position(&mut self, by: isize) {
        let Some(last) = self
            .time_shown()
            .and_then(|t| t.state_norms().len().checked_sub(1))
        else {
            return;
        };
        self.position = Some(match self.position_shown() {
            Some(now) => now.saturating_add_signed(by.saturating_neg()).min(last),
            None if by < 0 => 0,
            None => last,
        });
    }

    /// Whether there is a gradient through time.
    pub fn is_recurrent(&self) -> bool {
        let layers = &self.experiment.network.layers;
        layers.iter().any(|l| l.kind != LayerKind::Dense)
    }

    pub fn move_focus(&mut self, forward: bool) {
        let order = Pane::ORDER;
        let at = order.iter().position(|p| *p == self.focus).unwrap_or(0);
        let step = if forward { 1 } else { order.len() - 1 };
        self.focus = order[(at + step) % order.len()];
    }

    /// Moves the selection of the focused pane.
    pub fn move_selection(&mut self, by: isize) {
        match self.focus {
            Pane::Network => {
                self.network_row = self.network_row.saturating_add_signed(by);
                self.clamp();
                self.follow_network();
            }
            Pane::Training => self.training_row = self.training_row.saturating_add_signed(by),
            Pane::Flow if self.view == View::Time => self.move_position(by),
            // The flow lists the output layer first: down is toward the input.
            Pane::Flow | Pane::Layer => {
                self.layer = self.layer.saturating_add_signed(-by);
                self.clamp();
                self.follow_flow();
            }
            Pane::Loss | Pane::Data => {}
        }
        self.clamp();
    }

    pub fn cycle_theme(&mut self) {
        let all = ThemeName::ALL;
        let at = all
            .iter()
            .position(|t| *t == self.manner.theme.name)
            .unwrap_or(0);
        let next = all[(at + 1) % all.len()];
        // As many colours as before: --color and NO_COLOR hold for every theme.
        self.manner.theme = Theme::new(next, self.manner.colours);
        self.notice(format!("theme {}", next.name()));
    }

    /// The actions that the focused pane has, and those that every pane has.
    pub fn actions(&self) -> impl Iterator<Item = usize> + '_ {
        (0..actions::ACTIONS.len()).filter(|i| actions::ACTIONS[*i].context.is_active(self.focus))
    }
}
