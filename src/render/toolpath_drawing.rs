//! A toolpath made ready to draw: flat arrays in printing order with a table of where each layer begins.
//!
//! Made once per toolpath, in the background ([`ToolpathDrawing::new`] needs no graphics device and can be cancelled).
//! From then on a change of the shown layers, of the place within a layer or of the shown features only changes what
//! is drawn of the same buffers; a change of the colouring re-uploads four bytes a road.

use std::ops::Range;

use nalgebra::Point3;

use super::palette::{Rgba, role_color, tool_color, viridis};
use crate::geometry::{Point, mm};
use crate::progress::{Canceled, Progress};
use crate::toolpath::{Extrusion, Role, Step, Toolpath, Travel};

/// What the colour of a road says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorBy {
    #[default]
    Feature,
    Speed,
    Height,
    Width,
    /// Material per time.
    Flow,
    LayerTime,
    Tool,
}

impl ColorBy {
    pub const ALL: [Self; 7] =
        [Self::Feature, Self::Speed, Self::Height, Self::Width, Self::Flow, Self::LayerTime, Self::Tool];

    /// What a person calls it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Feature => "Feature",
            Self::Speed => "Speed",
            Self::Height => "Layer height",
            Self::Width => "Line width",
            Self::Flow => "Flow",
            Self::LayerTime => "Layer time",
            Self::Tool => "Tool",
        }
    }

    /// The unit of the values; empty where the colours stand for names.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Feature | Self::Tool => "",
            Self::Speed => "mm/s",
            Self::Height | Self::Width => "mm",
            Self::Flow => "mm³/s",
            Self::LayerTime => "s",
        }
    }
}

/// A straight piece of road as the graphics device takes it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(super) struct Bead {
    pub start: [f32; 3],
    pub end: [f32; 3],
    /// Width and height in thousandths of a millimetre.
    pub size: [u16; 2],
    /// Role, tool, flags ([`POINTED_START`], [`POINTED_END`]), 0.
    pub kind: [u8; 4],
}

/// The road begins or bends sharply here, and gets a point that closes the corner.
const POINTED_START: u8 = 1;
const POINTED_END: u8 = 2;
/// Bends below this leave no gap that could be seen: cosine of 9 degrees.
const SMOOTH_COSINE: f64 = 0.9877;

/// A piece of a move without extrusion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TravelLine {
    pub start: [f32; 3],
    pub end: [f32; 3],
}

/// What is marked with a dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MarkKind {
    Retraction,
    Unretraction,
    Seam,
}

impl MarkKind {
    pub const ALL: [Self; 3] = [Self::Retraction, Self::Unretraction, Self::Seam];
}

/// One extrusion of the toolpath: what all its pieces have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    first_bead: u32,
    layer: u32,
    role: Role,
    tool: u8,
    width_mm: f32,
    height_mm: f32,
    flow_mm3_per_mm: f32,
    feed_mm_per_s: f32,
}

/// Where a layer begins in each array.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct LayerStart {
    bead: u32,
    travel: u32,
    moves: u32,
    marks: [u32; 3],
    z_mm: f32,
    height_mm: f32,
    time_s: f32,
}

/// What the tool is doing at the end of some moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToolState {
    /// Where the nozzle's tip is.
    pub place: Point3<f64>,
    /// The road being laid; `None` while travelling.
    pub road: Option<RoadState>,
}

/// A road being laid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoadState {
    pub role: Role,
    pub width_mm: f32,
    pub height_mm: f32,
    pub feed_mm_per_s: f32,
    pub flow_mm3_per_s: f32,
}

/// A toolpath made ready to draw.
#[derive(Debug, Default)]
pub struct ToolpathDrawing {
    pub(super) beads: Vec<Bead>,
    pub(super) travels: Vec<TravelLine>,
    /// By [`MarkKind`]: the place, and how many moves come before it.
    pub(super) marks: [Vec<([f32; 3], u32)>; 3],
    runs: Vec<Run>,
    /// Whether each straight move, in order, lays a road.
    lays: Vec<bool>,
    /// One more than there are layers: the last is the end of everything.
    layers: Vec<LayerStart>,
}

