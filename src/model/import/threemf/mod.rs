//! 3MF, core specification 1.3: objects, components and build items, units, colours of the core and of the materials
//! extension, parts in other files of the package (production extension).
//!
//! A package comes from a stranger: it is read as a stream, with limits on size, on how far it may unfold and on how
//! deep components may go. `package` opens the zip container, `xml` reads one model part, and this file follows build
//! items through components; `ranges` reads other slicers' layer heights. Slices, beam lattices, textures and print
//! tickets are not read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use nalgebra::Matrix4;

use super::{Cause, Format, LengthUnit, RawFile, RawModel, RawPart};
use crate::progress::Progress;
use crate::report::Notice;

mod package;
mod ranges;
mod xml;

use package::Package;
use xml::{Content, Kind, ModelPart};

/// Components within components, at most.
const DEEPEST: usize = 32;

/// Placed meshes of one file, at most.
const MOST_INSTANCES: usize = 20_000;

pub(super) fn read(path: &Path, stem: &str, progress: &Progress) -> Result<(RawFile, Vec<RawPart>), Cause> {
    let mut package = Package::open(path)?;
    let root = package.start_part()?;
    progress.stage("Reading the file", package.model_bytes());
    let mut parts = BTreeMap::new();
    let mut wanted = BTreeSet::from([root.clone()]);
    while let Some(name) = wanted.pop_first() {
        let part = package.read(&name, |reader| xml::read_model(reader, &name, progress))?;
        // The production extension lets the root refer to other parts; those must not refer further.
        if name == root {
            wanted.extend(part.referred_paths().map(package::normal_name).filter(|p| *p != root));
        }
        parts.insert(name, part);
    }
    let mut notices = Vec::new();
    let mut of_object = BTreeMap::new();
    if let Some(name) = ranges::PARTS.into_iter().find(|name| package.has(name)) {
        match package.read(name, |reader| ranges::read(reader, name)) {
            Ok(read) => {
                of_object = read.of_object;
                if read.has_others {
                    let text = "Of the file's height ranges only the layer heights are taken over.";
                    notices.push(Notice::warning(text));
                }
            }
            Err(Cause::Invalid(what)) => {
                notices.push(Notice::warning(format!("The file's height ranges were not taken over: {what}.")));
            }
            Err(cause) => return Err(cause),
        }
    }
    let (mut file, meshes) =
        Resolver { parts, root, meshes: Vec::new(), mesh_numbers: BTreeMap::new(), instances: 0, notices }
            .resolve(stem)?;
    for (model, number) in file.models.iter_mut().zip(1..) {
        model.layer_ranges = of_object.remove(&number).unwrap_or_default();
    }
    Ok((file, meshes))
}

/// An object: the part of the package it is in, and its number there.
type Id = (String, u32);

struct Resolver {
    parts: BTreeMap<String, ModelPart>,
    root: String,
    meshes: Vec<RawPart>,
    mesh_numbers: BTreeMap<Id, usize>,
    instances: usize,
    notices: Vec<Notice>,
}

