//! Races: chosen from a list, run in a view of their own, and taken over as an edit.

use super::App;
use crate::text::thousands;
use crate::training::{Command, Frame};
use crate::tui::key::leaves;
use crate::tui::message::Effect;
use crate::tui::overlay::{Item, List, Overlay, Purpose};
use crate::tui::race::{Offer, Race, variants};
use crossterm::event::{KeyCode, KeyEvent};

impl App {
    pub fn ask_what_to_race(&mut self) {
        // One of another folder would be trained on this one's files.
        let is_here = |id| self.left(id).is_none_or(|o| o.base == self.origin.base);
        let pinned: Vec<_> = self
            .pinned
            .iter()
            .filter(|p| is_here(p.origin))
            .map(|p| (p.name.clone(), p.experiment.clone()))
            .collect();
        let offers = variants::offers(&self.experiment, &pinned);
        if offers.is_empty() && self.raced.is_none() {
            return self.trouble("race: nothing of this experiment can be varied");
        }
        // What is no offer's is the last race's.
        let last = self.raced.iter().map(|race| Item {
            name: "the last race".into(),
            note: race.title.into(),
            help: format!(
                "its curves and figures after {} steps",
                thousands(race.newest().into())
            ),
            ..Item::default()
        });
        let items = offers
            .iter()
            .map(|offer| {
                let labels: Vec<&str> = offer.variants.iter().map(|v| v.label.as_str()).collect();
                Item {
                    name: offer.name.into(),
                    note: format!("{} variants", offer.variants.len()),
                    help: format!("{}\n{}", offer.help, labels.join(", ")),
                    ..Item::default()
                }
            })
            .chain(last)
            .collect();
        self.overlays.push(Overlay::List(List::new(
            "Race: train variants side by side",
            items,
            Purpose::Race(offers),
        )));
    }

    pub(super) fn start_race(&mut self, offer: Offer) {
        let race = Race::new(offer);
        // The processors are the race's.
        self.send(Command::Pause);
        self.effect(Effect::Race {
            experiments: race.lanes.iter().map(|l| l.experiment.clone()).collect(),
            steps: race.first_lap(),
        });
        self.race = Some(race);
    }

    pub(super) fn look_at_last_race(&mut self) {
        self.race = self.raced.take();
    }

    pub(super) fn lap(&mut self, lane: usize, frame: Frame) {
        let lap = self.race.as_mut().and_then(|race| race.take(lane, frame));
        self.run_lap(lap);
    }

    fn run_lap(&mut self, lap: Option<u64>) {
        if let Some(steps) = lap {
            self.effect(Effect::Lap(steps));
        }
    }

    /// The race's own keys, and those that hold on any screen.
    pub(super) fn race_key(&mut self, key: KeyEvent) {
        let Some(race) = &mut self.race else {
            return;
        };
        match key.code {
            _ if leaves(key) => self.leave_race(),
            KeyCode::Char('q') => self.leave_race(),
            KeyCode::Down | KeyCode::Char('j') => race.select(1),
            KeyCode::Up | KeyCode::Char('k') => race.select(-1),
            KeyCode::Left | KeyCode::Char('h') => race.move_cursor(false),
            KeyCode::Right | KeyCode::Char('l') => race.move_cursor(true),
            KeyCode::Char(' ') => {
                let lap = race.toggle();
                self.run_lap(lap);
            }
            KeyCode::Enter => {
                let selected = race.selected;
                self.take_over(selected);
            }
            KeyCode::Char('f') => match race.best() {
                Some(best) => self.take_over(best),
                None => self.trouble("race: no variant has a loss yet"),
            },
            _ => self.bound_key(key),
        }
    }

    /// A variant becomes the experiment, as one edit.
    pub(super) fn take_over(&mut self, lane: usize) {
        let lanes = self.race.as_ref().map(|race| race.lanes.as_slice());
        let chosen = lanes.and_then(|lanes| lanes.get(lane));
        let chosen = chosen.map(|lane| (lane.label.clone(), lane.experiment.clone()));
        self.end_race();
        let Some((label, experiment)) = chosen else {
            return;
        };
        if experiment == self.experiment {
            self.go_on();
            return self.notice(format!("{label}: as it was"));
        }
        self.replace(experiment);
        // From the start, also where it could be changed under way: what won is the curve from there.
        self.restart();
        self.notice(format!("taken over: {label} {}", self.takes_back()));
    }

    fn leave_race(&mut self) {
        self.end_race();
        self.go_on();
        let key = self.key_of("race");
        self.notice(format!(
            "{key} lists the race that you left, to be looked at again"
        ));
    }

    /// Its lanes train no more; it is kept to be looked at.
    pub(super) fn end_race(&mut self) {
        if let Some(mut race) = self.race.take() {
            race.end();
            self.raced = Some(race);
            self.effect(Effect::EndRace);
        }
    }

    /// The present run goes on where it was, if it was running.
    fn go_on(&mut self) {
        if self.wants_run {
            self.send(Command::Run);
        }
    }
}
