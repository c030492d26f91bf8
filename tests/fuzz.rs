//! The fuzz targets with a plain driver: damaged files for the readers, random shapes and settings for the planner.
//!
//! Each target (`fuzz/targets`) takes any bytes and keeps its promises or panics. Here its inputs are files that are sound
//! or noise, then flipped, cut, repeated and spliced, from one seed. A few run with the other tests, and every input that
//! was ever found (`fuzz/found`). `FABBRO_FUZZ=600` runs for so many seconds a target, `FABBRO_FUZZ_TARGET=stl` one target
//! alone, `FABBRO_FUZZ_SEED` other inputs, and `FABBRO_FUZZ_INPUT=FILE` one file through the chosen target; what panics is
//! written to `target/fuzz`. `fuzz/Cargo.toml` is for libFuzzer, which looks where it has been.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

mod targets;

use super::nasty::Dice;
use targets::TARGETS;

/// Inputs of each target that run with the other tests.
const FEW: usize = 24;
/// Longest input, bytes: beyond, nothing new happens.
const LONGEST: usize = 16 * 1024;

/// Bytes without any sense.
fn noise(dice: &mut Dice, length: usize) -> Vec<u8> {
    (0..length).map(|_| dice.next() as u8).collect()
}

/// What text files are made of, for the readers of text.
const WORDS: &[&str] = &[
    "nan",
    "inf",
    "-",
    "1e999",
    "1e-40",
    "0",
    "-1",
    "4294967296",
    "9223372036854775808",
    "\n",
    "\r\n",
    "\\\n",
    " ",
    "\t",
    "/",
    "//",
    "\"",
    "<",
    ">",
    "</",
    "/>",
    "<!--",
    "&#0;",
    "&amp;",
    "{",
    "}",
    "[",
    "]",
    "{if ",
    "{endif}",
    "%",
    "=",
    ";",
    "#",
    "solid",
    "facet",
    "endloop",
    "vertex",
    "v ",
    "f ",
    "f 1/1/1",
    "G1",
    "G2 I1 J1",
    "G92 E0",
    "X",
    "E",
    "\u{feff}",
    "\u{0}",
    "\u{ff}",
    "layer_height=",
    "mm",
    "in",
];

