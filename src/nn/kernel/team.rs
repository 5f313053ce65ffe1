//! Work cut into shares that may run side by side. Nothing here makes a thread: whoever builds a network may give it a
//! [`Team`]. A share is a fixed run of features or rows, so that each core keeps the same weights in its caches; every sum is
//! made within one share in the order that it has without a team, so no number depends on how many there are.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// The most shares that work is cut into.
pub const MAX_MEMBERS: usize = 8;

/// Multiply-adds below which a share is not worth the wait for another core.
const LEAST_WORK: usize = 1 << 15;

/// On cache lines of its own, and of those that are fetched in pairs: a line that two cores write goes from one to the other each
/// time.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Apart<T>(pub T);

/// Threads that wait for work.
pub trait Team: Send + Sync + std::fmt::Debug {
    /// How many calls of `work` run at the same time, at least 1.
    fn members(&self) -> usize;
    /// Calls `work(share)` once for every share in `0..shares`, and returns when all calls have. Who makes a call is left
    /// open; a member that is free takes the share of its own number first.
    fn run(&self, shares: usize, work: &(dyn Fn(usize) + Sync));
}

/// Who does a layer's work: the caller alone, or a team with it.
///
/// Two words, which a call hands over in registers.
#[derive(Clone, Copy, Debug)]
pub struct Crew<'a> {
    team: Option<&'a Arc<dyn Team>>,
    members: usize,
}

impl<'a> Crew<'a> {
    pub const ALONE: Crew<'static> = Crew {
        team: None,
        members: 1,
    };

    /// `most` members of `team`, the caller among them.
    pub fn of(team: Option<&'a Arc<dyn Team>>, most: usize) -> Self {
        let members = team
            .map_or(1, |team| team.members())
            .min(most)
            .clamp(1, MAX_MEMBERS);
        Crew {
            team: team.filter(|_| members > 1),
            members,
        }
    }
    /// How many share the work, the caller among them.
    pub fn members(self) -> usize {
        self.members
    }
    /// Alone where there is too little to do for more.
    pub fn for_work(self, multiply_adds: usize) -> Self {
        if multiply_adds < LEAST_WORK {
            Crew::ALONE
        } else {
            self
        }
    }
    pub fn is_alone(self) -> bool {
        self.team.is_none()
    }
    /// The share of `0..n` that belongs to `member`.
    fn share(self, n: usize, member: usize) -> Range<usize> {
        if self.is_alone() {
            // two divisions less, which a small layer feels
            return 0..n;
        }
        // the last have what does not divide: of groups the last one may be smaller
        let end = |members: usize| n * members / self.members;
        end(member)..end(member + 1)
    }
    /// The shares of `0..n` that are not empty, one a member.
    pub fn shares(self, n: usize) -> impl Iterator<Item = Range<usize>> {
        let all = (0..self.members).map(move |member| self.share(n, member));
        all.filter(|share| !share.is_empty())
    }
    /// Does `work` on every piece, a piece a member; the pieces past the last member stay undone.
    pub fn each<P: Send>(self, pieces: impl IntoIterator<Item = P>, work: impl Fn(P) + Sync) {
        let pieces = pieces.into_iter();
        let Some(team) = self.team else {
            return pieces.for_each(work);
        };
        let pieces = pieces.take(self.members);
        match self.members {
            2 => hand_out::<P, 2>(team, pieces, &work),
            _ => hand_out::<P, MAX_MEMBERS>(team, pieces, &work),
        }
    }
}

/// To at most so many members.
fn hand_out<P: Send, const MEMBERS: usize>(
    team: &Arc<dyn Team>,
    mut pieces: impl Iterator<Item = P>,
    work: &(impl Fn(P) + Sync),
) {
    // a lock that nobody else wants costs nothing to speak of, and hands a piece over without unsafe code
    let mut count = 0;
    let pieces: [Mutex<Option<P>>; MEMBERS] = std::array::from_fn(|_| {
        let piece = pieces.next();
        count += usize::from(piece.is_some());
        Mutex::new(piece)
    });
    team.run(count, &|share| {
        let Some(place) = pieces.get(share) else {
            return;
        };
        let piece = place.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(piece) = piece {
            work(piece);
        }
    });
}

impl Crew<'_> {
    /// Cuts a slice of rows, `ld` elements each, into the members' shares, and does `work` on each.
    pub fn each_of_rows<T: Send>(
        self,
        (rows, ld): (usize, usize),
        data: &mut [T],
        work: impl Fn(Range<usize>, &mut [T]) + Sync,
    ) {
        if self.is_alone() {
            return work(0..rows, data);
        }
        self.each(row_shares(self, rows, ld, data), |(rows, data)| {
            work(rows, data);
        });
    }
}

/// Cuts a slice of rows, `ld` elements each, into the members' shares; nobody's is empty.
pub fn row_shares<'a, T>(
    crew: Crew<'a>,
    rows: usize,
    ld: usize,
    mut data: &'a mut [T],
) -> impl Iterator<Item = (Range<usize>, &'a mut [T])> {
    crew.shares(rows).map(move |share| {
        let (own, rest) = std::mem::take(&mut data).split_at_mut(share.len() * ld);
        data = rest;
        (share, own)
    })
}

/// The shares of `0..rows` in whole groups; the last group may be smaller.
pub fn grouped(crew: Crew<'_>, rows: usize, group: usize) -> impl Iterator<Item = Range<usize>> {
    let groups = crew.shares(rows.div_ceil(group));
    groups.map(move |share| share.start * group..(share.end * group).min(rows))
}
