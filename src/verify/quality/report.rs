//! What was measured.

use crate::report::Notice;
use crate::toolpath::estimate::Estimate;
use crate::toolpath::{Role, Step, Toolpath};

/// What a place is conspicuous for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Blemish {
    BareThinPart,
    BareWall,
    BareShell,
    Overfilled,
    Underfilled,
    NeedlessSolid,
    BareOutline,
    Unsupported,
    Seam,
}

impl Blemish {
    pub const ALL: [Blemish; 9] = [
        Blemish::BareThinPart,
        Blemish::BareWall,
        Blemish::BareShell,
        Blemish::Overfilled,
        Blemish::Underfilled,
        Blemish::NeedlessSolid,
        Blemish::BareOutline,
        Blemish::Unsupported,
        Blemish::Seam,
    ];
}

/// A place that contributes much to a figure: a square of [`SPOT_MM`] of one layer.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Spot {
    pub blemish: Blemish,
    /// Counted from 0.
    pub layer: usize,
    pub z_mm: f64,
    /// Middle of the square on the plate.
    pub at_mm: [f64; 2],
    /// What it contributes: mm² of area, mm of length, or the number of seams.
    pub amount: f64,
}

/// Side of a [`Spot`], mm.
pub const SPOT_MM: f64 = 5.0;

/// What is added up over a layer or a whole file; areas in mm², lengths in mm.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct QualitySums {
    /// Length of outer wall that was measured, its signed errors, and their squares, each times the length.
    pub outer_wall_mm: f64,
    pub outer_wall_error_mm2: f64,
    pub outer_wall_error_mm3: f64,
    pub outline_mm: f64,
    pub bare_outline_mm: f64,
    pub thin_mm2: f64,
    pub bare_thin_mm2: f64,
    pub wall_mm2: f64,
    pub bare_wall_mm2: f64,
    pub shell_mm2: f64,
    pub bare_shell_mm2: f64,
    pub solid_mm2: f64,
    pub overfilled_mm2: f64,
    pub underfilled_mm2: f64,
    pub sparse_mm2: f64,
    pub needless_solid_mm2: f64,
    pub unsupported_mm: f64,
    pub road_mm: f64,
    pub travel_mm: f64,
    pub loose_travel_mm: f64,
    pub retractions: usize,
    pub segments: usize,
    pub segments_below_50_um: usize,
    pub segments_below_100_um: usize,
    pub seams: usize,
    pub seams_followed: usize,
}

impl QualitySums {
    pub(super) fn add(&mut self, other: &Self) {
        self.outer_wall_mm += other.outer_wall_mm;
        self.outer_wall_error_mm2 += other.outer_wall_error_mm2;
        self.outer_wall_error_mm3 += other.outer_wall_error_mm3;
        self.outline_mm += other.outline_mm;
        self.bare_outline_mm += other.bare_outline_mm;
        self.thin_mm2 += other.thin_mm2;
        self.bare_thin_mm2 += other.bare_thin_mm2;
        self.wall_mm2 += other.wall_mm2;
        self.bare_wall_mm2 += other.bare_wall_mm2;
        self.shell_mm2 += other.shell_mm2;
        self.bare_shell_mm2 += other.bare_shell_mm2;
        self.solid_mm2 += other.solid_mm2;
        self.overfilled_mm2 += other.overfilled_mm2;
        self.underfilled_mm2 += other.underfilled_mm2;
        self.sparse_mm2 += other.sparse_mm2;
        self.needless_solid_mm2 += other.needless_solid_mm2;
        self.unsupported_mm += other.unsupported_mm;
        self.road_mm += other.road_mm;
        self.travel_mm += other.travel_mm;
        self.loose_travel_mm += other.loose_travel_mm;
        self.retractions += other.retractions;
        self.segments += other.segments;
        self.segments_below_50_um += other.segments_below_50_um;
        self.segments_below_100_um += other.segments_below_100_um;
        self.seams += other.seams;
        self.seams_followed += other.seams_followed;
    }

