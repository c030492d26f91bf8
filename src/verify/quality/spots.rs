//! Where on a layer a figure comes from: sums over squares of the plate.

use std::collections::BTreeMap;

use super::report::{Blemish, SPOT_MM, Spot};

/// The sums of one layer.
#[derive(Clone, Debug, Default)]
pub(super) struct Spots {
    sums: BTreeMap<(Blemish, i32, i32), f64>,
}

impl Spots {
    pub(super) fn add(&mut self, blemish: Blemish, place_mm: [f64; 2], amount: f64) {
        let [column, row] = place_mm.map(|v| (v / SPOT_MM).floor() as i32);
        *self.sums.entry((blemish, column, row)).or_default() += amount;
    }

    /// The heaviest square of each blemish.
    pub(super) fn worst(&self, layer: usize, z_mm: f64) -> Vec<Spot> {
        let mut worst: BTreeMap<Blemish, Spot> = BTreeMap::new();
        for (&(blemish, column, row), &amount) in &self.sums {
            let at_mm = [column, row].map(|v| (f64::from(v) + 0.5) * SPOT_MM);
            let spot = Spot { blemish, layer, z_mm, at_mm, amount };
            let best = worst.entry(blemish).or_insert(spot);
            if best.amount < amount {
                *best = spot;
            }
        }
        worst.into_values().collect()
    }
}