impl Resolver {
    fn resolve(mut self, stem: &str) -> Result<(RawFile, Vec<RawPart>), Cause> {
        let root = self.root.clone();
        let missing = || Cause::Invalid("it has no build element, so nothing is to be made".into());
        let part = self.parts.get_mut(&root).ok_or_else(missing)?;
        let build = part.build.take().ok_or_else(missing)?;
        if build.is_empty() {
            return Err(Cause::Invalid("its build element is empty, so nothing is to be made".into()));
        }
        for note in self.parts.values_mut().flat_map(|p| std::mem::take(&mut p.notices)) {
            if !self.notices.contains(&note) {
                self.notices.push(note);
            }
        }
        let mut models: Vec<RawModel> = Vec::new();
        let mut numbers: BTreeMap<Id, usize> = BTreeMap::new();
        for item in build {
            let id = (item.path.as_deref().map_or_else(|| root.clone(), package::normal_name), item.object);
            if let Some(known) = numbers.get(&id) {
                models[*known].placements.push(Some(item.transform));
                continue;
            }
            let number = models.len();
            let (name, kind) = self
                .object(&id)
                .map(|o| (o.name.clone(), o.kind))
                .ok_or_else(|| Cause::Invalid(format!("a build item names object {}, which does not exist", id.1)))?;
            if kind == Kind::Other {
                return Err(Cause::Invalid(format!("a build item names object {}, which is of type 'other'", id.1)));
            }
            let name = name.unwrap_or_else(|| if number == 0 { stem.to_owned() } else { format!("{stem} {}", id.1) });
            if let Kind::Support | Kind::SolidSupport = kind {
                let text = "The file marks this object as a support; it is treated as any other.";
                self.notices.push(Notice::note(text).on_object(name.clone()));
            }
            let mut parts = Vec::new();
            self.collect(&id, &Matrix4::identity(), &name, &mut vec![id.clone()], &mut parts)?;
            numbers.insert(id, number);
            models.push(RawModel { name, parts, placements: vec![Some(item.transform)], layer_ranges: Vec::new() });
        }
        let placements: usize = models.iter().map(|m| m.parts.len() * m.placements.len()).sum();
        if placements > MOST_INSTANCES {
            return Err(too_many());
        }
        let notices = self.notices;
        Ok((RawFile { format: Format::ThreeMf, unit: LengthUnit::Millimeter, models, notices }, self.meshes))
    }

    fn object(&self, id: &Id) -> Option<&xml::Object> {
        self.parts.get(&id.0)?.objects.get(&id.1)
    }

    /// Follows an object down to its meshes. `way` holds the objects from the build item to here.
    fn collect(
        &mut self,
        id: &Id,
        model_from_object: &Matrix4<f64>,
        name: &str,
        way: &mut Vec<Id>,
        out: &mut Vec<(String, usize, Matrix4<f64>)>,
    ) -> Result<(), Cause> {
        if way.len() > DEEPEST {
            return Err(Cause::Invalid(format!("components are nested more than {DEEPEST} deep")));
        }
        if let Some(number) = self.mesh_numbers.get(id) {
            self.instances += 1;
            out.push((name.to_owned(), *number, *model_from_object));
            return if self.instances > MOST_INSTANCES { Err(too_many()) } else { Ok(()) };
        }
        let object = self.parts.get_mut(&id.0).and_then(|p| p.objects.get_mut(&id.1));
        let object = object.ok_or_else(|| {
            Cause::Invalid(format!("a component names object {} in {}, which does not exist", id.1, id.0))
        })?;
        match &mut object.content {
            Content::Mesh(mesh) => {
                let mesh = std::mem::take(mesh);
                self.mesh_numbers.insert(id.clone(), self.meshes.len());
                self.meshes.push(RawPart { name: name.to_owned(), mesh, corners_welded: None });
                self.collect(id, model_from_object, name, way, out)
            }
            Content::Components(components) => {
                for component in components.clone() {
                    let path = component.path.as_deref().map_or_else(|| id.0.clone(), package::normal_name);
                    let child = (path, component.object);
                    if way.contains(&child) {
                        return Err(Cause::Invalid(format!("object {} contains itself", child.1)));
                    }
                    self.instances += 1;
                    if self.instances > MOST_INSTANCES {
                        return Err(too_many());
                    }
                    let child_name = self.object(&child).and_then(|o| o.name.clone());
                    way.push(child.clone());
                    let child_name = child_name.as_deref().unwrap_or(name);
                    self.collect(&child, &(model_from_object * component.transform), child_name, way, out)?;
                    way.pop();
                }
                Ok(())
            }
        }
    }
}

fn too_many() -> Cause {
    Cause::TooLarge(format!("its components unfold to more than {MOST_INSTANCES} placed meshes"))
}