    /// The figures that follow. `time_s` is not among the sums.
    pub(super) fn figures(&self, time_s: f64) -> QualityFigures {
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        let mean = share(self.outer_wall_error_mm2, self.outer_wall_mm);
        let square = share(self.outer_wall_error_mm3, self.outer_wall_mm);
        QualityFigures {
            outer_wall_mean_mm: mean,
            outer_wall_deviation_mm: mean.zip(square).map(|(m, s)| (s - m * m).max(0.0).sqrt()),
            bare_outline: share(self.bare_outline_mm, self.outline_mm),
            bare_thin_parts: share(self.bare_thin_mm2, self.thin_mm2),
            wall_cover: share(self.wall_mm2 - self.bare_wall_mm2, self.wall_mm2),
            shell_cover: share(self.shell_mm2 - self.bare_shell_mm2, self.shell_mm2),
            overfilled: share(self.overfilled_mm2, self.solid_mm2),
            underfilled: share(self.underfilled_mm2, self.solid_mm2),
            needless_solid: share(self.needless_solid_mm2, self.sparse_mm2),
            unsupported_mm: self.unsupported_mm,
            travel_mm: self.travel_mm,
            loose_travel_mm: self.loose_travel_mm,
            retractions: self.retractions,
            seams_followed: share(self.seams_followed as f64, self.seams as f64),
            segments_below_50_um: share(self.segments_below_50_um as f64, self.segments as f64),
            segments_below_100_um: share(self.segments_below_100_um as f64, self.segments as f64),
            time_s,
        }
    }
}

/// The figures of a file. Shares are 0 to 1, and `None` where there is nothing to take a share of. Each is defined in
/// [the module's docs](super).
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct QualityFigures {
    pub outer_wall_mean_mm: Option<f64>,
    pub outer_wall_deviation_mm: Option<f64>,
    pub bare_outline: Option<f64>,
    pub bare_thin_parts: Option<f64>,
    pub wall_cover: Option<f64>,
    pub shell_cover: Option<f64>,
    pub overfilled: Option<f64>,
    pub underfilled: Option<f64>,
    pub needless_solid: Option<f64>,
    pub unsupported_mm: f64,
    pub travel_mm: f64,
    pub loose_travel_mm: f64,
    pub retractions: usize,
    pub seams_followed: Option<f64>,
    pub segments_below_50_um: Option<f64>,
    pub segments_below_100_um: Option<f64>,
    pub time_s: f64,
}

/// One layer of the file.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct LayerQuality {
    pub z_mm: f64,
    pub height_mm: f64,
    #[serde(flatten)]
    pub sums: QualitySums,
}

/// What the roads of one kind take, skirt and supports included.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct RoleQuality {
    pub role: Role,
    pub time_s: f64,
    pub length_mm: f64,
    pub roads: usize,
    pub segments: usize,
    pub segments_below_100_um: usize,
}

/// Where the time goes: roads by kind, and what is between them.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct TimeShares {
    /// Those that there are, in the order of [`Role::ALL`].
    pub roles: Vec<RoleQuality>,
    pub travel_s: f64,
    pub retraction_s: f64,
}

impl TimeShares {
    pub(super) fn of(toolpath: &Toolpath, estimate: &Estimate) -> Self {
        let mut roles: Vec<RoleQuality> = Role::ALL
            .into_iter()
            .zip(&estimate.roles)
            .map(|(role, part)| {
                let (time_s, length_mm) = (part.time_s, part.length_mm);
                RoleQuality { role, time_s, length_mm, roads: 0, segments: 0, segments_below_100_um: 0 }
            })
            .collect();
        for step in toolpath.layers.iter().flat_map(|layer| &layer.steps) {
            let Step::Extrude(road) = step else { continue };
            let Some(of_role) = roles.iter_mut().find(|r| r.role == road.role) else { continue };
            let (count, short) = super::motion::pieces(road, 0.1);
            of_role.roads += 1;
            of_role.segments += count;
            of_role.segments_below_100_um += short;
        }
        roles.retain(|role| role.roads > 0);
        Self { roles, travel_s: estimate.travel.time_s, retraction_s: estimate.retraction_time_s }
    }
}

/// The outcome of a measurement.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct QualityReport {
    pub figures: QualityFigures,
    pub sums: QualitySums,
    pub shares: TimeShares,
    /// The worst places, the worst of each blemish first.
    pub spots: Vec<Spot>,
    pub layers: Vec<LayerQuality>,
    /// What makes the figures doubtful.
    pub notices: Vec<Notice>,
}

/// A file that has less than this share of its outline in place does not print this model.
const STRANGE: f64 = 0.5;

impl QualityReport {
    /// Whether the file prints the model at all, and not another one, or this one turned or scaled.
    pub fn prints_model(&self) -> bool {
        self.figures.bare_outline.is_some_and(|share| share <= STRANGE)
    }
}
