//! One model part of a 3MF package, read as a stream of XML events.

use std::collections::BTreeMap;

use nalgebra::Matrix4;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::super::{Cause, LengthUnit, MOST_FACETS};
use super::package::{Guarded, has_dtd, not_xml};
use crate::model::Mesh;
use crate::progress::Progress;
use crate::report::Notice;

const CORE: &str = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02";
const MATERIAL: &str = "http://schemas.microsoft.com/3dmanufacturing/material/2015/02";
const PRODUCTION: &str = "http://schemas.microsoft.com/3dmanufacturing/production/2015/06";

/// Shown where a triangle of a coloured mesh has no colour of its own.
const PLAIN: [u8; 4] = [200, 200, 200, 255];

/// What an object is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Model,
    SolidSupport,
    Support,
    Surface,
    Other,
}

#[derive(Clone, Debug)]
pub(super) struct Component {
    pub path: Option<String>,
    pub object: u32,
    /// Millimetres.
    pub transform: Matrix4<f64>,
}

#[derive(Debug)]
pub(super) enum Content {
    /// Millimetres.
    Mesh(Mesh),
    Components(Vec<Component>),
}

#[derive(Debug)]
pub(super) struct Object {
    pub name: Option<String>,
    pub kind: Kind,
    pub content: Content,
}

/// A model part: its objects by number, and what is to be built of them.
#[derive(Debug, Default)]
pub(super) struct ModelPart {
    pub objects: BTreeMap<u32, Object>,
    /// `None` where the part has no build element.
    pub build: Option<Vec<Component>>,
    pub notices: Vec<Notice>,
}

impl ModelPart {
    /// Other parts of the package that this one refers to.
    pub fn referred_paths(&self) -> impl Iterator<Item = &str> {
        let components = self.objects.values().flat_map(|o| match &o.content {
            Content::Components(components) => components.as_slice(),
            Content::Mesh(_) => &[],
        });
        components.chain(self.build.iter().flatten()).filter_map(|c| c.path.as_deref())
    }
}

/// Reads a model part.
pub(super) fn read_model(reader: &mut Guarded<'_>, part: &str, progress: &Progress) -> Result<ModelPart, Cause> {
    let mut xml = Reader::from_reader(reader);
    let mut state = State { part: part.to_owned(), ..State::default() };
    let mut buffer = Vec::new();
    let mut counted = 0;
    let mut events = 0_usize;
    loop {
        match xml.read_event_into(&mut buffer).map_err(not_xml)? {
            Event::Start(e) => state.start(&e)?,
            Event::Empty(e) => {
                state.start(&e)?;
                state.end()?;
            }
            Event::End(_) => state.end()?,
            Event::DocType(_) => return Err(has_dtd(part)),
            Event::Eof => break,
            _ => {}
        }
        buffer.clear();
        events += 1;
        if events.is_multiple_of(4096) {
            progress.check()?;
            let at = xml.buffer_position() as usize;
            progress.advance(at - counted);
            counted = at;
        }
    }
    if !state.depth.is_empty() || !state.seen_model {
        return Err(Cause::EndsEarly(format!("'{part}' ends before its model is complete")));
    }
    Ok(state.result)
}

/// Elements by their local name, as far as they matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tag {
    Model,
    Resources,
    BaseMaterials,
    Base,
    ColorGroup,
    Color,
    Object,
    Mesh,
    Vertices,
    Vertex,
    Triangles,
    Triangle,
    Components,
    Component,
    Build,
    Item,
    /// Of a foreign vocabulary, or of no interest: what is in it is passed over.
    #[default]
    Foreign,
}

impl Tag {
    fn of(local_name: &[u8]) -> Self {
        match local_name {
            b"vertex" => Tag::Vertex,
            b"triangle" => Tag::Triangle,
            b"model" => Tag::Model,
            b"resources" => Tag::Resources,
            b"basematerials" => Tag::BaseMaterials,
            b"base" => Tag::Base,
            b"colorgroup" => Tag::ColorGroup,
            b"color" => Tag::Color,
            b"object" => Tag::Object,
            b"mesh" => Tag::Mesh,
            b"vertices" => Tag::Vertices,
            b"triangles" => Tag::Triangles,
            b"components" => Tag::Components,
            b"component" => Tag::Component,
            b"build" => Tag::Build,
            b"item" => Tag::Item,
            _ => Tag::Foreign,
        }
    }
}

