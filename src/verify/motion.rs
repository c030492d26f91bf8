//! What one move does, in machine coordinates, and the small states that several moves share.

/// The parameters of a move, in mm.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MoveWords {
    pub axes: [Option<f64>; 3],
    pub e: Option<f64>,
    pub f: Option<f64>,
    pub i: Option<f64>,
    pub j: Option<f64>,
    pub r: Option<f64>,
}

/// Where an axis is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Axis {
    /// In the coordinates of the words.
    pub logical: f64,
    /// What `G92` moved them by.
    pub shift: f64,
    /// Not before the first absolute move, nor after homing.
    pub known: bool,
    /// Since the motors were on.
    pub homed: bool,
    /// It is unknown because a macro or a probing command moved it, which leaves it at a place of its own.
    pub by_machine: bool,
}

impl Axis {
    pub(super) fn machine(&self) -> f64 {
        self.logical + self.shift
    }
}

/// An arc in the plane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arc {
    pub centre: [f64; 2],
    pub radius: f64,
    start: f64,
    /// Signed, counter-clockwise positive.
    pub sweep: f64,
}

/// Largest difference of an arc's radius at its two ends, mm, and its share of the radius. Marlin and Klipper draw what
/// they are told; beyond this the end is somewhere else than the file means.
const ARC_ENDS_MM: f64 = 0.05;
const ARC_ENDS_SHARE: f64 = 0.005;
/// How near the chords that stand for an arc are to it, mm, and how many there are at most: enough for a whole circle
/// larger than any plate.
const ARC_CHORDS_MM: f64 = 0.01;
const MOST_CHORDS: f64 = 4096.0;

impl Arc {
    /// The arc of a `G2` (clockwise) or `G3`; an error says what is wrong with it.
    pub(super) fn new(clockwise: bool, from: [f64; 2], to: [f64; 2], words: &MoveWords) -> Result<Self, String> {
        let centre = match (words.i, words.j, words.r) {
            (None, None, None) => return Err("the arc has neither I, J nor R".into()),
            (None, None, Some(r)) => {
                let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
                let chord = dx.hypot(dy);
                if chord == 0.0 {
                    return Err("the arc is given by its radius and ends where it begins".into());
                }
                if chord > 2.0 * r.abs() + ARC_ENDS_MM {
                    return Err(format!("the arc's ends are {chord:.3} mm apart, more than twice its radius of {r}"));
                }
                let height = (r * r - chord * chord / 4.0).max(0.0).sqrt();
                // The centre is on the left of the way for a short counter-clockwise arc.
                let height = if clockwise == (r > 0.0) { -height } else { height };
                [from[0] + dx / 2.0 - height * dy / chord, from[1] + dy / 2.0 + height * dx / chord]
            }
            (i, j, _) => [from[0] + i.unwrap_or(0.0), from[1] + j.unwrap_or(0.0)],
        };
        let radius = (from[0] - centre[0]).hypot(from[1] - centre[1]);
        let end_radius = (to[0] - centre[0]).hypot(to[1] - centre[1]);
        if radius < 1e-6 {
            return Err("the arc has no radius".into());
        }
        if (radius - end_radius).abs() > ARC_ENDS_MM + ARC_ENDS_SHARE * radius {
            return Err(format!(
                "the arc's radius is {radius:.3} mm where it begins and {end_radius:.3} mm where it ends"
            ));
        }
        let start = (from[1] - centre[1]).atan2(from[0] - centre[0]);
        let end = (to[1] - centre[1]).atan2(to[0] - centre[0]);
        let turn = std::f64::consts::TAU;
        let mut sweep = (end - start).rem_euclid(turn);
        if clockwise {
            sweep -= turn;
        }
        if sweep.abs() < 1e-9 {
            sweep = if clockwise { -turn } else { turn };
        }
        Ok(Self { centre, radius, start, sweep })
    }

    pub(super) fn length(&self) -> f64 {
        self.radius * self.sweep.abs()
    }

    /// Places along it between its ends, so that the chords between them are within 10 µm of it.
    pub(super) fn places(&self) -> impl Iterator<Item = [f64; 2]> {
        let step = 2.0 * (1.0 - (ARC_CHORDS_MM / self.radius).min(1.0)).acos();
        let count = (self.sweep.abs() / step).ceil().clamp(1.0, MOST_CHORDS) as u32;
        (1..count).map(move |k| {
            let (sin, cos) = (self.start + self.sweep * f64::from(k) / f64::from(count)).sin_cos();
            [self.centre[0] + self.radius * cos, self.centre[1] + self.radius * sin]
        })
    }
}

