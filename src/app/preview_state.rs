//! How the layers are looked at: which ones, how far into the last, coloured by what, and what is left out.

use std::collections::BTreeSet;

use crate::render::ColorBy;
use crate::toolpath::Role;

/// How long a whole layer plays at most.
const LAYER_PLAYS_S: f64 = 12.0;
const SLOWEST_MOVES_PER_S: f64 = 15.0;

/// What is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PreviewState {
    /// First and last layer shown, counted from 0. `None` shows all.
    pub layers: Option<(usize, usize)>,
    /// How many moves of the last layer are shown; `None` shows all.
    pub moves: Option<usize>,
    /// When the playing began and from which move, in seconds of the window's clock.
    pub playing: Option<(f64, usize)>,
    pub color_by: ColorBy,
    pub hidden: BTreeSet<Role>,
    pub travels: bool,
    pub retractions: bool,
    pub seams: bool,
}

impl PreviewState {
    /// First and last layer shown out of so many.
    pub fn shown(&self, count: usize) -> (usize, usize) {
        let last = count.saturating_sub(1);
        let (low, high) = self.layers.unwrap_or((0, last));
        (low.min(high).min(last), high.min(last))
    }

    /// How many moves of the last shown layer are drawn at a moment, while it plays or stands.
    pub fn moves_at(&self, now_s: f64, count: usize) -> usize {
        match self.playing {
            Some((begun_s, from)) => {
                let pace = (count as f64 / LAYER_PLAYS_S).max(SLOWEST_MOVES_PER_S);
                (from + ((now_s - begun_s).max(0.0) * pace) as usize).min(count)
            }
            None => self.moves.unwrap_or(count).min(count),
        }
    }

    /// Shows layers up to this one.
    pub fn show_layers(&mut self, low: usize, high: usize) {
        self.layers = Some((low.min(high), high));
        self.moves = None;
        self.playing = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_fits_the_layers_that_there_are() {
        let mut state = PreviewState::default();
        assert_eq!(state.shown(10), (0, 9));
        state.show_layers(3, 7);
        assert_eq!(state.shown(10), (3, 7));
        // A plan with fewer layers came in.
        assert_eq!(state.shown(5), (3, 4));
        assert_eq!(state.shown(0), (0, 0));
    }

    #[test]
    fn a_layer_plays_to_its_end_and_stays_there() {
        let state = PreviewState { playing: Some((10.0, 5)), ..PreviewState::default() };
        assert_eq!(state.moves_at(10.0, 120), 5);
        assert!(state.moves_at(11.0, 120) > 5);
        assert_eq!(state.moves_at(1000.0, 120), 120);
    }
}
