//! Lays the roads of supports: walls and lines of the base, dense interfaces, and the first layer.

use std::f64::consts::FRAC_PI_2;

use crate::geometry::{Centreline, Polyline, Region, centrelines};
use crate::process::fdm::flow::{rounding_mm, spacing_mm};
use crate::process::fdm::infill::aligned_rectilinear::AlignedRectilinear;
use crate::process::fdm::infill::honeycomb::Honeycomb;
use crate::process::fdm::infill::solid::{self, Reach, Solid};
use crate::process::fdm::infill::{Pattern, Sheet};
use crate::process::fdm::stages::Fill;
use crate::settings::{SolidPattern, SupportInterfacePattern, SupportPattern};
use crate::toolpath::{Role, road_area_mm2};

use super::levels::SAME_MM;
use super::{CORNERS, SupportSettings};

/// Ends of lines further apart along the border than this many distances between lines are not joined.
const LONGEST_LINK: f64 = 3.0;
/// Branches with a cross-section from this on have two walls.
const TWO_WALLS_MM2: f64 = 3.0;
/// Strips of interface at least this many roads wide get two.
const ROOM_FOR_TWO: f64 = 1.5;
/// A nozzle does not lay a road that sticks below this share of a road's width.
const NARROWEST: f64 = 0.6;
/// At most this share of a line is taken off at each end.
const MOST_OF_LINE: f64 = 0.35;
/// How far lines reach into the wall around them, as a share of a road's width.
const OVERLAP: f64 = 0.1;

/// The roads of one level.
#[derive(Clone, Copy)]
pub(super) struct Roads<'a> {
    pub settings: &'a SupportSettings,
    /// Number of the level, for patterns that turn.
    pub level: usize,
    pub width_mm: f64,
    /// Where the roads begin, above the plate.
    pub bottom_mm: f64,
    pub height_mm: f64,
}

