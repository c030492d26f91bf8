//! The arrows between the rooms of the house: a new one is a decision made here, not an accident.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Each module with what it may use. What is not listed here does not exist.
const MAY_USE: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("progress", &[]),
    ("report", &[]),
    ("jobs", &["progress"]),
    ("geometry", &["units"]),
    ("model", &["geometry", "progress", "report", "units"]),
    ("settings", &["units", "report"]),
    ("scene", &["model", "settings", "geometry", "progress", "report", "units"]),
    ("toolpath", &["geometry", "progress", "units"]),
    ("process", &["scene", "model", "geometry", "settings", "toolpath", "progress", "report", "units"]),
    ("gcode", &["toolpath", "geometry", "settings", "units", "progress", "report"]),
    ("verify", &["gcode", "toolpath", "geometry", "model", "settings", "progress", "report", "units"]),
    ("machine", &["gcode", "verify", "units", "progress", "report"]),
    ("network", &["gcode", "verify", "machine", "settings", "units", "progress", "report"]),
    ("render", &["geometry", "model", "toolpath", "progress", "units"]),
    // One call from a scene to a verified job, for the window and the command line alike.
    (
        "pipeline",
        &[
            "scene", "model", "process", "toolpath", "gcode", "verify", "settings", "render", "geometry", "progress",
            "report", "units",
        ],
    ),
];

/// Modules that stand on top of all others, beside each other.
const ON_TOP: &[&str] = &["app", "cli"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The modules that a source names after `crate::`, code of its tests left out.
fn uses(source: &str) -> BTreeSet<String> {
    let code = source.split("#[cfg(test)]\nmod tests").next().unwrap_or(source);
    let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        // `macro_rules!` may write `$crate::`.
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            // `use crate::{a::B, c};`: every name that begins an item at the first level.
            let mut depth = 0;
            let mut item = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth > 0 => depth -= 1,
                    ',' | '}' if depth == 0 => {
                        found.insert(item.trim().split(':').next().unwrap_or_default().to_owned());
                        item.clear();
                        if c == '}' {
                            break;
                        }
                    }
                    c if depth == 0 => item.push(c),
                    _ => {}
                }
            }
            continue;
        }
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        found.insert(name);
    }
    found
}

/// The module that a file belongs to.
fn module(source_folder: &Path, file: &Path) -> String {
    let first = file.strip_prefix(source_folder).unwrap().components().next().unwrap();
    first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

#[test]
fn modules_use_only_what_the_architecture_allows() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&folder, &mut files);
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        MAY_USE.iter().map(|(module, uses)| (*module, uses.iter().copied().collect())).collect();
    let mut wrong = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for file in files.iter().filter(|f| !f.ends_with("lib.rs") && !f.ends_with("main.rs")) {
        // Tests may look at the whole house.
        if file.file_stem().is_some_and(|s| s.to_str().is_some_and(|s| s == "tests" || s.ends_with("_tests"))) {
            continue;
        }
        let module = module(&folder, file);
        seen.insert(module.clone());
        let used = uses(&std::fs::read_to_string(file).unwrap());
        for other in used.iter().filter(|other| **other != module) {
            let fine = match allowed.get(module.as_str()) {
                Some(list) => list.contains(other.as_str()),
                None => ON_TOP.contains(&module.as_str()) && !ON_TOP.contains(&other.as_str()),
            };
            // Names that are no modules are macros at the crate's root.
            let exists = allowed.contains_key(other.as_str()) || ON_TOP.contains(&other.as_str());
            if exists && !fine {
                wrong.insert(format!("{module} uses {other} (in {})", file.strip_prefix(&folder).unwrap().display()));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that are not in the table of tests/architecture.rs: {wrong:#?}");
    for module in &seen {
        let known = allowed.contains_key(module.as_str()) || ON_TOP.contains(&module.as_str());
        assert!(known, "module {module} is not in the table of tests/architecture.rs");
    }
}

#[test]
fn the_reader_of_uses_sees_every_form() {
    let source = "use crate::geometry::{Point, Region};\nuse crate::{model::Mesh, scene};\nlet x = crate::units::MM;\n// crate::app\n";
    let names: Vec<String> = uses(source).into_iter().collect();
    assert_eq!(names, ["geometry", "model", "scene", "units"]);
}

#[test]
fn only_geometry_names_the_polygon_kernels() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&folder, &mut files);
    for file in files.iter().filter(|file| module(&folder, file) != "geometry") {
        let source = std::fs::read_to_string(file).unwrap();
        for kernel in ["clipper2_rs", "i_overlay"] {
            assert!(!source.contains(kernel), "{} names {kernel}", file.display());
        }
    }
}
