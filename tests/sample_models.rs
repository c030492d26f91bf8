//! The models in `assets/models` are made here, by hand-written outlines: when one differs, the test writes it anew
//! and fails, so that what is stored is always what is written here.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use fabbro::model::import::{Import, import};
use fabbro::progress::Progress;

type Triangle = [[f32; 3]; 3];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models")
}

/// Compares a stored file with what it should be, and opens it: watertight, of this volume.
fn check(name: &str, bytes: &[u8], volume_mm3: f64) -> Import {
    let path = folder().join(name);
    if std::fs::read(&path).ok().as_deref() != Some(bytes) {
        std::fs::create_dir_all(folder()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        panic!("assets/models/{name} was not what this test makes; it has been written anew");
    }
    let import = import(&path, &Progress::new()).unwrap();
    let volume: f64 = import.models.iter().map(|m| m.model.volume_mm3()).sum();
    assert!((volume - volume_mm3).abs() < 1e-3 * volume_mm3, "{name} has {volume} mm³");
    assert!(import.report.watertight && !import.report.repair.changed(), "{name} is not clean");
    import
}

/// A flat shape of triangles, made thick along y from 0. Seen from the front (from -y) the triangles go
/// counter-clockwise, x to the right and z up.
fn extruded(corners: &[[f32; 2]], triangles: &[[usize; 3]], thickness: f32) -> Vec<Triangle> {
    let front = |i: usize| [corners[i][0], 0.0, corners[i][1]];
    let back = |i: usize| [corners[i][0], thickness, corners[i][1]];
    let mut made: Vec<Triangle> = Vec::new();
    for [a, b, c] in triangles {
        made.push([front(*a), front(*b), front(*c)]);
        made.push([back(*a), back(*c), back(*b)]);
    }
    let edges: Vec<[usize; 2]> = triangles.iter().flat_map(|[a, b, c]| [[*a, *b], [*b, *c], [*c, *a]]).collect();
    for [a, b] in edges.iter().filter(|[a, b]| !edges.contains(&[*b, *a])) {
        made.push([front(*a), back(*a), front(*b)]);
        made.push([front(*b), back(*a), back(*b)]);
    }
    made
}

fn cube(edge: f32) -> Vec<Triangle> {
    extruded(&[[0.0, 0.0], [edge, 0.0], [edge, edge], [0.0, edge]], &[[0, 1, 2], [0, 2, 3]], edge)
}

/// A prism over a regular hexagon, standing.
fn hexagon(radius: f32, height: f32) -> Vec<Triangle> {
    let corners: Vec<[f32; 2]> = (0..6)
        .map(|i| [0.5, 1.0, 0.5, -0.5, -1.0, -0.5].map(|c| c * radius)[i])
        .zip([-0.866_025_4, 0.0, 0.866_025_4, 0.866_025_4, 0.0, -0.866_025_4].map(|s: f32| s * radius))
        .map(|(x, y)| [x, y])
        .collect();
    let lying = extruded(&corners, &[[0, 1, 2], [0, 2, 3], [0, 3, 4], [0, 4, 5]], height);
    // A quarter turn about x: the front becomes the underside.
    lying.into_iter().map(|t| t.map(|[x, y, z]| [x, -z, y])).collect()
}

fn stl(name: &str, triangles: &[Triangle]) -> Vec<u8> {
    let mut bytes = format!("{name:80}").into_bytes();
    bytes.extend((triangles.len() as u32).to_le_bytes());
    for [a, b, c] in triangles {
        let [u, v] = [b, c].map(|p| [p[0] - a[0], p[1] - a[1], p[2] - a[2]]);
        let normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
        let length = normal.iter().map(|x| x * x).sum::<f32>().sqrt();
        bytes.extend(normal.iter().flat_map(|x| (x / length).to_le_bytes()));
        bytes.extend([a, b, c].into_iter().flatten().flat_map(|x| x.to_le_bytes()));
        bytes.extend([0, 0]);
    }
    bytes
}

/// Vertices, each once, and triangles that name them.
fn indexed(triangles: &[Triangle]) -> (Vec<[f32; 3]>, Vec<[usize; 3]>) {
    let mut vertices: Vec<[f32; 3]> = Vec::new();
    let mut index = |p: [f32; 3]| {
        vertices.iter().position(|v| *v == p).unwrap_or_else(|| {
            vertices.push(p);
            vertices.len() - 1
        })
    };
    let triangles = triangles.iter().map(|t| t.map(&mut index)).collect();
    (vertices, triangles)
}

#[test]
fn calibration_cube() {
    let import = check("calibration-cube-20mm.stl", &stl("20 mm cube, Fabbro, CC0", &cube(20.0)), 8000.0);
    assert_eq!(import.report.size_mm, [20.0; 3]);
}

#[test]
fn bridge_and_overhang_test() {
    // Seen from the front: a post, a bridge 30 mm long, a post, and to its right a slope of 45° that becomes a shelf.
    let corners = [
        [0.0, 0.0],
        [10.0, 0.0],
        [10.0, 12.0],
        [10.0, 15.0],
        [0.0, 15.0],
        [40.0, 12.0],
        [40.0, 15.0],
        [40.0, 0.0],
        [50.0, 0.0],
        [50.0, 6.0],
        [50.0, 15.0],
        [59.0, 15.0],
    ];
    let triangles = [
        [0, 1, 2],
        [0, 2, 3],
        [0, 3, 4],
        [2, 5, 6],
        [2, 6, 3],
        [7, 8, 9],
        [7, 9, 5],
        [5, 9, 6],
        [6, 9, 10],
        [9, 11, 10],
    ];
    // Posts of 150 mm² each, a bridge of 90 mm², a triangle of 40.5 mm², 12 mm thick.
    let shape = extruded(&corners, &triangles, 12.0);
    let import = check("bridge-and-overhang.stl", &stl("bridge and overhang test, Fabbro, CC0", &shape), 430.5 * 12.0);
    assert_eq!(import.report.size_mm, [59.0, 12.0, 15.0]);
}

#[test]
fn bracket() {
    // An angle bracket of polygons, with a gusset: the ends are one concave face each.
    let profile = [[0.0, 0.0], [40.0, 0.0], [40.0, 4.0], [14.0, 4.0], [4.0, 14.0], [4.0, 30.0], [0.0, 30.0]];
    let mut text = "# Angle bracket, Fabbro, CC0\no bracket\n".to_owned();
    for y in [0, 20] {
        for [x, z] in profile {
            let _ = writeln!(text, "v {x} {y} {z}");
        }
    }
    let count = profile.len();
    let _ = writeln!(text, "f {}", (1..=count).map(|i| i.to_string()).collect::<Vec<_>>().join(" "));
    let _ = writeln!(text, "f {}", (count + 1..=2 * count).rev().map(|i| i.to_string()).collect::<Vec<_>>().join(" "));
    for i in 0..count {
        let next = (i + 1) % count;
        let _ = writeln!(text, "f {} {} {} {}", i + 1, i + 1 + count, next + 1 + count, next + 1);
    }
    // 40 x 4, 4 x 26, and the gusset of 10 x 10 / 2, 20 mm wide.
    let import = check("bracket.obj", text.as_bytes(), (160.0 + 104.0 + 50.0) * 20.0);
    assert_eq!(import.report.size_mm, [40.0, 20.0, 30.0]);
}

#[test]
fn two_colours() {
    let mesh = |triangles: &[Triangle]| {
        let (vertices, triangles) = indexed(triangles);
        let mut xml = String::from("<mesh><vertices>\n");
        for [x, y, z] in vertices {
            let _ = writeln!(xml, "<vertex x=\"{x}\" y=\"{y}\" z=\"{z}\"/>");
        }
        xml += "</vertices><triangles>\n";
        for [a, b, c] in triangles {
            let _ = writeln!(xml, "<triangle v1=\"{a}\" v2=\"{b}\" v3=\"{c}\"/>");
        }
        xml + "</triangles></mesh>"
    };
    let model = format!(
        r##"<?xml version="1.0" encoding="UTF-8"?>
<model unit="millimeter" xml:lang="en-US" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">
<metadata name="Title">Two colours</metadata><metadata name="LicenseTerms">CC0</metadata>
<resources>
<basematerials id="1"><base name="Red" displaycolor="#D7263D"/><base name="Blue" displaycolor="#1B62A5"/></basematerials>
<object id="2" name="Red cube" type="model" pid="1" pindex="0">{}</object>
<object id="3" name="Blue hexagon" type="model" pid="1" pindex="1">{}</object>
</resources>
<build>
<item objectid="2" transform="1 0 0 0 1 0 0 0 1 80 95 0"/>
<item objectid="3" transform="1 0 0 0 1 0 0 0 1 130 105 0"/>
</build>
</model>
"##,
        mesh(&cube(20.0)),
        mesh(&hexagon(12.0, 10.0)),
    );
    let types = r#"<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>
</Types>
"#;
    let relations = r#"<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Target="/3D/3dmodel.model" Id="rel0" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>
</Relationships>
"#;
    // Stored, not packed: the bytes do not change with the library that packs.
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    for (name, text) in [("[Content_Types].xml", types), ("_rels/.rels", relations), ("3D/3dmodel.model", &model)] {
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    let hexagon_mm3 = 1.5 * 3.0_f64.sqrt() * 144.0 * 10.0;
    let import = check("two-colours.3mf", &bytes, 8000.0 + hexagon_mm3);
    let color = |i: usize| import.models[i].model.parts[0].mesh.colors[0];
    assert_eq!((color(0), color(1)), ([0xD7, 0x26, 0x3D, 255], [0x1B, 0x62, 0xA5, 255]));
    assert_eq!(import.models.iter().map(|m| m.model.name.as_str()).collect::<Vec<_>>(), ["Red cube", "Blue hexagon"]);
}