/// What is drawn of each array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drawn {
    /// Layers below the top one.
    pub below: Range<u32>,
    /// The top shown layer, up to the shown move.
    pub top: Range<u32>,
    pub travels: Range<u32>,
    pub marks: [Range<u32>; 3],
}

impl ToolpathDrawing {
    /// Reads a toolpath. `layer_times_s` are better times than length by feed, where somebody estimated them; layers
    /// beyond its end are timed by feed.
    pub fn new(toolpath: &Toolpath, layer_times_s: &[f32], progress: &Progress) -> Result<Self, Canceled> {
        let mut reader = Reader::default();
        for (index, layer) in toolpath.layers.iter().enumerate() {
            progress.check()?;
            reader.begin_layer(layer.z_mm, layer.height_mm);
            for step in &layer.steps {
                reader.step(step, layer.z_mm, index as u32);
            }
            let time_s = layer_times_s.get(index).copied().unwrap_or(reader.time_s as f32);
            if let Some(start) = reader.drawing.layers.last_mut() {
                start.time_s = time_s;
            }
            progress.advance(1);
        }
        reader.begin_layer(0.0, 0.0);
        Ok(reader.drawing)
    }

    pub fn layer_count(&self) -> usize {
        self.layers.len().saturating_sub(1)
    }

    /// Top of a layer above the plate.
    pub fn layer_z_mm(&self, layer: usize) -> Option<f32> {
        (layer < self.layer_count()).then(|| self.layers[layer].z_mm)
    }

    pub fn layer_height_mm(&self, layer: usize) -> Option<f32> {
        (layer < self.layer_count()).then(|| self.layers[layer].height_mm)
    }

    pub fn layer_time_s(&self, layer: usize) -> Option<f32> {
        (layer < self.layer_count()).then(|| self.layers[layer].time_s)
    }

    /// Straight moves of a layer: what the move slider counts.
    pub fn move_count(&self, layer: usize) -> usize {
        let moves = |i: usize| self.layers.get(i).map_or(0, |l| l.moves as usize);
        moves(layer + 1).saturating_sub(moves(layer))
    }

    /// Straight pieces of road in all.
    pub fn bead_count(&self) -> usize {
        self.beads.len()
    }

    /// What the tool is doing at the end of a layer's first `moves` moves; `None` where the layer has none.
    pub fn tool_at(&self, layer: usize, moves: usize) -> Option<ToolState> {
        let start = self.layers.get(layer)?;
        let moves = moves.min(self.move_count(layer));
        let taken = self.lays.get(start.moves as usize..start.moves as usize + moves)?;
        let beads = taken.iter().filter(|&&l| l).count();
        let last_lays = *taken.last()?;
        let place = |p: [f32; 3]| Point3::from(p.map(f64::from));
        if !last_lays {
            let travel = self.travels.get(start.travel as usize + moves - beads - 1)?;
            return Some(ToolState { place: place(travel.end), road: None });
        }
        let bead = start.bead as usize + beads - 1;
        let run = self.runs.get(self.runs.partition_point(|r| r.first_bead as usize <= bead).checked_sub(1)?)?;
        Some(ToolState {
            place: place(self.beads.get(bead)?.end),
            road: Some(RoadState {
                role: run.role,
                width_mm: run.width_mm,
                height_mm: run.height_mm,
                feed_mm_per_s: run.feed_mm_per_s,
                flow_mm3_per_s: run.flow_mm3_per_mm * run.feed_mm_per_s,
            }),
        })
    }

    /// The box around all roads; `None` where there are none. Start and end sequences (a priming line at the plate's
    /// edge) do not count, unless there is nothing else.
    pub fn bounds(&self) -> Option<super::camera::Box3> {
        let around = |with_custom: bool| {
            let beads = self.beads.iter().filter(|b| with_custom || b.kind[0] != Role::Custom as u8);
            let places = beads.flat_map(|b| [b.start, b.end]);
            super::camera::Box3::around(places.map(|p| Point3::from(p.map(f64::from))))
        };
        around(false).or_else(|| around(true))
    }