/// A changed copy of one input, with pieces of another.
fn mutated(dice: &mut Dice, of: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = of.to_vec();
    for _ in 0..=dice.below(6) {
        let at = dice.below(bytes.len() + 1);
        let end = (at + 1 + dice.below(64)).min(bytes.len());
        match dice.below(9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            1 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][dice.below(5)],
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let piece = bytes[at..end.max(at)].to_vec();
                let to = dice.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            5 => {
                let from = dice.below(other.len() + 1);
                let piece = &other[from..(from + dice.below(256)).min(other.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
            6 => {
                let word = WORDS[dice.below(WORDS.len())];
                bytes.splice(at..end.min(at + dice.below(8)).max(at), word.bytes());
            }
            7 if at + 4 <= bytes.len() => bytes[at..at + 4].copy_from_slice(&(dice.next() as u32).to_le_bytes()),
            _ => {
                let length = dice.below(16);
                bytes.splice(at..at, noise(dice, length));
            }
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

fn file(path: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Sound files for the readers; noise for what takes bytes as decisions.
fn seeds(target: &str, dice: &mut Dice) -> Vec<Vec<u8>> {
    let text = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    match target {
        "stl" => vec![
            file("assets/models/calibration-cube-20mm.stl"),
            b"solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 9 0 0\nvertex 0 9 0\nendloop\nendfacet\n\
              facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 0 9 0\nvertex 0 0 9\nendloop\nendfacet\nendsolid a\n"
                .to_vec(),
        ],
        "obj" => vec![
            file("assets/models/bracket.obj"),
            b"o a\nv 0 0 0 1 0 0\nv 9 0 0\nv 0 9 0\nv 0 0 9\nf 1/1/1 3//1 2\nf 1 2 4\nf -3 -2 -1\nf 3 1 4 \\\n 2\n".to_vec(),
        ],
        "threemf" => vec![file("assets/models/two-colours.3mf")],
        "threemf_xml" => text(&[
            r##"<?xml version="1.0"?><model unit="millimeter" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
             xmlns:m="http://schemas.microsoft.com/3dmanufacturing/material/2015/02"><resources><m:colorgroup id="3">
             <m:color color="#ff0000"/></m:colorgroup><object id="1" pid="3" pindex="0" type="model"><mesh><vertices>
             <vertex x="0" y="0" z="0"/><vertex x="9" y="0" z="0"/><vertex x="0" y="9" z="0"/><vertex x="0" y="0" z="9"/>
             </vertices><triangles><triangle v1="0" v2="2" v3="1"/><triangle v1="0" v2="1" v3="3" pid="3" p1="0"/>
             <triangle v1="1" v2="2" v3="3"/><triangle v1="2" v2="0" v3="3"/></triangles></mesh></object><object id="2"
             name="two"><components><component objectid="1" transform="1 0 0 0 1 0 0 0 1 5 5 5"/></components></object>
             </resources><build><item objectid="2" transform="1 0 0 0 1 0 0 0 1 90 90 0"/></build></model>"##,
        ]),
        "gcode" => text(&[
            "; generated by PrusaSlicer 2.5.0\nG28\nM83\nM104 S210\nM109 S210\nG1 Z0.2 F600\n;LAYER_CHANGE\n;Z:0.2\n;HEIGHT:0.2\n\
             ;TYPE:External perimeter\n;WIDTH:0.45\nG1 X10 Y10 F9000\nG1 X40 Y10 E1.2 F1800\nG2 X50 Y20 I0 J10 E0.6\nG1 E-0.8 F2100\n\
             G92 E0\nM106 S255\nG91\nG1 Z5\nG90\nM104 S0\nM140 S0\nM84\n; filament_diameter = 1.75\n; thumbnail begin 16x16 8\n; AAAA\n; thumbnail end\n",
            ";FLAVOR:Marlin\n;LAYER_COUNT:2\n;LAYER:0\nM82\nG0 F3600 X5 Y5 Z0.3\n;TYPE:WALL-OUTER\nG1 F1200 X50 E2.5\nG1 Y50 E5\n;LAYER:1\nG10\nG11\nG1 X5 E7.5\n",
        ]),
        "template" => text(&[
            "M140 S[first_layer_bed_temperature]\n{if layer_z<0.3 and temperature[1]>=230}M221 S{min(95, 2*50)}{elsif filament_type==\"PETG\"}\n\
             G1 Z{max_print_height-round(2.5)%3}{else}{digits(3,5)}{endif}\n",
        ]),
        "settings" => vec![
            file("benches/compare.ini"),
            b"name = 'x'\ninherits = 'standard'\n[settings]\nperimeters = 4\nfill_density = '35%'\nbed_shape = [[0, 0], [9, 0], [9, 9]]\n"
                .to_vec(),
            b"layer_height=0.1+0.2\nexternal_perimeter_speed=50%\ninfill_overlap=0.1mm\nlayer_height_ranges=0-5: 0.1; 5-9: 0.2\n".to_vec(),
        ],
        "replies" => text(&["ok T:210.0 /210.0 B:60.0 /60.0 @:0 B@:0\nResend: 12\nError:Printer halted\necho:busy: processing\nok N3 P15 B3\n"]),
        _ => (0..4)
            .map(|_| {
                let length = 64 << dice.below(5);
                noise(dice, length)
            })
            .collect(),
    }
}

/// Runs a target on an input. What it panicked with, if it did.
fn panics(run: fn(&[u8]), bytes: &[u8]) -> Option<String> {
    let error = catch_unwind(AssertUnwindSafe(|| run(bytes))).err()?;
    let text = error.downcast_ref::<String>().cloned();
    Some(text.or_else(|| error.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default())
}

/// The shortest beginning of an input, then the fewest pieces of it, that still panic.
fn shortened(run: fn(&[u8]), mut bytes: Vec<u8>) -> Vec<u8> {
    let until = Instant::now() + Duration::from_secs(60);
    let mut piece = bytes.len() / 2;
    while piece > 0 && Instant::now() < until {
        let mut at = bytes.len().saturating_sub(piece);
        loop {
            let mut less = bytes.clone();
            less.drain(at..(at + piece).min(bytes.len()));
            if panics(run, &less).is_some() {
                bytes = less;
            }
            if at == 0 || Instant::now() > until {
                break;
            }
            at = at.saturating_sub(piece);
        }
        piece /= 2;
    }
    bytes
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// Inputs that were found once, by target.
fn found(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/found");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let of_target = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().split('-').next() == Some(target);
    files.retain(of_target);
    files.sort();
    files
}

#[test]
fn any_bytes_are_read_and_planned_or_refused_without_a_panic() {
    let seconds = number("FABBRO_FUZZ");
    let chosen = std::env::var("FABBRO_FUZZ_TARGET").ok();
    if let Ok(path) = std::env::var("FABBRO_FUZZ_INPUT") {
        let bytes = std::fs::read(&path).unwrap();
        let (_, run) = TARGETS.iter().find(|(name, _)| Some(*name) == chosen.as_deref()).expect("FABBRO_FUZZ_TARGET");
        return run(&bytes);
    }
    let mut findings = Vec::new();
    for (name, run) in TARGETS.iter().filter(|(name, _)| chosen.as_deref().is_none_or(|chosen| chosen == *name)) {
        for path in found(name) {
            let what = panics(*run, &std::fs::read(&path).unwrap());
            findings.extend(what.map(|what| format!("{}: {what}", path.display())));
        }
        let mut dice = Dice(number("FABBRO_FUZZ_SEED").unwrap_or(1));
        let mut inputs = seeds(name, &mut dice);
        let begun = Instant::now();
        let mut slowest = Duration::ZERO;
        let mut count = 0;
        let mut seen = Vec::new();
        while seconds.map_or(count < FEW, |s| begun.elapsed() < Duration::from_secs(s)) {
            let bytes = match inputs.get(count) {
                Some(sound) => sound.clone(),
                None => {
                    let (of, other) = (dice.below(inputs.len()), dice.below(inputs.len()));
                    mutated(&mut dice, &inputs[of], &inputs[other])
                }
            };
            count += 1;
            let at = Instant::now();
            let what = panics(*run, &bytes);
            let took = at.elapsed();
            let keep = |bytes: &[u8], kind: &str| {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
                std::fs::create_dir_all(&folder).unwrap();
                let path = folder.join(format!("{name}-{kind}-{}", blake3::hash(bytes).to_hex().split_at(12).0));
                std::fs::write(&path, bytes).unwrap();
                path
            };
            if let Some(what) = what {
                // One of a kind is enough: numbers apart, the same words are the same mistake.
                let words: String = what.chars().filter(|c| !c.is_ascii_digit()).collect();
                if !seen.contains(&words) {
                    seen.push(words);
                    let bytes = if seconds.is_some() { shortened(*run, bytes) } else { bytes };
                    findings.push(format!("{}: {what}", keep(&bytes, "panic").display()));
                }
            } else if took > slowest {
                slowest = took;
                if seconds.is_some() && took > Duration::from_secs(10) {
                    println!("{}: {:.1} s", keep(&bytes, "slow").display(), took.as_secs_f64());
                }
            } else if dice.below(16) == 0 && inputs.len() < 64 {
                // Changes of changes go further than changes of what is sound.
                inputs.push(bytes);
            }
        }
        if seconds.is_some() {
            println!(
                "{name}: {count} inputs, {} findings, the slowest took {:.2} s",
                seen.len(),
                slowest.as_secs_f64()
            );
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}
