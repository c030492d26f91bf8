//! Wavefront OBJ: vertices, polygons with absolute or negative indices, objects and groups, colours at vertices.
//!
//! Texture coordinates, normals, materials, curves and surfaces are passed over. Objects (or groups, where there are no
//! objects) become parts, unless they share vertices: then they are one surface and stay together.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use nalgebra::Matrix4;

use super::text::{Lines, number, words};
use super::{Cause, Format, LengthUnit, MOST_FACETS, RawFile, RawModel, RawPart};
use crate::model::Mesh;
use crate::model::polygon::triangulate;
use crate::progress::Progress;
use crate::report::Notice;

/// A face of more corners is refused: cutting it into triangles would take for ever.
const MOST_CORNERS: usize = 10_000;

#[derive(Default)]
struct Reader {
    vertices: Vec<[f32; 3]>,
    /// sRGB, one for each vertex as far as there are any.
    colors: Vec<[f32; 3]>,
    colors_broken: bool,
    triangles: Vec<[u32; 3]>,
    /// Name and first triangle of each object.
    objects: Vec<(String, usize)>,
    groups: Vec<(String, usize)>,
}

pub(super) fn read(path: &Path, stem: &str, progress: &Progress) -> Result<(RawFile, Vec<RawPart>), Cause> {
    let file = File::open(path)?;
    progress.stage("Reading the file", file.metadata()?.len() as usize);
    let mut reader = Reader::default();
    reader.read_lines(BufReader::with_capacity(1 << 18, file), progress)?;
    if reader.triangles.is_empty() {
        return Err(Cause::NoFacets);
    }
    let mut notices = Vec::new();
    if reader.colors_broken {
        reader.colors.clear();
        notices.push(Notice::warning("Colours that are no numbers were found, so all colours were left out."));
    }
    let count = reader.vertices.len();
    let parts = reader.into_parts(stem);
    // Parts share no vertices, so what is in none of them is used nowhere.
    match count - parts.iter().map(|p| p.mesh.vertices.len()).sum::<usize>() {
        0 => {}
        1 => notices.push(Notice::note("1 vertex that no facet uses was left out.")),
        n => notices.push(Notice::note(format!("{n} vertices that no facet uses were left out."))),
    }
    let model = RawModel {
        name: stem.to_owned(),
        parts: parts.iter().enumerate().map(|(i, p)| (p.name.clone(), i, Matrix4::identity())).collect(),
        placements: vec![None],
        layer_ranges: Vec::new(),
    };
    Ok((RawFile { format: Format::Obj, unit: LengthUnit::Millimeter, models: vec![model], notices }, parts))
}

impl Reader {
    fn read_lines(&mut self, reader: impl BufRead, progress: &Progress) -> Result<(), Cause> {
        let mut lines = Lines::new(reader, progress);
        // A backslash at the end joins lines.
        let mut joined: Vec<u8> = Vec::new();
        while let Some((line, text)) = lines.next()? {
            let text = text.trim_ascii_end();
            if let Some(start) = text.strip_suffix(b"\\") {
                joined.extend_from_slice(start);
                joined.push(b' ');
                if joined.len() > 1 << 22 {
                    return Err(Cause::Syntax { line, problem: "the line is continued over more than 4 MB".into() });
                }
                continue;
            }
            if joined.is_empty() {
                self.read_line(line, text)?;
            } else {
                joined.extend_from_slice(text);
                self.read_line(line, &std::mem::take(&mut joined))?;
            }
        }
        if !joined.is_empty() {
            return Err(Cause::EndsEarly("the last line says that it goes on".into()));
        }
        Ok(())
    }