    /// The roles that occur, in the order of legends.
    pub fn roles(&self) -> Vec<Role> {
        Role::ALL.into_iter().filter(|role| self.runs.iter().any(|r| r.role == *role)).collect()
    }

    /// The tools that occur, in order.
    pub fn tools(&self) -> Vec<u8> {
        let tools: std::collections::BTreeSet<u8> = self.runs.iter().map(|r| r.tool).collect();
        tools.into_iter().collect()
    }

    /// The value that a colouring shows of a run; `None` where colours stand for names.
    fn value(&self, run: &Run, by: ColorBy) -> Option<f32> {
        Some(match by {
            ColorBy::Feature | ColorBy::Tool => return None,
            ColorBy::Speed => run.feed_mm_per_s,
            ColorBy::Height => run.height_mm,
            ColorBy::Width => run.width_mm,
            ColorBy::Flow => run.flow_mm3_per_mm * run.feed_mm_per_s,
            ColorBy::LayerTime => self.layers.get(run.layer as usize)?.time_s,
        })
    }

    /// Least and greatest value of a colouring: the ends of its legend. `None` where colours stand for names, or there
    /// is nothing. Start and end sequences do not count, unless there is nothing else.
    pub fn value_range(&self, by: ColorBy) -> Option<(f32, f32)> {
        let range = |with_custom: bool| {
            let runs = self.runs.iter().filter(|r| with_custom || r.role != Role::Custom);
            runs.filter_map(|r| self.value(r, by))
                .filter(|v| v.is_finite())
                .fold(None, |range, v| Some(range.map_or((v, v), |(a, b): (f32, f32)| (a.min(v), b.max(v)))))
        };
        range(false).or_else(|| range(true))
    }

    /// The colour of every bead.
    pub(super) fn colors(&self, by: ColorBy) -> Vec<Rgba> {
        let (least, most) = self.value_range(by).unwrap_or((0.0, 1.0));
        let mut colors = Vec::with_capacity(self.beads.len());
        let ends = self.runs.iter().skip(1).map(|r| r.first_bead as usize).chain([self.beads.len()]);
        for (run, end) in self.runs.iter().zip(ends) {
            let color = match self.value(run, by) {
                Some(value) => viridis((value - least) / (most - least).max(1e-6)),
                None if by == ColorBy::Tool => tool_color(run.tool),
                None => role_color(run.role),
            };
            colors.resize(end, color);
        }
        colors
    }

    /// What to draw of layers `first..end`, the last of them up to `moves` moves.
    pub(super) fn drawn(&self, first: usize, end: usize, moves: Option<usize>) -> Drawn {
        let count = self.layer_count();
        let (end, empty) = (end.min(count), LayerStart::default());
        let Some(top) = end.checked_sub(1).filter(|&top| top >= first) else {
            return Drawn { below: 0..0, top: 0..0, travels: 0..0, marks: [0..0, 0..0, 0..0] };
        };
        let at = |layer: usize| self.layers.get(layer).unwrap_or(&empty);
        let (start, top_start, stop) = (at(first), at(top), at(end));
        let taken = moves.unwrap_or(usize::MAX).min(self.move_count(top));
        let last_move = top_start.moves + taken as u32;
        let beads = match taken == self.move_count(top) {
            true => stop.bead - top_start.bead,
            false => {
                let lays = self.lays.get(top_start.moves as usize..last_move as usize).unwrap_or_default();
                lays.iter().filter(|&&l| l).count() as u32
            }
        };
        Drawn {
            below: start.bead..top_start.bead,
            top: top_start.bead..top_start.bead + beads,
            travels: start.travel..top_start.travel + (taken as u32 - beads),
            marks: std::array::from_fn(|kind| {
                let before = |&(_, moves): &([f32; 3], u32)| moves <= last_move;
                let until = self.marks[kind].partition_point(before) as u32;
                start.marks[kind]..until.clamp(start.marks[kind], stop.marks[kind].max(start.marks[kind]))
            }),
        }
    }

