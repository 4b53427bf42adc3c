use std::fs;

use crate::ground::Ground;

#[test]
fn shards_cover_the_fleet_once_and_their_states_are_merged() {
    let ground = Ground::new(12, "");
    let mut merge = vec!["status".to_owned(), "--merge".to_owned()];
    let mut count = 0;
    for shard in ["1/3", "2/3", "3/3"] {
        let state = format!("state-{}", &shard[..1]);
        ground.run(&["fleet", "--repos", "list", "--shard", shard, "--state", &state]);
        count += fs::read_dir(ground.path(&state)).map_or(0, Iterator::count);
        fs::create_dir_all(ground.path(&state)).unwrap();
        merge.push(state);
    }
    assert_eq!(count, 12);
    let merge: Vec<&str> = merge.iter().map(String::as_str).collect();
    let run = ground.run(&merge).status(1);
    assert!(run.out.ends_with("12 repositories: 12 planned\n"), "{}", run.out);
    assert_eq!(ground.run(&merge).out, run.out);
}

#[test]
fn the_summary_says_what_was_found_and_the_formats_agree() {
    let ground = Ground::new(1, "");
    ground.run(&["fleet", "--repos", "list", "--html", "report.html"]).status(1);
    let run = ground.run(&["status", "--message-format", "json"]).status(1);
    let document: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let record = &document["repositories"][0];
    assert_eq!((record["schema"].as_u64(), record["stage"].as_str()), (Some(1), Some("planned")));
    assert_eq!(record["findings"][0]["place"], "Dockerfile:4");
    assert_eq!(record["findings"][0]["fixed"], true);
    let page = fs::read_to_string(ground.path("report.html")).unwrap();
    assert!(page.contains("<code>Dockerfile:4</code>"), "{page}");
    assert!(ground.run(&["status", "--failed"]).status(0).out.contains("no repositories"));
}

#[test]
fn a_list_in_toml_has_settings_for_each() {
    let ground = Ground::new(2, "");
    let [one, two] = ["r0", "r1"].map(|name| ground.remote(name).display().to_string());
    let list = format!(
        "[[repository]]\nurl = '{one}'\nignore = ['arg-secret']\n\n[[repository]]\nurl = '{two}'\nbranch = 'fixes'\n"
    );
    fs::write(ground.path("list.toml"), list).unwrap();
    ground.run(&["fleet", "--repos", "list.toml", "--push"]);
    let names = |name: &str| ground.branches(name).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert!(names("r1").contains(&"refs/heads/fixes".to_owned()), "{:?}", names("r1"));
    assert_eq!(names("r0"), ["refs/heads/main"]);
    ground.run(&["fleet", "--repos", "absent"]).status(2);
    ground.run(&["fleet"]).status(2);
}