/// The extruder's filament: how much is pushed, and how much of it is drawn back.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Filament {
    pushed_mm: f64,
    /// As far as it was ever pushed.
    pub highest_mm: f64,
    /// What was drawn back when it was last drawn back furthest.
    drawn_mm: f64,
    /// It was pushed forward on the spot since it was last drawn back.
    returned: bool,
    pub firmware_retracted: bool,
}

/// Filament that may be drawn back while material is laid, mm: rounding of `E` words.
const DRAWN_TOLERANCE_MM: f64 = 0.02;

impl Filament {
    /// Moves the filament; `in_place` where nothing else moves.
    pub(super) fn push(&mut self, mm: f64, in_place: bool) {
        self.pushed_mm += mm;
        if mm < 0.0 {
            self.returned = false;
            self.drawn_mm = self.drawn_mm.max(self.highest_mm - self.pushed_mm);
        } else if in_place && mm > 0.0 {
            self.returned = true;
        }
        if self.pushed_mm >= self.highest_mm {
            self.highest_mm = self.pushed_mm;
            self.drawn_mm = 0.0;
        }
    }

    /// Forgets what was drawn back: another filament.
    pub(super) fn exchange(&mut self) {
        *self = Self { pushed_mm: self.pushed_mm, highest_mm: self.pushed_mm, ..Self::default() };
    }

    /// How much is still drawn back although material is to be laid; `None` where all is well. A slicer may push less
    /// than it drew back (negative extra length on restart), but not less than half of it.
    pub(super) fn still_drawn_mm(&self) -> Option<f64> {
        let drawn = self.highest_mm - self.pushed_mm;
        let allowed = if self.returned { self.drawn_mm / 2.0 } else { 0.0 };
        (drawn > allowed + DRAWN_TOLERANCE_MM).then_some(drawn)
    }
}

/// How fast moves follow each other, over as many as a firmware holds beforehand.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    times_s: [f64; PACE_MOVES],
    count: usize,
    is_too_fast: bool,
    /// Where they were too fast; `None` as long as they never were.
    pub haste: Option<Haste>,
}

/// Places at which moves follow each other faster than a machine can be fed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Haste {
    pub places: usize,
    /// The most moves a second.
    pub per_s: f64,
    /// First and last layer, counted from 0; `None` before the first layer.
    pub first: Option<usize>,
    pub last: Option<usize>,
}

/// Moves that are looked at together. Marlin holds 16, others more: fewer at a time starve nobody.
const PACE_MOVES: usize = 64;

impl Default for Pace {
    fn default() -> Self {
        Self { times_s: [0.0; PACE_MOVES], count: 0, is_too_fast: false, haste: None }
    }
}

impl Pace {
    /// Adds a move of a layer that takes some time at its feed.
    pub(super) fn add(&mut self, time_s: f64, most_per_s: f64, layer: Option<usize>) {
        self.times_s[self.count % PACE_MOVES] = time_s;
        self.count += 1;
        if self.count < PACE_MOVES {
            return;
        }
        let per_s = PACE_MOVES as f64 / self.times_s.iter().sum::<f64>().max(1e-9);
        let was_too_fast = std::mem::replace(&mut self.is_too_fast, per_s > most_per_s);
        if self.is_too_fast {
            let haste = self.haste.get_or_insert(Haste { places: 0, per_s, first: layer, last: layer });
            haste.places += usize::from(!was_too_fast);
            haste.per_s = haste.per_s.max(per_s);
            haste.last = layer;
        }
    }
}

/// The flow along a road, taken over stretches long enough for the pressure in a nozzle to follow.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stretch {
    length_mm: f64,
    volume_mm3: f64,
    time_s: f64,
}

/// Length of a stretch, mm, and the least that says anything.
const STRETCH_MM: f64 = 2.0;
const LEAST_STRETCH_MM: f64 = 0.5;

impl Stretch {
    /// Adds a printing move; gives the flow in mm³/s where a stretch is complete.
    pub(super) fn add(&mut self, length_mm: f64, volume_mm3: f64, feed_mm_per_s: f64) -> Option<f64> {
        self.length_mm += length_mm;
        self.volume_mm3 += volume_mm3;
        self.time_s += length_mm / feed_mm_per_s;
        if self.length_mm < STRETCH_MM { None } else { self.end() }
    }

    /// Ends the stretch; gives its flow where it is long enough.
    pub(super) fn end(&mut self) -> Option<f64> {
        let stretch = std::mem::take(self);
        (stretch.length_mm >= LEAST_STRETCH_MM && stretch.time_s > 0.0).then(|| stretch.volume_mm3 / stretch.time_s)
    }
}
