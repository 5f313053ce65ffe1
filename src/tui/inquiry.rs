//! What takes longer to find out than a frame may take: theory of a thousand layers, the moments of a million rows, the search
//! for a change that helps. A question holds all that it takes; its answers come back as messages.

use super::edit::{Choice, Slot};
use super::overlay::preview::Foreseen;
use crate::data::Dataset;
use crate::experiment::{Experiment, resolve};
use crate::insight::theory::{self, Setting, Theory};
use crate::insight::{Advice, Case, Fix, Seen, Symptoms, advise, cause};
use crate::nn::spec::NetworkSpec;
use crate::nn::vocabulary::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Weak};

/// Held by who waits for answers. Questions hold it weakly: with the last holder they are no longer wanted.
#[derive(Clone, Debug, Default)]
pub struct Ticket(Arc<()>);

impl Ticket {
    pub fn is_of(&self, answer: &Answer) -> bool {
        std::ptr::eq(Arc::as_ptr(&self.0), answer.ticket.as_ptr())
    }

    pub fn is(&self, other: &Ticket) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Clone, Debug)]
pub struct Question {
    ticket: Weak<()>,
    pub experiment: Box<Experiment>,
    pub data: Arc<Dataset>,
    /// The rows' moments for a batch of one, where they are known.
    pub moments: Option<Setting>,
    pub about: About,
}

#[derive(Clone, Debug)]
pub enum About {
    /// The variance maps of the network as it is.
    Theory(NetworkSpec),
    /// What each of a picker's entries would make of it, in this order: their places in the list.
    Entries(Slot, VecDeque<(usize, Choice)>),
    /// The change that helps against a verdict.
    Fix(Symptoms, NetworkSpec),
    /// Everything that calls for a change, beside what is measured.
    Advice(NetworkSpec, Option<Seen>),
}

#[derive(Clone, Debug)]
pub struct Answer {
    ticket: Weak<()>,
    pub found: Found,
}

#[derive(Clone, Debug)]
pub enum Found {
    Theory {
        moments: Box<Setting>,
        theory: Option<Theory>,
    },
    /// The place in the list, and what comes of it.
    Entry(usize, Foreseen),
    Fix(Symptoms, Option<Fix>),
    Advice(Vec<Advice>),
    /// The question could not be answered: a fault of the program.
    Nothing(String),
}

impl About {
    /// A question takes the place of a waiting one of its kind.
    pub fn is_like(&self, other: &About) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Whether it tries many candidates: a search must not keep what the person looks at waiting.
    pub fn is_search(&self) -> bool {
        matches!(self, About::Fix(..) | About::Advice(..))
    }
}

impl Question {
    pub fn new(
        ticket: &Ticket,
        experiment: &Experiment,
        data: &Arc<Dataset>,
        moments: Option<Setting>,
        about: About,
    ) -> Self {
        Self {
            ticket: Arc::downgrade(&ticket.0),
            experiment: Box::new(experiment.clone()),
            data: Arc::clone(data),
            moments,
            about,
        }
    }

    /// Whether somebody still waits for the answer.
    pub fn is_wanted(&self) -> bool {
        self.ticket.strong_count() > 0
    }

    /// The same, for whoever does not hold the question.
    pub fn wanted(&self) -> impl Fn() -> bool + 'static {
        let ticket = Weak::clone(&self.ticket);
        move || ticket.strong_count() > 0
    }

    /// The next answer, and whether the question has more of them.
    pub fn answer(&mut self) -> (Answer, bool) {
        let (found, more) = self.find();
        (self.say(found), more)
    }

    pub fn say(&self, found: Found) -> Answer {
        Answer {
            ticket: Weak::clone(&self.ticket),
            found,
        }
    }

    /// All answers, where nobody waits for them.
    pub fn answers(mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        loop {
            let (answer, more) = self.answer();
            answers.push(answer);
            if !more {
                return answers;
            }
        }
    }

    fn find(&mut self) -> (Found, bool) {
        let moments = *self
            .moments
            .get_or_insert_with(|| Setting::of(&self.data, 1));
        let setting = setting(moments, &self.experiment, &self.data);
        let case = |spec| Case {
            experiment: &self.experiment,
            spec,
            setting: &setting,
        };
        match &mut self.about {
            About::Theory(spec) => {
                let theory = theory::predict(spec, &setting).ok();
                let moments = Box::new(moments);
                (Found::Theory { moments, theory }, false)
            }
            About::Entries(slot, left) => {
                let Some((item, choice)) = left.pop_front() else {
                    return (Found::Nothing("no entry is left".into()), false);
                };
                let more = !left.is_empty();
                let foreseen = foresee(&self.experiment, &self.data, moments, *slot, choice);
                (Found::Entry(item, foreseen), more)
            }
            About::Fix(symptoms, spec) => {
                let fix = cause::fix(*symptoms, &case(spec));
                (Found::Fix(*symptoms, fix), false)
            }
            About::Advice(spec, seen) => {
                let advice = advise(&case(spec), seen.as_ref());
                (Found::Advice(advice), false)
            }
        }
    }
}

/// What theory has to know of an experiment on rows of these moments.
fn setting(moments: Setting, experiment: &Experiment, data: &Dataset) -> Setting {
    Setting {
        batch: experiment.training.batch_size.rows(data.train.len()),
        ..moments
    }
}

fn foresee(
    experiment: &Experiment,
    data: &Dataset,
    moments: Setting,
    slot: Slot,
    choice: Choice,
) -> Foreseen {
    let candidate = match candidate(experiment, slot, choice) {
        Ok(candidate) => candidate,
        Err(why) => return Foreseen::Nothing(why),
    };
    let spec = match resolve::for_data(&candidate, data) {
        Ok(spec) => spec,
        Err(why) => return Foreseen::Nothing(why.to_string()),
    };
    match theory::predict(&spec, &setting(moments, &candidate, data)) {
        Ok(theory) => Foreseen::Network(crate::insight::Foresight::of(&theory, &spec)),
        Err(none) => Foreseen::Nothing(none.to_string()),
    }
}

/// The experiment with a picker's entry in its place; `Err` says why there is none yet.
pub fn candidate(
    experiment: &Experiment,
    slot: Slot,
    choice: Choice,
) -> Result<Experiment, String> {
    // What is there now has the values that it was given, not the table's.
    if slot.get(experiment).map(|(now, _)| now) == Some(choice) {
        return Ok(experiment.clone());
    }
    let parameters = slot.parameters(experiment, choice);
    if let Some(missing) = parameters.iter().find(|p| p.default.is_none()) {
        return Err(format!("enter asks for its {}", missing.name));
    }
    let values: Vec<Value> = parameters.into_iter().filter_map(|p| p.default).collect();
    let mut candidate = experiment.clone();
    if slot.set(&mut candidate, choice, &values) {
        Ok(candidate)
    } else {
        Err("does not fit here".into())
    }
}
