use std::collections::BTreeSet;

use crate::model::{Base, Dockerfile};

/// The steps that a build of `target` makes, the last stage without one: those of its stage, of the stages that it
/// starts from, and of all that it copies from or mounts.
pub(super) fn steps_of_build(dockerfile: &Dockerfile, target: Option<&str>) -> BTreeSet<usize> {
    let last = dockerfile.stages.len().checked_sub(1);
    let first = target.map_or(last, |target| dockerfile.stage_named(target).or(last));
    let mut open: Vec<usize> = first.into_iter().collect();
    let mut stages = BTreeSet::new();
    while let Some(stage) = open.pop() {
        if !stages.insert(stage) {
            continue;
        }
        if let Some(Base::Stage(parent)) = dockerfile.stages.get(stage).map(|stage| &stage.base) {
            open.push(*parent);
        }
        let steps = dockerfile.steps.iter().filter(|step| step.stage == Some(stage));
        for flag in steps.flat_map(|step| step.instruction.flags()) {
            let copied = (flag.name == "from").then(|| flag.value.clone()).flatten();
            let mounted = flag.mount().and_then(|mount| mount.get("from").map(str::to_owned));
            open.extend(copied.or(mounted).and_then(|from| dockerfile.stage_named(&from)));
        }
    }
    let within = |step: &usize| dockerfile.steps[*step].stage.is_some_and(|stage| stages.contains(&stage));
    (0..dockerfile.steps.len()).filter(within).collect()
}
