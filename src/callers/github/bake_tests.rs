use super::tests::{builds, rewritten, workflow};
use crate::callers::ArgumentValue;

fn step(env: &str, set: &str) -> String {
    workflow(&format!(
        "      - uses: docker/bake-action@v6\n{env}        with:\n          targets: app\n          set: |\n{set}"
    ))
}

#[test]
fn an_override_of_an_argument_becomes_one_of_secrets() {
    let before = step("", "            *.args.A=1\n            *.args.T=${{ secrets.T }}\n");
    let after = step(
        "        env:\n          T: ${{ secrets.T }}\n",
        "            *.args.A=1\n            *.secrets+=id=t,env=T\n",
    );
    assert_eq!(rewritten(&before, &["T"]), Ok(after.clone()));
    let crlf = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(rewritten(&crlf(&before), &["T"]), Ok(crlf(&after)));
}

#[test]
fn a_variable_of_the_step_is_used_as_it_is() {
    let env = "        env:\n          X: ${{ secrets.X }} # x\n";
    for value in ["${{ env.X }}", "${{env.X}}"] {
        let before = step(env, &format!("            app.args.T={value}\n"));
        assert_eq!(rewritten(&before, &["T"]), Ok(step(env, "            app.secrets+=id=t,env=X\n")));
    }
    let same = "        env:\n          T: ${{secrets.T}}\n";
    let before = step(same, "            app.args.T=${{ secrets.T }}\n");
    assert_eq!(rewritten(&before, &["T"]), Ok(step(same, "            app.secrets+=id=t,env=T\n")));
}

#[test]
fn what_can_not_be_passed_is_refused() {
    for (env, set, reason) in [
        ("", "            *.args.T=abc\n", "written in the workflow"),
        ("", "            *.secrets=id=a,env=A\n            *.args.T=${{ secrets.T }}\n", "in its file"),
        ("        env:\n          T: other\n", "            *.args.T=${{ secrets.T }}\n", "another value"),
    ] {
        let refusal = rewritten(&step(env, set), &["T"]).unwrap_err();
        assert!(refusal.contains(reason), "{refusal}");
    }
}

#[test]
fn a_step_without_arguments_is_no_build_of_its_own() {
    assert!(builds(&step("", "            *.tags=x\n")).is_empty());
    let found = builds(&step("", "            *.args.T\n"));
    assert_eq!(found[0].arguments[0].value, ArgumentValue::Inherited);
}