    /// The beads of a layer.
    pub(super) fn layer_beads(&self, layer: usize) -> Range<u32> {
        let bead = |i: usize| self.layers.get(i).map_or(self.beads.len() as u32, |l| l.bead);
        bead(layer)..bead(layer + 1)
    }
}

/// Follows the tool through the steps.
#[derive(Default)]
struct Reader {
    drawing: ToolpathDrawing,
    z_mm: f32,
    place: Option<Point>,
    tool: u8,
    time_s: f64,
}

impl Reader {
    fn begin_layer(&mut self, z_mm: f32, height_mm: f32) {
        let d = &mut self.drawing;
        d.layers.push(LayerStart {
            bead: d.beads.len() as u32,
            travel: d.travels.len() as u32,
            moves: d.lays.len() as u32,
            marks: std::array::from_fn(|i| d.marks[i].len() as u32),
            z_mm,
            height_mm,
            time_s: 0.0,
        });
        self.time_s = 0.0;
    }

    fn step(&mut self, step: &Step, layer_z_mm: f32, layer: u32) {
        match step {
            Step::Extrude(extrusion) => self.extrude(extrusion, layer_z_mm, layer),
            Step::Travel(travel) => self.travel(travel),
            Step::Retract { length_mm, feed_mm_per_s } => {
                self.mark(MarkKind::Retraction);
                self.take(f64::from(*length_mm), *feed_mm_per_s);
            }
            Step::Unretract { length_mm, feed_mm_per_s } => {
                self.mark(MarkKind::Unretraction);
                self.take(f64::from(*length_mm), *feed_mm_per_s);
            }
            Step::MoveZ { z_mm, feed_mm_per_s } => {
                if let Some(place) = self.place
                    && (z_mm - self.z_mm).abs() > 1e-6
                {
                    let line = TravelLine { start: at(place, self.z_mm), end: at(place, *z_mm) };
                    self.drawing.travels.push(line);
                    self.drawing.lays.push(false);
                    self.take(f64::from(z_mm - self.z_mm).abs(), *feed_mm_per_s);
                }
                self.z_mm = *z_mm;
            }
            Step::Tool(tool) => self.tool = *tool,
            _ => {}
        }
    }

    /// Counts the time of a move.
    fn take(&mut self, length_mm: f64, feed_mm_per_s: f32) {
        let time_s = length_mm / f64::from(feed_mm_per_s);
        if time_s.is_finite() && time_s > 0.0 {
            self.time_s += time_s;
        }
    }

    fn mark(&mut self, kind: MarkKind) {
        if let Some(place) = self.place {
            let moves = self.drawing.lays.len() as u32;
            self.drawing.marks[kind as usize].push((at(place, self.z_mm), moves));
        }
    }

    fn travel(&mut self, travel: &Travel) {
        for (i, pair) in travel.points.windows(2).enumerate() {
            let from_mm = travel.z_mm.get(i).copied().unwrap_or(self.z_mm);
            self.z_mm = travel.z_mm.get(i + 1).copied().unwrap_or(from_mm);
            let line = TravelLine { start: at(pair[0], from_mm), end: at(pair[1], self.z_mm) };
            self.drawing.travels.push(line);
            self.drawing.lays.push(false);
            self.take(pair[0].distance_mm(pair[1]), travel.feed_mm_per_s);
        }
        self.place = travel.points.last().copied().or(self.place);
    }