    fn read_line(&mut self, line: usize, text: &[u8]) -> Result<(), Cause> {
        let mut rest = words(text);
        match rest.next() {
            Some(b"v") => self.read_vertex(line, rest),
            Some(b"f") => self.read_face(line, rest),
            Some(b"o") => {
                self.objects.push((name_of(rest), self.triangles.len()));
                Ok(())
            }
            Some(b"g") => {
                self.groups.push((name_of(rest), self.triangles.len()));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn read_vertex<'a>(&mut self, line: usize, rest: impl Iterator<Item = &'a [u8]>) -> Result<(), Cause> {
        let mut values = [0.0; 7];
        let mut count = 0;
        for word in rest.take(7) {
            let value = number(word);
            if count < 3 && value.is_none() {
                let problem = format!("'{}' is no number", String::from_utf8_lossy(word));
                return Err(Cause::Syntax { line, problem });
            }
            values[count] = value.unwrap_or(f32::NAN);
            count += 1;
        }
        if count < 3 {
            return Err(Cause::Syntax { line, problem: "a vertex has three coordinates".into() });
        }
        let [x, y, z, r, g, b, _] = values;
        if ![x, y, z].iter().all(|x| x.is_finite()) {
            return Err(Cause::NotFinite(format!("line {line}: the vertex")));
        }
        if self.vertices.len() >= MOST_FACETS {
            return Err(Cause::TooLarge(format!("more than {MOST_FACETS} vertices")));
        }
        self.vertices.push([x, y, z]);
        // Three more numbers are a colour; a single one is a weight.
        if count >= 6 {
            self.colors_broken |= ![r, g, b].iter().all(|x| x.is_finite());
            self.colors.resize(self.vertices.len() - 1, [0.8; 3]);
            self.colors.push([r, g, b]);
        }
        Ok(())
    }

    fn read_face<'a>(&mut self, line: usize, rest: impl Iterator<Item = &'a [u8]>) -> Result<(), Cause> {
        let mut corners = Vec::with_capacity(4);
        for word in rest {
            let index = word.split(|b| *b == b'/').next().unwrap_or_default();
            let index: i64 = std::str::from_utf8(index).ok().and_then(|s| s.parse().ok()).ok_or_else(|| {
                let problem = format!("'{}' is no vertex number", String::from_utf8_lossy(word));
                Cause::Syntax { line, problem }
            })?;
            let count = self.vertices.len();
            // Numbers count from 1; negative ones backwards from the vertices so far.
            let place = if index < 0 { count as i64 + index } else { index - 1 };
            match u32::try_from(place) {
                Ok(place) if (place as usize) < count => corners.push(place),
                _ => {
                    let place = format!("line {line}: the face");
                    return Err(Cause::NoSuchVertex { place, index, count });
                }
            }
            if corners.len() > MOST_CORNERS {
                let problem = format!("a face of more than {MOST_CORNERS} corners cannot be opened");
                return Err(Cause::Syntax { line, problem });
            }
        }
        if self.triangles.len() + corners.len() > MOST_FACETS {
            return Err(Cause::TooLarge(format!("more than {MOST_FACETS} facets")));
        }
        match corners[..] {
            [] | [_] | [_, _] => {
                let problem = format!("a face has at least three corners, this one has {}", corners.len());
                return Err(Cause::Syntax { line, problem });
            }
            [a, b, c] => self.triangles.push([a, b, c]),
            _ => {
                let places: Vec<[f64; 3]> = corners.iter().map(|c| self.vertices[*c as usize].map(f64::from)).collect();
                self.triangles.extend(triangulate(&places).iter().map(|t| t.map(|i| corners[i])));
            }
        }
        Ok(())
    }

    fn into_parts(self, stem: &str) -> Vec<RawPart> {
        let sections = if self.objects.is_empty() { &self.groups } else { &self.objects };
        let mut starts: Vec<(String, usize)> = vec![(stem.to_owned(), 0)];
        starts.extend(
            sections.iter().map(|(name, start)| (if name.is_empty() { stem.to_owned() } else { name.clone() }, *start)),
        );
        let ends = starts.iter().skip(1).map(|s| s.1).chain([self.triangles.len()]);
        let sections: Vec<(String, std::ops::Range<usize>)> = starts
            .iter()
            .zip(ends)
            .filter(|((_, start), end)| start < end)
            .map(|((name, start), end)| (name.clone(), *start..end))
            .collect();
        if sections.len() < 2 || self.sections_share_vertices(&sections) {
            let only = sections.first().filter(|_| sections.len() == 1).map(|s| s.0.clone());
            return vec![self.part(only.unwrap_or_else(|| stem.to_owned()), 0..self.triangles.len())];
        }
        sections.into_iter().map(|(name, range)| self.part(name, range)).collect()
    }

    fn sections_share_vertices(&self, sections: &[(String, std::ops::Range<usize>)]) -> bool {
        let mut owner = vec![u32::MAX; self.vertices.len()];
        sections.iter().enumerate().any(|(i, (_, range))| {
            self.triangles[range.clone()].iter().flatten().any(|v| {
                let before = std::mem::replace(&mut owner[*v as usize], i as u32);
                before != u32::MAX && before != i as u32
            })
        })
    }

    /// The triangles of a range with the vertices they use.
    fn part(&self, name: String, range: std::ops::Range<usize>) -> RawPart {
        let triangles = &self.triangles[range];
        let mut colors = Vec::new();
        if !self.colors.is_empty() {
            let color = |v: &u32| self.colors.get(*v as usize).copied().unwrap_or([0.8; 3]);
            colors = triangles.iter().map(|t| mean(t.each_ref().map(color))).collect();
        }
        let mut used: Vec<u32> = triangles.iter().flatten().copied().collect();
        used.sort_unstable();
        used.dedup();
        let vertices = used.iter().map(|v| self.vertices[*v as usize]).collect();
        let renumbered = |v: u32| used.partition_point(|u| *u < v) as u32;
        let triangles = triangles.iter().map(|t| t.map(renumbered)).collect();
        RawPart { name, mesh: Mesh { vertices, triangles, colors }, corners_welded: None }
    }
}

fn name_of<'a>(rest: impl Iterator<Item = &'a [u8]>) -> String {
    rest.map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

/// The mean colour of three corners. Some files count to 255 instead of 1.
fn mean(corners: [[f32; 3]; 3]) -> [u8; 4] {
    let [r, g, b] = [0, 1, 2].map(|i| corners.iter().map(|c| c[i]).sum::<f32>() / 3.0);
    let scale = if [r, g, b].iter().any(|x| *x > 1.0) { 1.0 } else { 255.0 };
    let [r, g, b] = [r, g, b].map(|x| (x * scale).round().clamp(0.0, 255.0) as u8);
    [r, g, b, 255]
}
