//! The mouse: a click focuses a pane and selects the row under it, a second one there acts. Keys with their words are buttons: in
//! the footer, in the verdict, in panes' frames, in questions. The wheel scrolls, and over the curves zooms time.

use super::App;
use crate::tui::footer;
use crate::tui::layout::Pane;
use crate::tui::overlay::{Overlay, question, view};
use crate::tui::panes;
use crate::tui::race;
use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

impl App {
    pub(super) fn mouse(&mut self, event: MouseEvent) {
        let at = Position::new(event.column, event.row);
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                // What a notice covers is not what is clicked there.
                if self.toast.take().is_some() && self.layout().footer.contains(at) {
                    return;
                }
                // One click selects, the next on the same row acts.
                let again = std::mem::take(&mut self.clicked);
                if self.finder.is_some() && self.overlays.is_empty() {
                    return;
                }
                if self.race.is_some() && self.overlays.is_empty() {
                    return self.click_race(at, again);
                }
                if !self.overlays.is_empty() {
                    self.click_overlay(at, again);
                } else if !self.click_word(at) && !self.grab(at) {
                    self.click(at, again);
                }
            }
            MouseEventKind::Drag(MouseButton::Left) => self.drag_to(at),
            MouseEventKind::Up(_) => self.drag = None,
            MouseEventKind::ScrollDown | MouseEventKind::ScrollUp
                if self.is_on_time(at, event.modifiers) =>
            {
                let up = event.kind == MouseEventKind::ScrollUp;
                if event.modifiers.contains(KeyModifiers::SHIFT) {
                    self.pan_time(!up);
                } else {
                    self.zoom_time(up);
                }
            }
            MouseEventKind::ScrollLeft => self.pan_time(false),
            MouseEventKind::ScrollRight => self.pan_time(true),
            MouseEventKind::ScrollDown => self.wheel(at, 1),
            MouseEventKind::ScrollUp => self.wheel(at, -1),
            _ => {}
        }
    }

    /// Whether the wheel zooms or pans time here: over the curves, which have nothing to scroll, and with control or shift
    /// over the flow.
    fn is_on_time(&self, at: Position, modifiers: KeyModifiers) -> bool {
        let held = modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::SHIFT);
        let free = self.overlays.is_empty() && self.race.is_none() && self.finder.is_none();
        let panes = self.layout().panes;
        free && panes.iter().any(|(pane, area)| {
            area.contains(at) && (*pane == Pane::Loss || (*pane == Pane::Flow && held))
        })
    }

    /// Does what the words say that are under the pointer, in the footer, the verdict or a pane's frame; whether there are any.
    fn click_word(&mut self, at: Position) -> bool {
        let layout = self.layout();
        if layout.footer.contains(at) {
            if let Some(action) = footer::action_at(self, layout.footer, at.x) {
                self.act(action);
            }
            return true;
        }
        let in_verdict = panes::verdict::action_at(self, layout.verdict, at);
        let mut there = layout.panes.iter().filter(|(_, area)| area.contains(at));
        let in_frame = there.find_map(|(pane, area)| {
            let action = panes::frame::action_at(self, *pane, *area, at)?;
            Some((*pane, action))
        });
        match (in_verdict, in_frame) {
            (Some(action), _) => self.act(action),
            (None, Some((pane, action))) => {
                self.focus = pane;
                self.act(action);
            }
            (None, None) => return false,
        }
        true
    }

    fn click(&mut self, at: Position, again: bool) {
        let layout = self.layout();
        let Some((pane, area)) = layout.panes.into_iter().find(|(_, area)| area.contains(at))
        else {
            return;
        };
        let again = again && self.focus == pane;
        self.focus = pane;
        let inside = panes::inside(area);
        if !inside.contains(at) {
            return;
        }
        match pane {
            Pane::Network => {
                if let Some((first, row)) = panes::network::row_at(self, inside, at.y - inside.y) {
                    let twice = again && row == self.network_row;
                    self.network_first = Some(first);
                    self.network_row = row;
                    self.follow_network();
                    self.clicked = !twice;
                    if twice {
                        self.edit_selected();
                    }
                }
            }
            Pane::Training => {
                if let Some(row) = panes::training::row_at(self, area, at) {
                    let twice = again && row == self.training_row;
                    self.training_row = row;
                    self.clicked = !twice;
                    if twice {
                        self.edit_selected();
                    }
                }
            }
            Pane::Flow => {
                if let Some(step) = panes::flow::position_at(self, area, at) {
                    self.position = Some(step);
                } else if let Some(layer) = panes::flow::layer_at(self, area, at.x, at.y) {
                    self.layer = layer;
                    self.follow_flow();
                }
            }
            Pane::Loss | Pane::Layer | Pane::Data => {}
        }
        self.clamp();
    }

    /// Selects the variant under the pointer; once more takes it over.
    fn click_race(&mut self, at: Position, again: bool) {
        let body = self.layout().body();
        let Some(race) = &mut self.race else {
            return;
        };
        if let Some((first, lane)) = race::view::lane_at(race, body, at) {
            race.first = Some(first);
            if again && race.selected == lane {
                self.take_over(lane);
            } else {
                race.selected = lane;
                self.clicked = true;
            }
        }
    }

    fn click_overlay(&mut self, at: Position, again: bool) {
        let screen = Rect::new(0, 0, self.size.width, self.size.height);
        let Some(overlay) = self.overlays.last().filter(|o| o.is_seen()) else {
            return;
        };
        let area = view::area(overlay, self, screen);
        let footer = self.layout().footer;
        let is_beside = !area.contains(at);
        let key = match overlay {
            _ if is_beside => footer::key_at(self, footer, at.x).filter(|_| footer.contains(at)),
            overlay if overlay.is_question() => question::key_at(overlay, self, area, at),
            _ => None,
        };
        if let Some(key) = key {
            return self.key(key.into());
        }
        if is_beside {
            // A click beside it closes it, but not a question, and not where the keys stand.
            let stays = overlay.is_question() || matches!(overlay, Overlay::Prompt(_));
            if !stays && !footer.contains(at) {
                self.overlays.pop();
            }
            return;
        }
        let Some(overlay) = self.overlays.pop() else {
            return;
        };
        let row = view::row_at(&overlay, self, screen, at);
        match (overlay, row) {
            (Overlay::List(mut list), Some((first, row))) => {
                list.first = Some(first);
                if again
                    && list.selected == row
                    && let Some((item, _)) = list.current()
                {
                    return self.chosen(list.purpose, item);
                }
                list.selected = row.min(list.matches.len().saturating_sub(1));
                self.clicked = true;
                self.overlays.push(Overlay::List(list));
            }
            (Overlay::Form(mut form), Some((first, row))) => {
                form.first = Some(first);
                let twice = again && form.selected == row;
                form.selected = row;
                self.clicked = !twice;
                self.overlays.push(Overlay::Form(form));
                if twice && let Some(field) = self.selected_field() {
                    self.edit_field(field);
                }
            }
            (other, _) => self.overlays.push(other),
        }
        self.clamp();
    }

    fn wheel(&mut self, at: Position, by: isize) {
        self.clicked = false;
        match self.overlays.last_mut() {
            Some(Overlay::List(list)) => list.shift(by),
            Some(Overlay::Form(form)) => form.selected = form.selected.saturating_add_signed(by),
            Some(Overlay::Text { text, scroll, .. }) => {
                let screen = Rect::new(0, 0, self.size.width, self.size.height);
                let last = view::last_scroll(text, screen);
                *scroll = scroll.saturating_add_signed(by).min(last);
            }
            Some(_) => {}
            None if self.race.is_some() => {
                if let Some(race) = &mut self.race {
                    race.select(by);
                }
            }
            None if self.finder.is_some() => {
                if let Some(finder) = &mut self.finder {
                    finder.move_marker(by);
                }
            }
            None => {
                let layout = self.layout();
                if let Some((pane, _)) =
                    layout.panes.into_iter().find(|(_, area)| area.contains(at))
                {
                    let focus = std::mem::replace(&mut self.focus, pane);
                    self.move_selection(by);
                    self.focus = focus;
                }
            }
        }
        self.clamp();
    }
}