    fn extrude(&mut self, extrusion: &Extrusion, layer_z_mm: f32, layer: u32) {
        let points = &extrusion.points;
        let z = |i: usize| extrusion.z_mm.get(i).copied().unwrap_or(layer_z_mm);
        let (Some(&first), Some(&last)) = (points.first(), points.last()) else { return };
        if extrusion.role == Role::ExternalPerimeter && points.len() > 3 && first == last {
            self.place = Some(first);
            self.z_mm = z(0);
            self.mark(MarkKind::Seam);
        }
        let d = &mut self.drawing;
        d.runs.push(Run {
            first_bead: d.beads.len() as u32,
            layer,
            role: extrusion.role,
            tool: self.tool,
            width_mm: extrusion.width_mm,
            height_mm: extrusion.height_mm,
            flow_mm3_per_mm: extrusion.flow_mm3_per_mm,
            feed_mm_per_s: extrusion.feed_mm_per_s,
        });
        let micrometres = |mm: f32| (mm * 1000.0).round() as u16;
        let size = [micrometres(extrusion.width_mm), micrometres(extrusion.height_mm)];
        let mut sharp = true;
        let mut length_mm = 0.0;
        for (i, pair) in points.windows(2).enumerate() {
            let ends_sharp = points.get(i + 2).is_none_or(|&next| bends(pair[0], pair[1], next));
            let flags = u8::from(sharp) * POINTED_START + u8::from(ends_sharp) * POINTED_END;
            d.beads.push(Bead {
                start: at(pair[0], z(i)),
                end: at(pair[1], z(i + 1)),
                size,
                kind: [extrusion.role as u8, self.tool, flags, 0],
            });
            d.lays.push(true);
            length_mm += pair[0].distance_mm(pair[1]);
            sharp = ends_sharp;
        }
        self.place = Some(last);
        self.z_mm = z(points.len() - 1);
        self.take(length_mm, extrusion.feed_mm_per_s);
    }
}

/// Whether the way from a over b to c turns enough to leave a gap at the corner.
fn bends(a: Point, b: Point, c: Point) -> bool {
    let ([ax, ay], [bx, by], [cx, cy]) = (a.to_mm(), b.to_mm(), c.to_mm());
    let (u, v) = ([bx - ax, by - ay], [cx - bx, cy - by]);
    let lengths = u[0].hypot(u[1]) * v[0].hypot(v[1]);
    u[0] * v[0] + u[1] * v[1] < SMOOTH_COSINE * lengths
}