impl Roads<'_> {
    fn spacing_mm(&self) -> f64 {
        spacing_mm(self.width_mm, self.height_mm)
    }

    fn fill(&self, role: Role, paths: Vec<Polyline>) -> Fill {
        let flow_mm3_per_mm = road_area_mm2(self.width_mm, self.height_mm);
        let (width_mm, height_mm) = (self.width_mm, self.height_mm);
        Fill { role, width_mm, height_mm, flow_mm3_per_mm, paths, shares: Vec::new(), ordered: false }
    }

    /// One connected piece of the base.
    pub fn base(&self, piece: &Region) -> Vec<Fill> {
        let s = self.settings;
        let wall = piece.offset(-0.5 * self.width_mm, CORNERS);
        if s.style.is_tree() && s.raft.top_mm() < self.bottom_mm + SAME_MM {
            return vec![self.fill(Role::SupportMaterial, self.branch(piece, &wall))];
        }
        let lines_in = if s.with_sheath {
            piece.offset(-(0.5 * self.width_mm + (1.0 - OVERLAP) * self.spacing_mm()), CORNERS)
        } else {
            wall.clone()
        };
        let angle = match s.pattern {
            SupportPattern::RectilinearGrid if !self.level.is_multiple_of(2) => s.angle_rad + FRAC_PI_2,
            _ => s.angle_rad,
        };
        let lines = match s.pattern {
            SupportPattern::Honeycomb => Honeycomb.paths(&lines_in, &self.sheet(angle, s.pitch_mm())),
            _ => self.lines(&lines_in, angle, s.pitch_mm()),
        };
        let mut fills = Vec::new();
        // What has no room for a line stands on its wall alone.
        if s.with_sheath || lines.is_empty() {
            fills.push(self.fill(Role::SupportMaterial, loops(&wall)));
        }
        fills.push(self.fill(Role::SupportMaterial, lines));
        fills
    }

    /// The walls of branches: two where they are thick, so that they do not buckle.
    fn branch(&self, piece: &Region, wall: &Region) -> Vec<Polyline> {
        let mut paths = loops(wall);
        if piece.area_mm2() >= TWO_WALLS_MM2 {
            paths.extend(loops(&wall.offset(-self.spacing_mm(), CORNERS)));
        }
        paths
    }

    /// One connected piece of an interface: its pattern, and roads along it where it is too narrow for one.
    pub fn interface(&self, piece: &Region) -> Vec<Fill> {
        let wide = piece.opened(self.width_mm);
        let narrow = piece.difference(&wide).opened(self.settings.thin_mm());
        let mut fills: Vec<Fill> = narrow.islands().iter().flat_map(|strip| self.strip(&Region::from(strip))).collect();
        fills.extend(wide.islands().into_iter().flat_map(|piece| self.patterned(&Region::from(piece))));
        fills
    }

    /// A strip of interface narrower than two roads: two that go around side by side where they have room, else one along
    /// the middle, as wide as its place.
    fn strip(&self, strip: &Region) -> Vec<Fill> {
        let role = Role::SupportMaterialInterface;
        let room_for_two = strip.opened(0.5 * ROOM_FOR_TWO * self.spacing_mm());
        let mut fills = Vec::new();
        for piece in room_for_two.islands() {
            let width_mm = 0.5 * (piece.mean_width_mm() + rounding_mm(self.height_mm));
            let paths = loops(&Region::from(piece).offset(-0.5 * width_mm, CORNERS));
            fills.push(Roads { width_mm, ..*self }.fill(role, paths));
        }
        let rest = match room_for_two.is_empty() {
            true => strip.clone(),
            false => strip.difference(&room_for_two).opened(self.settings.thin_mm()),
        };
        for mut line in centrelines(&rest, 0.0) {
            self.keep_ends_inside(&mut line);
            // What is hardly longer than wide is a speck.
            if line.length_mm() < self.width_mm {
                continue;
            }
            let width_mm = line.widths_mm.iter().copied().fold(0.0, f64::max).max(self.width_mm);
            let mut fill = Roads { width_mm, ..*self }.fill(role, Vec::new());
            let narrowest_mm = NARROWEST * self.width_mm;
            let share = |ends: &[f64]| {
                let local_mm = (0.5 * (ends[0] + ends[1])).clamp(narrowest_mm, width_mm);
                (road_area_mm2(local_mm, self.height_mm) / fill.flow_mm3_per_mm) as f32
            };
            let shares = line.widths_mm.windows(2).map(share).collect();
            fill.shares = vec![shares];
            fill.paths = vec![Polyline(line.points)];
            fills.push(fill);
        }
        fills
    }

    /// Takes half a road's width off the ends of a line, as a road ends round that far beyond them.
    fn keep_ends_inside(&self, line: &mut Centreline) {
        if line.points.first() == line.points.last() {
            return;
        }
        let most_mm = MOST_OF_LINE * line.length_mm();
        for _ in 0..2 {
            let end_mm = line.widths_mm.last().copied().unwrap_or(0.0).max(NARROWEST * self.width_mm);
            let mut left_mm = (0.5 * end_mm).min(most_mm);
            while let [.., before, end] = line.points[..] {
                let length_mm = before.distance_mm(end);
                line.points.pop();
                let width_mm = line.widths_mm.pop().unwrap_or(end_mm);
                if length_mm > left_mm {
                    line.points.push(end.towards(before, left_mm / length_mm));
                    line.widths_mm.push(width_mm);
                    break;
                }
                left_mm -= length_mm;
            }
            line.points.reverse();
            line.widths_mm.reverse();
        }
    }

    fn patterned(&self, piece: &Region) -> Vec<Fill> {
        let s = self.settings;
        let angle = s.angle_rad + FRAC_PI_2;
        let role = Role::SupportMaterialInterface;
        let concentric = s.interface_pattern == SupportInterfacePattern::Concentric;
        if s.interface_spacing_mm > 0.0 && !concentric {
            let middles = piece.offset(-0.5 * self.width_mm, CORNERS);
            let lines = self.lines(&middles, angle, s.interface_spacing_mm + self.spacing_mm());
            if !lines.is_empty() {
                return vec![self.fill(role, lines)];
            }
        } else if s.interface_spacing_mm > 0.0 {
            let mut paths = Vec::new();
            let mut ring = piece.offset(-0.5 * self.width_mm, CORNERS);
            while !ring.is_empty() {
                paths.extend(loops(&ring));
                ring = ring.offset(-(s.interface_spacing_mm + self.spacing_mm()), CORNERS);
            }
            if !paths.is_empty() {
                return vec![self.fill(role, paths)];
            }
        }
        self.dense(piece, role, angle, 1.0, concentric)
    }

    /// A piece that is filled to a share of its area with straight lines or, where it is full, loops.
    pub fn dense(&self, piece: &Region, role: Role, angle: f64, density: f64, concentric: bool) -> Vec<Fill> {
        let spacing = self.spacing_mm() / density.clamp(0.05, 1.0);
        let pattern = if concentric { SolidPattern::Concentric } else { SolidPattern::Rectilinear };
        let solid = Solid {
            pattern,
            angle_rad: angle,
            spacing_mm: spacing,
            shortest_mm: self.width_mm,
            // The whole width stays inside, as beside the object there is a gap to be kept.
            reach: Reach::Within(0.5 * self.width_mm),
        };
        let laid = solid::lay(piece, &solid);
        let fills: Vec<Fill> = laid
            .into_iter()
            .filter(|laid| !laid.paths.is_empty())
            .map(|laid| {
                let mut fill = self.fill(role, laid.paths);
                if laid.spacing_mm < self.spacing_mm() {
                    fill.width_mm = laid.spacing_mm + rounding_mm(self.height_mm);
                    fill.flow_mm3_per_mm = laid.spacing_mm * self.height_mm;
                }
                fill
            })
            .collect();
        if !fills.is_empty() {
            return fills;
        }
        vec![self.fill(role, loops(&piece.offset(-0.5 * self.width_mm, CORNERS)))]
    }

    fn lines(&self, area: &Region, angle_rad: f64, distance_mm: f64) -> Vec<Polyline> {
        AlignedRectilinear.paths(area, &self.sheet(angle_rad, distance_mm))
    }

    /// What a pattern of sparse infill is asked for: as much as parallel lines at a distance.
    fn sheet(&self, angle_rad: f64, distance_mm: f64) -> Sheet {
        Sheet {
            layer: self.level,
            number: self.level,
            z_mm: self.bottom_mm + self.height_mm,
            angle_rad,
            turns: false,
            spacing_mm: self.spacing_mm(),
            density: self.spacing_mm() / distance_mm,
            shortest_mm: self.width_mm,
            longest_link_mm: LONGEST_LINK * distance_mm,
            anchor_mm: 0.0,
        }
    }
}

/// The outlines of an area as closed paths.
pub(super) fn loops(area: &Region) -> Vec<Polyline> {
    let closed = |ring: &crate::geometry::Ring| Some(Polyline(ring.0.iter().chain(ring.0.first()).copied().collect()));
    area.rings.iter().filter(|ring| ring.0.len() >= 3).filter_map(closed).collect()
}
