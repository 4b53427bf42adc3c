use std::{process::Command, thread, time::Duration};

use crate::ground::{Ground, files};

const PUSH: [&str; 4] = ["fleet", "--repos", "list", "--push"];

/// The next of a row of numbers that is the same in each run of the test (Numerical Recipes, "ranqd1").
fn next(seed: &mut u32) -> u32 {
    *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    *seed >> 8
}

/// Twenty fleets are killed at some moment, three times each and in the end not, half of them with all processes that work for them
/// and half without these, which then go on alone.
#[test]
fn a_killed_run_is_gone_on_with_and_nothing_is_done_twice() {
    for seed in 0..20 {
        let mut random = seed;
        let ground = Ground::new(5, "");
        for _ in 0..3 {
            let mut child = ground.start(&PUSH);
            thread::sleep(Duration::from_millis(u64::from(next(&mut random) % 900)));
            match seed % 2 {
                0 => kill_group(child.id()),
                _ => child.kill().unwrap(),
            }
            child.wait().unwrap();
            for (path, bytes) in files(&ground.path("state")) {
                // What a killed run leaves beside the records has another name.
                if path.extension().is_some_and(|extension| extension == "json") {
                    assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok(), "seed {seed}: {path:?}");
                }
            }
        }
        let run = ground.run(&PUSH).status(1);
        assert!(run.out.ends_with("5 repositories: 5 committed\n"), "seed {seed}: {}", run.out);
        ground.assert_fixed_once(&format!("seed {seed}"));
    }
}

fn kill_group(leader: u32) {
    // It may have ended by itself.
    let _ = Command::new("kill").args(["-9", "--", &format!("-{leader}")]).output();
}

#[test]
fn two_runs_at_once_do_not_collide() {
    let ground = Ground::new(6, "");
    let runs = [ground.start(&PUSH), ground.start(&PUSH)];
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    }
    ground.assert_fixed_once("two at once");
}
