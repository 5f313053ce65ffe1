//! The one place where the workbench's state changes: a message in, effects out.

use super::App;
use crate::training::{Frame, Status};
use crate::tui::actions::{ACTIONS, Action};
use crate::tui::key::{Key, leaves};
use crate::tui::message::{Effect, Message};
use crate::tui::overlay::list::Outcome;
use crate::tui::overlay::{List, Overlay, Purpose, Typed, view};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::{Rect, Size};
use std::sync::Arc;

impl App {
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Key(key) if key.kind == KeyEventKind::Release => {}
            Message::Key(key) => {
                self.clicked = false;
                self.key(key);
                self.preview();
            }
            Message::Mouse(event) => {
                self.mouse(event);
                self.preview();
            }
            Message::Paste(text) => {
                self.clicked = false;
                self.paste(&text);
            }
            Message::Resize(width, height) => self.size = Size::new(width, height),
            Message::Frame(frame) => self.frame(*frame),
            Message::Answered(answer) => self.answered(*answer),
            Message::Lap(lane, frame) => self.lap(lane, *frame),
            Message::Swept(sweep) => self.swept(*sweep),
            Message::Columns(completion, names) => self.read_columns(completion, names),
            Message::Listed(openables) => self.listed(openables),
            Message::Entries(typed, result) => self.complete_with(typed, result),
            Message::Opened(path, result) => self.opened(path, result),
            Message::Exists(path, goal, why) => self.exists(path, goal, why),
            Message::Saved(saving, result) => self.saved(saving, result),
            Message::Written(path, result) => self.written(path, result),
            Message::Late(errand) => self.late(errand),
            Message::Earlier(step) => self.tell_earlier(step),
            Message::Resumed(step) => self.tell_gone_on(step),
            Message::Notice(text) => self.notice(text),
            Message::Trouble(text) => self.trouble(text),
        }
        self.watch();
        std::mem::take(&mut self.effects)
    }

    fn frame(&mut self, frame: Frame) {
        for notice in &frame.notices {
            self.notice(notice.clone());
        }
        let Some(frame) = self.take_behind(frame) else {
            return;
        };
        if self.run.is_replaced_by(&frame) {
            self.leave_run_behind();
            if std::mem::take(&mut self.taken_back) {
                self.tell_of_steps();
            }
        }
        // The data comes with a run's first frames, once.
        let new_data = frame.info.dataset.is_some()
            && self.dataset().map(Arc::as_ptr) != frame.info.dataset.as_ref().map(Arc::as_ptr);
        let was = matches!(self.run.status, Status::Diverged(_));
        self.run.take(frame);
        self.hold_cursor();
        if new_data {
            self.refresh_insight();
            self.preview();
        } else {
            self.judge();
        }
        if !was {
            self.read_last_finite();
        }
    }

    /// Where every figure of a run that has just diverged is NaN nothing can be read: the last finite ones are shown instead.
    pub(super) fn read_last_finite(&mut self) {
        if matches!(self.run.status, Status::Diverged(_)) && self.cursor.is_none() {
            self.cursor = self.run.record.last_finite().map(|point| point.step);
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) {
        // A trouble stays until it was seen: until the next key.
        self.toast = None;
        if let Some(action) = self.manner.keymap.find_over_overlay(Key::from(key)) {
            return self.act(action);
        }
        match self.overlays.pop() {
            Some(overlay) => self.overlay_key(overlay, key),
            None if self.race.is_some() => self.race_key(key),
            None if self.finder.is_some() => self.finder_key(key),
            // What would open and take the keys goes before what is only marked.
            None if key.code == KeyCode::Esc && self.withdraw_advice() => {}
            None => self.bound_key(key),
        }
    }

    /// Does what the table of actions has for a key.
    pub(super) fn bound_key(&mut self, key: KeyEvent) {
        if let Some(action) = self.manner.keymap.find(Key::from(key), self.focus) {
            self.act(action);
        }
    }

    /// Does an action, or says why it cannot be done now.
    pub fn act(&mut self, action: usize) {
        let Some(action) = ACTIONS.get(action) else {
            return;
        };
        match self.unavailable(action) {
            Some(why) => self.trouble(format!("{}: {why}", action.id)),
            None => (action.run)(self),
        }
    }

    /// Why an action cannot be done now.
    pub fn unavailable(&self, action: &Action) -> Option<String> {
        let why = match action.context.is_on_any_screen() {
            false if self.race.is_some() => Some("not beside a race; esc leaves it"),
            false if self.finder.is_some() => Some("not beside the finder; esc leaves it"),
            _ => (action.unavailable)(self),
        };
        why.map(|why| self.manner.keymap.in_text(why))
    }

    pub(super) fn paste(&mut self, text: &str) {
        match self.overlays.last_mut() {
            Some(Overlay::List(list)) => list.paste(text),
            Some(Overlay::Prompt(prompt)) => {
                prompt.line.paste(text);
                prompt.error = None;
            }
            Some(Overlay::Awaiting(awaiting)) if !awaiting.late => {
                awaiting.typed.push(Typed::Paste(text.into()));
            }
            Some(_) => {}
            None if self.race.is_some() || self.finder.is_some() => {}
            None => self.open_pasted(text),
        }
    }

    /// The overlay was taken off the stack; what stays open is put back.
    fn overlay_key(&mut self, overlay: Overlay, key: KeyEvent) {
        match overlay {
            // What is no name in the list may be a link, or a file's path.
            Overlay::List(list) if opens_a_path(&list, key) => {
                let text = list.line.text().to_string();
                if let Err(why) = self.open_named(&text, Overlay::List(list.clone())) {
                    self.overlays.push(Overlay::List(list));
                    self.trouble(why);
                }
            }
            Overlay::List(mut list) => match list.key(key) {
                Outcome::Chosen(item) => self.chosen(list.purpose, item),
                Outcome::Closed => {
                    if let (Purpose::Answer(completion, _), KeyCode::Esc) = (list.purpose, key.code)
                    {
                        self.step_back(completion, None);
                    }
                }
                Outcome::Moved | Outcome::Ignored => self.overlays.push(Overlay::List(list)),
            },
            Overlay::Prompt(prompt) => self.prompt_key(prompt, key),
            Overlay::Form(form) => self.form_key(form, key),
            Overlay::Awaiting(awaiting) => self.awaiting_key(awaiting, key),
            Overlay::ConfirmQuit => match key.code {
                KeyCode::Char('s') => self.save_and_quit(),
                KeyCode::Char('q' | 'y') => self.effect(Effect::Quit),
                KeyCode::Esc | KeyCode::Char('n') => {}
                KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                    self.effect(Effect::Quit)
                }
                _ => self.overlays.push(overlay),
            },
            Overlay::ConfirmOpen(opening) => match key.code {
                KeyCode::Char('o' | 'y') => self.start_confirmed(*opening),
                KeyCode::Esc | KeyCode::Char('n' | 'q') => {}
                _ => self.overlays.push(Overlay::ConfirmOpen(opening)),
            },
            Overlay::Text {
                title,
                text,
                scroll,
            } => {
                let scroll = match key.code {
                    KeyCode::Down | KeyCode::Char('j') => scroll + 1,
                    KeyCode::Up | KeyCode::Char('k') => scroll.saturating_sub(1),
                    KeyCode::PageDown => scroll + 10,
                    KeyCode::PageUp => scroll.saturating_sub(10),
                    _ => return self.go_on_touring(key),
                };
                let screen = Rect::new(0, 0, self.size.width, self.size.height);
                let scroll = scroll.min(view::last_scroll(&text, screen));
                self.overlays.push(Overlay::Text {
                    title,
                    text,
                    scroll,
                });
            }
        }
    }

    pub(super) fn chosen(&mut self, purpose: Purpose, item: usize) {
        match purpose {
            Purpose::Pick(slot, choices) => {
                if let Some(choice) = choices.get(item) {
                    self.choose(slot, *choice);
                }
            }
            Purpose::Answer(completion, mut answers) => {
                if item < answers.len() {
                    self.give_answer(completion, answers.swap_remove(item));
                }
            }
            Purpose::Words(field, words) => {
                if let Some(word) = words.get(item) {
                    let value = crate::nn::vocabulary::Value::Text(word.to_string());
                    self.edit(|e| field.set(e, &value));
                }
            }
            Purpose::Actions(actions) => {
                if let Some(Some(action)) = actions.get(item) {
                    self.act(*action);
                }
            }
            Purpose::Open(openables) => {
                if let Some(openable) = openables.get(item) {
                    self.open(openable);
                }
            }
            Purpose::Pinned(pinned) => {
                if let Some(run) = pinned.get(item).and_then(|i| self.pinned.get(*i)) {
                    let (experiment, origin) = (run.experiment.clone(), run.origin);
                    self.bring_pinned_back(experiment, origin);
                }
            }
            Purpose::Fixes(fixes) => {
                if let Some(Some(fix)) = fixes.get(item) {
                    self.adopt(fix.clone());
                }
            }
            Purpose::Go(places) => {
                if let Some(place) = places.get(item) {
                    self.go(*place);
                }
            }
            Purpose::Race(mut offers) => {
                if item < offers.len() {
                    self.start_race(offers.swap_remove(item));
                } else {
                    self.look_at_last_race();
                }
            }
        }
    }

    fn form_key(&mut self, mut form: crate::tui::overlay::Form, key: KeyEvent) {
        let fields = form.fields(&self.experiment);
        let last = fields.len().saturating_sub(1);
        let field = fields.get(form.selected).copied();
        match key.code {
            _ if leaves(key) => return,
            KeyCode::Char('q') => return,
            KeyCode::Down | KeyCode::Char('j') | KeyCode::Tab => {
                form.selected = (form.selected + 1).min(last)
            }
            KeyCode::Up | KeyCode::Char('k') | KeyCode::BackTab => {
                form.selected = form.selected.saturating_sub(1)
            }
            KeyCode::Home | KeyCode::Char('g') => form.selected = 0,
            KeyCode::End | KeyCode::Char('G') => form.selected = last,
            _ => {}
        }
        self.overlays.push(Overlay::Form(form));
        let plain = !key
            .modifiers
            .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match key.code {
            KeyCode::Enter | KeyCode::Char(' ') => {
                if let Some(field) = field {
                    self.edit_field(field);
                }
            }
            KeyCode::Char('+' | '=') | KeyCode::Right => self.nudge(true),
            KeyCode::Char('-') | KeyCode::Left => self.nudge(false),
            KeyCode::Char('u') if plain => self.undo(),
            KeyCode::Char('r') if !plain => self.redo(),
            _ => {}
        }
    }
}

fn opens_a_path(list: &List, key: KeyEvent) -> bool {
    let is_path = list.matches.is_empty() && !list.line.text().trim().is_empty();
    matches!(list.purpose, Purpose::Open(_)) && is_path && key.code == KeyCode::Enter
}
