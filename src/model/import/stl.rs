//! STL, binary and text. The format knows no units, no names of parts and no shared vertices.
//!
//! Binary files are read in blocks by all threads at once and welded as they are read. The format is found by the size
//! that a binary header announces, because many binary files begin with the word `solid` too.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;
use std::path::Path;

use nalgebra::Matrix4;

use super::text::{Lines, number, refuse_utf16, without_mark, words};
use super::{Cause, Format, LengthUnit, MOST_BINARY_FACETS, MOST_FACETS, RawFile, RawModel, RawPart};
use crate::model::Mesh;
use crate::model::weld::weld;
use crate::progress::Progress;
use crate::report::Notice;

const HEADER: u64 = 84;
const FACET: u64 = 50;

pub(super) fn read(path: &Path, stem: &str, progress: &Progress) -> Result<(RawFile, Vec<RawPart>), Cause> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut start = Vec::new();
    (&file).take(1024).read_to_end(&mut start)?;
    let announced = start.get(80..84).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes);
    let is_exact = start.len() >= 84 && size == HEADER + FACET * u64::from(announced);
    if !is_exact {
        refuse_utf16(&start)?;
    }
    let (format, parts, notices) = if !is_exact && looks_like_text(&start) {
        progress.stage("Reading the file", size as usize);
        (Format::StlText, read_text(BufReader::with_capacity(1 << 18, reopened(path)?), stem, progress)?, Vec::new())
    } else {
        let (part, notices) = read_binary(&file, size, announced, stem, progress)?;
        (Format::StlBinary, vec![part], notices)
    };
    let model = RawModel {
        name: stem.to_owned(),
        parts: parts.iter().enumerate().map(|(i, p)| (p.name.clone(), i, Matrix4::identity())).collect(),
        placements: vec![None],
        layer_ranges: Vec::new(),
    };
    Ok((RawFile { format, unit: LengthUnit::Millimeter, models: vec![model], notices }, parts))
}

fn reopened(path: &Path) -> Result<File, Cause> {
    Ok(File::open(path)?)
}

/// Text begins with `solid` and has no zero bytes, which headers and counts of binary files have.
fn looks_like_text(start: &[u8]) -> bool {
    let trimmed = without_mark(start).trim_ascii_start();
    trimmed.len() >= 5 && trimmed[..5].eq_ignore_ascii_case(b"solid") && !start.contains(&0)
}

fn read_binary(
    file: &File,
    size: u64,
    announced: u32,
    stem: &str,
    progress: &Progress,
) -> Result<(RawPart, Vec<Notice>), Cause> {
    if size < HEADER {
        return Err(Cause::EndsEarly(format!(
            "an STL file has a header of 84 bytes, this one has {size} bytes in all"
        )));
    }
    let present = (size - HEADER) / FACET;
    if u64::from(announced) > present {
        return Err(Cause::CutOff { announced: u64::from(announced), present });
    }
    let count = announced as usize;
    if count == 0 {
        return Err(Cause::NoFacets);
    }
    if count > MOST_BINARY_FACETS {
        return Err(Cause::TooLarge(format!("{count} facets; at most {MOST_BINARY_FACETS} can be opened")));
    }
    let mut notices = Vec::new();
    let extra = size - HEADER - FACET * u64::from(announced);
    if extra > 0 {
        notices.push(Notice::note(format!("{extra} bytes after the last facet were not read.")));
    }
    progress.stage("Reading the file", 3 * count);
    Ok((welded_part(stem, count, |corners, out| read_corners(file, corners, out), progress)?, notices))
}

/// Positions of a range of corners that begins and ends at facets.
fn read_corners(file: &File, corners: Range<usize>, out: &mut Vec<[f32; 3]>) -> Result<(), Cause> {
    let facets = corners.start / 3..corners.end / 3;
    let mut bytes = vec![0; facets.len() * FACET as usize];
    read_at(file, HEADER + FACET * facets.start as u64, &mut bytes)?;
    for (i, facet) in bytes.chunks_exact(FACET as usize).enumerate() {
        // 12 bytes of normal come first: it follows from the corners.
        let at = |k: usize| {
            let mut four = [0; 4];
            four.copy_from_slice(&facet[12 + 4 * k..16 + 4 * k]);
            f32::from_le_bytes(four)
        };
        let positions = [[at(0), at(1), at(2)], [at(3), at(4), at(5)], [at(6), at(7), at(8)]];
        if !positions.iter().flatten().all(|x| x.is_finite()) {
            return Err(Cause::NotFinite(format!("facet {}", facets.start + i + 1)));
        }
        out.extend_from_slice(&positions);
    }
    Ok(())
}

