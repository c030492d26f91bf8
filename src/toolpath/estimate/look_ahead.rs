//! Look-ahead: the speed at both ends of every piece of motion and the highest in between.
//!
//! Backwards, no piece begins faster than it can slow down to what follows; forwards, none ends faster than it can speed
//! up to. Speeds are held as squares: `v² = u² + 2 a s` makes every step a sum.

/// A straight piece of motion. What `plan` decides is left at zero before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Piece {
    pub length: f64,
    pub acceleration: f64,
    /// Squares: of the speed wished for, and of the most that the corner at the beginning allows.
    pub nominal2: f64,
    pub entry2_max: f64,
    /// Squares of the speeds decided: at the beginning, in the middle, at the end.
    pub entry2: f64,
    pub top2: f64,
    pub exit2: f64,
}

impl Piece {
    /// What the square of the speed gains or loses over the whole length.
    fn gain2(&self) -> f64 {
        2.0 * self.acceleration * self.length
    }

    /// Seconds that it takes, once it is planned.
    pub fn time_s(&self) -> f64 {
        let (entry, top, exit) = (self.entry2.sqrt(), self.top2.sqrt(), self.exit2.sqrt());
        let ramps = (2.0 * self.top2 - self.entry2 - self.exit2) / (2.0 * self.acceleration);
        let cruise = (self.length - ramps).max(0.0);
        (2.0 * top - entry - exit) / self.acceleration + cruise / top.max(1e-9)
    }
}

/// Decides the speeds of consecutive pieces that end at a speed of which `stop2` is the square. `hump_share` is the share
/// of its acceleration at which a piece may speed up only to slow down again, 1 for all of it.
pub(super) fn plan(pieces: &mut [Piece], stop2: f64, hump_share: f64) {
    let mut next2 = stop2;
    for p in pieces.iter_mut().rev() {
        p.entry2 = p.entry2_max.min(next2 + p.gain2());
        next2 = p.entry2;
    }
    for i in 0..pieces.len() {
        let p = pieces[i];
        let reachable2 = p.entry2 + p.gain2();
        match pieces.get_mut(i + 1) {
            Some(next) => {
                next.entry2 = next.entry2.min(reachable2);
                pieces[i].exit2 = pieces[i + 1].entry2;
            }
            None => pieces[i].exit2 = stop2.min(reachable2),
        }
        let p = &mut pieces[i];
        p.top2 = p.nominal2.min((p.entry2 + p.exit2) / 2.0 + p.acceleration * p.length).max(p.entry2).max(p.exit2);
    }
    if hump_share < 1.0 {
        flatten(pieces, stop2, hump_share);
    }
}

/// Takes the tops off: between a place where the tool speeds up and one where it slows down it goes no faster than with
/// `share` of the accelerations, as Klipper does it (`minimum_cruise_ratio`).
///
/// Gentle speeds are planned beside the real ones. Where a gentle piece could begin slower than it can slow down to what
/// follows, it is no longer slowing down: there the hump has its peak, which caps that piece and the ones behind it that
/// only slow down.
fn flatten(pieces: &mut [Piece], stop2: f64, share: f64) {
    let mut gentle_entry2 = vec![0.0; pieces.len()];
    // Forwards: how fast the corners and the gentle acceleration let each piece begin.
    let mut reachable2 = f64::INFINITY;
    for (p, entry2) in pieces.iter().zip(&mut gentle_entry2) {
        *entry2 = p.entry2_max.min(reachable2);
        reachable2 = *entry2 + share * p.gain2();
    }
    // Backwards: the peaks. Pieces from the one behind `i` up to `slowing` wait for theirs.
    let (mut slowing, mut next2, mut peak2) = (pieces.len(), stop2, f64::INFINITY);
    for i in (0..pieces.len()).rev() {
        let gain2 = share * pieces[i].gain2();
        let reachable2 = next2 + gain2;
        let entry2 = gentle_entry2[i].min(reachable2);
        if entry2 < reachable2 {
            if slowing > i + 1 || entry2 + gain2 > next2 {
                peak2 = pieces[i].nominal2.min((entry2 + reachable2) / 2.0);
                let mut cap2 = peak2;
                for p in &mut pieces[i + 1..slowing.max(i + 1)] {
                    cap2 = cap2.min(p.entry2);
                    p.capped(cap2);
                }
            }
            pieces[i].capped(peak2);
            slowing = i;
        }
        next2 = entry2;
    }
}

impl Piece {
    /// Goes no faster than a speed of which `cap2` is the square.
    fn capped(&mut self, cap2: f64) {
        self.top2 = self.top2.min(cap2);
        self.entry2 = self.entry2.min(cap2);
        self.exit2 = self.exit2.min(cap2);
    }
}