fn at(point: Point, z_mm: f32) -> [f32; 3] {
    [mm(point.x) as f32, mm(point.y) as f32, z_mm]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolpath::Layer;

    fn square(side_mm: f64, role: Role) -> Step {
        let corners = [(0.0, 0.0), (side_mm, 0.0), (side_mm, side_mm), (0.0, side_mm), (0.0, 0.0)];
        Step::Extrude(Extrusion {
            role,
            width_mm: 0.45,
            height_mm: 0.2,
            flow_mm3_per_mm: 0.08,
            feed_mm_per_s: if role == Role::ExternalPerimeter { 40.0 } else { 80.0 },
            points: corners.map(|(x, y)| Point::from_mm(x, y)).to_vec(),
            z_mm: Vec::new(),
        })
    }

    fn travel(from: (f64, f64), to: (f64, f64)) -> Step {
        let points = vec![Point::from_mm(from.0, from.1), Point::from_mm(to.0, to.1)];
        Step::Travel(Travel::level(points, 150.0))
    }

    /// Two layers, each: to its height, a travel, an outer wall, a retracted travel, an inner wall.
    fn drawing() -> ToolpathDrawing {
        let layer = |z_mm: f32| Layer {
            z_mm,
            height_mm: 0.2,
            steps: vec![
                travel((5.0, 5.0), (0.0, 0.0)),
                Step::MoveZ { z_mm, feed_mm_per_s: 10.0 },
                square(10.0, Role::ExternalPerimeter),
                Step::Retract { length_mm: 0.8, feed_mm_per_s: 35.0 },
                travel((0.0, 0.0), (1.0, 1.0)),
                Step::Unretract { length_mm: 0.8, feed_mm_per_s: 35.0 },
                square(5.0, Role::Perimeter),
            ],
        };
        let toolpath = Toolpath { layers: vec![layer(0.2), layer(0.4)], ..Toolpath::default() };
        ToolpathDrawing::new(&toolpath, &[], &Progress::new()).unwrap()
    }

    #[test]
    fn ranges_follow_layers_and_moves() {
        let d = drawing();
        assert_eq!((d.layer_count(), d.bead_count(), d.move_count(0), d.move_count(2)), (2, 16, 11, 0));
        let all = d.drawn(0, 2, None);
        assert_eq!((all.below.clone(), all.top.clone(), all.travels.clone()), (0..8, 8..16, 0..6));
        assert_eq!(all.marks, [0..2, 0..2, 0..2]);
        // The first layer: two travels (one upwards), then four roads of the outer wall.
        let part = d.drawn(0, 1, Some(4));
        assert_eq!((part.below, part.top, part.travels), (0..0, 0..2, 0..2));
        assert_eq!(part.marks, [0..0, 0..0, 0..1], "the seam was passed, the retraction was not");
        // The second layer alone, up to its retraction.
        let second = d.drawn(1, 9, Some(6));
        assert_eq!((second.below, second.top, second.travels), (8..8, 8..12, 3..5));
        assert_eq!(second.marks, [1..2, 1..1, 1..2]);
        for (first, end) in [(2, 2), (5, 9), (1, 0)] {
            let none = d.drawn(first, end, None);
            assert!(none.below.is_empty() && none.top.is_empty() && none.travels.is_empty());
        }
    }

    #[test]
    fn the_tool_is_where_its_last_move_ended() {
        let d = drawing();
        assert_eq!(d.tool_at(0, 0), None);
        let travelling = d.tool_at(1, 1).unwrap();
        assert_eq!((travelling.place.x, travelling.road), (0.0, None));
        let laying = d.tool_at(1, 4).unwrap();
        assert!((laying.place - Point3::new(10.0, 10.0, 0.4)).norm() < 1e-6);
        assert_eq!(laying.road.unwrap().role, Role::ExternalPerimeter);
        assert!((laying.road.unwrap().flow_mm3_per_s - 3.2).abs() < 1e-6);
        assert_eq!(d.tool_at(1, 999).unwrap().road.unwrap().role, Role::Perimeter);
    }

    #[test]
    fn colours_say_what_they_are_asked() {
        let d = drawing();
        assert_eq!(d.value_range(ColorBy::Speed), Some((40.0, 80.0)));
        assert_eq!(d.value_range(ColorBy::Feature), None);
        let speeds = d.colors(ColorBy::Speed);
        assert_eq!((speeds.len(), speeds[0], speeds[4]), (16, viridis(0.0), viridis(1.0)));
        assert_eq!(d.colors(ColorBy::Feature)[4], role_color(Role::Perimeter));
        for by in ColorBy::ALL {
            assert_eq!(d.colors(by).len(), 16);
            assert!(ToolpathDrawing::default().colors(by).is_empty());
        }
        assert_eq!(d.roles(), [Role::ExternalPerimeter, Role::Perimeter]);
    }

    #[test]
    fn layer_times_are_lengths_by_feeds_unless_given() {
        let d = drawing();
        let by_feed = 40.0 / 40.0 + 20.0 / 80.0 + 2.0 * 0.8 / 35.0 + (50.0_f64.sqrt() + 2.0_f64.sqrt()) / 150.0 + 0.02;
        assert!((f64::from(d.layer_time_s(0).unwrap()) - by_feed).abs() < 1e-4);
        assert_eq!(d.layer_time_s(2), None);
        let toolpath = Toolpath { layers: vec![Layer::default()], ..Toolpath::default() };
        let given = ToolpathDrawing::new(&toolpath, &[12.5], &Progress::new()).unwrap();
        assert_eq!(given.layer_time_s(0), Some(12.5));
    }

    #[test]
    fn making_it_can_be_cancelled() {
        let progress = Progress::new();
        progress.cancel();
        let toolpath = Toolpath { layers: vec![Layer::default()], ..Toolpath::default() };
        assert!(ToolpathDrawing::new(&toolpath, &[], &progress).is_err());
    }
}