/// Reads at a place without moving a cursor, so that threads can share the file.
#[cfg(unix)]
fn read_at(file: &File, offset: u64, bytes: &mut [u8]) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut offset: u64, mut bytes: &mut [u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, offset)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => {
                offset += n as u64;
                bytes = &mut bytes[n..];
            }
        }
    }
    Ok(())
}

/// A part of `count` facets; `read` appends the positions of a range of their corners.
fn welded_part(
    name: &str,
    count: usize,
    read: impl Fn(Range<usize>, &mut Vec<[f32; 3]>) -> Result<(), Cause> + Sync,
    progress: &Progress,
) -> Result<RawPart, Cause> {
    let mut triangles = vec![[0; 3]; count];
    let vertices = weld(triangles.as_flattened_mut(), read, progress)?;
    let corners_welded = 3 * count - vertices.len();
    let mesh = Mesh { vertices, triangles, colors: Vec::new() };
    Ok(RawPart { name: name.to_owned(), mesh, corners_welded: Some(corners_welded) })
}

/// Where in a text file the reader is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Inside {
    File,
    Solid,
    Facet,
    /// With the number of vertices so far.
    Loop(usize),
    /// After `endloop`.
    ClosedFacet,
}

fn read_text(reader: impl BufRead, stem: &str, progress: &Progress) -> Result<Vec<RawPart>, Cause> {
    let mut lines = Lines::new(reader, progress);
    let mut solids: Vec<(String, Vec<[f32; 3]>)> = Vec::new();
    let mut inside = Inside::File;
    let mut facets = 0;
    while let Some((line, text)) = lines.next()? {
        let syntax = |problem: String| Cause::Syntax { line, problem };
        let mut rest = words(text);
        // A line may hold several keywords; each takes the words that belong to it.
        while let Some(word) = rest.next() {
            let keyword = word.to_ascii_lowercase();
            inside = match (keyword.as_slice(), inside) {
                (b"solid", Inside::File) => {
                    let name: Vec<_> = rest.by_ref().map(String::from_utf8_lossy).collect();
                    solids.push((name.join(" "), Vec::new()));
                    Inside::Solid
                }
                (b"endsolid", Inside::Solid) => {
                    rest.by_ref().for_each(drop);
                    Inside::File
                }
                (b"facet", Inside::Solid) => {
                    facets += 1;
                    if facets > MOST_FACETS {
                        let problem = format!("more than {MOST_FACETS} facets");
                        return Err(Cause::TooLarge(problem));
                    }
                    // The normal follows from the corners; its words are passed over, whatever they are.
                    if rest.next().is_some() {
                        rest.by_ref().take(3).for_each(drop);
                    }
                    Inside::Facet
                }
                (b"outer", Inside::Facet) => {
                    rest.next();
                    Inside::Loop(0)
                }
                (b"vertex", Inside::Loop(n)) if n < 3 => {
                    let mut position = [0.0; 3];
                    for x in &mut position {
                        let word = rest.next().ok_or_else(|| syntax("a vertex has three coordinates".into()))?;
                        *x = number(word)
                            .ok_or_else(|| syntax(format!("'{}' is no number", String::from_utf8_lossy(word))))?;
                        if !x.is_finite() {
                            return Err(Cause::NotFinite(format!("line {line}: facet {facets}")));
                        }
                    }
                    if let Some((_, corners)) = solids.last_mut() {
                        corners.push(position);
                    }
                    Inside::Loop(n + 1)
                }
                (b"endloop", Inside::Loop(3)) => Inside::ClosedFacet,
                (b"endfacet", Inside::ClosedFacet) => Inside::Solid,
                _ => {
                    let word = String::from_utf8_lossy(word).chars().take(40).collect::<String>();
                    let expected = match inside {
                        Inside::File => "'solid'",
                        Inside::Solid => "'facet' or 'endsolid'",
                        Inside::Facet => "'outer loop'",
                        Inside::Loop(n) if n < 3 => "'vertex'",
                        Inside::Loop(_) => "'endloop' (a facet has three corners)",
                        Inside::ClosedFacet => "'endfacet'",
                    };
                    return Err(syntax(format!("{expected} was expected, not '{word}'")));
                }
            };
        }
    }
    if inside != Inside::File {
        return Err(Cause::EndsEarly(format!("it ends inside facet {facets}, without 'endsolid'")));
    }
    let mut parts = Vec::new();
    let several = solids.iter().filter(|s| !s.1.is_empty()).count() > 1;
    for (name, corners) in solids.into_iter().filter(|s| !s.1.is_empty()) {
        let name = if several && !name.is_empty() { name } else { stem.to_owned() };
        let read = |range: Range<usize>, out: &mut Vec<[f32; 3]>| {
            out.extend_from_slice(&corners[range]);
            Ok(())
        };
        parts.push(welded_part(&name, corners.len() / 3, read, progress)?);
    }
    if parts.is_empty() { Err(Cause::NoFacets) } else { Ok(parts) }
}