#[derive(Default)]
struct State {
    part: String,
    result: ModelPart,
    seen_model: bool,
    mm_per_unit: f64,
    /// Namespace prefix of the core elements, with its colon.
    core_prefix: Vec<u8>,
    /// The open elements.
    depth: Vec<Tag>,
    /// Colours of property groups, by the group's number.
    colors: BTreeMap<u32, Vec<[u8; 4]>>,
    group: Option<u32>,
    object: Option<Draft>,
}

/// An object that is being read.
struct Draft {
    id: u32,
    name: Option<String>,
    kind: Kind,
    default_color: Option<[u8; 4]>,
    mesh: Option<Mesh>,
    /// Colours of the triangles so far; empty until the first one has any.
    colors: Vec<[u8; 4]>,
    default_group: Option<u32>,
    components: Option<Vec<Component>>,
}

impl State {
    fn start(&mut self, e: &BytesStart<'_>) -> Result<(), Cause> {
        let local = e.local_name();
        let tag = Tag::of(local.as_ref());
        if self.depth.len() > 64 {
            return Err(Cause::Invalid("elements are nested more than 64 deep".into()));
        }
        if !self.seen_model {
            if tag != Tag::Model {
                return Err(Cause::Invalid(format!("'{}' does not begin with a model element", self.part)));
            }
            self.seen_model = true;
            self.depth.push(tag);
            return self.start_model(e);
        }
        let is_core = e.name().as_ref().strip_suffix(local.as_ref()) == Some(self.core_prefix.as_slice());
        // Colours belong to an extension: their prefix is whatever the file chose.
        let known = is_core || matches!(tag, Tag::ColorGroup | Tag::Color);
        let parent = self.depth.last().copied().unwrap_or_default();
        self.depth.push(if known { tag } else { Tag::Foreign });
        if !known {
            return Ok(());
        }
        match (parent, tag) {
            (Tag::Vertices, Tag::Vertex) => self.add_vertex(e),
            (Tag::Triangles, Tag::Triangle) => self.add_triangle(e),
            (Tag::Resources, Tag::ColorGroup | Tag::BaseMaterials) => self.start_group(e),
            (Tag::ColorGroup, Tag::Color) => self.add_color(e, b"color"),
            (Tag::BaseMaterials, Tag::Base) => self.add_color(e, b"displaycolor"),
            (Tag::Resources, Tag::Object) => self.start_object(e),
            (Tag::Object, Tag::Mesh) => self.start_mesh(),
            (Tag::Object, Tag::Components) => self.start_components(),
            (Tag::Components, Tag::Component) => {
                let component = self.component(e)?;
                if let Some(components) = self.object.as_mut().and_then(|o| o.components.as_mut()) {
                    components.push(component);
                }
                Ok(())
            }
            (Tag::Model, Tag::Build) if self.result.build.is_some() => {
                Err(Cause::Invalid("it has two build elements".into()))
            }
            (Tag::Model, Tag::Build) => {
                self.result.build = Some(Vec::new());
                Ok(())
            }
            (Tag::Build, Tag::Item) => {
                let item = self.component(e)?;
                if let Some(build) = &mut self.result.build {
                    build.push(item);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), Cause> {
        match self.depth.pop() {
            Some(Tag::BaseMaterials | Tag::ColorGroup) => {
                self.group = None;
                Ok(())
            }
            Some(Tag::Object) => self.end_object(),
            _ => Ok(()),
        }
    }

    fn start_model(&mut self, e: &BytesStart<'_>) -> Result<(), Cause> {
        let name = e.name();
        self.core_prefix = name.as_ref().strip_suffix(b"model").unwrap_or_default().to_vec();
        self.mm_per_unit = 1.0;
        let mut spaces: Vec<(String, String)> = Vec::new();
        let mut required = String::new();
        for attribute in attributes(e) {
            let attribute = attribute?;
            let value = text(&attribute)?;
            match attribute.key.as_ref() {
                b"unit" => self.mm_per_unit = unit(&value)?.mm(),
                b"requiredextensions" => required = value,
                key => {
                    if let Some(prefix) = key.strip_prefix(b"xmlns:") {
                        spaces.push((String::from_utf8_lossy(prefix).into_owned(), value));
                    }
                }
            }
        }
        for prefix in required.split_ascii_whitespace() {
            let space = spaces.iter().find(|s| s.0 == prefix).map_or(prefix, |s| s.1.as_str());
            if ![CORE, MATERIAL, PRODUCTION].contains(&space) {
                let text = format!("it needs the extension '{space}', which cannot be read");
                return Err(Cause::Invalid(text));
            }
        }
        Ok(())
    }

    fn start_group(&mut self, e: &BytesStart<'_>) -> Result<(), Cause> {
        let id = required_number(e, b"id", "a colour group")?;
        if self.colors.insert(id, Vec::new()).is_some() {
            return Err(Cause::Invalid(format!("two resources have the number {id}")));
        }
        self.group = Some(id);
        Ok(())
    }

    fn add_color(&mut self, e: &BytesStart<'_>, key: &[u8]) -> Result<(), Cause> {
        let mut color = PLAIN;
        for attribute in attributes(e) {
            let attribute = attribute?;
            if attribute.key.as_ref() == key {
                let value = text(&attribute)?;
                color = parse_color(&value).ok_or_else(|| Cause::Invalid(format!("'{value}' is no colour")))?;
            }
        }
        if let Some(colors) = self.group.and_then(|g| self.colors.get_mut(&g)) {
            colors.push(color);
        }
        Ok(())
    }

    fn start_object(&mut self, e: &BytesStart<'_>) -> Result<(), Cause> {
        let id = required_number(e, b"id", "an object")?;
        let (mut name, mut kind, mut pid, mut pindex) = (None, Kind::Model, None, 0);
        for attribute in attributes(e) {
            let attribute = attribute?;
            match attribute.key.as_ref() {
                b"name" => name = Some(text(&attribute)?).filter(|n| !n.trim().is_empty()),
                b"type" => {
                    kind = match text(&attribute)?.as_str() {
                        "model" => Kind::Model,
                        "solidsupport" => Kind::SolidSupport,
                        "support" => Kind::Support,
                        "surface" => Kind::Surface,
                        "other" => Kind::Other,
                        other => {
                            let problem = format!("object {id} has the type '{other}', which does not exist");
                            return Err(Cause::Invalid(problem));
                        }
                    }
                }
                b"pid" => pid = Some(integer(&attribute, "pid")?),
                b"pindex" => pindex = integer(&attribute, "pindex")?,
                _ => {}
            }
        }
        if self.result.objects.contains_key(&id) || self.colors.contains_key(&id) {
            return Err(Cause::Invalid(format!("two resources have the number {id}")));
        }
        let default_color = pid.and_then(|pid| self.color(pid, pindex));
        self.object = Some(Draft {
            id,
            name,
            kind,
            default_color,
            mesh: None,
            colors: Vec::new(),
            default_group: pid,
            components: None,
        });
        Ok(())
    }

    fn end_object(&mut self) -> Result<(), Cause> {
        let Some(draft) = self.object.take() else { return Ok(()) };
        let content = match (draft.mesh, draft.components) {
            (Some(mut mesh), None) => {
                mesh.colors = draft.colors;
                if let (true, Some(color)) = (mesh.colors.is_empty(), draft.default_color) {
                    mesh.colors = vec![color; mesh.triangles.len()];
                }
                Content::Mesh(mesh)
            }
            (None, Some(components)) => Content::Components(components),
            _ => {
                let problem = format!("object {} must have either a mesh or components", draft.id);
                return Err(Cause::Invalid(problem));
            }
        };
        self.result.objects.insert(draft.id, Object { name: draft.name, kind: draft.kind, content });
        Ok(())
    }

    fn start_mesh(&mut self) -> Result<(), Cause> {
        if let Some(object) = &mut self.object {
            if object.mesh.is_some() {
                return Err(Cause::Invalid(format!("object {} has two meshes", object.id)));
            }
            object.mesh = Some(Mesh::default());
        }
        Ok(())
    }

    fn start_components(&mut self) -> Result<(), Cause> {
        if let Some(object) = &mut self.object {
            object.components = Some(Vec::new());
        }
        Ok(())
    }

    fn add_vertex(&mut self, e: &BytesStart<'_>) -> Result<(), Cause> {
        let Some(Draft { id, mesh: Some(mesh), .. }) = &mut self.object else { return Ok(()) };
        let mut position = [None; 3];
        for attribute in attributes(e) {
            let attribute = attribute?;
            let axis = match attribute.key.as_ref() {
                b"x" => 0,
                b"y" => 1,
                b"z" => 2,
                _ => continue,
            };
            position[axis] = float(&attribute.value);
        }
        let count = mesh.vertices.len();
        let [Some(x), Some(y), Some(z)] = position else {
            let problem = format!("vertex {count} of object {id} has no three numbers as coordinates");
            return Err(Cause::Invalid(problem));
        };
        let position = [x, y, z].map(|v| (v * self.mm_per_unit) as f32);
        if !position.iter().all(|v| v.is_finite()) {
            return Err(Cause::NotFinite(format!("vertex {count} of object {id}")));
        }
        if count >= MOST_FACETS {
            return Err(Cause::TooLarge(format!("more than {MOST_FACETS} vertices")));
        }
        mesh.vertices.push(position);
        Ok(())
    }

    fn add_triangle(&mut self, e: &BytesStart<'_>) -> Result<(), Cause> {
        let Some(Draft { id, mesh: Some(mesh), .. }) = &self.object else { return Ok(()) };
        let (id, vertices, triangles) = (*id, mesh.vertices.len(), mesh.triangles.len());
        let (mut corners, mut properties, mut group) = ([None; 3], [None; 3], None);
        for attribute in attributes(e) {
            let attribute = attribute?;
            match attribute.key.as_ref() {
                b"v1" => corners[0] = Some(integer(&attribute, "v1")?),
                b"v2" => corners[1] = Some(integer(&attribute, "v2")?),
                b"v3" => corners[2] = Some(integer(&attribute, "v3")?),
                b"p1" => properties[0] = Some(integer(&attribute, "p1")?),
                b"p2" => properties[1] = Some(integer(&attribute, "p2")?),
                b"p3" => properties[2] = Some(integer(&attribute, "p3")?),
                b"pid" => group = Some(integer(&attribute, "pid")?),
                _ => {}
            }
        }
        let place = || format!("triangle {triangles} of object {id}");
        let [Some(a), Some(b), Some(c)] = corners else {
            return Err(Cause::Invalid(format!("{} has no three vertices", place())));
        };
        if let Some(index) = [a, b, c].iter().find(|v| **v as usize >= vertices) {
            return Err(Cause::NoSuchVertex { place: place(), index: i64::from(*index), count: vertices });
        }
        if triangles >= MOST_FACETS {
            return Err(Cause::TooLarge(format!("more than {MOST_FACETS} facets")));
        }
        let color = self.triangle_color(group, properties);
        let Some(Draft { mesh: Some(mesh), colors, default_color, .. }) = &mut self.object else { return Ok(()) };
        mesh.triangles.push([a, b, c]);
        if color.is_some() && colors.is_empty() {
            colors.resize(triangles, default_color.unwrap_or(PLAIN));
        }
        if color.is_some() || !colors.is_empty() {
            colors.push(color.or(*default_color).unwrap_or(PLAIN));
        }
        Ok(())
    }

    /// The colour that a triangle's own properties give it: the mean of its corners'.
    fn triangle_color(&self, group: Option<u32>, properties: [Option<u32>; 3]) -> Option<[u8; 4]> {
        let first = properties[0]?;
        let group = group.or(self.object.as_ref()?.default_group)?;
        let corners = properties.map(|p| self.color(group, p.unwrap_or(first)));
        let [Some(a), Some(b), Some(c)] = corners else { return None };
        Some([0, 1, 2, 3].map(|i| ((u16::from(a[i]) + u16::from(b[i]) + u16::from(c[i]) + 1) / 3) as u8))
    }

    fn color(&self, group: u32, index: u32) -> Option<[u8; 4]> {
        self.colors.get(&group)?.get(index as usize).copied()
    }

    /// A component or a build item.
    fn component(&self, e: &BytesStart<'_>) -> Result<Component, Cause> {
        let object = required_number(e, b"objectid", "a component or build item")?;
        let mut transform = Matrix4::identity();
        let mut path = None;
        for attribute in attributes(e) {
            let attribute = attribute?;
            match attribute.key.as_ref() {
                b"transform" => transform = parse_transform(&text(&attribute)?, self.mm_per_unit)?,
                key if key.ends_with(b":path") => path = Some(text(&attribute)?),
                _ => {}
            }
        }
        Ok(Component { path, object, transform })
    }
}

fn attributes<'a>(e: &'a BytesStart<'_>) -> impl Iterator<Item = Result<Attribute<'a>, Cause>> {
    let mut attributes = e.attributes();
    attributes.with_checks(false);
    attributes.map(|a| a.map_err(|error| Cause::Invalid(format!("its XML cannot be read ({error})"))))
}

fn text(attribute: &Attribute<'_>) -> Result<String, Cause> {
    attribute.normalized_value(XmlVersion::Explicit1_0).map(String::from).map_err(not_xml)
}

fn float(value: &[u8]) -> Option<f64> {
    std::str::from_utf8(value).ok()?.trim_ascii().parse().ok()
}

fn integer(attribute: &Attribute<'_>, what: &str) -> Result<u32, Cause> {
    let value = std::str::from_utf8(&attribute.value).ok().and_then(|s| s.trim_ascii().parse().ok());
    value.ok_or_else(|| {
        let value = String::from_utf8_lossy(&attribute.value).into_owned();
        Cause::Invalid(format!("'{value}' is no number for {what}"))
    })
}

fn required_number(e: &BytesStart<'_>, key: &[u8], what: &str) -> Result<u32, Cause> {
    for attribute in attributes(e) {
        let attribute = attribute?;
        if attribute.key.as_ref() == key {
            return integer(&attribute, &String::from_utf8_lossy(key));
        }
    }
    Err(Cause::Invalid(format!("{what} has no {}", String::from_utf8_lossy(key))))
}

fn unit(name: &str) -> Result<LengthUnit, Cause> {
    Ok(match name {
        "micron" => LengthUnit::Micron,
        "millimeter" => LengthUnit::Millimeter,
        "centimeter" => LengthUnit::Centimeter,
        "inch" => LengthUnit::Inch,
        "foot" => LengthUnit::Foot,
        "meter" => LengthUnit::Meter,
        other => return Err(Cause::Invalid(format!("the unit '{other}' does not exist"))),
    })
}

/// `#RRGGBB` or `#RRGGBBAA`.
fn parse_color(value: &str) -> Option<[u8; 4]> {
    let digits = value.trim_ascii().strip_prefix('#')?;
    if !digits.is_ascii() || !matches!(digits.len(), 6 | 8) {
        return None;
    }
    let byte = |i: usize| match digits.get(2 * i..2 * i + 2) {
        Some(pair) => u8::from_str_radix(pair, 16).ok(),
        None => Some(255),
    };
    Some([byte(0)?, byte(1)?, byte(2)?, byte(3)?])
}

/// Twelve numbers: a 4 x 3 matrix by rows, to be multiplied by a row vector from the left (3MF core, 3.3).
fn parse_transform(value: &str, mm_per_unit: f64) -> Result<Matrix4<f64>, Cause> {
    let bad = || Cause::Invalid(format!("'{}' is no transform", value.chars().take(120).collect::<String>()));
    let mut numbers = [0.0; 12];
    let mut words = value.split_ascii_whitespace();
    for n in &mut numbers {
        *n = words.next().and_then(|w| w.parse().ok()).filter(|n: &f64| n.is_finite()).ok_or_else(bad)?;
    }
    if words.next().is_some() {
        return Err(bad());
    }
    let mut matrix = Matrix4::identity();
    for (i, n) in numbers.iter().enumerate() {
        let (row, column) = (i % 3, i / 3);
        matrix[(row, column)] = if column == 3 { n * mm_per_unit } else { *n };
    }
    let determinant = matrix.fixed_view::<3, 3>(0, 0).determinant();
    if !determinant.is_finite() || determinant == 0.0 {
        return Err(Cause::Invalid(format!("the transform '{value}' makes the object flat")));
    }
    Ok(matrix)
}
